"""Rows after the rows of a stored frame: what is there is not read, but for short last chunks."""

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd
import pyarrow as pa

from nacre.blobs.protocol import Payloads
from nacre.errors import InvalidInput
from nacre.frames.arrow_columns import decode_arrow, encode_arrow
from nacre.frames.columns import (
    Column,
    StoredColumn,
    arrays_in,
    as_loaded,
    children_have_own_rows,
    equal_columns,
    is_whole,
    streams_in,
    with_streams,
)
from nacre.frames.manifest import (
    Entry,
    FrameManifest,
    entry_of,
    get_manifest,
    put_manifest,
    stored_column,
)
from nacre.frames.pandas_arrays import decode_array, decode_index, encode_array, encode_index
from nacre.frames.pandas_frames import INDEX, LABELS, no_duplicates
from nacre.frames.parts import FrameParts, Part
from nacre.frames.read import load_whole, read_index, read_labels
from nacre.frames.store import Work, extend_stream, in_parallel, store_streams
from nacre.frames.streams import one_array
from nacre.frames.write import Frame, take_apart
from nacre.hashing import Digest


def append_frame(payloads: Payloads, previous: Digest, more: Frame) -> Digest:
    """Store the frame *previous* with the rows of *more* after its own; return its digest.

    A counting index goes on; any other is joined. The attributes stay those of *previous*.

    Raises:
        InvalidInput: *more* has other columns or types; the message names the first.
        Unstorable: a value of *more* would not come back exactly.
    """
    before, parts = get_manifest(payloads, previous), take_apart(more)
    _check_schema(payloads, before, parts)
    if not parts.rows:
        return previous
    named = {name: before.parts[name] for name in before.parts}
    if before.kind == "pandas":
        named[INDEX] = _append_index(payloads, before, parts)
    columns = _append_columns(payloads, before, parts)
    rows = before.rows + parts.rows
    return put_manifest(payloads, replace(before, rows=rows, columns=columns, parts=named))


def _check_schema(payloads: Payloads, before: FrameManifest, parts: FrameParts) -> None:
    if before.kind != parts.kind:
        raise InvalidInput(
            f"the frame is a {before.kind} frame and what is to be appended is a {parts.kind} "
            f"frame: convert it to {before.kind}"
        )
    _check_labels([entry.label for entry in before.columns], [part.label for part in parts.columns])
    for entry, part in zip(before.columns, parts.columns, strict=True):
        if entry.type != part.type:
            raise _mismatch(f"the column {part.label!r}", entry.type, part.type)
    if before.kind == "pandas":
        labels = decode_index(as_loaded(parts.parts[LABELS].column))
        if not read_labels(payloads, before).equals(labels):
            raise InvalidInput("the labels of the columns differ in type: use those of the frame")


def _check_labels(before: Sequence[str], more: Sequence[str]) -> None:
    if list(before) == list(more):
        return
    missing = [label for label in before if label not in more]
    unknown = [label for label in more if label not in before]
    if missing:
        raise InvalidInput(f"what is to be appended lacks the column {missing[0]!r}: add it")
    if unknown:
        raise InvalidInput(f"the frame has no column {unknown[0]!r}: write a new version with it")
    raise InvalidInput(f"the columns come in another order: use {', '.join(before)}")


def _mismatch(what: str, before: str, more: str) -> InvalidInput:
    return InvalidInput(
        f"{what} is {before} in the frame and {more} in what is to be appended: convert it"
    )


def _append_columns(
    payloads: Payloads, before: FrameManifest, parts: FrameParts
) -> tuple[Entry, ...]:
    def append(pair: tuple[Entry, Part]) -> Entry:
        entry, part = pair
        stored = stored_column(payloads, entry)
        if _can_extend(payloads, stored, part.column):
            return entry_of(entry.label, entry.type, _extend(payloads, stored, part.column))
        joined = _join(payloads, before.kind, stored, part)
        return entry_of(entry.label, entry.type, _store(payloads, joined, stored))

    size = sum(array.nbytes for part in parts.columns for array in arrays_in(part.column))
    pairs = list(zip(before.columns, parts.columns, strict=True))
    return tuple(in_parallel(append, pairs, size_bytes=size))


