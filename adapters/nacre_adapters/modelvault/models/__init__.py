"""Models: dataclasses and pydantic classes kept in collections of a database."""

from nacre_adapters.modelvault.database import Database
from nacre_adapters.modelvault.models.collection import ModelCollection, ModelQuery
from nacre_adapters.modelvault.models.mapping import Mapped, Model
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
    "ModelCollection",
    "ModelQuery",
    "apply",
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
