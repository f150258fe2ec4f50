"""Values of Python as values of a type: what each type takes, and how it says no."""

import math
import operator
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import cast
from uuid import UUID

from nacre_adapters.modelvault.constraints import Check, check_for
from nacre_adapters.modelvault.errors import (
    Malformed,
    ModelVaultFormatError,
    ModelVaultValidationError,
    NoSuchAttribute,
    OutOfRange,
    WrongType,
    no_instance,
)
from nacre_adapters.modelvault.kinds import Field, Kind

Convert = Callable[[object], object]
Checker = Callable[[object, str], None]
"""Takes a converted value and its path; raises when it is against a constraint."""

MAX_VALUE_BYTES = 16 << 20
MAX_ITEMS = 1 << 20
MAX_ROW_BYTES = 64 << 20

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_INT64, _UINT64 = 1 << 63, 1 << 64


def converter(kind: Kind) -> Convert:
    """Return the function from what users give to what is stored.

    It raises WrongType, OutOfRange or Malformed for what the type does not take.
    """
    match kind.name:
        case "optional":
            assert kind.inner is not None
            return _optional(converter(kind.inner))
        case "list":
            assert kind.inner is not None
            return _list_of(converter(kind.inner))
        case "object":
            return _object_of(kind.parts)
        case "enum":
            return _enum
    return _PRIMITIVES[kind.name]


def checker(field: Field) -> Checker | None:
    """Return the function that checks the constraints at and below a field, or None."""
    own = [check_for(field.kind.bare.name, each) for each in field.constraints]
    inside = _checker_inside(field.kind.bare)
    if not own and inside is None:
        return None

    def check(value: object, path: str) -> None:
        if value is None:
            return
        if inside is not None:
            inside(value, path)
        for each in own:
            wrong = each(value)
            if wrong is not None:
                raise against(path, wrong)

    return check


def against(path: str, wrong: str) -> ModelVaultValidationError:
    """Return the error for a value that is not as its schema wants it."""
    return ModelVaultValidationError(f"validation error at {path}: {wrong}")


def too_large(what: str, maximum: int) -> ModelVaultFormatError:
    """Return the error for what a file of the original could not be opened with."""
    return ModelVaultFormatError(
        f"format error: invalid catalog payload: {what} exceeds maximum {maximum}"
    )


def is_weighed(kind: Kind) -> bool:
    """Tell whether a value of a type may be large in parts that a look at it does not show."""
    return kind.bare.name in ("list", "object")


def weight(value: object) -> int:
    """Return about how many bytes a value takes.

    Raises:
        ModelVaultFormatError: a text, bytes or a list is larger than a file may hold.
    """
    if isinstance(value, str | bytes):
        size = len(value.encode()) if isinstance(value, str) else len(value)
        if size > MAX_VALUE_BYTES:
            raise too_large(f"field length {size}", MAX_VALUE_BYTES)
        return size
    if isinstance(value, list):
        if len(value) > MAX_ITEMS:
            raise too_large(f"decode entry count {len(value)}", MAX_ITEMS)
        return sum(map(weight, value)) + len(value)
    if isinstance(value, dict):
        return sum(map(weight, value.values()))
    return 8


def unknown_part(name: object) -> Exception:
    """Return the error for a name that an object does not have."""
    if isinstance(name, str):
        return Malformed(f'unknown field in object: "{name}"')
    return no_instance(name, "str")


def _checker_inside(kind: Kind) -> Checker | None:
    if kind.name == "list":
        assert kind.inner is not None
        element = checker(Field((), kind.inner))
        return None if element is None else _each(element)
    checks = [(part.path[0], checker(part)) for part in kind.parts]
    found = [(name, check) for name, check in checks if check is not None]
    variants = _variants(kind)
    if not found and variants is None:
        return None

    def check_parts(value: object, path: str) -> None:
        if variants is not None:
            wrong = variants(value)
            if wrong is not None:
                raise against(path, wrong)
        for name, check in found:
            check(value[name], f"{path}.{name}")  # type: ignore[index]  # a dict, converted

    return check_parts


def _variants(kind: Kind) -> Check | None:
    if kind.name != "enum":
        return None
    allowed = frozenset(kind.variants)
    shown = ", ".join(f'"{variant}"' for variant in kind.variants)
    return lambda value: None if value in allowed else f"enum value must be one of [{shown}]"


def _each(element: Checker) -> Checker:
    def check(value: object, path: str) -> None:
        assert isinstance(value, list)
        for number, inner in enumerate(value):
            element(inner, f"{path}.{number}")

    return check


def _optional(take: Convert) -> Convert:
    return lambda value: None if value is None else take(value)