def _can_extend(payloads: Payloads, stored: StoredColumn, more: Column) -> bool:
    """Say whether the rows of *more* may follow those of *stored* as they are."""
    if (stored.kind, stored.parameters) != (more.kind, more.parameters) or is_whole(more.kind):
        return False
    kinds = [stream.kind for stream in stored.streams]
    if kinds != [array.type for array in more.streams]:
        return False
    pairs = list(zip(stored.children, more.children, strict=True))
    if children_have_own_rows(more.kind):
        return all(equal_columns(_as_one(load_whole(payloads, old)), child) for old, child in pairs)
    return all(_can_extend(payloads, old, child) for old, child in pairs)


def _as_one(column: Column) -> Column:
    """Return a loaded column with each of its streams as one array."""
    streams = tuple(map(one_array, column.streams))
    return replace(column, streams=streams, children=tuple(map(_as_one, column.children)))


def _extend(payloads: Payloads, stored: StoredColumn, more: Column) -> StoredColumn:
    streams = tuple(
        extend_stream(payloads, stream, array)
        for stream, array in zip(stored.streams, more.streams, strict=True)
    )
    if children_have_own_rows(more.kind):
        return replace(stored, streams=streams)
    pairs = zip(stored.children, more.children, strict=True)
    children = tuple(_extend(payloads, old, child) for old, child in pairs)
    return replace(stored, streams=streams, children=children)


def _join(payloads: Payloads, kind: str, stored: StoredColumn, part: Part) -> Column:
    """Return the column of all rows, when those that are there must be read for it."""
    old = load_whole(payloads, stored)
    if kind != "pandas":
        chunks = [*decode_arrow(old).chunks, *decode_arrow(as_loaded(part.column)).chunks]
        return encode_arrow(pa.chunked_array(chunks))
    arrays = [decode_array(column) for column in (old, as_loaded(part.column))]
    # Pandas 3 would take objects that are all text for its own str.
    both = [pd.Series(array, dtype=array.dtype, copy=False) for array in arrays]
    if both[0].dtype != both[1].dtype:
        raise _mismatch(f"the column {part.label!r}", repr(both[0].dtype), repr(both[1].dtype))
    joined = pd.concat(both, ignore_index=True)
    return encode_array(joined.array)


def _store(payloads: Payloads, column: Column, stored: StoredColumn) -> StoredColumn:
    arrays, streams = list(arrays_in(column)), list(streams_in(stored))
    shared = streams if len(streams) == len(arrays) else [None] * len(arrays)
    work = list(map(Work, arrays, shared))
    return with_streams(column, iter(store_streams(payloads, work)))


def _append_index(payloads: Payloads, before: FrameManifest, parts: FrameParts) -> Entry:
    entry, part = before.parts[INDEX], parts.parts[INDEX]
    stored = stored_column(payloads, entry)
    if stored.kind == part.column.kind == "range" and _goes_on(stored, part.column):
        parameters = dict(stored.parameters)
        parameters["stop"] += parts.rows * parameters["step"]  # type: ignore[operator]
        return entry_of(entry.label, entry.type, replace(stored, parameters=parameters))
    if entry.type != part.type:
        raise _mismatch("the index", entry.type, part.type)
    old = (
        read_index(payloads, before, 0, before.rows) if _must_join(payloads, before, part) else None
    )
    if old is None:
        return entry_of(entry.label, entry.type, _extend(payloads, stored, part.column))
    joined = old.append(decode_index(as_loaded(part.column)))
    if no_duplicates(before.header) and not joined.is_unique:
        raise InvalidInput("the index would have duplicates, which the frame's flags forbid")
    return entry_of(entry.label, entry.type, _store(payloads, encode_index(joined), stored))


def _must_join(payloads: Payloads, before: FrameManifest, part: Part) -> bool:
    stored = stored_column(payloads, before.parts[INDEX])
    has_freq = part.column.parameters.get("freq") is not None
    extends = _can_extend(payloads, stored, part.column)
    return has_freq or no_duplicates(before.header) or not extends


def _goes_on(stored: StoredColumn, more: Column) -> bool:
    old, new = stored.parameters, more.parameters
    is_default = (new["start"], new["step"]) == (0, 1)
    if old["name"] != new["name"] and not is_default:
        return False
    return is_default or (new["start"], new["step"]) == (old["stop"], old["step"])
