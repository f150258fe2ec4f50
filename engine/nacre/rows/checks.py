"""Constraints on the values of a field: what they may be, and whether a value keeps them."""

import re
from collections.abc import Callable, Mapping, Sized
from functools import lru_cache

from nacre.errors import InvalidInput
from nacre.rows.types import FieldType

Check = Callable[[object], str | None]
"""Returns None, or what is wrong with a value as it is stored."""

CHECKS = ("min", "max", "min_length", "max_length", "regex", "one_of")

_TEXT = ("string",)
_SIZED = ("string", "bytes")
_MAX_PATTERN = 1000


def checked(name: str, kind: FieldType, given: Mapping[str, object]) -> dict[str, object]:
    """Return the constraints of the field *name* as they are stored.

    Raises:
        InvalidInput: one is unknown, or means nothing for the type.
    """
    stored: dict[str, object] = {}
    for check, bound in given.items():
        if check not in CHECKS:
            raise InvalidInput(
                f"{check!r} of the field {name!r} is no constraint: use {', '.join(CHECKS)}"
            )
        stored[check] = _stored(name, kind, check, bound)
    return stored


def check_of(kind: FieldType, checks: Mapping[str, object]) -> Check | None:
    """Return one function for all constraints of a field; None when there are none."""
    made = [_MAKERS[check](bound, kind) for check, bound in checks.items()]
    if not made:
        return None
    return lambda value: next(filter(None, (check(value) for check in made)), None)


def _stored(name: str, kind: FieldType, check: str, bound: object) -> object:
    what = f"{check} of the field {name!r}"
    try:
        if check in ("min", "max"):
            if kind.key is None:
                raise InvalidInput(f"{what} means nothing: its type has no order")
            return kind.take(bound)
        if check == "one_of":
            return [kind.take(value) for value in bound]  # type: ignore[attr-defined]
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"{what} {error}") from None
    if check == "regex":
        if kind.spec not in _TEXT or not isinstance(bound, str) or len(bound) > _MAX_PATTERN:
            raise InvalidInput(f"{what} is for strings: give a pattern of {_MAX_PATTERN} at most")
        _compiled(bound)
        return bound
    if kind.spec not in _SIZED and not isinstance(kind.spec, dict):
        raise InvalidInput(f"{what} is for strings, bytes and lists")
    if type(bound) is not int or bound < 0:
        raise InvalidInput(f"{what} is {bound!r}: give a count")
    return bound


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except re.error as error:
        raise InvalidInput(f"the pattern {pattern[:60]!r} does not compile: {error}") from None


def _min(bound: object, kind: FieldType) -> Check:
    compare = kind.compare or (lambda value: value)
    least = compare(bound)
    return lambda value: None if compare(value) >= least else f"is below {bound!r}"  # type: ignore[operator]


def _max(bound: object, kind: FieldType) -> Check:
    compare = kind.compare or (lambda value: value)
    most = compare(bound)
    return lambda value: None if compare(value) <= most else f"is above {bound!r}"  # type: ignore[operator]


def _min_length(bound: object, _: FieldType) -> Check:
    assert isinstance(bound, int)
    return lambda value: (
        None if _size(value) >= bound else f"has {_size(value)} of {bound} at least"
    )


def _max_length(bound: object, _: FieldType) -> Check:
    assert isinstance(bound, int)
    return lambda value: None if _size(value) <= bound else f"has {_size(value)} of {bound} at most"


def _regex(bound: object, _: FieldType) -> Check:
    assert isinstance(bound, str)
    search = _compiled(bound).search
    return lambda value: None if search(str(value)) else f"does not match {bound!r}"


def _one_of(bound: object, _: FieldType) -> Check:
    assert isinstance(bound, list)
    return lambda value: None if value in bound else f"is none of {bound!r:.100}"


def _size(value: object) -> int:
    assert isinstance(value, Sized)
    return len(value)


_MAKERS: dict[str, Callable[[object, FieldType], Check]] = {
    "min": _min,
    "max": _max,
    "min_length": _min_length,
    "max_length": _max_length,
    "regex": _regex,
    "one_of": _one_of,
}
