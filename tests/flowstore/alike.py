"""Whether two values are the same in everything that a user can see."""

import collections
import io

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
from frames.exactly import differences, same_value


def same(one: object, other: object) -> bool:
    if type(one) is not type(other):
        return False
    for kinds, compare in _COMPARE.items():
        if isinstance(one, kinds):
            return compare(one, other)
    return same_value(one, other)


def _series(one: pd.Series, other: pd.Series) -> bool:
    return same_value(one.name, other.name) and same(one.to_frame(0), other.to_frame(0))


def _pairs(one: dict, other: dict) -> bool:
    return _items(list(one.items()), list(other.items()))


def _items(one: list, other: list) -> bool:
    return len(one) == len(other) and all(map(same, one, other))


def _arrays(one: np.ndarray, other: np.ndarray) -> bool:
    return same_value(one, other) and one.flags.f_contiguous == other.flags.f_contiguous


_COMPARE = {
    pd.DataFrame: lambda one, other: differences(one, other) == [],
    pd.Series: _series,
    pd.Index: lambda one, other: same(pd.DataFrame(index=one), pd.DataFrame(index=other)),
    pd.api.extensions.ExtensionArray: lambda one, other: same(pd.Series(one), pd.Series(other)),
    pa.Table: lambda one, other: one.equals(other, check_metadata=True),
    pl.DataFrame: lambda one, other: one.equals(other) and one.schema == other.schema,
    pl.Series: lambda one, other: one.equals(other, check_dtypes=True, check_names=True),
    io.BytesIO: lambda one, other: one.getvalue() == other.getvalue(),
    np.ma.MaskedArray: lambda one, other: repr(one) == repr(other),
    np.ndarray: _arrays,
    collections.deque: lambda one, other: one == other and one.maxlen == other.maxlen,
    dict: _pairs,
    (list, tuple): _items,
}
