"""Dataframes as frames of the vault: column chunks that all versions share.

Series, indexes and single columns are frames of one column. A Series of objects that no frame
can hold is stored one object after the other.
"""

import numpy as np
import pandas as pd
import pyarrow as pa

from nacre.errors import CorruptionError, InvalidInput, NacreError, PackageMissing, Unstorable
from nacre.frames import get_frame, put_frame
from nacre.hashing import Digest
from nacre_adapters.flowstore.codecs.errors import Refused
from nacre_adapters.flowstore.codecs.nodes import Codec, Decoder, Encoder, Node, Parts


def put(frame: object, encoder: Encoder) -> Digest:
    """Store a frame of any library.

    Raises:
        Refused: a column would not come back exactly; the message names it.
    """
    try:
        return put_frame(encoder.payloads, frame)
    except Unstorable as error:
        raise Refused(str(error)) from error


def get(stored: object, decoder: Decoder) -> object:
    """Return a frame as the kind that it was."""
    if not isinstance(stored, Digest):
        raise CorruptionError(f"a {type(stored).__name__} stands where a frame should")
    try:
        return get_frame(decoder.payloads, stored)
    except InvalidInput as error:  # not what the caller gave: what was stored
        if isinstance(error.__cause__, ModuleNotFoundError):
            raise PackageMissing(str(error)) from error
        raise CorruptionError(f"what is stored as a frame does not decode: {error}") from error
    except NacreError:
        raise
    except (ValueError, TypeError, LookupError, pa.ArrowException) as error:
        raise CorruptionError(f"the blob {stored} is no frame: {error}") from error


def get_pandas(stored: object, decoder: Decoder) -> pd.DataFrame:
    """Return a frame that must be one of pandas."""
    frame = get(stored, decoder)
    if not isinstance(frame, pd.DataFrame):
        raise CorruptionError(f"the frame {stored} is a {type(frame).__name__}, not one of pandas")
    return frame


def _encode_frame(value: pd.DataFrame, encoder: Encoder) -> Parts:
    encoder.size_bytes += int(value.memory_usage().sum())
    return [put(value, encoder)]


def _decode_frame(parts: Parts, decoder: Decoder) -> object:
    (stored,) = parts
    return get(stored, decoder)


def _encode_table(value: pa.Table, encoder: Encoder) -> Parts:
    encoder.size_bytes += value.nbytes
    return [put(value, encoder)]


def _encode_series(value: "pd.Series[object]", encoder: Encoder) -> Parts:
    encoder.size_bytes += int(value.memory_usage())
    frame = value.to_frame(name=0)
    frame.attrs = value.attrs
    name = _encode_name(value.name, encoder)
    try:
        return [put(frame, encoder), name]
    except Refused:
        if value.dtype != object:
            raise
    # The rows without their objects, and the objects one by one.
    rows = frame[[]]
    rows.attrs = value.attrs
    return [put(rows, encoder), name, encoder.encode(value.to_numpy())]


def _decode_series(parts: Parts, decoder: Decoder) -> "pd.Series[object]":
    stored, name, *objects = parts
    frame = get_pandas(stored, decoder)
    if objects:
        series = pd.Series(_objects(objects[0], decoder), index=frame.index, dtype=object)
    else:
        series = _only_column(frame)
    series.name = decoder.decode(name)
    series.attrs = dict(frame.attrs)
    series.flags.allows_duplicate_labels = frame.flags.allows_duplicate_labels
    return series


def _objects(node: Node, decoder: Decoder) -> object:
    array = decoder.decode(node)
    if not isinstance(array, np.ndarray):
        raise CorruptionError("a stored Series has no values")
    return array


def _encode_name(name: object, encoder: Encoder) -> Node:
    try:
        return encoder.encode(name)
    except Refused as error:
        raise error.at(".name") from error


def _encode_index(value: pd.Index, encoder: Encoder) -> Parts:
    return [put(pd.DataFrame(index=value), encoder)]


def _decode_index(parts: Parts, decoder: Decoder) -> pd.Index:
    (stored,) = parts
    return get_pandas(stored, decoder).index


def _encode_column(value: object, encoder: Encoder) -> Parts:
    return [put(pd.DataFrame({0: value}), encoder)]


def _decode_column(parts: Parts, decoder: Decoder) -> object:
    (stored,) = parts
    return _only_column(get_pandas(stored, decoder)).array


def _encode_dtype(value: object, encoder: Encoder) -> Parts:
    if isinstance(value, pd.CategoricalDtype) and value.categories is None:
        return [None, bool(value.ordered)]
    column = pd.Series([], dtype=value)
    if column.dtype != value:
        raise Refused(f"the dtype {value} has no empty column: store its text")
    return [put(pd.DataFrame({0: column}), encoder)]


def _decode_dtype(parts: Parts, decoder: Decoder) -> object:
    stored, *ordered = parts
    if ordered:
        return pd.CategoricalDtype(ordered=bool(ordered[0]))
    return _only_column(get_pandas(stored, decoder)).dtype


def _only_column(frame: pd.DataFrame) -> "pd.Series[object]":
    if frame.shape[1] != 1:
        raise CorruptionError(f"a stored column has {frame.shape[1]} columns")
    return frame.iloc[:, 0]


INDEX = Codec("index", _encode_index, _decode_index)
COLUMN = Codec("column", _encode_column, _decode_column)
PANDAS_DTYPE = Codec("pandas-dtype", _encode_dtype, _decode_dtype)
TABLE = Codec("frame", _encode_table, _decode_frame)
FRAMES: dict[type, Codec] = {
    pd.DataFrame: Codec("frame", _encode_frame, _decode_frame),
    pd.Series: Codec("series", _encode_series, _decode_series),
    pa.Table: TABLE,
}
INDEXES = frozenset(
    {
        pd.Index,
        pd.RangeIndex,
        pd.MultiIndex,
        pd.DatetimeIndex,
        pd.TimedeltaIndex,
        pd.PeriodIndex,
        pd.IntervalIndex,
        pd.CategoricalIndex,
    }
)
