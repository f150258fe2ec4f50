"""Rows that fulfil an expression, in an order, within a window."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from nacre.rows import Query
from nacre_adapters.tenants.errors import BadExpression
from nacre_adapters.tenants.home import OpenTable
from nacre_adapters.tenants.shape import Values


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
    limit: int | None = None
    offset: int | None = None
    select: str = "*"


def find(table: OpenTable, asked: Asked, xtra: Values) -> list[Values]:
    """Return rows, as the collection gives them, that have the values *xtra*."""
    query = _query(table, asked, xtra)
    if asked.order_by:
        query = query.order_by(*[part.strip() for part in asked.order_by.split(",")])
    if asked.limit is not None and asked.limit >= 0:
        query = query.limit(asked.limit)
    if asked.offset is not None and asked.offset > 0:
        query = query.offset(asked.offset)
    return query.all()


def count(table: OpenTable, asked: Asked, xtra: Values) -> int:
    """Return how many rows there are."""
    return _query(table, asked, xtra).count()


def _query(table: OpenTable, asked: Asked, xtra: Values) -> Query:
    if asked.where.text is not None:
        raise BadExpression("where is not built yet")
    query = table.collection.query()
    for name, value in xtra.items():
        query = query.where((name,), "=", value)
    return query
