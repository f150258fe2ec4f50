"""Rows that fulfil an expression, in an order, within a window."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import islice
from uuid import UUID

from nacre.rows import Query
from nacre_adapters.tenants.columns import COLUMN_TYPES, NotTakenError, plain
from nacre_adapters.tenants.errors import BadExpression, BadParameters
from nacre_adapters.tenants.home import OpenTable
from nacre_adapters.tenants.selecting import selected
from nacre_adapters.tenants.shape import Values
from nacre_adapters.tenants.sorting import native_order, sorted_rows
from nacre_adapters.tenants.sql.comparable import parameter_value
from nacre_adapters.tenants.sql.compile import Compiler, Test
from nacre_adapters.tenants.sql.parse import (
    Parsed,
    parse_order,
    parse_select,
    parse_where,
)
from nacre_adapters.tenants.sql.places import positional_name
from nacre_adapters.tenants.sql.push import Filter, filter_of
from nacre_adapters.tenants.sql.tree import Ordered

_MOST_ROWS = 1 << 61


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression of SQL, and what is given for its parameters."""

    text: str | None = None
    listed: object = None
    named: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which rows are wanted."""

    where: Expression = Expression()
    order_by: str | None = None
    limit: object = None
    offset: object = None
    select: str = "*"


def find(table: OpenTable, asked: Asked, xtra: Values) -> list[Values]:
    """Return rows, as the collection gives them, that have the values *xtra*."""
    compiler, found = _filter(table, asked.where)
    limit, offset = _count("limit", asked.limit), _count("offset", asked.offset) or 0
    order = parse_order(asked.order_by) if asked.order_by else ()
    parsed = None if asked.select == "*" else parse_select(asked.select)
    window = (None, 0) if parsed is not None else (limit, offset)
    rows = _rows(table, _query(table, found, xtra), found.test, (compiler, order), window)
    if parsed is None:
        return rows
    return _windowed(selected(parsed, rows, compiler), limit, offset)


def count(table: OpenTable, asked: Asked, xtra: Values) -> int:
    """Return how many rows there are."""
    _, found = _filter(table, asked.where)
    query = _query(table, found, xtra)
    if found.test is None:
        return query.count()
    return sum(1 for row in query if found.test(row))


def _filter(table: OpenTable, where: Expression) -> tuple[Compiler, Filter]:
    parsed = Parsed(()) if where.text is None else parse_where(where.text)
    compiler = Compiler(table.shape, _parameters(parsed, where))
    return compiler, filter_of(parsed.nodes[0] if parsed.nodes else None, compiler)


def _query(table: OpenTable, found: Filter, xtra: Values) -> Query:
    query = table.collection.query()
    if found.condition is not None:
        query = query.where(found.condition)
    for name, value in xtra.items():
        query = query.where((name,), "=", value)
    return query


def _rows(
    table: OpenTable,
    query: Query,
    test: Test | None,
    order: tuple[Compiler, tuple[Ordered, ...]],
    window: tuple[int | None, int],
) -> list[Values]:
    compiler, wanted = order
    limit, offset = window
    native = native_order(wanted, compiler)
    if native:
        query = query.order_by(*native)
    in_order = native is not None
    if in_order and test is None:
        query = query.offset(offset) if offset else query
        return (query if limit is None else query.limit(limit)).all()
    rows: Iterator[Values] = iter(query) if test is None else _tested(query, test)
    if not in_order:
        rows = iter(sorted_rows(rows, wanted, compiler))
    return _windowed(rows, limit, offset)


def _tested(rows: Iterable[Values], test: Test) -> Iterator[Values]:
    return (row for row in rows if test(row))


def _windowed(rows: Iterable[Values], limit: int | None, offset: int) -> list[Values]:
    return list(islice(rows, offset, None if limit is None else offset + limit))


def _count(what: str, value: object) -> int | None:
    """Return a count of rows; below 0 is none, as in SQLite."""
    if value is None:
        return None
    try:
        number = int(str(COLUMN_TYPES["int"].take(value)))
    except NotTakenError:
        raise BadExpression(f"{what} is {value!r:.60}: give a count of rows") from None
    # More than there can be: the sum of both must be a length.
    return None if number < 0 else min(number, _MOST_ROWS)


def _parameters(parsed: Parsed, where: Expression) -> dict[str, object]:
    given = dict(where.named)
    listed: list[object] = []
    if isinstance(where.listed, Mapping):
        given = {**where.listed, **given}
    elif isinstance(where.listed, list | tuple):
        listed = list(where.listed)
    elif where.listed is not None:
        raise BadParameters(
            f"where_args is a {type(where.listed).__name__}: give a list for ?, a dict for :name"
        )
    if len(listed) != parsed.positional:
        raise BadParameters(f"{parsed.positional} values are wanted for ?, {len(listed)} are given")
    unknown, missing = set(given) - parsed.names, parsed.names - set(given)
    if unknown:
        raise BadParameters(f"where has no :{min(unknown)}: leave the value away, or write it")
    if missing:
        raise BadParameters(f"no value is given for :{min(missing)}")
    named = {positional_name(number): value for number, value in enumerate(listed)}
    return {name: _value(name, value) for name, value in {**named, **given}.items()}


def _value(name: str, value: object) -> object:
    value = plain(value)
    taken: Callable[[object], object] | None = None
    if isinstance(value, datetime):
        taken = COLUMN_TYPES["datetime"].take
    elif isinstance(value, date):
        taken = COLUMN_TYPES["date"].take
    elif isinstance(value, UUID):
        taken = str
    return parameter_value(name, value if taken is None else taken(value))
