"""Constraints on values: what a schema's JSON says, and whether a value keeps it."""

import math
from collections.abc import Callable, Iterator, Mapping, Sized
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import cast

from nacre_adapters.modelvault.errors import Malformed
from nacre_adapters.modelvault.patterns import check_pattern, python_pattern

Check = Callable[[object], str | None]
"""Returns None, or what is wrong with a value."""

_NUMBERS = (
    "min_i64", "max_i64", "min_u64", "max_u64", "min_f64", "max_f64", "min_length", "max_length",
)  # fmt: skip
_SHOUTED = {
    "min_i64": "MinI64", "max_i64": "MaxI64", "min_u64": "MinU64", "max_u64": "MaxU64",
    "min_f64": "MinF64", "max_f64": "MaxF64", "min_length": "MinLength", "max_length": "MaxLength",
    "regex": "Regex", "email": "Email", "url": "Url", "nonempty": "NonEmpty",
}  # fmt: skip
_NEEDS = {"i64": "int64", "u64": "uint64", "f64": "float64"}
_SIZED = ("string", "enum", "bytes", "list")
_TEXT = ("string", "enum")


@dataclass(frozen=True, slots=True)
class Constraint:
    """One constraint: its name, and the bound or pattern that it has."""

    name: str
    value: int | float | str | bool

    def to_json(self) -> object:
        """Return what a schema says."""
        return {self.name: self.value}


def constraint_in(said: object) -> Iterator[Constraint]:
    """Yield the constraints that one object of a schema says: each of its keys counts.

    Raises:
        Malformed: one is not known, or is not of the right type.
    """
    if not isinstance(said, Mapping):
        raise Malformed("each constraint must be a JSON object")
    if not said:
        raise Malformed("unknown constraint shape")
    for name, value in said.items():
        if not _is_known(name, value):
            raise Malformed("unknown constraint shape")
        found = Constraint(name, _as_bound(name, value))
        if name == "regex":
            check_pattern(cast("str", value))
        yield found


def check_for(kind: str, constraint: Constraint) -> Check:
    """Return the function that checks values of a type.

    A constraint that means nothing for the type refuses every value.
    """
    name, bound = constraint.name, constraint.value
    shouted = _SHOUTED[name]
    if name in _NUMBERS and not name.endswith("length"):
        needs = _NEEDS[name[-3:]]
        if kind != needs:
            return lambda _: f"{shouted} constraint requires {needs}"
        return _least(bound) if name.startswith("min") else _most(bound)
    if name in ("regex", "email", "url"):
        if kind not in _TEXT:
            return lambda _: f"{shouted} constraint requires string"
        return _text_check(name, bound)
    if kind not in _SIZED:
        return lambda _: f"{shouted} applies to string, bytes, or list"
    return _length_check(name, "string" if kind == "enum" else kind, cast("int", bound))


def _is_known(name: object, value: object) -> bool:
    if name in _NUMBERS:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if name == "regex":
        return isinstance(value, str)
    return name in ("email", "url", "nonempty") and value is True


def _as_bound(name: str, value: object) -> int | float | str | bool:
    if name.endswith("f64"):
        return _float(cast("float", value))
    if name in _NUMBERS and (not isinstance(value, int) or not _is_in_range(name, value)):
        raise Malformed("unknown constraint shape")
    return cast("int | str | bool", value)


def _float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        raise Malformed(f"number out of range: {str(value)[:30]}...") from None


def _is_in_range(name: str, value: int) -> bool:
    if name.endswith("i64"):
        return -(1 << 63) <= value < 1 << 63
    return 0 <= value < 1 << 64


def _least(bound: object) -> Check:
    # NaN is neither below nor above.
    return lambda value: (
        f"value {_number(value)} is below minimum {_number(bound)}"
        if value < bound  # type: ignore[operator]  # numbers, both
        else None
    )


def _most(bound: object) -> Check:
    return lambda value: (
        f"value {_number(value)} is above maximum {_number(bound)}"
        if value > bound  # type: ignore[operator]  # numbers, both
        else None
    )


def _number(value: object) -> str:
    """Return a number as messages show it: without an exponent, and no more digits than needed."""
    if not isinstance(value, float) or not math.isfinite(value):
        return str(value)
    return format(Decimal(repr(value)), "f").removesuffix(".0")


def _text_check(name: str, bound: object) -> Check:
    if name == "email":
        return lambda value: (
            None if "@" in str(value) and "." in str(value) else "string is not a valid email shape"
        )
    if name == "url":
        return lambda value: (
            None
            if str(value).startswith(("http://", "https://"))
            else "string must be an http(s) URL"
        )
    return _pattern_check(str(bound))


@lru_cache(maxsize=256)
def _pattern_check(pattern: str) -> Check:
    compiled = python_pattern(pattern)

    def check(value: object) -> str | None:
        return None if compiled.search(str(value)) else "string does not match regex"

    return check


def _length_check(name: str, what: str, bound: int) -> Check:
    if name == "nonempty":
        return lambda value: None if value else f"{what} must be non-empty"
    if name == "min_length":
        return lambda value: (
            f"{what} length {_length(value)} is below minimum {bound}"
            if _length(value) < bound
            else None
        )
    return lambda value: (
        f"{what} length {_length(value)} is above maximum {bound}"
        if _length(value) > bound
        else None
    )


def _length(value: object) -> int:
    """Return a length; that of a text is of its UTF-8."""
    if isinstance(value, str):
        return len(value) if value.isascii() else len(value.encode())
    return len(cast("Sized", value))
