"""Sealed files: the rows of one view at one position, complete, in slot 0."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from nacre.environment import Environment
from nacre.errors import CorruptionError, NacreError, ReadOnly, StorageError
from nacre.registry import REGISTRY
from nacre.views.catalogue import decode_catalogue, raw_catalogue
from nacre.views.pairs import PAGE_ROWS, Pair, Pairs, ReadPairs, Result
from nacre.views.view import View


def open_sealed(path: Path, view: type[View]) -> Environment:
    """Open a file of the cache; release it later.

    Raises:
        FormatError, CorruptionError: it does not hold the rows of *view*.
    """
    environment = REGISTRY.acquire(path, read_only=True, relaxed=True, sealed=True)
    try:
        sealed_rows(environment, view)
    except NacreError:
        REGISTRY.release(environment)
        raise
    return environment


def sealed_rows(environment: Environment, view: type[View]) -> ReadPairs:
    """Return the rows in an open file of the cache.

    Raises:
        CorruptionError: it does not hold those of *view*.
    """
    with environment.read() as transaction:
        entry = decode_catalogue(raw_catalogue(transaction)).entries.get(view.name)
    if entry is None or entry.current.version != view.version or entry.current.position is not None:
        raise CorruptionError(f"{environment.path} does not hold the view {view.name!r}")
    return ReadPairs(environment, entry.current.prefix)


class SealedRows(NamedTuple):
    """The rows in an open file of the cache."""

    environment: Environment
    pairs: ReadPairs


class LastingPairs:
    """`Pairs` in a file of the cache, which is made again where it is gone.

    A file that is open stays readable when it is deleted, but a forked child opens it again.
    *rows* gives the rows in a file, another one than that which was lost.
    """

    def __init__(self, rows: Callable[[Environment | None], SealedRows]) -> None:
        self._rows = rows
        self._held = rows(None)

    def get(self, key: bytes) -> bytes | None:
        """Return the value of *key*, or None."""
        return self._there().get(key)

    def put(self, key: bytes, value: bytes) -> None:
        """The past does not change."""
        raise ReadOnly("the past does not change: record an event in the vault itself")

    def delete(self, key: bytes) -> bool:
        """The past does not change."""
        raise ReadOnly("the past does not change: record an event in the vault itself")

    def scan(self, start: bytes, stop: bytes | None, *, reverse: bool = False) -> Iterator[Pair]:
        """Yield the pairs of a range."""
        return self._there().scan(start, stop, reverse=reverse)

    def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """Return the value of each key, or None."""
        return self._there().get_many(keys)

    def put_many(self, pairs: Iterable[Pair]) -> None:
        """The past does not change."""
        raise ReadOnly("the past does not change: record an event in the vault itself")

    def at_once(self, read: Callable[[Pairs], Result]) -> Result:
        """Return what *read* returns."""
        return self._there().at_once(read)

    def seek(self, start: bytes, stop: bytes | None) -> Pair | None:
        """Return the first pair of a range, or None."""
        return self._there().seek(start, stop)

    def page(
        self, start: bytes, stop: bytes | None, *, reverse: bool, limit: int = PAGE_ROWS
    ) -> list[Pair]:
        """Return the first pairs of a range, or the last ones in reverse order."""
        return self._there().page(start, stop, reverse=reverse, limit=limit)

    def _there(self) -> ReadPairs:
        try:
            with self._held.environment.read():
                return self._held.pairs
        except StorageError:
            self._held = self._rows(self._held.environment)
            return self._held.pairs
