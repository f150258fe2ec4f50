"""Where two derivations of a view differ first, and which commit touched that row."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from nacre import codec
from nacre.errors import CorruptionError
from nacre.event import decode_header
from nacre.keys import decode_key
from nacre.past.derive import apply_entries
from nacre.past.work import Source
from nacre.views.pairs import PAGE_ROWS, MemoryPairs, Pair, Pairs, Result
from nacre.views.table import State
from nacre.views.view import OpenViews, View

_SHOWN = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Divergence:
    """The first row of a view that is not what its replay gives."""

    view: str
    key: str
    commit: int | None
    """The last commit whose events changed the row in a replay; None: none did."""

    stored: str | None
    """The row that was compared with; None: there is none."""

    replayed: str | None

    def __str__(self) -> str:
        touched = "no commit made" if self.commit is None else f"commit {self.commit} made"
        return (
            f"{self.view}: {self.key} is {_or_missing(self.stored)}, and its replay "
            f"{_or_missing(self.replayed)} ({touched} that row)"
        )


Difference = tuple[Pair | None, Pair | None]
"""The pairs at the first key that differs: as stored, as replayed."""


def first_difference(
    view: type[View], stored: Iterable[Pair], replayed: Iterable[Pair]
) -> Difference | None:
    """Return the first difference of two sorted sequences of a view's rows, or None."""
    found = _first_difference(stored, replayed)
    if found is None or not hasattr(view, "opened"):
        return found
    try:
        ours, theirs = (list(_opened(view, pair)) if pair else [] for pair in found)
    except CorruptionError:
        return found
    return _first_difference(ours, theirs) or found


def _first_difference(stored: Iterable[Pair], replayed: Iterable[Pair]) -> Difference | None:
    for ours, theirs in zip_longest(stored, replayed):
        if ours == theirs:
            continue
        if ours is None or (theirs is not None and theirs[0] < ours[0]):
            return None, theirs
        if theirs is None or ours[0] < theirs[0]:
            return ours, None
        return ours, theirs
    return None


def divergence_of(
    source: Source, view: type[View], difference: Difference, until: int
) -> Divergence:
    """Say what differs in users' words, and which commit touched the row."""
    ours, theirs = difference
    key = (ours or theirs or (b"", b""))[0]
    return Divergence(
        view=view.name,
        key=_shown_key(key),
        commit=_last_change(source, view, key, until),
        stored=None if ours is None else _shown_row(ours[1]),
        replayed=None if theirs is None else _shown_row(theirs[1]),
    )


class _WatchedPairs:
    """`Pairs` that note which commit changed a row last."""

    def __init__(self, view: type[View], key: bytes) -> None:
        self._pairs = MemoryPairs()
        self._view = view
        self._key = key
        self._last: Pair | None = None
        """Where the row lies, and what it is there."""

        self.position = 0
        self.changed: int | None = None

    def get(self, key: bytes) -> bytes | None:
        return self._pairs.get(key)

    def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        return self._pairs.get_many(keys)

    def put(self, key: bytes, value: bytes) -> None:
        row = dict(_opened(self._view, (key, value))).get(self._key)
        if row is None:
            self._note_gone(key)
        elif self._last is None or self._last[1] != row:
            self.changed = self.position
        if row is not None:
            self._last = (key, row)
        self._pairs.put(key, value)

    def delete(self, key: bytes) -> bool:
        self._note_gone(key)
        return self._pairs.delete(key)

    def scan(self, start: bytes, stop: bytes | None, *, reverse: bool = False) -> Iterator[Pair]:
        return self._pairs.scan(start, stop, reverse=reverse)

    def seek(self, start: bytes, stop: bytes | None) -> Pair | None:
        return self._pairs.seek(start, stop)

    def put_many(self, pairs: Iterable[Pair]) -> None:
        for key, value in pairs:
            self.put(key, value)

    def at_once(self, read: Callable[[Pairs], Result]) -> Result:
        return read(self)

    def page(
        self, start: bytes, stop: bytes | None, *, reverse: bool, limit: int = PAGE_ROWS
    ) -> list[Pair]:
        return self._pairs.page(start, stop, reverse=reverse, limit=limit)

    def _note_gone(self, key: bytes) -> None:
        if self._last is not None and self._last[0] == key:
            self._last, self.changed = None, self.position


def _last_change(source: Source, view: type[View], key: bytes, until: int) -> int | None:
    """Replay once more, in memory, and watch one key; from 0, because rows depend on rows."""
    watched = _WatchedPairs(view, key)
    views = OpenViews({view.name: view}, lambda _: State(watched, source.get_blob), source.upcasts)
    for entry in source.log.read(0, until):
        watched.position = decode_header(entry).position
        apply_entries(iter((entry,)), views, 1)
    return watched.changed


def _opened(view: type[View], pair: Pair) -> Iterator[Pair]:
    """Yield the rows that lie packed in one, or that itself."""
    opened: Callable[[Pair], Iterator[Pair]] | None = getattr(view, "opened", None)
    return iter((pair,)) if opened is None else opened(pair)


def _or_missing(row: str | None) -> str:
    return "missing" if row is None else row


def _shown_key(key: bytes) -> str:
    try:
        table, *elements = decode_key(key)
    except CorruptionError:
        return key.hex()[:_SHOWN]
    return f"{table}[{', '.join(map(repr, elements))}]"[:_SHOWN]


def _shown_row(value: bytes) -> str:
    try:
        return repr(codec.unpack(value))[:_SHOWN]
    except CorruptionError:
        return value.hex()[:_SHOWN]
