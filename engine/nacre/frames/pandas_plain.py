"""Pandas arrays without parts to plain Arrow arrays and back, bit for bit.

numpy     numbers, bool, datetime64 and timedelta64 as they lie in memory
masked    Int64, Float64, boolean and their kin: values, and nulls for NA
string    str and string, whatever stores them
text      object cells that are str or None
cells     any other object cells, each as typed msgpack
zoned     datetimes with a time zone: instants, and the zone's name
period    ordinals, and the frequency
"""

import sys
from typing import TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from nacre.errors import CorruptionError, Unstorable
from nacre.frames.buffers import value_bytes
from nacre.frames.cells import decode_cell, encode_cell
from nacre.frames.columns import Column
from nacre.frames.streams import one_array
from nacre.frames.zones import decode_zone, encode_zone

Values = NDArray[np.generic]
PandasArray: TypeAlias = pd.api.extensions.ExtensionArray

_NATIVE = {
    np.dtype(kind).str: pa.from_numpy_dtype(np.dtype(kind))
    for kind in (
        "i1",
        "i2",
        "i4",
        "i8",
        "u1",
        "u2",
        "u4",
        "u8",
        "f2",
        "f4",
        "f8",
    )
}
_TEXT = frozenset({str, type(None)})
# x86 keeps an 80-bit float in 16 bytes, of which the last six are whatever was there.
_PADDED = np.finfo(np.longdouble).nmant == 63
_LONG_BYTES, _LONG_USED = 16, 10


def encode_numpy(values: Values) -> Column:
    """Take apart an array that numpy holds."""
    dtype = values.dtype
    if dtype.kind == "O":
        return encode_objects(values)
    if dtype.kind == "b":
        return Column("numpy", {"dtype": dtype.str}, (pa.array(values),))
    if dtype.kind in "Mm" and dtype.isnative:
        return Column("numpy", {"dtype": dtype.str}, (_shared(values, pa.int64()),))
    if dtype.str in _NATIVE:
        return Column("numpy", {"dtype": dtype.str}, (_shared(values, _NATIVE[dtype.str]),))
    if dtype.kind in "iufcMm":
        raw = _shared(_without_padding(values), pa.binary(dtype.itemsize))
        return Column("numpy", {"dtype": dtype.str}, (raw,))
    raise Unstorable(f"its dtype {dtype} cannot be stored: convert it")


def decode_numpy(column: Column) -> Values:
    """Return a new, writable array."""
    dtype = np.dtype(str(column.parameters["dtype"]))
    stream = column.streams[0]
    if dtype.kind == "b":
        # Arrow hands out read-only memory where it can.
        return np.array(stream.to_numpy(), dtype)
    if dtype.kind not in "iufcMm" or _width(stream.type) != dtype.itemsize:
        raise CorruptionError(f"a stored column of {dtype} holds {stream.type}")
    values = np.empty(len(stream), dtype)
    raw = values.view(np.uint8)
    start = 0
    for chunk in stream.chunks:
        data = value_bytes(chunk, dtype.itemsize)
        raw[start : start + len(data)] = data
        start += len(data)
    return values


def encode_objects(values: Values) -> Column:
    """Take apart an array of Python objects."""
    if set(map(type, values)) <= _TEXT:
        try:
            return Column("text", {}, (pa.array(values, pa.large_string()),))
        except (pa.ArrowException, UnicodeEncodeError):
            pass  # lone surrogates, which cells can hold
    cells = [encode_cell(value) for value in values]
    return Column("cells", {}, (pa.array(cells, pa.large_binary()),))


def decode_text(column: Column) -> Values:
    """Return an array of str and None."""
    values: Values = np.empty(len(column.streams[0]), object)
    values[:] = column.streams[0].to_numpy()
    return values


def decode_cells(column: Column) -> Values:
    """Return an array of Python objects."""
    values = np.empty(len(column.streams[0]), object)
    for row, cell in enumerate(column.streams[0].to_pylist()):
        values[row] = decode_cell(cell)
    return values


def encode_masked(array: PandasArray) -> Column:
    """Take apart Int64, Float64, boolean and their kin."""
    return Column("masked", {"dtype": str(array.dtype)}, (pa.array(array),))


