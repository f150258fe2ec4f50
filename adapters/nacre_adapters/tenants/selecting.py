"""What is selected of rows: columns, values made of them, figures of all of them."""

from collections.abc import Callable, Collection, Mapping, Sequence
from types import MappingProxyType

from nacre_adapters.tenants.errors import BadExpression, Unsupported
from nacre_adapters.tenants.numerals import number_in, number_of_text
from nacre_adapters.tenants.shape import Values
from nacre_adapters.tenants.sql.arithmetic import OPERATORS
from nacre_adapters.tenants.sql.compile import Compiler, Run
from nacre_adapters.tenants.sql.parse import Parsed
from nacre_adapters.tenants.sql.tree import ColumnName, Measure, Named, Node
from nacre_adapters.tenants.sql.values import (
    Value,
    integer_of,
    is_long,
    number_of,
    order_of,
    text_of,
)

Part = tuple[str, Node]


def selected(parsed: Parsed, rows: Sequence[Values], compiler: Compiler) -> list[Values]:
    """Return what is selected of rows, by name."""
    if parsed.names:
        raise Unsupported("select has no parameters")
    parts = [part for node in parsed.nodes for part in _named(node, compiler)]
    measures = [(name, node) for name, node in parts if isinstance(node, Measure)]
    if measures:
        if len(measures) < len(parts):
            raise Unsupported("GROUP BY is not supported: select columns, or figures of all rows")
        return [{name: _measured(node, rows, compiler) for name, node in measures}]
    runs = [(name, _run(node, compiler)) for name, node in parts]
    found = [{name: run(row) for name, run in runs} for row in rows]
    return _distinct(found) if parsed.distinct else found


def check_selected(
    rows: Sequence[Values], fields: Collection[str] | None, keys: Sequence[str]
) -> None:
    """Refuse what is selected if a class with these fields, or pairs with keys, cannot hold it.

    Raises:
        BadExpression: it cannot.
    """
    for row in rows:
        unknown = [name for name in row if fields is not None and name not in fields]
        if unknown:
            raise BadExpression(f"the class of rows has no field {unknown[0]!r}: give as_cls=False")
        if not set(keys) <= set(row):
            raise BadExpression(f"with_pk needs the key: select {', '.join(keys)} too")


def _named(node: Node, compiler: Compiler) -> list[Part]:
    """Return what a part of a select is called, and what it is; * is all columns."""
    if isinstance(node, ColumnName) and node.name == "*":
        return [(name, ColumnName(name)) for name in compiler.names]
    if isinstance(node, ColumnName):
        return [(compiler.column(node).name, node)]
    if isinstance(node, Named):
        return [(node.name, node.part)]
    if isinstance(node, Measure) and node.part is None:
        return [("count(*)", node)]
    raise Unsupported("a value that is selected needs a name: write ... AS name")


def _run(node: Node, compiler: Compiler) -> Run:
    if isinstance(node, ColumnName):
        # As the collection gives it: it is what users get, not only what SQL can see.
        name = compiler.column(node).name
        return lambda row: row[name]
    return compiler.value(node)


def _distinct(rows: Sequence[Values]) -> list[Values]:
    seen: set[str] = set()
    kept = []
    for row in rows:
        text = repr(list(row.values()))
        if text not in seen:
            seen.add(text)
            kept.append(row)
    return kept


def _measured(node: Measure, rows: Sequence[Values], compiler: Compiler) -> Value:
    if node.part is None:
        if node.name != "count":
            raise Unsupported(f"{node.name.upper()}(*) is not supported")
        return len(rows)
    run = compiler.value(node.part)
    values = [value for value in map(run, rows) if value is not None]
    if node.distinct:
        values = list(dict.fromkeys(values))
    return _MEASURES[node.name](values)


def _sum(values: Sequence[Value]) -> Value:
    numbers = list(map(_addend, values))
    if all(isinstance(number, int) for number in numbers):
        total = sum(map(integer_of, numbers))
        if is_long(total):
            raise BadExpression("a sum has more than 64 bits: ask for total(...), a float")
        return total if numbers else None
    return _added(numbers)


def _addend(value: Value) -> Value:
    """Return what is added of a value: of a text that is no integer a float."""
    if isinstance(value, str):
        found = number_of_text(value)
        return found if isinstance(found, int) else float(number_in(value))
    return float(number_in(text_of(value))) if isinstance(value, bytes) else number_of(value)


def _added(numbers: Sequence[Value]) -> Value:
    total: Value = None
    for number in numbers:
        total = number if total is None else OPERATORS["+"](total, number)
    return total


def _total(values: Sequence[Value]) -> Value:
    return float(number_of(_added(list(map(_addend, values)))) or 0)


def _average(values: Sequence[Value]) -> Value:
    return _total(values) / len(values) if values else None  # type: ignore[operator]  # a float


def _extreme(sign: int) -> Callable[[Sequence[Value]], Value]:
    def find(values: Sequence[Value]) -> Value:
        found: Value = None
        for value in values:
            if found is None or order_of(value, found) * sign > 0:
                found = value
        return found

    return find


_MEASURES: Mapping[str, Callable[[Sequence[Value]], Value]] = MappingProxyType(
    {
        "count": len,
        "sum": _sum,
        "total": _total,
        "avg": _average,
        "min": _extreme(-1),
        "max": _extreme(1),
    }
)
