"""Queries: put together step by step; nothing is read before it is asked for.

Each step returns a new query, and checks its path and value at once.
"""

import operator
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from nacre.rows import Query as NativeQuery
from nacre.rows import field
from nacre_adapters.modelvault import filters
from nacre_adapters.modelvault.arguments import MISSING, either
from nacre_adapters.modelvault.comparing import kind_at, may_be_none, sorted_at
from nacre_adapters.modelvault.errors import (
    Malformed,
    ModelVaultQueryError,
    OutOfRange,
    WrongType,
    as_interface,
    no_instance,
)
from nacre_adapters.modelvault.explain import explain
from nacre_adapters.modelvault.filters import Either, Filter
from nacre_adapters.modelvault.handle import Handle
from nacre_adapters.modelvault.kinds import Path
from nacre_adapters.modelvault.paths import path_in, paths_of
from nacre_adapters.modelvault.projection import project
from nacre_adapters.modelvault.shape import Row, Shape

MAX_LIMIT = 1 << 20
_MOST = 1 << 64


@dataclass(frozen=True, slots=True)
class Order:
    """The field to sort by: None last, ties by the key; the other way round if descending."""

    path: Path
    descending: bool = False


class Asked(NamedTuple):
    """What a query asks for."""

    filter: Filter | None = None
    order: Order | None = None
    limit: int | None = None


