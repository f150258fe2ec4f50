"""Frames into a blob store: take apart, keep what the version before has, put what is new."""

import sys
from collections.abc import Sequence

import pandas as pd
import pyarrow as pa

from nacre.blobs.protocol import Payloads
from nacre.errors import InvalidInput
from nacre.frames import arrow_frames, pandas_frames
from nacre.frames.columns import StoredColumn, arrays_in, streams_in, with_streams
from nacre.frames.manifest import (
    FrameManifest,
    entry_of,
    get_manifest,
    numbered,
    put_manifest,
    stored_column,
)
from nacre.frames.parts import FrameParts, Part
from nacre.frames.polars_door import polars_parts
from nacre.frames.store import Work, store_streams
from nacre.frames.streams import Stream
from nacre.hashing import Digest

Frame = object


def put_frame(payloads: Payloads, frame: Frame, previous: Digest | None = None) -> Digest:
    """Store *frame* and return the digest of its manifest.

    What the frame *previous* has in common with it is shared, wherever it stands. Without one,
    equal frames get equal digests and equal columns share their chunks.

    Raises:
        Unstorable: a column would not come back exactly; nothing has been stored.
        InvalidInput: *frame* is no DataFrame, Table or Polars frame.
    """
    parts = take_apart(frame)
    before = get_manifest(payloads, previous) if previous else None
    return put_parts(payloads, parts, before)


def put_parts(payloads: Payloads, parts: FrameParts, before: FrameManifest | None) -> Digest:
    """Store a frame that was taken apart."""
    every = [*parts.columns, *parts.parts.values()]
    shared = _shared_columns(payloads, every, before)
    work = [item for part, old in zip(every, shared, strict=True) for item in _work(part, old)]
    streams = iter(store_streams(payloads, work))
    entries = [
        entry_of(part.label, part.type, with_streams(part.column, streams)) for part in every
    ]
    named = zip(parts.parts, entries[len(parts.columns) :], strict=True)
    manifest = FrameManifest(
        kind=parts.kind,
        rows=parts.rows,
        columns=tuple(entries[: len(parts.columns)]),
        parts=dict(named),
        header=parts.header,
    )
    return put_manifest(payloads, manifest)


def take_apart(frame: Frame) -> FrameParts:
    """Return the parts of a frame of any library."""
    if isinstance(frame, pd.DataFrame):
        return pandas_frames.take_apart(frame)
    if isinstance(frame, pa.Table | pa.RecordBatch):
        return arrow_frames.take_apart(frame)
    # Whoever holds a Polars frame has imported Polars.
    polars = sys.modules.get("polars")
    if polars is not None and isinstance(frame, polars.DataFrame):
        return polars_parts(frame)
    raise InvalidInput(
        f"a {type(frame).__name__} is no frame: give a pandas DataFrame, an Arrow Table or a "
        "Polars DataFrame"
    )


def _shared_columns(
    payloads: Payloads, parts: Sequence[Part], before: FrameManifest | None
) -> list[StoredColumn | None]:
    """Return the column of the version before for each part: the same label, the same turn."""
    if before is None:
        return [None] * len(parts)
    entries = dict(numbered([*before.columns, *before.parts.values()]))
    found = [entries.get(key) for key, _ in numbered(parts)]
    return [stored_column(payloads, entry) if entry else None for entry in found]


def _work(part: Part, shared: StoredColumn | None) -> list[Work]:
    arrays = list(arrays_in(part.column))
    streams: list[Stream | None] = list(streams_in(shared)) if shared else []
    if len(streams) != len(arrays):
        streams = [None] * len(arrays)
    return list(map(Work, arrays, streams))
