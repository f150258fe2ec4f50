"""Frames out of a blob store: only the columns, and only the chunks of them, that are asked for."""

from collections.abc import Sequence
from typing import Literal

import pandas as pd
import pyarrow as pa

from nacre.blobs.protocol import Payloads
from nacre.errors import CorruptionError, InvalidInput
from nacre.frames import arrow_frames, pandas_frames
from nacre.frames.arrow_to_pandas import to_pandas
from nacre.frames.columns import Column, StoredColumn, children_have_own_rows, is_whole
from nacre.frames.damage import damage_reported
from nacre.frames.manifest import Entry, FrameManifest, get_manifest, stored_column
from nacre.frames.pandas_to_arrow import to_arrow, values_to_arrow
from nacre.frames.polars_door import polars_frame, to_polars
from nacre.frames.selection import Selection, select_columns, select_rows
from nacre.frames.store import in_parallel
from nacre.frames.streams import read_stream
from nacre.hashing import Digest

Library = Literal["pandas", "arrow", "polars"]
_LIBRARIES = ("pandas", "arrow", "polars")
_NO_INDEX = frozenset({"range"})


def get_frame(
    payloads: Payloads,
    digest: Digest,
    *,
    columns: Sequence[object] | None = None,
    rows: tuple[int, int] | None = None,
    to: Library | None = None,
) -> object:
    """Return the frame under *digest*, or some of it.

    *columns* are labels in the order wanted, *rows* is (start, stop) by position, *to* the
    library to read to; without them it is all of the frame, as it came in.

    Raises:
        NotFound: there is no such frame, or no such column.
        InvalidInput: *rows* or *to* cannot be used.
        CorruptionError: what is stored is no frame.
    """
    if to is not None and to not in _LIBRARIES:
        raise InvalidInput(f"to={to!r} is not known: use 'pandas', 'arrow' or 'polars'")
    manifest = get_manifest(payloads, digest)
    with damage_reported(f"the frame {digest}"):
        labels = read_labels(payloads, manifest)
    selection = Selection(select_columns(columns, labels), *select_rows(rows, manifest.rows))
    with damage_reported(f"the frame {digest}"):
        return _read(payloads, manifest, selection, to or manifest.kind)


def read_labels(payloads: Payloads, manifest: FrameManifest) -> pd.Index:
    """Return the labels of the columns of a stored frame."""
    if manifest.kind != "pandas":
        return pd.Index([entry.label for entry in manifest.columns], dtype=object)
    column = load_whole(payloads, _part(payloads, manifest, pandas_frames.LABELS))
    labels = pandas_frames.decode_labels(column)
    if len(labels) != len(manifest.columns):
        raise CorruptionError("a frame has more labels than columns: run `nacre verify`")
    return labels


def read_index(payloads: Payloads, manifest: FrameManifest, start: int, stop: int) -> pd.Index:
    """Return the index of the rows of a stored pandas frame."""
    stored = _part(payloads, manifest, pandas_frames.INDEX)
    return pandas_frames.decode_rows(load_column(payloads, stored, start, stop), start, stop)


def read_values(payloads: Payloads, entry: Entry, start: int, stop: int) -> object:
    """Return rows of one column of a stored pandas frame as a pandas or numpy array."""
    column = load_column(payloads, stored_column(payloads, entry), start, stop)
    return pandas_frames.decode_values(column, start, stop)


def load_column(payloads: Payloads, stored: StoredColumn, start: int, stop: int) -> Column:
    """Return rows of a column, and of what it is made of."""
    if is_whole(stored.kind):
        return load_whole(payloads, stored)
    streams = tuple(read_stream(payloads, stream, start, stop) for stream in stored.streams)
    if children_have_own_rows(stored.kind):
        children = tuple(load_whole(payloads, child) for child in stored.children)
    else:
        children = tuple(load_column(payloads, child, start, stop) for child in stored.children)
    return Column(stored.kind, stored.parameters, streams, children)


def load_whole(payloads: Payloads, stored: StoredColumn) -> Column:
    """Return all rows of a column, and of what it is made of."""
    streams = tuple(read_stream(payloads, stream, 0, stream.rows) for stream in stored.streams)
    children = tuple(load_whole(payloads, child) for child in stored.children)
    return Column(stored.kind, stored.parameters, streams, children)


def _read(payloads: Payloads, manifest: FrameManifest, selection: Selection, to: str) -> object:
    if manifest.kind == "pandas" and to == "pandas":
        return _read_pandas(payloads, manifest, selection)
    if manifest.kind == "polars" and to == "polars":
        loaded = _load_columns(payloads, manifest, selection)
        return polars_frame(loaded, manifest.header, selection.columns)
    table = _read_table(payloads, manifest, selection)
    if to == "arrow":
        return table
    return to_polars(table) if to == "polars" else to_pandas(table)


def _read_pandas(payloads: Payloads, manifest: FrameManifest, selection: Selection) -> pd.DataFrame:
    start, stop = selection.start, selection.stop
    entries = [manifest.columns[number] for number in selection.columns]
    arrays = in_parallel(
        lambda entry: read_values(payloads, entry, start, stop),
        entries,
        size_bytes=_size_of(manifest, selection),
    )
    index = read_index(payloads, manifest, start, stop)
    labels = read_labels(payloads, manifest)
    if len(entries) != len(labels) or list(selection.columns) != list(range(len(labels))):
        labels = labels.take(list(selection.columns))
    return pandas_frames.put_together(arrays, index, labels, manifest.header)


def _read_table(payloads: Payloads, manifest: FrameManifest, selection: Selection) -> pa.Table:
    if manifest.kind == "pandas":
        return _pandas_table(payloads, manifest, selection)
    if manifest.kind not in _LIBRARIES:
        raise CorruptionError(f"a frame has the unknown kind {manifest.kind[:40]!r}")
    loaded = _load_columns(payloads, manifest, selection)
    return arrow_frames.put_together(loaded, manifest.header, selection.columns)


def _pandas_table(payloads: Payloads, manifest: FrameManifest, selection: Selection) -> pa.Table:
    """Return a pandas frame as a table; an index that is more than a count becomes columns."""
    loaded = _load_columns(payloads, manifest, selection)
    arrays = [to_arrow(column, selection.start, selection.stop) for column in loaded]
    names = [manifest.columns[number].label for number in selection.columns]
    if _part(payloads, manifest, pandas_frames.INDEX).kind not in _NO_INDEX:
        index = read_index(payloads, manifest, selection.start, selection.stop)
        for number, name in enumerate(index.names):
            values = index.get_level_values(number)
            arrays.append(values_to_arrow(values))
            names.append(f"__index_level_{number}__" if name is None else str(name))
    return pa.Table.from_arrays(arrays, names=names)


def _load_columns(
    payloads: Payloads, manifest: FrameManifest, selection: Selection
) -> list[Column]:
    def load(number: int) -> Column:
        stored = stored_column(payloads, manifest.columns[number])
        return load_column(payloads, stored, selection.start, selection.stop)

    return in_parallel(load, selection.columns, size_bytes=_size_of(manifest, selection))


def _part(payloads: Payloads, manifest: FrameManifest, name: str) -> StoredColumn:
    if name not in manifest.parts:
        raise CorruptionError(f"the manifest of a frame has no {name}: run `nacre verify`")
    return stored_column(payloads, manifest.parts[name])


def _size_of(manifest: FrameManifest, selection: Selection) -> int:
    total = sum(manifest.columns[number].size_bytes for number in selection.columns)
    return total * (selection.stop - selection.start) // max(manifest.rows, 1)