class Query:
    """Rows of a collection that fulfil conditions; `all`, `first`, `count` read them."""

    def __init__(self, handle: Handle, name: str, number: int, asked: Asked) -> None:
        self._handle = handle
        self._name = name
        self._number = number
        self.asked = asked

    def where(self, path: object, value: object) -> "Query":
        """Keep the rows in which a field equals a value; None finds those without one."""
        return self._and(path, "=", value)

    def and_where(self, path: object, value: object) -> "Query":
        """Keep the rows in which a field also equals a value."""
        return self._and(path, "=", value)

    def lt_where(self, path: object, value: object) -> "Query":
        """Keep the rows in which a field is less than a value."""
        return self._and(path, "<", value)

    def lte_where(self, path: object, value: object) -> "Query":
        """Keep the rows in which a field is at most a value."""
        return self._and(path, "<=", value)

    def gt_where(self, path: object, value: object) -> "Query":
        """Keep the rows in which a field is more than a value."""
        return self._and(path, ">", value)

    def gte_where(self, path: object, value: object) -> "Query":
        """Keep the rows in which a field is at least a value."""
        return self._and(path, ">=", value)

    def in_where(self, path: object, values: object) -> "Query":
        """Keep the rows in which a field is one of some values."""
        return self._and(path, "in", values)

    def or_where(self, other: object = MISSING, *, other_query: object = MISSING) -> "Query":
        """Take also the rows of another query of the collection.

        Its limit and its order count if this query has none.
        """
        other = either("other", other, other_query)
        if not isinstance(other, Query) or isinstance(other, Collection):
            raise no_instance(other, "Query", argument="other")
        if (other._number, other._handle) != (self._number, self._handle):
            raise Malformed("or_where requires the same collection")
        mine, theirs = self.asked, other.asked
        both = mine.filter and theirs.filter and Either(mine.filter, theirs.filter)
        return self._with(
            Asked(both or None, mine.order or theirs.order,
                  theirs.limit if mine.limit is None else mine.limit)
        )  # fmt: skip

    def order_by(self, path: object, *, desc: bool = False) -> "Query":
        """Sort by a field: None last, ties by the key; *desc* is the exact reverse."""
        found = path_in(path)
        if kind_at(self._shape().schema, found) is None:
            raise Malformed("unknown field path")
        return self._with(Asked(self.asked.filter, Order(found, bool(desc)), self.asked.limit))

    def limit(self, n: int) -> "Query":
        """Keep the first rows only."""
        try:
            count = operator.index(n)
        except TypeError as error:
            raise WrongType(f"argument 'n': {error}") from None
        if count < 0:
            raise OutOfRange("can't convert negative int to unsigned")
        if count >= _MOST:
            raise OutOfRange("int too big to convert")
        return self._with(Asked(self.asked.filter, self.asked.order, count))

    def explain(self) -> str:
        """Return how the rows are found."""
        self._check_limit()
        shape = self._shape()
        with as_interface:
            native = self._queries(shape)[0].explain()
        order = self.asked.order
        ordered = None if order is None else (order.path, order.descending)
        return explain(shape.schema, self.asked.filter, ordered, self.asked.limit, native)

    def all(self, fields: object = None) -> list[Row]:
        """Return the rows, or the *fields* of them.

        Raises:
            ModelVaultQueryError: the limit is too large.
        """
        self._check_limit()
        shape = self._shape()
        if fields is None:
            return self._rows(shape)
        paths = paths_of(shape.schema, fields)
        return [project(row, paths) for row in self._rows(shape)]

    def first(self) -> Row | None:
        """Return the first row, or None."""
        limit = self.asked.limit
        found = self.limit(1 if limit is None else min(1, limit)).all()
        return found[0] if found else None

    def exists(self) -> bool:
        """Tell whether there is such a row."""
        return self.first() is not None

    def count(self) -> int:
        """Return how many rows there are."""
        self._check_limit()
        shape = self._shape()
        with as_interface:
            native = self._base(shape)
            limit = self.asked.limit
            return (native if limit is None else native.limit(limit)).count()

    def __iter__(self) -> Iterator[Row]:
        """Yield the rows."""
        return iter(self.all())

    def _and(self, path: object, sign: str, value: object) -> "Query":
        made = filters.comparison(self._shape().schema, path_in(path), sign, value)
        before, order, limit = self.asked
        return self._with(Asked(filters.joined(before, made), order, limit))

    def _with(self, asked: Asked) -> "Query":
        return Query(self._handle, self._name, self._number, asked)

    def _shape(self) -> Shape:
        return self._handle.shape(self._name)

    def _check_limit(self) -> None:
        limit = self.asked.limit
        if limit is not None and limit > MAX_LIMIT:
            raise ModelVaultQueryError(
                f"query error: query limit {limit} exceeds maximum {MAX_LIMIT}"
            )

    def _rows(self, shape: Shape) -> list[Row]:
        with as_interface:
            queries = self._queries(shape)
            if len(queries) == 1:
                rows = queries[0].all()
            else:
                with self._handle.reading():
                    rows = self._joined(queries)
        return rows if shape.is_plain else list(map(shape.give, rows))

    def _joined(self, queries: list[NativeQuery]) -> list[Row]:
        """Return what queries give one after the other, up to the limit."""
        rows: list[Row] = []
        for query in queries:
            if self.asked.limit is not None:
                query = query.limit(self.asked.limit - len(rows))  # noqa: PLW2901 - the rest
            rows += query.all()
        return rows

    def _queries(self, shape: Shape) -> list[NativeQuery]:
        """Return the queries of native rows that give the rows in their order, in turn."""
        base, order = self._base(shape), self.asked.order
        if self.asked.limit is not None:
            base = base.limit(self.asked.limit)
        if order is None:
            return [base]
        path = sorted_at(shape.schema, order.path)
        ordered = _sorted(base, path, order)
        if path == (shape.native_key,) or not may_be_none(shape.schema, order.path):
            return [ordered]
        # Native rows begin with None.
        with_value = ordered.where(~field(path).is_null())
        without = _sorted(base.where(field(path).is_null()), (shape.native_key,), order)
        return [without, with_value] if order.descending else [with_value, without]

    def _base(self, shape: Shape) -> NativeQuery:
        query = self._handle.rows(shape.native_name).query()
        if self.asked.filter is None:
            return query
        return query.where(filters.native(shape.schema, self.asked.filter))


def _sorted(query: NativeQuery, path: Path, order: Order) -> NativeQuery:
    return query.order_by(-field(path) if order.descending else field(path))


class Collection(Query):
    """All rows of a collection: where a query begins."""

    def __init__(self, handle: Handle, name: str) -> None:
        schema = handle.shape(name).schema
        super().__init__(handle, schema.name, schema.number, Asked())
