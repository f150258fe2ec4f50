"""Pandas arrays and indexes of every kind to columns and back.

What has parts is taken apart here: intervals into bounds, categoricals into codes and their
categories, sparse arrays into values and positions, indexes into values, name and frequency.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pyarrow as pa

from nacre.errors import CorruptionError, Unstorable
from nacre.frames import pandas_plain as plain
from nacre.frames.arrow_columns import decode_arrow, encode_arrow
from nacre.frames.cells import decode_cell, encode_cell
from nacre.frames.columns import Column, as_loaded, equal_columns
from nacre.frames.damage import damage_reported
from nacre.frames.pandas_plain import PandasArray
from nacre.frames.streams import one_array

# What these hold is taken as it lies in memory; everything else is proven by reading it back.
_TRUSTED = frozenset({"numpy", "text", "string"})

_MASKED = (
    *(pd.Int8Dtype, pd.Int16Dtype, pd.Int32Dtype, pd.Int64Dtype),
    *(pd.UInt8Dtype, pd.UInt16Dtype, pd.UInt32Dtype, pd.UInt64Dtype),
    *(pd.Float32Dtype, pd.Float64Dtype, pd.BooleanDtype),
)
_INDEXES = {
    kind.__name__: kind
    for kind in (
        pd.Index,
        pd.DatetimeIndex,
        pd.TimedeltaIndex,
        pd.PeriodIndex,
        pd.IntervalIndex,
        pd.CategoricalIndex,
    )
}


def encode_array(array: PandasArray) -> Column:
    """Take *array* apart; what is not plain has been put together again and compared.

    Raises:
        Unstorable: it would not come back exactly; the message starts with the reason.
    """
    array = _bare(array)
    column = _encode_array(array)
    if column.kind not in _TRUSTED:
        _prove(array, column, decode_array, _encode_array)
    return column


def decode_array(column: Column) -> PandasArray:
    """Put together what `encode_array` took apart; numpy values are new and writable."""
    return _decode(column, _ARRAY_DECODERS)


def encode_index(index: pd.Index) -> Column:
    """Take *index* apart, proven like arrays."""
    column = _encode_index(index)
    if not _is_plain_index(column):
        _prove(index, column, decode_index, _encode_index)
    return column


def decode_index(column: Column) -> pd.Index:
    """Put together what `encode_index` took apart."""
    return _decode(column, _INDEX_DECODERS)


def _encode_array(array: PandasArray) -> Column:
    array = _bare(array)
    dtype = array.dtype
    if isinstance(array, np.ndarray):
        return plain.encode_numpy(array)
    encode = _ARRAY_ENCODERS.get(type(dtype))
    if encode is None:
        raise Unstorable(f"its dtype {dtype} belongs to another package: convert it")
    return encode(array)


def _bare(array: PandasArray) -> PandasArray:
    """Return the numpy array that pandas wraps for some columns and indexes."""
    # Not isinstance: the string array of pandas is a subclass.
    if type(array) is pd.arrays.NumpyExtensionArray or isinstance(array.dtype, np.dtype):
        return np.asarray(array)
    return array


def _decode(column: Column, decoders: dict[str, Callable[[Column], object]]) -> object:
    if column.kind not in decoders:
        raise CorruptionError(f"a column has the unknown kind {column.kind!r:.40}")
    with damage_reported("a stored column"):
        return decoders[column.kind](column)


def _prove(
    value: PandasArray | pd.Index,
    column: Column,
    decode: Callable[[Column], object],
    encode: Callable[[object], Column],
) -> None:
    """Refuse *value* unless putting *column* together gives it back."""
    try:
        back = decode(as_loaded(column))
        same = type(back) is type(value) and equal_columns(column, encode(back))
    except (CorruptionError, Unstorable) as error:
        raise Unstorable(f"it would not come back as it was ({error}): convert it") from error
    if not same or not _same_dtype(back, value):
        raise Unstorable("it would not come back as it was: convert it to a plain dtype")


def _is_plain_index(column: Column) -> bool:
    if column.kind == "index":
        return column.parameters["class"] == "Index" and column.children[0].kind in _TRUSTED
    return column.kind == "range"


def _same_dtype(back: object, value: PandasArray | pd.Index) -> bool:
    dtype = getattr(back, "dtype", None)
    return type(dtype) is type(value.dtype) and bool(dtype == value.dtype)


def _encode_interval(array: pd.arrays.IntervalArray) -> Column:
    bounds = (_encode_array(array.left.array), _encode_array(array.right.array))
    return Column("interval", {"closed": array.closed}, (), bounds)


def _decode_interval(column: Column) -> pd.arrays.IntervalArray:
    left, right = map(decode_array, column.children)
    return pd.arrays.IntervalArray.from_arrays(left, right, closed=column.parameters["closed"])


def _encode_categorical(array: pd.Categorical) -> Column:
    codes = plain.encode_numpy(array.codes)
    categories = encode_index(array.categories)
    parameters = {**codes.parameters, "ordered": array.ordered}
    return Column("categorical", parameters, codes.streams, (categories,))


def _decode_categorical(column: Column) -> pd.Categorical:
    codes = plain.decode_numpy(column)
    dtype = pd.CategoricalDtype(
        decode_index(column.children[0]), ordered=bool(column.parameters["ordered"])
    )
    return pd.Categorical.from_codes(codes, dtype=dtype)


def _encode_sparse(array: pd.arrays.SparseArray) -> Column:
    positions = plain.encode_numpy(np.asarray(array.sp_index.indices))
    values = _encode_array(array.sp_values)
    fill = encode_cell(array.fill_value)
    parameters = {"rows": len(array), "fill": fill, "layout": array.kind}
    return Column("sparse", parameters, positions.streams, (values,))


def _decode_sparse(column: Column) -> pd.arrays.SparseArray:
    rows, layout = column.parameters["rows"], column.parameters["layout"]
    fill = decode_cell(column.parameters["fill"])  # type: ignore[arg-type]  # bytes, or refused
    values = np.asarray(decode_array(column.children[0]))
    dense = pd.Series(fill, index=pd.RangeIndex(rows), dtype=values.dtype).to_numpy(copy=True)
    dense[one_array(column.streams[0]).to_numpy()] = values
    return pd.arrays.SparseArray(dense, fill_value=fill, kind=layout)


def _encode_pandas_arrow(array: pd.arrays.ArrowExtensionArray) -> Column:
    values = plain.as_chunked(pa.array(array))
    return Column("arrow", {}, (), (encode_arrow(values),))


def _encode_index(index: pd.Index) -> Column:
    if type(index) is pd.RangeIndex:
        bounds = {"start": index.start, "stop": index.stop, "step": index.step}
        return Column("range", {**bounds, "name": encode_cell(index.name)})
    if type(index) is pd.MultiIndex:
        return _encode_multi(index)
    if _INDEXES.get(type(index).__name__) is not type(index):
        raise Unstorable(f"an index of the class {type(index).__name__} is not known: convert it")
    parameters = {
        "class": type(index).__name__,
        "name": encode_cell(index.name),
        "freq": _encode_freq(index),
    }
    return Column("index", parameters, (), (_encode_array(index.array),))


def _encode_freq(index: pd.Index) -> str | None:
    """Return the frequency of *index* as text; one that the text does not tell is refused."""
    freq = getattr(index, "freq", None) if type(index) is not pd.PeriodIndex else None
    if freq is None:
        return None
    try:
        is_told = pd.tseries.frequencies.to_offset(freq.freqstr) == freq
    except ValueError:
        is_told = False
    if not is_told:
        raise Unstorable(
            f"its frequency {freq!r} has more to it than {freq.freqstr!r}: set freq to None"
        )
    return str(freq.freqstr)


def _decode_index(column: Column) -> pd.Index:
    kind = _INDEXES[str(column.parameters["class"])]
    name = decode_cell(column.parameters["name"])  # type: ignore[arg-type]  # bytes, or refused
    array = decode_array(column.children[0])
    if kind is pd.Index:
        return pd.Index(array, dtype=array.dtype, name=name, copy=False)
    index = kind(array, name=name, copy=False)
    if column.parameters["freq"] is not None:
        index.freq = column.parameters["freq"]
    return index


def _decode_range(column: Column) -> pd.RangeIndex:
    bounds = (column.parameters[bound] for bound in ("start", "stop", "step"))
    name = decode_cell(column.parameters["name"])  # type: ignore[arg-type]  # bytes, or refused
    return pd.RangeIndex(*bounds, name=name)


def _encode_multi(index: pd.MultiIndex) -> Column:
    codes = tuple(plain.encode_numpy(np.asarray(level)).streams[0] for level in index.codes)
    names = [encode_cell(name) for name in index.names]
    return Column("multi", {"names": names}, codes, tuple(map(_encode_index, index.levels)))


def _decode_multi(column: Column) -> pd.MultiIndex:
    codes = [one_array(stream).to_numpy() for stream in column.streams]
    names = [decode_cell(name) for name in column.parameters["names"]]  # type: ignore[attr-defined]
    levels = [decode_index(child) for child in column.children]
    return pd.MultiIndex(levels, codes, names=names)


_ARRAY_ENCODERS: dict[type, Callable[[PandasArray], Column]] = {
    pd.StringDtype: plain.encode_string,
    pd.DatetimeTZDtype: plain.encode_zoned,
    pd.PeriodDtype: plain.encode_period,
    pd.IntervalDtype: _encode_interval,
    pd.CategoricalDtype: _encode_categorical,
    pd.SparseDtype: _encode_sparse,
    pd.ArrowDtype: _encode_pandas_arrow,
    **dict.fromkeys(_MASKED, plain.encode_masked),
}

_ARRAY_DECODERS: dict[str, Callable[[Column], object]] = {
    "numpy": plain.decode_numpy,
    "text": plain.decode_text,
    "cells": plain.decode_cells,
    "masked": plain.decode_masked,
    "string": plain.decode_string,
    "zoned": plain.decode_zoned,
    "period": plain.decode_period,
    "interval": _decode_interval,
    "categorical": _decode_categorical,
    "sparse": _decode_sparse,
    "arrow": lambda column: pd.arrays.ArrowExtensionArray(decode_arrow(column.children[0])),
}

_INDEX_DECODERS: dict[str, Callable[[Column], object]] = {
    "range": _decode_range,
    "index": _decode_index,
    "multi": _decode_multi,
}