def decode_masked(column: Column) -> PandasArray:
    """Return a new, writable masked array."""
    dtype = pd.api.types.pandas_dtype(column.parameters["dtype"])
    array = one_array(column.streams[0])
    values = array.fill_null(False if pa.types.is_boolean(array.type) else 0)
    mask = array.is_null().to_numpy(zero_copy_only=False)
    numbers = np.array(values.to_numpy(zero_copy_only=False), dtype.numpy_dtype)
    return dtype.construct_array_type()(numbers, np.array(mask))


def encode_string(array: PandasArray) -> Column:
    """Take apart str and string arrays."""
    dtype = array.dtype
    na = "NA" if dtype.na_value is pd.NA else "nan"
    storage = "python" if dtype.storage == "python" else "pyarrow"
    if storage == "python":
        values = pa.array(array.to_numpy(dtype=object), pa.large_string(), from_pandas=True)
    else:
        values = one_array(as_chunked(pa.array(array)).cast(pa.large_string()))
    return Column("string", {"storage": storage, "na": na}, (values,))


def decode_string(column: Column) -> PandasArray:
    """Return a string array of the dtype that was stored."""
    dtype = string_dtype(str(column.parameters["storage"]), str(column.parameters["na"]))
    return dtype.__from_arrow__(column.streams[0])


def string_dtype(storage: str, na: str) -> pd.StringDtype:
    """Return the string dtype; pandas before 2.3 names the NaN kind otherwise."""
    if na == "NA":
        return pd.StringDtype(storage)
    try:
        return pd.StringDtype(storage, na_value=np.nan)
    except TypeError:
        return pd.StringDtype(f"{storage}_numpy")


def encode_zoned(array: pd.arrays.DatetimeArray) -> Column:
    """Take apart datetimes with a time zone."""
    parameters = {"unit": array.dtype.unit, "zone": encode_zone(array.dtype.tz)}
    return Column("zoned", parameters, (_shared(array.view("i8"), pa.int64()),))


def decode_zoned(column: Column) -> pd.arrays.DatetimeArray:
    """Return datetimes with their time zone."""
    unit = str(column.parameters["unit"])
    instants = decode_numpy(Column("numpy", {"dtype": f"<M8[{unit}]"}, column.streams))
    zone = decode_zone(column.parameters["zone"])
    return pd.DatetimeIndex(instants).tz_localize("UTC").tz_convert(zone).array


def encode_period(array: pd.arrays.PeriodArray) -> Column:
    """Take apart periods."""
    parameters = {"dtype": str(array.dtype)}
    return Column("period", parameters, (_shared(array.view("i8"), pa.int64()),))


def decode_period(column: Column) -> pd.arrays.PeriodArray:
    """Return periods of the frequency that was stored."""
    dtype = pd.api.types.pandas_dtype(column.parameters["dtype"])
    ordinals = decode_numpy(Column("numpy", {"dtype": "<i8"}, column.streams))
    return pd.PeriodIndex.from_ordinals(ordinals, freq=dtype.freq).array


def as_chunked(values: pa.Array | pa.ChunkedArray) -> pa.ChunkedArray:
    """Return *values* as chunks, which may be one."""
    return values if isinstance(values, pa.ChunkedArray) else pa.chunked_array([values])


def _shared(values: Values, kind: pa.DataType) -> pa.Array:
    """Return *values* as an Arrow array that shares their memory where it is in one run."""
    run = np.ascontiguousarray(values)
    return pa.Array.from_buffers(kind, len(run), [None, pa.py_buffer(run.view(np.uint8))], 0)


def _without_padding(values: Values) -> Values:
    part = values.dtype.itemsize // (2 if values.dtype.kind == "c" else 1)
    if not _PADDED or part != _LONG_BYTES or values.dtype.kind not in "fc":
        return values
    clean = values.copy()
    used = slice(_LONG_USED, None) if sys.byteorder == "little" else slice(0)
    clean.view(np.uint8).reshape(-1, _LONG_BYTES)[:, used] = 0
    return clean


def _width(kind: pa.DataType) -> int:
    is_raw = pa.types.is_fixed_size_binary(kind)
    return int(kind.byte_width if is_raw else kind.bit_width // 8)
