"""The types of executed columns: by name, nullable, `string` unless the builder says otherwise."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from nacre_adapters.tablevault.errors import TVTableError, ValueRefused

ARTIFACT = "artifact_string"
DEFAULT = "string"

_ALIASES = {
    "int": "Int64",
    **{f"int{bits}": f"Int{bits}" for bits in (8, 16, 32, 64)},
    "uint": "UInt64",
    **{f"uint{bits}": f"UInt{bits}" for bits in (8, 16, 32, 64)},
    **dict.fromkeys(("float", "float16", "float32", "float64"), "Float64"),
    "str": "string",
    "bool": "boolean",
    "datetime64": "datetime64[ns]",
    "timedelta64": "timedelta64[ns]",
}
_NO_VALUE = (ValueError, TypeError, OverflowError, pd.errors.ParserError)
_ALLOWED = re.compile(
    r"U?Int(8|16|32|64)|Float64|Float32|boolean|string|datetime64\[(s|ms|us|ns)(, ?[^\]]+)?\]"
    r"|timedelta64\[(s|ms|us|ns)\]|category|[Pp]eriod\[[A-Z-]+\]|interval(\[.*\])?|object"
    rf"|{ARTIFACT}"
)


def type_names(columns: Iterable[str], given: Mapping[str, str]) -> dict[str, str]:
    """Return the name of the type of each column.

    Raises:
        TVTableError: there is no such type.
    """
    return {column: type_name(column, given.get(column, DEFAULT)) for column in columns}


def type_name(column: str, given: str) -> str:
    """Return the name of a type as pandas has it; aliases become nullable types.

    Raises:
        TVTableError: there is no such type.
    """
    name = _ALIASES.get(given, given)
    if not _ALLOWED.fullmatch(name) or not _is_of_pandas(name):
        raise TVTableError(
            f"the column {column!r} cannot have the type {given!r}: write one of Int64, Float64, "
            "boolean, string, datetime64[ns], datetime64[ns, UTC], timedelta64[ns], category, "
            f"period[D], interval, object, {ARTIFACT}"
        )
    return name


def _is_of_pandas(name: str) -> bool:
    try:
        return name in (ARTIFACT, "interval") or bool(pd.api.types.pandas_dtype(name))
    except (TypeError, ValueError, KeyError):  # such as a time zone that there is not
        return False


def empty(name: str, rows: int) -> pd.Series:
    """Return a column of missing values."""
    return converted("", pd.Series([None] * rows, dtype=object), name)


def with_categories_of(column: pd.Series, *others: pd.Series) -> pd.Series:
    """Return a column of categories that can also hold the values of others."""
    every = dict.fromkeys(column.cat.categories)
    for other in others:
        every |= dict.fromkeys(other.astype("category").cat.categories)
    return column.cat.set_categories(list(every))


def converted(column: str, values: pd.Series, name: str, rows: Sequence[int] = ()) -> pd.Series:
    """Return *values* as a column of a type; *rows* are their numbers, if not from 0.

    Raises:
        ValueRefused: one of them is no value of the type; the message has row and value.
    """
    values = values.reset_index(drop=True)
    try:
        return _convert(values, name)
    except _NO_VALUE as error:
        raise ValueRefused(_refusal(column, values, name, rows)) from error


def _convert(values: pd.Series, name: str) -> pd.Series:
    name = DEFAULT if name == ARTIFACT else name
    if isinstance(values.dtype, pd.StringDtype) and name != DEFAULT:
        values = values.astype(object)  # text is read like text in any other column
    if values.dtype != object or name in ("object", "category"):
        return _direct(values, name)
    convert = _FROM_OBJECTS.get(_family(name), _direct)
    return convert(values.where(values.notna(), None), name)


def _direct(values: pd.Series, name: str) -> pd.Series:
    if name == "interval":
        return pd.Series(pd.arrays.IntervalArray(values))
    if pd.api.types.is_datetime64_dtype(values.dtype) and "," in name:
        return values.dt.tz_localize(_zoned(name).tz).astype(name)
    if values.dtype == object and name == "category":
        return values.where(values.notna(), None).astype(name)
    return values.astype(name)


def _integers(values: pd.Series, name: str) -> pd.Series:
    # Text is read as Python reads it: a float on the way would round what is large.
    whole = [_whole(each) if isinstance(each, str) else each for each in values]
    return pd.Series(pd.array(whole, dtype=name))


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        number = float(text)
        if not number.is_integer():
            raise
        return int(number)


def _floats(values: pd.Series, name: str) -> pd.Series:
    return pd.Series(
        pd.array([None if each is None else float(each) for each in values], dtype=name)
    )


def _booleans(values: pd.Series, name: str) -> pd.Series:
    missing = values.isna().to_numpy()
    known = [not gone and _boolean(each) for each, gone in zip(values, missing, strict=True)]
    return pd.Series(pd.arrays.BooleanArray(np.array(known, dtype=bool), missing)).astype(name)


def _boolean(each: object) -> bool:
    if isinstance(each, bool | np.bool_):
        return bool(each)
    found = {"true": True, "1": True, "false": False, "0": False}.get(str(each).strip().casefold())
    if found is None:
        raise ValueError(f"{each!r} is neither true nor false")
    return found


def _moments(values: pd.Series, name: str) -> pd.Series:
    if "," not in name:
        return pd.to_datetime(values, format="mixed").astype(name)
    # What says no zone is a time in the zone of the column.
    moments = [None if each is None else _in_zone(each, _zoned(name)) for each in values]
    return pd.Series(moments, dtype=name)


def _zoned(name: str) -> pd.DatetimeTZDtype:
    return pd.DatetimeTZDtype.construct_from_string(name)


def _in_zone(value: object, dtype: pd.DatetimeTZDtype) -> pd.Timestamp:
    moment = pd.Timestamp(value)
    return moment.tz_localize(dtype.tz) if moment.tz is None else moment.tz_convert(dtype.tz)


def _spans(values: pd.Series, name: str) -> pd.Series:
    return pd.to_timedelta(values).astype(name)


_FROM_OBJECTS: Mapping[str, Callable[[pd.Series, str], pd.Series]] = {
    "Int": _integers,
    "UInt": _integers,
    "Float": _floats,
    "boolean": _booleans,
    "datetime": _moments,
    "timedelta": _spans,
}


def _family(name: str) -> str:
    found = re.match("[A-Za-z]+", name)
    return found.group() if found else name


def _refusal(column: str, values: pd.Series, name: str, rows: Sequence[int]) -> str:
    """Say which value it was: the first that cannot be converted alone."""
    for row, value in zip(rows or range(len(values)), values, strict=True):
        try:
            _convert(pd.Series([value], dtype=object), name)
        except _NO_VALUE as error:
            return (
                f"the column {column!r}, row {row}: {value!r} is no value of the type {name}: "
                f"{error}; set another under dtypes"
            )
    return f"the column {column!r} cannot have the type {name}: set another under dtypes"
