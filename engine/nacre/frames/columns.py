"""A column taken apart: plain arrays, and what it takes to put them together again.

The kind says how; a column may be made of others (an interval of its bounds, a categorical of
its categories). The same tree describes a column in memory, with arrays, and as it is stored,
with streams.

    column   [kind, {parameter: value}, [stream, ...], [column, ...]]
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import pyarrow as pa

from nacre.codec import pack
from nacre.errors import CorruptionError
from nacre.frames.chunks import equal_chunks
from nacre.frames.streams import Stream, parse_stream, stream_manifest

# The columns inside these have rows of their own, not one for each row of the frame.
_OWN_ROWS = frozenset({"categorical", "dictionary", "multi"})
# These are put together as a whole; a range of rows is cut out afterwards.
_WHOLE = frozenset({"sparse", "range"})
_MAX_DEPTH = 20

Parameters = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Column:
    """A column in memory."""

    kind: str
    parameters: Parameters
    streams: tuple[pa.Array | pa.ChunkedArray, ...] = ()
    children: tuple["Column", ...] = ()


@dataclass(frozen=True, slots=True)
class StoredColumn:
    """A column as a manifest describes it."""

    kind: str
    parameters: Parameters
    streams: tuple[Stream, ...] = ()
    children: tuple["StoredColumn", ...] = ()


def is_whole(kind: str) -> bool:
    """Say whether a column of *kind* is only ever read as a whole."""
    return kind in _WHOLE


def comes_whole(column: Column) -> bool:
    """Say whether all rows of *column* were loaded, whatever range of them was asked for."""
    if children_have_own_rows(column.kind):
        return is_whole(column.kind)
    return bool(column.children) and all(map(comes_whole, column.children))


def children_have_own_rows(kind: str) -> bool:
    """Say whether the columns inside one of *kind* are read as a whole with any row."""
    return kind in _OWN_ROWS or kind in _WHOLE


def arrays_in(column: Column) -> Iterator[pa.Array]:
    """Yield the arrays of *column*, its own first."""
    yield from column.streams
    for child in column.children:
        yield from arrays_in(child)


def streams_in(column: StoredColumn) -> Iterator[Stream]:
    """Yield the streams of *column* in the order of `arrays_in`."""
    yield from column.streams
    for child in column.children:
        yield from streams_in(child)


def with_streams(column: Column, streams: Iterator[Stream]) -> StoredColumn:
    """Return *column* as stored, with the next of *streams* in place of each array."""
    own = tuple(next(streams) for _ in column.streams)
    children = tuple(with_streams(child, streams) for child in column.children)
    return StoredColumn(column.kind, column.parameters, own, children)


def as_loaded(column: Column) -> Column:
    """Return *column* as reading it would give it."""
    streams = tuple(pa.chunked_array([array]) for array in column.streams)
    return replace(column, streams=streams, children=tuple(map(as_loaded, column.children)))


def equal_columns(one: Column, other: Column) -> bool:
    """Say whether two columns in memory would be stored as the same bytes."""
    return (
        one.kind == other.kind
        and pack(one.parameters) == pack(other.parameters)
        and len(one.streams) == len(other.streams)
        and len(one.children) == len(other.children)
        and all(map(_equal_arrays, one.streams, other.streams))
        and all(map(equal_columns, one.children, other.children))
    )


def column_manifest(column: StoredColumn) -> list[object]:
    """Return what a manifest says of *column*."""
    streams = [stream_manifest(stream) for stream in column.streams]
    children = [column_manifest(child) for child in column.children]
    return [column.kind, dict(column.parameters), streams, children]


def parse_column(manifest: object, *, depth: int = 0) -> StoredColumn:
    """Return the column that `column_manifest` described.

    Raises:
        CorruptionError: *manifest* is not such a description.
    """
    match manifest:
        case [str() as kind, dict() as parameters, list() as streams, list() as children] if (
            depth < _MAX_DEPTH
        ):
            inner = tuple(parse_column(child, depth=depth + 1) for child in children)
            return StoredColumn(kind, parameters, tuple(map(parse_stream, streams)), inner)
    raise CorruptionError("the manifest of a column has other fields: run `nacre verify`")


def _equal_arrays(one: pa.Array, other: pa.Array) -> bool:
    same_shape = one.type == other.type and len(one) == len(other)
    return same_shape and one.null_count == other.null_count and equal_chunks(one, other)
