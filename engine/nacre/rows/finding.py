"""Rows along a plan: read in short transactions, tested, sorted, cut off at the limit."""

import heapq
from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain, islice
from typing import NamedTuple, cast

from nacre.errors import Altered, CorruptionError
from nacre.keys import after_prefix, encode_elements
from nacre.rows.choices import Order
from nacre.rows.conditions import EVERY
from nacre.rows.definition import Definition
from nacre.rows.layout import KEY, Layout, StoredRow
from nacre.rows.matching import tester
from nacre.rows.planner import Plan
from nacre.rows.stored import unpack_row, unpack_rows
from nacre.rows.view import Rows
from nacre.views.pairs import Pairs

_Found = tuple[list[StoredRow], bytes]
"""Rows, and the last of the keys by which they were found."""

_FIRST_PAGE, _LARGEST_PAGE = 128, 2048


class Window(NamedTuple):
    """Which of the rows in order are wanted."""

    limit: int | None = None
    offset: int = 0

    @property
    def stop(self) -> int | None:
        """How many rows are enough."""
        return None if self.limit is None else self.offset + self.limit

    def of(self, rows: Iterator[StoredRow]) -> Iterator[StoredRow]:
        """Yield the rows in the window."""
        return islice(rows, self.offset, self.stop)


class _Span(NamedTuple):
    """Which keys of a table are read."""

    start: bytes
    stop: bytes | None
    reverse: bool
    limit: int


ALL = Window()


def find_rows(
    view: Rows, definition: Definition, plan: Plan, window: Window
) -> Iterator[StoredRow]:
    """Yield the stored rows of a plan, in its order, within a window."""
    if window.limit == 0:
        return iter(())
    if plan.is_exact and len(plan.intervals) == 1:
        return window.of(_only_row(view, definition, plan))
    matching = _matching(view, definition, plan, window)
    if plan.order and not plan.is_ordered:
        matching = iter(in_order(definition.layout, matching, plan.order, window.stop))
    return window.of(matching)


def in_order(
    layout: Layout, rows: Iterator[StoredRow], order: Order, count: int | None
) -> list[StoredRow]:
    """Return the first rows in an order: None first, NaN last, ties by the key."""
    key = sort_key(layout, order)
    if count is not None:
        return heapq.nsmallest(count, rows, key=key)
    return sorted(rows, key=key)


def sort_key(
    layout: Layout, order: Order
) -> Callable[[StoredRow], tuple["_Reversed | bytes", ...]]:
    """Return a function from a stored row to what sorts as the order wants it."""
    parts = [(layout.getter(path), layout.key_convert(path), down) for path, down in order]
    parts += [
        (layout.getter((name,)), layout.key_convert((name,)), order[-1][1])
        for name in layout.schema.key
    ]

    def key(row: StoredRow) -> tuple["_Reversed | bytes", ...]:
        found: list[_Reversed | bytes] = []
        for get, convert, down in parts:
            value = get(row)
            encoded = encode_elements((None if value is None else convert(value),))
            found.append(_Reversed(encoded) if down else encoded)
        return tuple(found)

    return key


class _Reversed:
    """Bytes that sort the other way around."""

    __slots__ = ("_bytes",)

    def __init__(self, encoded: bytes) -> None:
        self._bytes = encoded

    def __lt__(self, other: "_Reversed") -> bool:
        return other._bytes < self._bytes

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Reversed) and self._bytes == other._bytes

    def __hash__(self) -> int:
        return hash(self._bytes)


def _only_row(view: Rows, definition: Definition, plan: Plan) -> Iterator[StoredRow]:
    """Return the one row of a key, if it is there: in half of the time that pages take."""
    key = definition.rows + plan.intervals[0][0]

    def read(pairs: Pairs) -> bytes | None:
        check_same(pairs, definition)
        return definition.row_table(pairs).get(key)

    raw = view.pairs.at_once(read)
    if raw is None:
        return iter(())
    found = iter((unpack_row(raw),))
    return found if plan.left is EVERY else filter(tester(definition.layout, plan.left), found)


