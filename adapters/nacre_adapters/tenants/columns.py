"""Types of columns: what they take, how rows keep it, what is given back, how SQL sees it.

A column takes what it can keep without loss: as in SQLite, `"7"` is a number to a column of
numbers, and 7 is text to one of text. Dates and times are kept as their ISO text, in UTC where
they have a zone: so they sort, and SQL compares them with text.
"""

import math
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from enum import Enum
from types import MappingProxyType
from typing import Literal
from uuid import UUID

from nacre_adapters.tenants.numerals import text_of_float, whole_of

Convert = Callable[[object], object]
Affinity = Literal["integer", "real", "numeric", "text", "blob"]

_INTEGER = re.compile(r"\s*[+-]?[0-9]+\s*")
_REAL = re.compile(r"\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*")
_EXACT = 1 << 53
_LIMIT = 1 << 63
_DIGITS = 20


class NotTakenError(ValueError):
    """A value that a column does not take; the message completes "the column x takes ..."."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnType:
    """One type of columns."""

    name: str
    """How the log calls it."""

    stored: str
    """The type of the field in the collection."""

    affinity: Affinity
    """How SQLite would compare its values."""

    take: Convert
    """From what users give to what the collection takes. Raises NotTakenError."""

    give: Convert | None = None
    """From what the collection gives to what users get; None: it is that."""


def _refused(wanted: str, value: object) -> NotTakenError:
    return NotTakenError(f"{wanted}, not the {type(value).__name__} {value!r:.60}")


def _take_integer(value: object) -> object:
    number = _integer_in(value)
    if not -_LIMIT <= number < _LIMIT:
        raise NotTakenError(f"integers of 64 bits, not {str(value)[:60]}")
    return number


def _integer_in(value: object) -> int:
    if type(value) is int:
        return value
    if isinstance(value, str) and _INTEGER.fullmatch(value):
        # As many digits as an integer of 64 bits has, and Python would not read thousands.
        return int(value) if len(value.strip().lstrip("+-0")) < _DIGITS else _LIMIT
    if isinstance(value, float | Decimal):
        whole = None if isinstance(value, Decimal) and value.is_snan() else whole_of(value)
        if whole is None:
            raise _refused("an integer of 64 bits", value)
        return whole
    try:
        return operator.index(value)  # type: ignore[arg-type]  # it says what it got
    except TypeError:
        raise _refused("an integer", value) from None


def _take_real(value: object) -> object:
    if isinstance(value, float) and value != value:  # noqa: PLR0124 - only NaN is not itself
        raise NotTakenError("numbers, and SQL knows no NaN: give None")
    if type(value) is float:
        return value
    if isinstance(value, str) and not _REAL.fullmatch(value):
        raise _refused("a number", value)
    if isinstance(value, int) and abs(value) > _EXACT and int(float(value)) != value:
        raise NotTakenError(f"floats, and {value} would not come back as it was")
    if isinstance(value, bytes | bytearray):
        raise _refused("a number", value)
    try:
        number = float(value)  # type: ignore[arg-type]  # it says what it got
    except (TypeError, ValueError, OverflowError):
        raise _refused("a number", value) from None
    if number != number or (isinstance(value, Decimal) and math.isinf(number)):  # noqa: PLR0124
        raise _refused("a finite number of 64 bits", value)
    return number


def _take_text(value: object) -> object:
    if not isinstance(value, str):
        return _text_of(value)
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise NotTakenError(f"text, and {value!r:.60} holds a lone surrogate") from None
    return value if type(value) is str else str.__str__(value)


def _text_of(value: object) -> str:
    match value:
        case bool():
            raise _refused("text", value)
        case int() | Decimal() | UUID():
            return str(value)
        case float():
            return text_of_float(value)
        case datetime():
            return str(_take_datetime(value))
        case date():
            return value.isoformat()
    raise _refused("text", value)


def _take_bool(value: object) -> object:
    if value in (0, 1) and isinstance(value, bool | int | float):
        return bool(value)
    if type(value).__name__ in ("bool_", "bool"):  # numpy's
        return bool(value)
    raise _refused("True, False, 0 or 1", value)


def _take_bytes(value: object) -> object:
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    raise _refused("bytes", value)


def _take_date(value: object) -> object:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, str):
        try:
            return date.fromisoformat(value).isoformat()
        except ValueError:
            pass
    raise _refused("a date", value)


def _take_datetime(value: object) -> object:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            raise _refused("a datetime", value) from None
    if not isinstance(value, datetime):
        raise _refused("a datetime", value)
    if getattr(value, "nanosecond", 0):
        raise NotTakenError(f"microseconds, and {value} has nanoseconds")
    moment = value if value.tzinfo is None else value.astimezone(UTC)
    return moment.isoformat(sep=" ")


def _take_decimal(value: object) -> object:
    try:
        number = _decimal_in(value)
    except InvalidOperation:
        raise _refused("a decimal number", value) from None
    if not number.is_finite():
        raise _refused("a finite number", value)
    return number


def _decimal_in(value: object) -> Decimal:
    match value:
        case bool():
            raise _refused("a decimal number", value)
        case Decimal():
            return value
        case int() | str():
            return Decimal(value)
        case float():
            return Decimal(repr(value))
    raise _refused("a decimal number", value)


def _take_uuid(value: object) -> object:
    try:
        return str(value if isinstance(value, UUID) else UUID(value))  # type: ignore[arg-type]
    except (ValueError, AttributeError, TypeError):
        raise _refused("a UUID", value) from None


def _take_json(value: object) -> object:
    taken = list(value) if isinstance(value, tuple | set | frozenset) else value
    _check_json(taken)
    return taken


def _check_json(value: object) -> None:
    if isinstance(value, list):
        for each in value:
            _check_json(each)
    elif isinstance(value, dict):
        for name, each in value.items():
            if not isinstance(name, str):
                raise _refused("dicts with texts as keys", name)
            _check_json(each)
    elif isinstance(value, int) and not -_LIMIT <= value < _LIMIT:
        raise NotTakenError(f"integers of 64 bits, not {value}")
    elif value is not None and type(value) not in (bool, int, float, str, bytes):
        raise _refused("lists and dicts of numbers, texts, bytes, True, False and None", value)


def _made(
    name: str, stored: str, affinity: Affinity, take: Convert, give: Convert | None = None
) -> ColumnType:
    return ColumnType(name=name, stored=stored, affinity=affinity, take=take, give=give)


COLUMN_TYPES: Mapping[str, ColumnType] = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            _made("int", "int64", "integer", _take_integer),
            _made("float", "float64", "real", _take_real),
            _made("str", "string", "text", _take_text),
            _made("bool", "bool", "numeric", _take_bool),
            _made("bytes", "bytes", "blob", _take_bytes),
            _made("date", "string", "text", _take_date, lambda v: date.fromisoformat(str(v))),
            _made(
                "datetime", "string", "text", _take_datetime,
                lambda v: datetime.fromisoformat(str(v)),
            ),
            _made("decimal", "decimal", "numeric", _take_decimal),
            _made("uuid", "string", "text", _take_uuid, lambda v: UUID(str(v))),
            _made("json", "json", "blob", _take_json),
        )
    }
)  # fmt: skip


def plain(value: object) -> object:
    """Return the value of a member of an Enum, and any other value as it is."""
    return value.value if isinstance(value, Enum) else value
