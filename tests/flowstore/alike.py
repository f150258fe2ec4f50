"""Whether two values are the same in everything that a user can see."""

import collections
import datetime
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


def _ends(value: slice) -> list[object]:
    return [value.start, value.stop, value.step]


def _text(member: object) -> tuple[str, str]:
    if isinstance(member, frozenset):
        return ("frozenset", str(sorted(map(_text, member))))
    if isinstance(member, tuple):
        return ("tuple", str([*map(_text, member)]))
    return (type(member).__name__, repr(member))


def _arrays(one: np.ndarray, other: np.ndarray) -> bool:
    is_fortran = one.flags.f_contiguous and not one.flags.c_contiguous
    return same_value(one, other) and (other.flags.f_contiguous or not is_fortran)


_COMPARE = {
    pd.DataFrame: lambda one, other: differences(one, other) == [],
    pd.Series: _series,
    pd.Index: lambda one, other: same(pd.DataFrame(index=one), pd.DataFrame(index=other)),
    pd.api.extensions.ExtensionArray: lambda one, other: same(pd.Series(one), pd.Series(other)),
    pa.Table: lambda one, other: one.equals(other, check_metadata=True),
    pl.DataFrame: lambda one, other: one.equals(other) and one.schema == other.schema,
    pl.Series: lambda one, other: one.equals(other, check_dtypes=True, check_names=True),
    io.BytesIO: lambda one, other: (one.getvalue(), vars(one)) == (other.getvalue(), vars(other)),
    np.ma.MaskedArray: lambda one, other: repr(one) == repr(other),
    np.ndarray: _arrays,
    collections.deque: lambda one, other: one.maxlen == other.maxlen and _items([*one], [*other]),
    dict: _pairs,
    slice: lambda one, other: _items(_ends(one), _ends(other)),
    (set, frozenset): lambda one, other: _items(sorted(one, key=_text), sorted(other, key=_text)),
    complex: lambda one, other: same(one.real, other.real) and same(one.imag, other.imag),
    datetime.time: lambda one, other: repr(one) == repr(other),
    (list, tuple): _items,
}
