"""Conditions made ready for a layout: values as they are stored, tests on stored rows."""

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from nacre.errors import InvalidInput
from nacre.rows.conditions import EVERY, And, Compare, Condition, Not, Or, like_pattern
from nacre.rows.layout import Layout, StoredRow
from nacre.rows.schema import Path
from nacre.rows.types import FieldType, Refused

Truth = bool | None
Test = Callable[[StoredRow], Truth]

_COMPARISONS: dict[str, Callable[..., bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_MAX_DEPTH = 200

Made = TypeVar("Made")


@dataclass(frozen=True, slots=True, eq=False)
class Term(Condition):
    """A comparison with the path resolved and the value as it is stored."""

    path: Path
    operator: str
    value: object
    type: FieldType
    asked: Compare

    def __str__(self) -> str:
        return str(self.asked)


def bound_to(layout: Layout, condition: Condition, depth: int = 0) -> Condition:
    """Return a condition with its comparisons as terms of a layout.

    Raises:
        NotFound: it names a field that there is not.
        InvalidInput: a value is not of the type of its field.
    """
    if depth > _MAX_DEPTH:
        raise InvalidInput(f"a condition is nested deeper than {_MAX_DEPTH} levels: flatten it")
    match condition:
        case And(parts):
            return (
                EVERY
                if not parts
                else And(tuple(bound_to(layout, part, depth + 1) for part in parts))
            )
        case Or(parts):
            return Or(tuple(bound_to(layout, part, depth + 1) for part in parts))
        case Not(part):
            return Not(bound_to(layout, part, depth + 1))
        case Compare():
            return _term(layout, condition)
    return condition


def tester(layout: Layout, condition: Condition) -> Test:
    """Return a function that tells whether a stored row fulfils a bound condition."""
    match condition:
        case And(parts):
            return _all([tester(layout, part) for part in parts])
        case Or(parts):
            return _any([tester(layout, part) for part in parts])
        case Not(part):
            return _opposite(tester(layout, part))
        case Term():
            return _test(layout, condition)
    raise InvalidInput(f"{condition!r:.80} is no condition of nacre.rows: use field(...)")


def _term(layout: Layout, compare: Compare) -> Term:
    path, kind = layout.resolve(compare.path)
    value = compare.value
    try:
        if compare.operator in ("in", "not in"):
            assert isinstance(value, tuple)
            value = tuple(None if each is None else kind.take(each) for each in value)
        elif compare.operator in ("prefix", "like", "regex"):
            if kind.spec != "string":
                raise Refused(f"is no text, which {compare.operator!r} is for")
        elif value is not None:
            value = kind.take(value)
    except Refused as error:
        raise InvalidInput(f"the field {'.'.join(path)!r} {error}") from None
    return Term(path, compare.operator, value, kind, compare)


def _test(layout: Layout, term: Term) -> Test:
    get = layout.getter(term.path)
    if term.operator == "is null":
        return lambda row: get(row) is None
    if term.operator == "is not null":
        return lambda row: get(row) is not None
    if term.operator in ("in", "not in"):
        return _membership(get, term)
    if term.operator in ("prefix", "like", "regex"):
        return _text(get, term)
    return _comparison(get, term)


def _comparison(get: Callable[[StoredRow], object], term: Term) -> Test:
    compare = _COMPARISONS[term.operator]
    convert = term.type.compare
    bound = term.value
    if bound is None:
        return lambda row: None
    if convert is not None:
        bound = convert(bound)
    if term.type.key is not None and convert is None:

        def plain(row: StoredRow) -> Truth:
            value = get(row)
            return None if value is None else compare(value, bound)

        return plain

    def careful(row: StoredRow) -> Truth:
        value = get(row)
        if value is None:
            return None
        try:
            return bool(compare(value if convert is None else convert(value), bound))
        except TypeError:  # values of JSON need not have an order
            return None

    return careful


def _membership(get: Callable[[StoredRow], object], term: Term) -> Test:
    assert isinstance(term.value, tuple)
    convert = term.type.compare or (lambda value: value)
    values = [convert(value) for value in term.value if value is not None]
    has_null = len(values) < len(term.value)
    wanted: object = values
    if term.type.key is not None:
        wanted = frozenset(values)
    negated = term.operator == "not in"

    def test(row: StoredRow) -> Truth:
        value = get(row)
        if value is None:
            return None if term.value else negated
        # A NaN in a set is found by identity, and equals nothing.
        if value == value and convert(value) in wanted:  # type: ignore[operator]  # noqa: PLR0124
            return not negated
        return None if has_null else negated

    return test


def _text(get: Callable[[StoredRow], object], term: Term) -> Test:
    pattern = term.value
    assert isinstance(pattern, str)
    if term.operator == "prefix":
        found: Callable[[str], object] = lambda text: text.startswith(pattern)  # noqa: E731
    elif term.operator == "like":
        found = like_pattern(pattern).fullmatch
    else:
        found = re.compile(pattern).search

    def test(row: StoredRow) -> Truth:
        value = get(row)
        return None if value is None else bool(found(value))  # type: ignore[arg-type]  # text

    return test


def _all(tests: list[Test]) -> Test:
    if len(tests) == 1:
        return tests[0]

    def test(row: StoredRow) -> Truth:
        unknown = False
        for each in tests:
            truth = each(row)
            if truth is False:
                return False
            unknown = unknown or truth is None
        return None if unknown else True

    return test


def _any(tests: list[Test]) -> Test:
    def test(row: StoredRow) -> Truth:
        unknown = False
        for each in tests:
            truth = each(row)
            if truth:
                return True
            unknown = unknown or truth is None
        return None if unknown else False

    return test


def _opposite(part: Test) -> Test:
    def test(row: StoredRow) -> Truth:
        truth = part(row)
        return None if truth is None else not truth

    return test
