"""Collections of instances for asyncio."""

import asyncio
from collections.abc import Callable
from typing import Generic

from nacre_adapters.modelvault.models.collection import ModelCollection, ModelQuery
from nacre_adapters.modelvault.models.mapping import Model
from nacre_adapters.modelvault.tasks import Tasks


class AsyncModelQuery(Generic[Model]):
    """Instances that fulfil conditions; reading them is awaited."""

    def __init__(self, tasks: Tasks, query: ModelQuery[Model]) -> None:
        self._tasks = tasks
        self._query = query

    def where(self, path: object, value: object) -> "AsyncModelQuery[Model]":
        """Keep those in which a field equals a value."""
        return self._with(lambda: self._query.where(path, value))

    def and_where(self, path: object, value: object) -> "AsyncModelQuery[Model]":
        """Keep those in which a field also equals a value."""
        return self._with(lambda: self._query.and_where(path, value))

    def lt_where(self, path: object, value: object) -> "AsyncModelQuery[Model]":
        """Keep those in which a field is less than a value."""
        return self._with(lambda: self._query.lt_where(path, value))

    def lte_where(self, path: object, value: object) -> "AsyncModelQuery[Model]":
        """Keep those in which a field is at most a value."""
        return self._with(lambda: self._query.lte_where(path, value))

    def gt_where(self, path: object, value: object) -> "AsyncModelQuery[Model]":
        """Keep those in which a field is more than a value."""
        return self._with(lambda: self._query.gt_where(path, value))

    def gte_where(self, path: object, value: object) -> "AsyncModelQuery[Model]":
        """Keep those in which a field is at least a value."""
        return self._with(lambda: self._query.gte_where(path, value))

    def in_where(self, path: object, values: list[object]) -> "AsyncModelQuery[Model]":
        """Keep those in which a field is one of some values."""
        return self._with(lambda: self._query.in_where(path, values))

    def or_where(self, other: "AsyncModelQuery[Model]") -> "AsyncModelQuery[Model]":
        """Take also those of another query of the collection."""
        return self._with(lambda: self._query.or_where(other._query))

    def order_by(self, path: object, *, desc: bool = False) -> "AsyncModelQuery[Model]":
        """Sort by a field: None last, ties by the key; *desc* is the exact reverse."""
        return self._with(lambda: self._query.order_by(path, desc=desc))

    def limit(self, n: int) -> "AsyncModelQuery[Model]":
        """Keep the first ones only."""
        return self._with(lambda: self._query.limit(n))

    def select(self, fields: object, *more: object) -> "AsyncModelQuery[Model]":
        """Give these fields of each only: the others are then no attributes."""
        return self._with(lambda: self._query.select(fields, *more))

    def explain(self) -> "asyncio.Future[str]":
        """Return how they are found."""
        return self._tasks.read(self._query.explain)

    def all(self, *, fields: object = None) -> "asyncio.Future[list[Model]]":
        """Return the instances, or instances that have the *fields* alone."""
        return self._tasks.read(lambda: self._query.all(fields=fields))

    def first(self) -> "asyncio.Future[Model | None]":
        """Return the first instance, or None."""
        return self._tasks.read(self._query.first)

    def count(self) -> "asyncio.Future[int]":
        """Return how many there are."""
        return self._tasks.read(self._query.count)

    def _with(self, made: Callable[[], ModelQuery[Model]]) -> "AsyncModelQuery[Model]":
        return AsyncModelQuery(self._tasks, self._tasks.now(made))


class AsyncModelCollection(Generic[Model]):
    """The instances of a class in a database."""

    def __init__(self, tasks: Tasks, collection: ModelCollection[Model]) -> None:
        self._tasks = tasks
        self._collection = collection
        self.name = collection.name

    def insert(self, obj: Model) -> "asyncio.Future[None]":
        """Store an instance, new or in place of the one with its key."""
        mapped = self._collection
        return self._tasks.write_one(lambda: mapped.insert(obj), lambda: mapped.insertion(obj))

    def get(self, pk_or_obj: object) -> "asyncio.Future[Model | None]":
        """Return the instance of a key, or as stored the one that is given."""
        return self._tasks.read(lambda: self._collection.get(pk_or_obj))

    def delete(self, pk_or_obj: object) -> "asyncio.Future[None]":
        """Delete the instance of a key, or the one that is given."""
        mapped = self._collection
        return self._tasks.write_one(
            lambda: mapped.delete(pk_or_obj), lambda: mapped.deletion(pk_or_obj)
        )

    def update(self, pk: object, patch: object) -> "asyncio.Future[None]":
        """Change some fields of the instance of a key."""
        mapped = self._collection
        return self._tasks.write_one(
            lambda: mapped.update(pk, patch), lambda: mapped.changing(pk, patch)
        )

    def query(self) -> AsyncModelQuery[Model]:
        """Return a query for all of them, to refine."""
        return AsyncModelQuery(self._tasks, self._tasks.now(self._collection.query))

    def where(self, path: object, value: object) -> AsyncModelQuery[Model]:
        """Return a query for those in which a field equals a value."""
        return self.query().where(path, value)

    def order_by(self, path: object, *, desc: bool = False) -> AsyncModelQuery[Model]:
        """Return a query for all in an order."""
        return self.query().order_by(path, desc=desc)

    def limit(self, n: int) -> AsyncModelQuery[Model]:
        """Return a query for the first ones."""
        return self.query().limit(n)

    def all(self, *, fields: object = None) -> "asyncio.Future[list[Model]]":
        """Return all instances, or instances that have the *fields* alone."""
        return self.query().all(fields=fields)

    def count(self) -> "asyncio.Future[int]":
        """Return how many there are."""
        return self.query().count()
