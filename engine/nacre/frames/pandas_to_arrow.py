"""Columns of pandas frames as Arrow arrays, without a copy where the memory is the same.

Missing values become nulls where pandas marks them (NA, NaT, None); NaN in numbers stays NaN.
"""

import numpy as np
import pyarrow as pa

from nacre.errors import CorruptionError
from nacre.frames.arrow_columns import decode_arrow
from nacre.frames.columns import Column
from nacre.frames.pandas_frames import decode_values
from nacre.frames.pandas_plain import PandasArray, as_chunked

# Streams of these kinds are already what Arrow would hold.
_AS_STORED = frozenset({"string", "text", "masked"})


def to_arrow(column: Column, start: int, stop: int) -> pa.ChunkedArray:
    """Return a loaded column of a pandas frame as an Arrow array."""
    if column.kind in _AS_STORED or _is_plain_number(column):
        return column.streams[0]
    if column.kind == "arrow":
        return decode_arrow(column.children[0])
    return values_to_arrow(decode_values(column, start, stop))


def values_to_arrow(values: PandasArray) -> pa.ChunkedArray:
    """Return a pandas array or index as an Arrow array; as text where Arrow has no such type."""
    try:
        return as_chunked(pa.array(values, from_pandas=True))
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        # Complex numbers and mixed objects have no type in Arrow; lone surrogates are no text.
        texts = [str(value).encode("utf-8", "backslashreplace") for value in values]
        return as_chunked(pa.array(texts, pa.large_binary()).cast(pa.large_string()))


def _is_plain_number(column: Column) -> bool:
    if column.kind != "numpy":
        return False
    try:
        dtype = np.dtype(str(column.parameters["dtype"]))
    except (KeyError, TypeError) as error:
        raise CorruptionError("a stored column names no dtype: run `nacre verify`") from error
    is_raw = pa.types.is_fixed_size_binary(column.streams[0].type)
    return dtype.kind in "biuf" and not is_raw
