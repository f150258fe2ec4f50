"""The part of a condition that a collection can look up itself: comparisons of columns.

Of what must hold all at once, each comparison of a column with a value whose meaning is the same
for the collection goes to its planner and its indexes; the rest is tested row by row. A comparison
that can be true of no row is pushed as one that is.
"""

import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce

from nacre.rows import Condition, field
from nacre_adapters.tenants.numerals import number_of_text, whole_of
from nacre_adapters.tenants.shape import Column
from nacre_adapters.tenants.sql import tree
from nacre_adapters.tenants.sql.compile import Compiler, Test
from nacre_adapters.tenants.sql.values import Value, text_of

_OPERATORS: Mapping[str, Callable[..., Condition]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_FLIPPED: Mapping[str, str] = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition: what the collection looks up, and what each row found must still fulfil."""

    condition: Condition | None = None
    test: Test | None = None


def filter_of(node: tree.Node | None, compiler: Compiler) -> Filter:
    """Return a condition in two parts."""
    if node is None:
        return Filter()
    pushed: list[Condition] = []
    left: list[tree.Node] = []
    for part in _conjuncts(node):
        condition = _pushed(part, compiler)
        if condition is None:
            left.append(part)
        else:
            pushed.append(condition)
    test = compiler.truth(tree.All(tuple(left))) if left else None
    return Filter(reduce(operator.and_, pushed) if pushed else None, test)


def _conjuncts(node: tree.Node) -> list[tree.Node]:
    if not isinstance(node, tree.All):
        return [node]
    return [inner for part in node.parts for inner in _conjuncts(part)]


def _pushed(node: tree.Node, compiler: Compiler) -> Condition | None:
    match node:
        case tree.Comparison(sign, tree.ColumnName() as name, right):
            return _compared(sign, name, right, compiler)
        case tree.Comparison(sign, left, tree.ColumnName() as name):
            return _compared(_FLIPPED.get(sign, sign), name, left, compiler)
        case tree.OneOf(tree.ColumnName() as name, values):
            return _listed(name, values, compiler)
        case tree.IsNull(tree.ColumnName() as name):
            return field((compiler.column(name).name,)).is_null()
        case tree.Negation(tree.IsNull(tree.ColumnName() as name)):
            return ~field((compiler.column(name).name,)).is_null()
        case tree.Some(parts):
            found = [c for part in parts if (c := _pushed(part, compiler)) is not None]
            return reduce(operator.or_, found) if len(found) == len(parts) else None
    return None


def _compared(
    sign: str, name: tree.ColumnName, node: tree.Node, compiler: Compiler
) -> Condition | None:
    column = compiler.column(name)
    if sign not in _OPERATORS:
        return None
    known, value = _value_of(node, compiler)
    if not known:
        return None
    if value is None:
        return _nothing(compiler)  # compared with NULL, nothing is true
    fits, stored = _stored(column, value)
    return _OPERATORS[sign](field((column.name,)), stored) if fits else None


def _listed(
    name: tree.ColumnName, values: tuple[tree.Node, ...], compiler: Compiler
) -> Condition | None:
    column = compiler.column(name)
    found = []
    for node in values:
        known, value = _value_of(node, compiler)
        if not known:
            return None
        if value is None:
            continue  # equal to nothing
        fits, stored = _stored(column, value)
        if not fits:
            return None
        found.append(stored)
    return field((column.name,)).is_in(found) if found else _nothing(compiler)


def _nothing(compiler: Compiler) -> Condition:
    """Return a condition that no row fulfils, and for which none is read."""
    return field((compiler.first_key,)).is_in([])


def _value_of(node: tree.Node, compiler: Compiler) -> tuple[bool, Value]:
    """Return whether a node is a value that is known, and the value."""
    if isinstance(node, tree.Constant):
        return True, node.value
    if isinstance(node, tree.Parameter):
        return True, compiler.parameter(node)
    return False, None


def _stored(column: Column, value: Value) -> tuple[bool, object]:
    """Return whether a value can be compared as the collection keeps the column, and it as kept."""
    match column.type.affinity:
        case "text":
            return _stored_text(value)
        case "blob":
            return column.type.name == "bytes" and isinstance(value, bytes), value
    if isinstance(value, str):
        value = number_of_text(value)
    if not isinstance(value, int | float | Decimal):
        return False, None
    return _stored_number(column.type.name, value)


def _stored_text(value: Value) -> tuple[bool, object]:
    if isinstance(value, bytes):
        return False, None
    text = text_of(value)
    try:
        text.encode()
    except UnicodeEncodeError:
        return False, None
    return True, text


def _stored_number(kind: str, value: int | float | Decimal) -> tuple[bool, object]:
    if isinstance(value, float) and not math.isfinite(value):
        return False, None
    match kind:
        case "bool":
            return value in (0, 1), bool(value)
        case "int":
            whole = whole_of(value)
            return whole is not None, whole
        case "float":
            return float(value) == value, float(value)
    return True, Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
