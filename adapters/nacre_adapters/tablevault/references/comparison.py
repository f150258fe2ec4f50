"""Values in conditions, as the values of the column that they are compared with."""

from collections.abc import Callable
from decimal import Decimal
from typing import TypeAlias

import pandas as pd

Reader: TypeAlias = Callable[[str], object]

_TRUE, _FALSE = ("true", "1"), ("false", "0")


def comparable(column: pd.Series, value: object) -> object:
    """Return *value* as one that *column* could hold; text is read as the column's type.

    Raises:
        ValueError: it cannot be read so.
    """
    if not isinstance(value, str):
        return value
    return _reader(column.dtype)(value)


def _reader(dtype: object) -> Reader:
    types = pd.api.types
    if types.is_bool_dtype(dtype):
        return _boolean
    if types.is_numeric_dtype(dtype):
        return _number
    if isinstance(dtype, pd.CategoricalDtype):
        return _reader(dtype.categories.dtype)
    if isinstance(dtype, pd.DatetimeTZDtype):
        return lambda text: _moment(text, dtype.tz)
    if types.is_datetime64_dtype(dtype):
        return _timestamp
    if types.is_timedelta64_dtype(dtype):
        return _timedelta
    if isinstance(dtype, pd.PeriodDtype):
        return lambda text: pd.Period(text, dtype.freq)
    return str


def _boolean(text: str) -> bool:
    folded = text.strip().casefold()
    if folded not in (*_TRUE, *_FALSE):
        raise ValueError(f"{text!r} is neither true nor false")
    return folded in _TRUE


def _number(text: str) -> object:
    try:
        return int(text)
    except ValueError:
        number = float(text)
    # What lies beyond the integers that a float can tell apart must not be rounded on the way.
    return int(Decimal(text)) if number.is_integer() else number


def _timestamp(text: str) -> object:
    return pd.Timestamp(text)


def _timedelta(text: str) -> object:
    return pd.Timedelta(text)


def _moment(text: str, zone: object) -> object:
    moment = pd.Timestamp(text)
    return moment.tz_localize(zone) if moment.tz is None else moment.tz_convert(zone)
