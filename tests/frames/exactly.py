"""Whether two frames are the same in everything that a user can see, cell types included."""

import datetime

import numpy as np
import pandas as pd


def differences(one: pd.DataFrame, other: pd.DataFrame) -> list[str]:
    """Return what differs, in words; nothing when the frames are exactly equal."""
    found = []
    if one.shape != other.shape:
        return [f"shape {one.shape} {other.shape}"]
    found += _index("columns", one.columns, other.columns)
    found += _index("index", one.index, other.index)
    for number in range(one.shape[1]):
        found += _values(f"column {number}", one.iloc[:, number], other.iloc[:, number])
    if not same_value(dict(one.attrs), dict(other.attrs)):
        found.append(f"attrs {one.attrs} {other.attrs}")
    if one.flags.allows_duplicate_labels != other.flags.allows_duplicate_labels:
        found.append("flags")
    return found


def same_value(one: object, other: object) -> bool:
    """Say whether two cells have one type and value, NaN being equal to itself."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return len(one) == len(other) and all(
            same_value(a, b)
            for p, q in zip(one.items(), other.items(), strict=True)
            for a, b in zip(p, q, strict=True)
        )
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same_value, one, other))
    if isinstance(one, np.ndarray):
        return (
            one.dtype == other.dtype
            and one.shape == other.shape
            and all(map(same_value, one.ravel().tolist(), other.ravel().tolist()))
        )
    if isinstance(one, np.generic):
        return one.dtype == other.dtype and (one.tobytes() == other.tobytes() or one == other)
    if isinstance(one, float | complex) and one != one:
        return other != other
    if isinstance(one, float):
        return repr(one) == repr(other)
    if one is pd.NA or one is pd.NaT:
        return one is other
    if isinstance(one, datetime.datetime):
        return one == other and str(one.tzinfo) == str(other.tzinfo) and one.fold == other.fold
    return str(one) == str(other) if "decimal" in type(one).__module__ else bool(one == other)


def _index(what: str, one: pd.Index, other: pd.Index) -> list[str]:
    found = []
    if type(one) is not type(other):
        found.append(f"{what} class {type(one)} {type(other)}")
    if not same_value(list(one.names), list(other.names)):
        found.append(f"{what} names {one.names} {other.names}")
    if getattr(one, "freq", None) != getattr(other, "freq", None):
        found.append(f"{what} freq {one.freq} {other.freq}")
    if isinstance(one, pd.MultiIndex):
        if not isinstance(other, pd.MultiIndex) or one.nlevels != other.nlevels:
            return [*found, f"{what} levels"]
        for a, b in zip(one.levels, other.levels, strict=True):
            found += _index(f"{what} level", a, b)
        return found + ([] if same_value(list(one), list(other)) else [f"{what} tuples"])
    return found + _values(what, one, other)


def _values(what: str, one: pd.Series | pd.Index, other: pd.Series | pd.Index) -> list[str]:
    if one.dtype != other.dtype or repr(one.dtype) != repr(other.dtype):
        return [f"{what} dtype {one.dtype!r} {other.dtype!r}"]
    if type(one.array) is not type(other.array):
        return [f"{what} array {type(one.array)} {type(other.array)}"]
    if isinstance(one.dtype, pd.CategoricalDtype):
        a, b = one.dtype.categories, other.dtype.categories
        found = _index(f"{what} categories", a, b)
        if found:
            return found
    if isinstance(one.dtype, np.dtype) and one.dtype.kind in "fiucMmb":
        a, b = one.to_numpy(), other.to_numpy()
        if a.dtype.char in "gG":  # padded with whatever was there
            return [] if np.array_equal(a, b, equal_nan=True) else [f"{what} values"]
        return [] if a.tobytes() == b.tobytes() else [f"{what} values"]
    if not all(map(same_value, list(one), list(other))):
        return [f"{what} values {list(one)[:5]} {list(other)[:5]}"]
    return []
