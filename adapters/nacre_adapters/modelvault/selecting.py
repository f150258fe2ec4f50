"""Running a SELECT: its conditions as those of a query, its rows as tuples."""

from collections.abc import Sequence
from dataclasses import dataclass

from nacre_adapters.modelvault import filters
from nacre_adapters.modelvault.comparing import comparable_at
from nacre_adapters.modelvault.database import Database
from nacre_adapters.modelvault.errors import Malformed
from nacre_adapters.modelvault.filters import Either, Filter
from nacre_adapters.modelvault.kinds import Path
from nacre_adapters.modelvault.paths import shown
from nacre_adapters.modelvault.query import Asked, Order, Query
from nacre_adapters.modelvault.schema import Schema, not_text
from nacre_adapters.modelvault.sql import Comparison, Condition, Joined, Select, parse


@dataclass(frozen=True, slots=True)
class Found:
    """The columns and rows of a statement."""

    names: list[str]
    rows: list[tuple[object, ...]]


def run(database: Database, sql: object, params: Sequence[object] | None) -> Found:
    """Return what a SELECT finds.

    Raises:
        ModelVaultQueryError: it is not understood.
        Malformed: there is no such field, or the parameters are not as many.
        ModelVaultSchemaError: there is no such collection.
    """
    if not isinstance(sql, str):
        raise not_text("sql", sql)
    select = parse(sql)
    given = _checked(params, select.parameters)
    schema = database.handle.shape(select.collection).schema
    asked = _asked(schema, select, given)
    paths = select.columns or tuple(field.path for field in schema.fields)
    for path in paths:
        _check_path(schema, path)
    query = Query(database.handle, schema.name, schema.number, asked)
    rows = [tuple(_value_at(row, path) for path in paths) for row in query.all()]
    return Found([".".join(path) for path in paths], rows)


def _checked(params: Sequence[object] | None, count: int) -> Sequence[object]:
    given = () if params is None else params
    if not isinstance(given, tuple | list):
        raise Malformed("params must be a tuple or list")
    if len(given) != count:
        raise Malformed(f"expected {count} SQL parameters, got {len(given)}")
    return given


def _asked(schema: Schema, select: Select, given: Sequence[object]) -> Asked:
    asked = Asked(limit=select.limit)
    if select.condition is not None:
        asked = asked._replace(filter=_filter(schema, select.condition, given))
    if select.order is not None:
        path, descending = select.order
        _check_path(schema, path)
        asked = asked._replace(order=Order(path, descending))
    return asked


def _filter(schema: Schema, condition: Condition, given: Sequence[object]) -> Filter:
    """Return the filter for a condition; a chain of one word is walked, not descended into."""
    chain: list[Condition] = []
    word = condition.word if isinstance(condition, Joined) else ""
    while isinstance(condition, Joined) and condition.word == word:
        chain.append(condition.right)
        condition = condition.left
    made = _part(schema, condition, given)
    for part in reversed(chain):
        right = _part(schema, part, given)
        made = filters.joined(made, right) if word == "and" else Either(made, right)
    return made


def _part(schema: Schema, condition: Condition, given: Sequence[object]) -> Filter:
    if not isinstance(condition, Comparison):
        return _filter(schema, condition, given)
    _check_path(schema, condition.path)
    value = given[condition.parameter]
    if value is None:
        # In SQL nothing equals NULL; the original has no other word for it either.
        comparable_at(schema, condition.path).take(value)
    return filters.comparison(schema, condition.path, condition.operator, value)


def _check_path(schema: Schema, path: Path) -> None:
    if schema.kind_at(path) is None:
        raise Malformed(f"unknown field path {shown(path)}")


def _value_at(row: object, path: Path) -> object:
    for name in path:
        if not isinstance(row, dict):
            return None
        row = row.get(name)
    return row
