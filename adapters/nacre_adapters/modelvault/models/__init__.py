"""Models: dataclasses and pydantic classes kept in collections of a database."""

import asyncio

from nacre_adapters.modelvault.async_database import AsyncDatabase
from nacre_adapters.modelvault.database import Database
from nacre_adapters.modelvault.gate import blocked
from nacre_adapters.modelvault.models.async_collection import (
    AsyncModelCollection,
    AsyncModelQuery,
)
from nacre_adapters.modelvault.models.collection import ModelCollection, ModelQuery
from nacre_adapters.modelvault.models.mapping import Mapped, Model, collection_name
from nacre_adapters.modelvault.models.markers import (
    ConstraintSpec,
    FieldRef,
    IndexSpec,
    constrained,
    index,
    unique,
)
from nacre_adapters.modelvault.models.registered import register_or_check

__all__ = [
    "ConstraintSpec",
    "FieldRef",
    "IndexSpec",
    "AsyncModelCollection",
    "AsyncModelQuery",
    "ModelCollection",
    "ModelQuery",
    "apply",
    "async_apply",
    "async_collection",
    "async_plan",
    "collection",
    "constrained",
    "index",
    "plan",
    "unique",
]


def collection(db: Database, model_cls: type[Model]) -> ModelCollection[Model]:
    """Return the collection of a class, registered at first use, checked after that.

    Raises:
        ModelVaultSchemaError: the collection is not as the class says.
    """
    mapped = Mapped(model_cls)
    register_or_check(db.handle, mapped)
    mapped.refer()
    return ModelCollection(db.handle, mapped)


def async_collection(db: AsyncDatabase, model_cls: type[Model]) -> AsyncModelCollection[Model]:
    """Return the collection of a class for asyncio, registered at first use.

    Raises:
        ModelVaultSchemaError: the collection is not as the class says.
        Blocked: it is not there yet, and another task has a transaction open.
    """
    found = db.tasks.now(lambda: _at_once(db.database, model_cls))
    return AsyncModelCollection(db.tasks, found)


def async_plan(db: AsyncDatabase, model_cls: type[Model]) -> "asyncio.Future[dict[str, object]]":
    """Return what giving the collection the schema of a class would take."""
    return db.tasks.read(lambda: plan(db.database, model_cls))


def async_apply(
    db: AsyncDatabase, model_cls: type[Model], *, force: bool = False
) -> "asyncio.Future[int]":
    """Give the collection the schema of a class, and return its version."""
    return db.tasks.write(lambda: apply(db.database, model_cls, force=force))


def _at_once(db: Database, model_cls: type[Model]) -> ModelCollection[Model]:
    # The loop must not stand still until another of its tasks has ended a transaction.
    if db.handle.is_blocked and db.handle.catalogue().find(collection_name(model_cls)) is None:
        raise blocked()
    return collection(db, model_cls)


def plan(db: Database, model_cls: type[Model]) -> dict[str, object]:
    """Return what giving the collection the schema of a class would take."""
    mapped = Mapped(model_cls)
    return db.plan_schema_version(mapped.name, mapped.fields_json(), mapped.indexes_json())


def apply(db: Database, model_cls: type[Model], *, force: bool = False) -> int:
    """Give the collection the schema of a class, and return its version."""
    mapped = Mapped(model_cls)
    return db.register_schema_version(
        mapped.name, mapped.fields_json(), mapped.indexes_json(), force=force
    )
