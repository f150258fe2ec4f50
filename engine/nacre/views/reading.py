"""Views read outside a commit: each call sees every commit made before it.

A view that is behind, because another process without its code has committed, is brought up to
date first; through a read-only handle that happens in memory.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence

from nacre.environment import Read
from nacre.errors import ReadOnly
from nacre.lmdb_handle import Transaction
from nacre.views.catalogue import Build, Catalogue
from nacre.views.maintenance import Maintenance, apply_batch
from nacre.views.pairs import (
    PAGE_ROWS,
    MemoryPairs,
    Pair,
    Pairs,
    ReadPairs,
    Result,
    TransactionPairs,
    scan_pages,
)
from nacre.views.table import State
from nacre.views.view import OpenViews, View

_EVERYTHING = 1 << 62

Memory = tuple[Build | None, int, MemoryPairs]
"""The build below, how many commits the rows have seen, and the rows."""


class ViewPairs:
    """`Pairs` of a view as of now, a short transaction for every call."""

    def __init__(self, maintenance: Maintenance, view: type[View], *, read_only: bool) -> None:
        self._maintenance = maintenance
        self._environment = maintenance.environment
        self._view = view
        self._read_only = read_only
        self._lock = threading.Lock()
        self._memory: Memory | None = None
        self._live_of: tuple[Catalogue | None, bytes] = (None, b"")
        """A catalogue, and where the rows lie that are live by it."""

    def get(self, key: bytes) -> bytes | None:
        """Return the value of *key*, or None."""
        with Read(self._environment) as transaction:
            pairs = self._live(transaction)
            if pairs is not None:
                return pairs.get(key)
        return self._read_behind(lambda pairs: pairs.get(key))

    def at_once(self, read: Callable[[Pairs], Result]) -> Result:
        """Return what *read* returns inside one short transaction."""
        with Read(self._environment) as transaction:
            pairs = self._live(transaction)
            if pairs is not None:
                return read(pairs)
        return self._read_behind(read)

    def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """Return the value of each key, or None, all of one moment."""
        with Read(self._environment) as transaction:
            pairs = self._live(transaction)
            if pairs is not None:
                return pairs.get_many(keys)
        return self._read_behind(lambda pairs: pairs.get_many(keys))

    def put(self, key: bytes, value: bytes) -> None:
        """Views change in commits only."""
        raise ReadOnly("a view changes by applying events only: record one in a commit")

    def delete(self, key: bytes) -> bool:
        """Views change in commits only."""
        raise ReadOnly("a view changes by applying events only: record one in a commit")

    def put_many(self, pairs: Iterable[Pair]) -> None:
        """Views change in commits only."""
        raise ReadOnly("a view changes by applying events only: record one in a commit")

    def seek(self, start: bytes, stop: bytes | None) -> Pair | None:
        """Return the first pair of a range, or None."""
        return self.at_once(lambda pairs: pairs.seek(start, stop))

    def scan(self, start: bytes, stop: bytes | None, *, reverse: bool = False) -> Iterator[Pair]:
        """Yield the pairs of a range, a page in each transaction: none stays open for long."""
        return scan_pages(self, start, stop, reverse=reverse)

    def page(
        self, start: bytes, stop: bytes | None, *, reverse: bool, limit: int = PAGE_ROWS
    ) -> list[Pair]:
        """Return the first pairs of a range, or the last ones in reverse order."""
        return self.at_once(lambda pairs: pairs.page(start, stop, reverse=reverse, limit=limit))

    def _live(self, transaction: Transaction) -> Pairs | None:
        catalogue = self._maintenance.catalogue(transaction)
        known, prefix = self._live_of
        if catalogue is known:
            return TransactionPairs(transaction, prefix)
        build = self._maintenance.build_of(self._view, transaction)
        if build is None or build.position is not None:
            return None
        self._live_of = (catalogue, build.prefix)
        return TransactionPairs(transaction, build.prefix)

    def _read_behind(self, read: Callable[[Pairs], Result]) -> Result:
        """Return what *read* returns of the rows at the head, although the stored are behind."""
        environment = self._environment
        if not self._read_only and environment.transaction is None:
            self._maintenance.catch_up()
        with environment.read() as transaction:
            pairs = self._live(transaction)
            if pairs is not None:
                return read(pairs)
            with self._lock:  # another thread would apply the same events to the same memory
                return read(self._in_memory(transaction))

    def _in_memory(self, transaction: Transaction) -> MemoryPairs:
        build = self._maintenance.build_of(self._view, transaction)
        position, memory = self._memory_over(build)
        self._memory = None  # what `apply` leaves half done when it raises is not kept
        views = OpenViews(
            {self._view.name: self._view},
            lambda _: State(memory, self._maintenance.get_blob),
            self._maintenance.upcasts,
        )
        reached = apply_batch(self._maintenance.log, views, position, _EVERYTHING)
        self._memory = (build, reached, memory)
        return memory

    def _memory_over(self, build: Build | None) -> tuple[int, MemoryPairs]:
        """Return the rows kept in memory, unless they are of another build or a later head."""
        if self._memory is not None and self._memory[0] == build:
            _, reached, memory = self._memory
            if reached <= self._maintenance.log.head():
                return reached, memory
        if build is None:
            return 0, MemoryPairs()
        base = ReadPairs(self._maintenance.environment, build.prefix)
        return build.position or 0, MemoryPairs(base)
