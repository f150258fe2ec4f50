"""Which rows of a stored column changed, given which rows of two versions are the same."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from nacre.blobs.protocol import Payloads
from nacre.frames.arrow_columns import ARROW_KINDS, decode_arrow
from nacre.frames.cells import encode_cell
from nacre.frames.columns import Column, StoredColumn, children_have_own_rows, is_whole
from nacre.frames.equality import Mask, equal_rows
from nacre.frames.pandas_arrays import decode_array
from nacre.frames.read import load_column
from nacre.frames.streams import Stream, one_array, pieces_within, read_stream

Positions = NDArray[np.int64]
Span = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class SameRows:
    """The rows that two versions have in common: the first `count`, or those at the positions.

    `before_rows` and `after_rows` are all the rows of each.
    """

    count: int
    before_rows: int
    after_rows: int
    before: Positions | None = None
    after: Positions | None = None


def changed_rows(
    payloads: Payloads, before: StoredColumn, after: StoredColumn, rows: SameRows
) -> Mask:
    """Return which of the common rows hold another value."""
    if rows.before is None and before == after:
        return np.zeros(rows.count, np.bool_)
    if rows.before is None and _is_alike(before, after):
        return _changed_in_streams(payloads, before, after, rows.count)
    old = load_column(payloads, before, 0, rows.before_rows)
    new = load_column(payloads, after, 0, rows.after_rows)
    if _is_alike(before, after):
        return _changed_in_arrays(old, new, rows)
    # Stored in two ways, such as text and then mixed objects: compared cell by cell.
    old_cells, new_cells = _cells(old, rows.before), _cells(new, rows.after)
    pairs = zip(old_cells[: rows.count], new_cells[: rows.count], strict=True)
    return np.array([a != b for a, b in pairs], np.bool_)


def _is_alike(before: StoredColumn, after: StoredColumn) -> bool:
    """Say whether equal streams mean equal values."""
    if (before.kind, before.parameters) != (after.kind, after.parameters) or is_whole(after.kind):
        return False
    kinds = [stream.kind for stream in before.streams], [stream.kind for stream in after.streams]
    if kinds[0] != kinds[1] or len(before.children) != len(after.children):
        return False
    if children_have_own_rows(after.kind):
        return before.children == after.children
    return all(map(_is_alike, before.children, after.children))


def _changed_in_streams(
    payloads: Payloads, before: StoredColumn, after: StoredColumn, count: int
) -> Mask:
    changed = np.zeros(count, np.bool_)
    for old, new in _row_streams(before, after):
        for start, stop in _differing_spans(old, new, count):
            one = one_array(read_stream(payloads, old, start, stop))
            other = one_array(read_stream(payloads, new, start, stop))
            changed[start:stop] |= _different(one, other)
    return changed


def _row_streams(before: StoredColumn, after: StoredColumn) -> Iterator[tuple[Stream, Stream]]:
    yield from zip(before.streams, after.streams, strict=True)
    if not children_have_own_rows(after.kind):
        for old, new in zip(before.children, after.children, strict=True):
            yield from _row_streams(old, new)


def _differing_spans(old: Stream, new: Stream, count: int) -> Iterator[Span]:
    """Yield the ranges of rows that the two do not read from the same place."""
    left, right = _places(old, count), _places(new, count)
    borders = sorted({*left, *right, count})
    start = 0
    place: tuple[object, int] = (None, 0)
    other: tuple[object, int] = (None, 0)
    for border, following in zip(borders, [*borders[1:], count], strict=True):
        place, other = left.get(border, place), right.get(border, other)
        if (place[0], place[1] - other[1]) == (other[0], 0) and place[0] is not None:
            if border > start:
                yield start, border
            start = following
        place = place[0], place[1] + following - border
        other = other[0], other[1] + following - border
    if count > start:
        yield start, count


def _places(stream: Stream, count: int) -> dict[int, tuple[object, int]]:
    """Return what each piece starts at: the content of its chunk, and the row within."""
    return {
        row: (stream.chunks[piece.chunk].content, piece.start)
        for row, piece in pieces_within(stream, 0, count)
    }


def _changed_in_arrays(old: Column, new: Column, rows: SameRows) -> Mask:
    changed = np.zeros(rows.count, np.bool_)
    for one, other in zip(old.streams, new.streams, strict=True):
        before = one_array(one).take(pa.array(rows.before))
        after = one_array(other).take(pa.array(rows.after))
        changed |= _different(before, after)
    if not children_have_own_rows(new.kind):
        for one, other in zip(old.children, new.children, strict=True):
            changed |= _changed_in_arrays(one, other, rows)
    return changed


def _different(old: pa.Array, new: pa.Array) -> Mask:
    same = equal_rows(old, new)
    if same is None:
        pairs = zip(old.to_pylist(), new.to_pylist(), strict=True)
        return np.array([repr(a) != repr(b) for a, b in pairs], np.bool_)
    return ~same


def _cells(column: Column, positions: Positions | None) -> list[bytes]:
    if column.kind in ARROW_KINDS:
        values = decode_arrow(column).to_pylist()
    else:
        values = list(decode_array(column))
    cells = list(map(encode_cell, values))
    return cells if positions is None else [cells[position] for position in positions]
