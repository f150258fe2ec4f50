"""Pandas frames to parts and back: labels, index, attrs and flags are kept like the values."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from nacre.errors import CorruptionError, Unstorable
from nacre.frames.cells import decode_cell, encode_cell
from nacre.frames.columns import Column, comes_whole
from nacre.frames.pandas_arrays import decode_array, decode_index, encode_array, encode_index
from nacre.frames.parts import FrameParts, Part, refused

INDEX = "index"
LABELS = "labels"


def take_apart(frame: pd.DataFrame) -> FrameParts:
    """Return the parts of *frame*.

    Raises:
        Unstorable: something in it would not come back exactly; the message names it.
    """
    if type(frame) is not pd.DataFrame:
        raise Unstorable(
            f"a {type(frame).__name__} is not a plain DataFrame: convert it with pd.DataFrame(...)"
        )
    index, labels = _index_part("index", frame.index), _index_part("columns", frame.columns)
    columns = tuple(_column_part(label, series) for label, series in frame.items())
    return FrameParts(
        kind="pandas",
        rows=len(frame),
        columns=columns,
        parts={INDEX: index, LABELS: labels},
        header=_encode_header(frame),
    )


def put_together(
    arrays: Sequence[object], index: pd.Index, labels: pd.Index, header: Mapping[str, object]
) -> pd.DataFrame:
    """Return the frame of *arrays*, which become its columns without another copy."""
    columns = {number: _kept_as_is(array, index) for number, array in enumerate(arrays)}
    frame = pd.DataFrame(columns, index=index, copy=False)
    frame.columns = labels
    match header:
        case {"attrs": bytes() as attrs, "duplicates": bool() as duplicates}:
            frame.attrs = _decode_attrs(attrs)
            if not duplicates:
                frame.flags.allows_duplicate_labels = False
            return frame
    raise CorruptionError("the manifest of a pandas frame lacks its header: run `nacre verify`")


def decode_values(column: Column, start: int, stop: int) -> object:
    """Return the array of a loaded column; one that was loaded whole is cut to the range."""
    array = decode_array(column)
    return array[start:stop] if comes_whole(column) else array


def decode_labels(column: Column) -> pd.Index:
    """Return the labels of a loaded frame."""
    return decode_index(column)


def decode_rows(column: Column, start: int, stop: int) -> pd.Index:
    """Return the index of a loaded range of rows."""
    index = decode_index(column)
    return index[start:stop] if comes_whole(column) else index


def no_duplicates(header: Mapping[str, object]) -> bool:
    """Say whether the frame's flags forbid duplicate labels."""
    return header.get("duplicates") is False


def _kept_as_is(array: object, index: pd.Index) -> object:
    # Pandas 3 turns bare objects that are all text into its own str.
    if isinstance(array, np.ndarray) and array.dtype == object:
        return pd.Series(array, index=index, dtype=object, copy=False)
    return array


def _column_part(label: object, series: pd.Series) -> Part:
    dtype = series.dtype
    try:
        array = series.to_numpy() if isinstance(dtype, np.dtype) else series.array
        return Part(str(label), str(dtype), encode_array(array))
    except Unstorable as error:
        raise refused(f"the column {label!r}", error) from error


def _index_part(what: str, index: pd.Index) -> Part:
    try:
        return Part(what, str(index.dtype), encode_index(index))
    except Unstorable as error:
        raise refused(f"the {what} of the frame", error) from error


def _encode_header(frame: pd.DataFrame) -> dict[str, object]:
    try:
        attrs = encode_cell(dict(frame.attrs))
        if encode_cell(decode_cell(attrs)) != attrs:
            raise Unstorable("it would not come back as it was")
    except (Unstorable, CorruptionError) as error:
        raise refused("the attribute `attrs` of the frame", error) from error
    return {"attrs": attrs, "duplicates": bool(frame.flags.allows_duplicate_labels)}


def _decode_attrs(data: bytes) -> dict[object, object]:
    attrs = decode_cell(data)
    if not isinstance(attrs, dict):
        raise CorruptionError("the attrs of a frame are no dict: run `nacre verify`")
    return attrs
