"""Conditions on rows: comparisons joined by and, or, not; NULL behaves as in SQL.

`field("age") < 50` makes one; `&`, `|` and `~` join them. A comparison with None, or with a
value that cannot be compared, is neither true nor false, and so is its opposite.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from nacre.errors import InvalidInput

OPERATORS = (
    "=", "!=", "<", "<=", ">", ">=", "in", "not in", "is null", "is not null",
    "prefix", "like", "regex",
)  # fmt: skip
_ALIASES = {"==": "=", "<>": "!=", "startswith": "prefix", "matches": "regex"}


class Condition:
    """What rows must fulfil."""

    def __and__(self, other: "Condition") -> "Condition":
        return all_of([self, _checked(other)])

    def __or__(self, other: "Condition") -> "Condition":
        return any_of([self, _checked(other)])

    def __invert__(self) -> "Condition":
        return Not(self)

    def __bool__(self) -> bool:
        raise InvalidInput("a condition is not true or false: join them with &, | and ~")


@dataclass(frozen=True, slots=True, eq=False)
class Compare(Condition):
    """A field, an operator, a value."""

    path: str | tuple[str, ...]
    operator: str
    value: object = None

    def __str__(self) -> str:
        name = self.path if isinstance(self.path, str) else ".".join(self.path)
        if self.operator in ("is null", "is not null"):
            return f"{name} {self.operator}"
        return f"{name} {self.operator} {self.value!r}"


@dataclass(frozen=True, slots=True, eq=False)
class And(Condition):
    """All of some conditions; of none: every row."""

    parts: tuple[Condition, ...]

    def __str__(self) -> str:
        return " and ".join(map(_bracketed, self.parts)) or "every row"


@dataclass(frozen=True, slots=True, eq=False)
class Or(Condition):
    """One of some conditions; of none: no row."""

    parts: tuple[Condition, ...]

    def __str__(self) -> str:
        return " or ".join(map(_bracketed, self.parts)) or "no row"


@dataclass(frozen=True, slots=True, eq=False)
class Not(Condition):
    """The opposite of a condition."""

    part: Condition

    def __str__(self) -> str:
        return f"not {_bracketed(self.part)}"


EVERY = And(())


@dataclass(frozen=True, slots=True)
class Downward:
    """A field to sort by, the largest first."""

    path: str | tuple[str, ...]


class Name:
    """A field in a condition: compare it, or call a method."""

    __hash__ = None  # type: ignore[assignment]  # == makes a condition

    def __init__(self, path: str | tuple[str, ...]) -> None:
        self.path = path

    def __eq__(self, value: object) -> Condition:  # type: ignore[override]  # a condition
        return compared(self.path, "=", value)

    def __ne__(self, value: object) -> Condition:  # type: ignore[override]  # a condition
        return compared(self.path, "!=", value)

    def __lt__(self, value: object) -> Condition:
        return compared(self.path, "<", value)

    def __le__(self, value: object) -> Condition:
        return compared(self.path, "<=", value)

    def __gt__(self, value: object) -> Condition:
        return compared(self.path, ">", value)

    def __ge__(self, value: object) -> Condition:
        return compared(self.path, ">=", value)

    def __neg__(self) -> Downward:
        """Be sorted by, the largest first."""
        return Downward(self.path)

    def is_in(self, values: Iterable[object]) -> Condition:
        """Be one of some values."""
        return compared(self.path, "in", values)

    def is_null(self) -> Condition:
        """Be None."""
        return Compare(self.path, "is null")

    def startswith(self, prefix: str) -> Condition:
        """Begin with some text."""
        return compared(self.path, "prefix", prefix)

    def like(self, pattern: str) -> Condition:
        """Match a pattern of SQL: % stands for anything, _ for one character."""
        return compared(self.path, "like", pattern)

    def matches(self, pattern: str) -> Condition:
        """Hold a match of a regular expression of Python."""
        return compared(self.path, "regex", pattern)


def field(path: str | tuple[str, ...]) -> Name:
    """Return a field by its name, `a.b` for a part of an object, to build a condition with."""
    return Name(path)


def compared(path: str | tuple[str, ...], operator: object, value: object) -> Condition:
    """Return a comparison; one with None asks whether the field is None.

    Raises:
        InvalidInput: there is no such operator, or the value cannot be used with it.
    """
    operator = _ALIASES.get(str(operator), operator)
    if not isinstance(operator, str) or operator not in OPERATORS:
        raise InvalidInput(f"there is no operator {operator!r}: use {', '.join(OPERATORS)}")
    if operator in ("in", "not in"):
        if isinstance(value, str | bytes) or not isinstance(value, Iterable):
            raise InvalidInput(f"{operator!r} takes several values, not {value!r:.60}: give a list")
        return Compare(path, operator, tuple(value))
    if operator in ("prefix", "like", "regex"):
        return Compare(path, operator, _pattern(operator, value))
    if value is None and operator in ("=", "!="):
        return Compare(path, "is null" if operator == "=" else "is not null")
    return Compare(path, operator, value)


def conditions(given: tuple[object, ...], equal: Mapping[str, object]) -> Condition:
    """Return what the arguments of `where` mean.

    Raises:
        InvalidInput: they are not understood.
    """
    if len(given) == 1 and isinstance(given[0], Condition) and not equal:
        return given[0]
    parts = [compared(name, "=", value) for name, value in equal.items()]
    if len(given) == 1 and isinstance(given[0], Condition):
        parts.append(given[0])
    elif len(given) in (2, 3) and isinstance(given[0], str | tuple):
        parts.append(compared(given[0], *given[1:]) if len(given) == 3 else _bare(*given))
    elif given:
        raise InvalidInput(
            f"where{given!r:.80} is not understood: give a condition, "
            "a field, an operator and a value, or field=value"
        )
    return all_of(parts)


def _bare(path: object, operator: object) -> Condition:
    if operator not in ("is null", "is not null"):
        raise InvalidInput(f"{operator!r} needs a value: give a field, an operator and a value")
    return Compare(path, str(operator))  # type: ignore[arg-type]  # checked by `where`


def all_of(parts: Iterable[Condition]) -> Condition:
    """Return the condition that all of *parts* hold."""
    flat: list[Condition] = []
    for part in parts:
        flat += part.parts if isinstance(part, And) else (part,)
    return flat[0] if len(flat) == 1 else And(tuple(flat))


def any_of(parts: Iterable[Condition]) -> Condition:
    """Return the condition that one of *parts* holds."""
    flat: list[Condition] = []
    for part in parts:
        flat += part.parts if isinstance(part, Or) else (part,)
    return flat[0] if len(flat) == 1 else Or(tuple(flat))


def conjuncts(condition: Condition) -> tuple[Condition, ...]:
    """Return the conditions that all must hold."""
    return condition.parts if isinstance(condition, And) else (condition,)


def like_pattern(pattern: str) -> re.Pattern[str]:
    """Return the regular expression for a pattern of SQL."""
    parts = [".*" if c == "%" else "." if c == "_" else re.escape(c) for c in pattern]
    return re.compile("".join(parts), re.DOTALL)


def _pattern(operator: str, value: object) -> str:
    if not isinstance(value, str):
        raise InvalidInput(f"{operator!r} takes text, not {value!r:.60}: give a string")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise InvalidInput(
            f"the pattern {value!r:.60} holds a lone surrogate: no text has"
        ) from None
    if operator == "regex":
        try:
            re.compile(value)
        except re.error as error:
            raise InvalidInput(f"the pattern {value[:60]!r} does not compile: {error}") from None
    return value


def _checked(other: object) -> Condition:
    if not isinstance(other, Condition):
        raise InvalidInput(f"{other!r:.60} is no condition: compare a field with a value")
    return other


def _bracketed(part: Condition) -> str:
    return f"({part})" if isinstance(part, And | Or) else str(part)