def _matching(
    view: Rows, definition: Definition, plan: Plan, window: Window
) -> Iterator[StoredRow]:
    first = _FIRST_PAGE
    if window.stop is not None and (not plan.order or plan.is_ordered):
        # Of rows that must still be tested, more than are wanted may be needed.
        least = 1 if plan.left is EVERY else _FIRST_PAGE
        first = min(_LARGEST_PAGE, max(least, window.stop))
    found = _candidates(view, definition, plan, first)
    if plan.left is EVERY:
        return chain.from_iterable(found)
    test = tester(definition.layout, plan.left)
    return chain.from_iterable(filter(test, page) for page in found)


def _candidates(
    view: Rows, definition: Definition, plan: Plan, first: int
) -> Iterator[list[StoredRow]]:
    """Yield pages of the rows that a plan reads."""
    intervals = plan.intervals[::-1] if plan.reverse else plan.intervals
    if plan.is_exact:
        keys = [definition.rows + low for low, _ in intervals]
        yield from _rows_of_keys(view, definition, keys, first)
        return
    prefix, fetch = definition.rows, _rows_between
    if plan.along is not None and plan.along is not KEY:
        number = plan.along.number
        prefix = definition.entries(number)
        fetch = partial(_rows_of_entries, number=number)
    for low, high in intervals:
        start = prefix + low
        stop = after_prefix(prefix) if high is None else prefix + high
        if plan.is_whole and plan.along is not KEY:
            assert plan.along is not None
            fetch = partial(_rows_of_entries, number=plan.along.number, cut=len(start))
        read = partial(fetch, definition)
        yield from _pages(view, read, (start, stop), reverse=plan.reverse, first=first)


def check_same(pairs: Pairs, definition: Definition) -> None:
    """Refuse to read rows by a definition that is no more.

    Raises:
        Altered: the collection was altered or dropped.
    """
    name, raw = definition.pair
    if pairs.get(name) != raw:
        raise Altered(
            f"{definition.name!r} was altered or dropped while its rows were read: "
            "ask the collection again"
        )


def _pages(
    view: Rows,
    fetch: Callable[[Pairs, _Span], _Found],
    between: tuple[bytes, bytes | None],
    *,
    reverse: bool,
    first: int,
) -> Iterator[list[StoredRow]]:
    size = first
    low, high = between
    while True:
        span = _Span(low, high, reverse, size)
        rows, last = view.pairs.at_once(lambda pairs: fetch(pairs, span))  # noqa: B023 - runs at once
        yield rows
        if len(rows) < size:
            return
        if reverse:
            high = last
        else:
            low = last + b"\x00"
        size = min(2 * size, _LARGEST_PAGE)


def _rows_of_keys(
    view: Rows, definition: Definition, keys: list[bytes], size: int
) -> Iterator[list[StoredRow]]:
    while keys:
        page = keys[:size]

        def read(pairs: Pairs) -> list[bytes | None]:
            check_same(pairs, definition)
            return definition.row_table(pairs).get_many(page)  # noqa: B023 - runs at once

        raws = view.pairs.at_once(read)
        yield unpack_rows([raw for raw in raws if raw is not None])
        keys, size = keys[size:], min(2 * size, _LARGEST_PAGE)


def _rows_between(definition: Definition, pairs: Pairs, span: _Span) -> _Found:
    check_same(pairs, definition)
    page = definition.row_table(pairs).page(
        span.start, span.stop, reverse=span.reverse, limit=span.limit
    )
    return unpack_rows([raw for _, raw in page]), page[-1][0] if page else b""


def _rows_of_entries(
    definition: Definition, pairs: Pairs, span: _Span, *, number: int, cut: int | None = None
) -> _Found:
    """Return the rows of entries; *cut* is how long all are before their keys, if they are."""
    keys, last = definition.entry_table(pairs, number).named(
        span.start, span.stop,
        prefix=definition.rows, cut=cut, reverse=span.reverse, limit=span.limit,
    )  # fmt: skip
    return _rows_named(definition, pairs, keys), last


def _rows_named(definition: Definition, pairs: Pairs, keys: list[bytes]) -> list[StoredRow]:
    check_same(pairs, definition)
    raws = definition.row_table(pairs).get_many(keys)
    if None in raws:
        raise CorruptionError(
            f"an entry of an index of {definition.name!r} names no row: run `nacre rebuild`"
        )
    return unpack_rows(cast("list[bytes]", raws))