def _list_of(take: Convert) -> Convert:
    def convert(value: object) -> object:
        if not isinstance(value, list):
            raise Malformed("expected list for list type")
        return [take(inner) for inner in value]

    return convert


def _object_of(parts: tuple[Field, ...]) -> Convert:
    taken = [(p.path[0], converter(p.kind), p.kind.is_optional) for p in parts]
    names = [name for name, _, _ in taken]
    ordered = sorted(names)

    def convert(value: object) -> object:
        if not isinstance(value, dict):
            raise Malformed("expected dict for object type")
        made = {name: _part(value, name, take, optional) for name, take, optional in taken}
        for name in value:
            if name not in made:
                raise unknown_part(name)
        return made if names == ordered else {name: made[name] for name in ordered}

    return convert


def _part(value: dict[str, object], name: str, take: Convert, optional: bool) -> object:
    if name not in value:
        if optional:
            return None
        raise Malformed(f'missing object field "{name}"')
    inner = value[name]
    if inner is None and not optional:
        raise Malformed(f'unexpected None for required field "{name}"')
    return take(inner)


def _enum(value: object) -> object:
    if not isinstance(value, str):
        raise Malformed("expected string for enum")
    return str.__str__(value)


def _bool(value: object) -> object:
    if type(value) is not bool:
        raise no_instance(value, "bool")
    return value


def _integer(value: object) -> int:
    try:
        return operator.index(value)  # type: ignore[arg-type]  # it says what it got
    except TypeError as error:
        raise WrongType(str(error)) from None


def _int64(value: object) -> object:
    number = value if type(value) is int else _integer(value)
    if -_INT64 <= number < _INT64:
        return number
    raise OutOfRange("Python int too large to convert to C long")


def _uint64(value: object) -> object:
    number = value if type(value) is int else _integer(value)
    if 0 <= number < _UINT64:
        return number
    if number < 0:
        raise OutOfRange("can't convert negative int to unsigned")
    raise OutOfRange("int too big to convert")


def _float64(value: object) -> object:
    if type(value) is float:
        return value
    try:
        # It takes what float() does, less text, and says what it wants.
        math.isnan(value)  # type: ignore[arg-type]  # as above
        return float(value)  # type: ignore[arg-type]  # as above
    except OverflowError as error:
        raise OutOfRange(str(error)) from None
    except TypeError as error:
        raise WrongType(str(error)) from None


def _string(value: object) -> object:
    if not isinstance(value, str):
        raise no_instance(value, "str")
    if not value.isascii():
        value.encode()  # a lone surrogate raises UnicodeEncodeError, a ValueError
    return value if type(value) is str else str.__str__(value)


def _bytes(value: object) -> object:
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    if isinstance(value, str):
        raise WrongType("Can't extract `str` to `Vec`")
    if not isinstance(value, Sequence):
        raise no_instance(value, "Sequence")
    numbers = list(map(_integer, value))
    if any(not 0 <= number < 256 for number in numbers):
        raise OutOfRange("out of range integral type conversion attempted")
    return bytes(numbers)


def _uuid(value: object) -> object:
    if isinstance(value, UUID):
        return value
    if isinstance(value, bytes) and len(value) != 16:
        raise Malformed("uuid must be 16 bytes")
    if not isinstance(value, str) and isinstance(value, Sequence) and len(value) == 16:
        return UUID(bytes=cast("bytes", _bytes(value)))
    try:
        return UUID(value)  # type: ignore[arg-type]  # it says what it wants
    except ValueError as error:
        raise Malformed(str(error)) from None
    except AttributeError as error:
        raise NoSuchAttribute(str(error)) from None
    except TypeError as error:
        raise WrongType(str(error)) from None


def _timestamp(value: object) -> object:
    if isinstance(value, datetime):
        return _microseconds(value)
    try:
        return _int64(value)
    except (WrongType, OutOfRange):
        raise Malformed(
            "timestamp field expects int64 (Unix microseconds) or datetime.datetime"
        ) from None


def _microseconds(value: datetime) -> int:
    """Return a time as microseconds since 1970; one without a zone is local time."""
    try:
        return ((value if value.tzinfo else value.astimezone()) - _EPOCH) // _MICROSECOND
    except (ValueError, OverflowError) as error:
        raise Malformed(f"{value!r} is no time of this place: {error}") from None


_PRIMITIVES: dict[str, Convert] = {
    "bool": _bool,
    "int64": _int64,
    "uint64": _uint64,
    "float64": _float64,
    "string": _string,
    "bytes": _bytes,
    "uuid": _uuid,
    "timestamp": _timestamp,
}
