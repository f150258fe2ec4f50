"""Types of fields: what they take, how a value is stored, given back, compared and sorted."""

import operator
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import cast
from uuid import UUID

from nacre.errors import InvalidInput

Convert = Callable[[object], object]

MAX_DEPTH = 32

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NAIVE_EPOCH = datetime(1970, 1, 1)
_FIRST_DAY = date(1970, 1, 1)
_MICROSECOND = timedelta(microseconds=1)
FIRST_MOMENT = (datetime.min - _NAIVE_EPOCH) // _MICROSECOND
LAST_MOMENT = (datetime.max - _NAIVE_EPOCH) // _MICROSECOND
FIRST_DAY = (date.min - _FIRST_DAY).days
LAST_DAY = (date.max - _FIRST_DAY).days
_NAN = float("nan")
_MOST_DIGITS = 6144
"""How large the exponent of a decimal may be, above and below zero: that of a decimal128."""


class Refused(ValueError):
    """A value that a type does not take; the message completes "the field x ..."."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldType:
    """One type: conversions between what users give and what is stored."""

    spec: object
    """How the type is written in a schema: a name, or {"list": ...}, or {"object": ...}."""

    take: Convert
    """From a value to what is stored. Raises Refused."""

    give: Convert | None = None
    """From what is stored to a value; None: it is the value."""

    key: Convert | None = None
    """From what is stored to an element of a key; None: it has no order."""

    compare: Convert | None = None
    """From what is stored to what Python compares; None: it is that."""

    inner: "dict[str, FieldType] | None" = None
    """The types of the parts of an object."""

    element: "FieldType | None" = None
    """The type of the elements of a list."""


def type_of(spec: object, depth: int = 0) -> FieldType:
    """Return the type that *spec* names.

    Raises:
        InvalidInput: there is no such type, or it is nested too deep.
    """
    if depth > MAX_DEPTH:
        raise InvalidInput(f"a type is nested deeper than {MAX_DEPTH} levels: flatten it")
    if isinstance(spec, str) and spec in _SCALARS:
        return _SCALARS[spec]
    if isinstance(spec, dict) and len(spec) == 1:
        (shape, inside) = next(iter(spec.items()))
        if shape == "list":
            return _list_of(_part(inside, depth + 1))
        if shape == "object" and isinstance(inside, dict) and inside:
            parts = {_part_name(name): _part(part, depth + 1) for name, part in inside.items()}
            return _object_of(parts)
    raise InvalidInput(
        f"{str(spec)[:80]!r} is no type of a field: use {', '.join(_SCALARS)}, "
        '{"list": type} or {"object": {name: type}}, with ? behind a name where None is allowed'
    )


@dataclass(frozen=True, slots=True)
class _Part:
    """An element of a list, or a part of an object."""

    type: FieldType
    nullable: bool

    @property
    def spec(self) -> object:
        if not self.nullable:
            return self.type.spec
        spec = self.type.spec
        return f"{spec}?" if isinstance(spec, str) else {"nullable": spec}

    def take(self, value: object, where: str) -> object:
        if value is None:
            if self.nullable:
                return None
            raise Refused(f"has None at {where}, which must have a value")
        try:
            return self.type.take(value)
        except Refused as error:
            raise Refused(f"{error} (at {where})") from None

    def give(self, stored: object) -> object:
        return stored if stored is None or self.type.give is None else self.type.give(stored)

    def compare(self, stored: object) -> object:
        return stored if stored is None or self.type.compare is None else self.type.compare(stored)


def _part(spec: object, depth: int) -> _Part:
    if isinstance(spec, str) and spec.endswith("?"):
        return _Part(type_of(spec[:-1], depth), nullable=True)
    if isinstance(spec, dict) and list(spec) == ["nullable"]:
        return _Part(type_of(spec["nullable"], depth), nullable=True)
    return _Part(type_of(spec, depth), nullable=False)


def _part_name(name: object) -> str:
    if not isinstance(name, str) or not name:
        raise InvalidInput(f"the part {name!r} of an object has no name: give a string")
    return name


def _list_of(element: _Part) -> FieldType:
    def take(value: object) -> object:
        if not isinstance(value, list | tuple):
            raise Refused(f"takes a list, not the {type(value).__name__} {_shown(value)}")
        return [element.take(inner, str(at)) for at, inner in enumerate(value)]

    def give(stored: object) -> object:
        assert isinstance(stored, list)
        return [element.give(inner) for inner in stored]

    def compare(stored: object) -> object:
        assert isinstance(stored, list)
        return [element.compare(inner) for inner in stored]

    return FieldType(
        spec={"list": element.spec},
        take=take,
        give=give,
        compare=compare,
        element=element.type,
    )


def _object_of(parts: dict[str, _Part]) -> FieldType:
    def take(value: object) -> object:
        if not isinstance(value, dict):
            raise Refused(f"takes a dict, not the {type(value).__name__} {_shown(value)}")
        unknown = next((name for name in value if name not in parts), None)
        if unknown is not None:
            raise Refused(f"has no part {unknown!r}: it has {', '.join(parts)}")
        return {name: part.take(value.get(name), name) for name, part in parts.items()}

    def give(stored: object) -> object:
        assert isinstance(stored, dict)
        return {name: part.give(stored.get(name)) for name, part in parts.items()}

    def compare(stored: object) -> object:
        assert isinstance(stored, dict)
        # Of before a part was added, it may lack it.
        return {name: part.compare(stored.get(name)) for name, part in parts.items()}

    return FieldType(
        spec={"object": {name: part.spec for name, part in parts.items()}},
        take=take,
        give=give,
        compare=compare,
        inner={name: part.type for name, part in parts.items()},
    )


def _take_bool(value: object) -> object:
    if type(value) is bool or type(value).__name__ in ("bool_", "bool"):
        return bool(value)
    raise Refused(_not_taken("True or False", value))


def _integer_between(low: int, high: int) -> Convert:
    def take(value: object) -> object:
        if type(value) is not int:
            if isinstance(value, bool):
                raise Refused(_not_taken("an integer", value))
            try:
                value = operator.index(value)  # type: ignore[arg-type]  # it says what it got
            except TypeError:
                raise Refused(_not_taken("an integer", value)) from None
        if not low <= value <= high:
            raise Refused(f"takes {low} to {high}, not {value}")
        return value

    return take


def _take_float(value: object) -> object:
    if type(value) is float:
        return value
    if isinstance(value, bool | str | bytes | Decimal):
        raise Refused(_not_taken("a float", value))
    try:
        number = float(value)  # type: ignore[arg-type]  # it says what it got
    except (TypeError, ValueError, OverflowError):
        raise Refused(_not_taken("a float", value)) from None
    if isinstance(value, int) and int(number) != value:
        raise Refused(f"takes floats, and {value} would not come back as it was")
    return number


def _take_string(value: object) -> object:
    if not isinstance(value, str):
        raise Refused(_not_taken("a string", value))
    if not value.isascii():
        _check_text(value)
    return value if type(value) is str else str.__str__(value)


def _check_text(value: str) -> None:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise Refused(f"takes text, and {value!r:.60} holds a lone surrogate") from None


def _take_bytes(value: object) -> object:
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    raise Refused(_not_taken("bytes", value))


def _take_uuid(value: object) -> object:
    if isinstance(value, UUID):
        return value.bytes
    raise Refused(_not_taken("a UUID", value))


def _take_timestamp(value: object) -> object:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise Refused(_not_taken("a datetime with a time zone", value))
    _check_nanoseconds(value)
    stored = (value - _EPOCH) // _MICROSECOND
    if not FIRST_MOMENT <= stored <= LAST_MOMENT:
        raise Refused(f"keeps the years 1 to 9999 of UTC, and {value} is beyond them there")
    return stored


def _take_datetime(value: object) -> object:
    if not isinstance(value, datetime) or value.tzinfo is not None:
        raise Refused(_not_taken("a datetime without a time zone", value))
    _check_nanoseconds(value)
    return (value - _NAIVE_EPOCH) // _MICROSECOND


def _check_nanoseconds(value: datetime) -> None:
    if value != value:  # noqa: PLR0124 - NaT, which calls itself a datetime
        raise Refused(_not_taken("a time", value))
    if getattr(value, "nanosecond", 0):
        raise Refused(f"keeps microseconds, and {value} has nanoseconds: round it")


def _take_date(value: object) -> object:
    if isinstance(value, date) and not isinstance(value, datetime):
        return (value - _FIRST_DAY).days
    raise Refused(_not_taken("a date", value))


def _take_decimal(value: object) -> object:
    if not isinstance(value, Decimal) or not value.is_finite():
        raise Refused(_not_taken("a finite Decimal", value))
    if abs(value.adjusted()) > _MOST_DIGITS or abs(cast("int", value.as_tuple().exponent)) > (
        2 * _MOST_DIGITS
    ):
        raise Refused(f"takes exponents up to {_MOST_DIGITS}, not {_shown(value)}")
    return str(value)


def _take_json(value: object) -> object:
    return value  # what cannot be stored is refused when it is packed


def _give_timestamp(stored: object) -> object:
    return _EPOCH + stored * _MICROSECOND  # type: ignore[operator]  # an integer


def _give_datetime(stored: object) -> object:
    return _NAIVE_EPOCH + stored * _MICROSECOND  # type: ignore[operator]  # an integer


def _give_date(stored: object) -> object:
    return _FIRST_DAY + timedelta(days=stored)  # type: ignore[arg-type]  # an integer


def _give_decimal(stored: object) -> object:
    return Decimal(stored)  # type: ignore[arg-type]  # a string


def _give_uuid(stored: object) -> object:
    return UUID(bytes=stored)  # type: ignore[arg-type]  # sixteen bytes


def unchanged(stored: object) -> object:
    """Return what is stored, which is what keys are made of."""
    return stored


def _float_key(stored: object) -> object:
    """Return one key for all that compare as equal, and one for every NaN, behind the others."""
    if stored == 0:
        return 0.0
    return _NAN if stored != stored else stored  # noqa: PLR0124 - only NaN differs from itself


def decimal_key(stored: object) -> object:
    """Return bytes that sort as decimals do: sign, exponent, digits; one for equal numbers."""
    number = Decimal(stored)  # type: ignore[arg-type]  # a string
    if not number:
        return b"\x01"
    # Not through `normalize`, which rounds to the precision of the context.
    sign, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int)
    kept = "".join(map(str, digits)).lstrip("0")
    power = len(kept) + exponent  # 0.kept * 10 ** power
    body = (power + (1 << 39)).to_bytes(5, "big") + kept.rstrip("0").encode()
    if not sign:
        return b"\x02" + body
    # The end of the digits sorts before any digit, and after them once inverted.
    return b"\x00" + bytes(255 - byte for byte in body) + b"\xff"


def _not_taken(wanted: str, value: object) -> str:
    return f"takes {wanted}, not the {type(value).__name__} {_shown(value)}"


def _shown(value: object) -> str:
    return repr(value)[:60]


def _scalar(
    name: str,
    take: Convert,
    *,
    give: Convert | None = None,
    key: Convert | None = unchanged,
    compare: Convert | None = None,
) -> FieldType:
    return FieldType(
        spec=name,
        take=take,
        give=give,
        key=key,
        compare=compare,
    )


_SCALARS: dict[str, FieldType] = {
    scalar.spec: scalar  # type: ignore[misc]  # a name
    for scalar in (
        _scalar("bool", _take_bool),
        _scalar("int64", _integer_between(-(1 << 63), (1 << 63) - 1)),
        _scalar("uint64", _integer_between(0, (1 << 64) - 1)),
        _scalar("float64", _take_float, key=_float_key),
        _scalar("string", _take_string),
        _scalar("bytes", _take_bytes),
        _scalar("uuid", _take_uuid, give=_give_uuid),
        _scalar(
            "timestamp",
            _take_timestamp,
            give=_give_timestamp,
        ),
        _scalar(
            "datetime",
            _take_datetime,
            give=_give_datetime,
        ),
        _scalar("date", _take_date, give=_give_date),
        _scalar(
            "decimal",
            _take_decimal,
            give=_give_decimal,
            key=decimal_key,
            compare=_give_decimal,
        ),
        _scalar("json", _take_json, key=None),
    )
}
