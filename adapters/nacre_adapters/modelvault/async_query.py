"""Queries whose reading is awaited; putting them together is not."""

import asyncio
from collections.abc import Callable

from nacre_adapters.modelvault.arguments import MISSING, either
from nacre_adapters.modelvault.errors import no_instance
from nacre_adapters.modelvault.query import Collection, Query
from nacre_adapters.modelvault.shape import Row
from nacre_adapters.modelvault.tasks import Tasks


class AsyncQuery:
    """Rows of a collection that fulfil conditions."""

    def __init__(self, tasks: Tasks, query: Query) -> None:
        self._tasks = tasks
        self._query = query

    def where(self, path: object, value: object) -> "AsyncQuery":
        """Keep the rows in which a field equals a value; None finds those without one."""
        return self._with(lambda: self._query.where(path, value))

    def and_where(self, path: object, value: object) -> "AsyncQuery":
        """Keep the rows in which a field also equals a value."""
        return self._with(lambda: self._query.and_where(path, value))

    def lt_where(self, path: object, value: object) -> "AsyncQuery":
        """Keep the rows in which a field is less than a value."""
        return self._with(lambda: self._query.lt_where(path, value))

    def lte_where(self, path: object, value: object) -> "AsyncQuery":
        """Keep the rows in which a field is at most a value."""
        return self._with(lambda: self._query.lte_where(path, value))

    def gt_where(self, path: object, value: object) -> "AsyncQuery":
        """Keep the rows in which a field is more than a value."""
        return self._with(lambda: self._query.gt_where(path, value))

    def gte_where(self, path: object, value: object) -> "AsyncQuery":
        """Keep the rows in which a field is at least a value."""
        return self._with(lambda: self._query.gte_where(path, value))

    def in_where(self, path: object, values: object) -> "AsyncQuery":
        """Keep the rows in which a field is one of some values."""
        return self._with(lambda: self._query.in_where(path, values))

    def or_where(self, other: object = MISSING, *, other_query: object = MISSING) -> "AsyncQuery":
        """Take also the rows of another query of the collection."""
        query = either("other", other, other_query)
        if not isinstance(query, AsyncQuery):
            raise no_instance(query, "AsyncQuery", argument="other")
        return self._with(lambda: self._query.or_where(query._query))

    def order_by(self, path: object, *, desc: bool = False) -> "AsyncQuery":
        """Sort by a field: None last, ties by the key; *desc* is the exact reverse."""
        return self._with(lambda: self._query.order_by(path, desc=desc))

    def limit(self, n: int) -> "AsyncQuery":
        """Keep the first rows only."""
        return self._with(lambda: self._query.limit(n))

    def explain(self) -> "asyncio.Future[str]":
        """Return how the rows are found."""
        return self._tasks.read(self._query.explain)

    def all(self, fields: object = None) -> "asyncio.Future[list[Row]]":
        """Return the rows, or the *fields* of them."""
        return self._tasks.read(lambda: self._query.all(fields))

    def first(self) -> "asyncio.Future[Row | None]":
        """Return the first row, or None."""
        return self._tasks.read(self._query.first)

    def exists(self) -> "asyncio.Future[bool]":
        """Tell whether there is such a row."""
        return self._tasks.read(self._query.exists)

    def count(self) -> "asyncio.Future[int]":
        """Return how many rows there are."""
        return self._tasks.read(self._query.count)

    def _with(self, made: Callable[[], Query]) -> "AsyncQuery":
        return AsyncQuery(self._tasks, self._tasks.now(made))


class AsyncCollection(AsyncQuery):
    """All rows of a collection: where a query begins."""

    def __init__(self, tasks: Tasks, name: str) -> None:
        super().__init__(tasks, tasks.now(lambda: Collection(tasks.handle, name)))
