"""A class as a collection: its name, its schema, and its instances as rows."""

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Generic, TypeVar, cast

from nacre_adapters.modelvault.errors import (
    Malformed,
    ModelVaultSchemaError,
    WrongType,
    no_instance,
)
from nacre_adapters.modelvault.kinds import Path
from nacre_adapters.modelvault.models.codec import (
    build,
    fields_of,
    is_pydantic,
    names_of,
    plain,
)
from nacre_adapters.modelvault.models.markers import FieldRef, IndexSpec
from nacre_adapters.modelvault.shape import Row

Model = TypeVar("Model")


class Mapped(Generic[Model]):
    """A dataclass or a pydantic model, read once."""

    def __init__(self, model: type[Model]) -> None:
        self.model = model
        self.primary = _primary_of(model)
        self.name = collection_name(model)
        self.fields = fields_of(model)
        self._loads = {field.name: field.codec.load for field in self.fields}
        self.names = names_of(model)
        if self.primary not in self.names:
            raise ModelVaultSchemaError(
                f'schema error: primary field "{self.primary}" not found as a top-level field'
            )

    def fields_json(self) -> str:
        """Return the fields as `register_collection` takes them."""
        return json.dumps([field.to_json() for field in self.fields])

    def indexes_json(self) -> str:
        """Return the indexes as `register_collection` takes them."""
        return json.dumps([
            {"name": spec.name, "paths": [field.split(".") for field in spec.fields],
             "kind": "unique" if spec.unique else "index"}
            for spec in _indexes_of(self.model)
        ])  # fmt: skip

    def refer(self) -> None:
        """Give the class its fields as attributes, for queries, where it has none of its own."""
        for name in self.names:
            if name not in vars(self.model) and not _inherits(self.model, name):
                setattr(self.model, name, FieldRef(name))

    def dump(self, instance: object) -> Row:
        """Return an instance as a row.

        Raises:
            WrongType: it is not one of the class.
            Malformed: it has fields that the class does not have.
        """
        if not isinstance(instance, self.model):
            raise WrongType(
                f"a {type(instance).__name__} is no {self.model.__name__}: insert an instance"
            )
        self._refuse_more(instance)
        return {name: plain(getattr(instance, name)) for name in self.names}

    def key_of(self, key: object) -> object:
        """Return the primary key that is given, or of the instance that is given."""
        return getattr(key, self.primary) if isinstance(key, self.model) else plain(key)

    def load(self, row: Mapping[str, object]) -> Model:
        """Return a row as an instance."""
        return cast("Model", build(self.model, self._loaded(row)))

    def load_some(self, row: Mapping[str, object], paths: Sequence[Path]) -> Model:
        """Return an instance that has the selected fields, and no others.

        What was not selected is no attribute: it must not look like data.
        """
        whole = {path[0] for path in paths if len(path) == 1}
        values = self._loaded({name: value for name, value in row.items() if name in whole})
        values |= {name: value for name, value in row.items() if name not in whole}
        made = cast("Model", object.__new__(partial_class(cast("type", self.model))))
        if is_pydantic(self.model):
            _fill_pydantic(made, values)
            return made
        for name, value in values.items():
            object.__setattr__(made, name, value)
        return made

    def _refuse_more(self, instance: object) -> None:
        """Refuse what would be left out: fields of a subclass, and extra ones of pydantic."""
        more = getattr(instance, "__pydantic_extra__", None) or ()
        if type(instance) is not self.model:
            more = (*more, *(n for n in names_of(type(instance)) if n not in self.names))
        for name in more:
            raise Malformed(f'unknown field "{name}"')

    def _loaded(self, row: Mapping[str, object]) -> dict[str, object]:
        values = {}
        for name, load in self._loads.items():
            if name in row:
                value = row[name]
                values[name] = value if load is None else load(value)
        return values


def collection_name(model: type) -> str:
    """Return what the collection of a class is called: as it says, or from its own name."""
    given = getattr(model, "__modelvault_collection__", None)
    if given is not None:
        if not isinstance(given, str):
            raise no_instance(given, "str")
        return given
    letters = [f"_{c.lower()}" if "A" <= c <= "Z" else c for c in model.__name__]
    name = "".join(letters)
    if "A" <= model.__name__[0] <= "Z":
        name = name[1:]
    return name + ("es" if name.endswith("s") else "s")


@lru_cache(maxsize=256)
def partial_class(model: type) -> type:
    """Return a class for instances that lack fields: a default of the class is not their value."""
    if is_pydantic(model):
        return model
    names = names_of(model)
    missing = {name: FieldRef(name) for name in names}
    own = {"__repr__": _shown, "__module__": model.__module__, "__qualname__": model.__qualname__}
    return type(model.__name__, (model,), {**missing, **own})


def _shown(instance: object) -> str:
    values = ", ".join(f"{name}={value!r}" for name, value in vars(instance).items())
    return f"{type(instance).__name__}({values})"


def _fill_pydantic(made: object, values: dict[str, object]) -> None:
    object.__setattr__(made, "__dict__", values)
    object.__setattr__(made, "__pydantic_fields_set__", set(values))
    object.__setattr__(made, "__pydantic_extra__", None)
    object.__setattr__(made, "__pydantic_private__", None)


def _inherits(model: type, name: str) -> bool:
    """Tell whether a class above a dataclass gives the field a value."""
    return not is_pydantic(model) and any(name in vars(base) for base in model.__mro__)


def _primary_of(model: object) -> str:
    missing = object()
    primary = getattr(model, "__modelvault_primary_key__", missing)
    if primary is missing:
        raise Malformed('model must define __modelvault_primary_key__ = "field"')
    if not isinstance(primary, str):
        raise Malformed("__modelvault_primary_key__ must be a string field name")
    if not primary.strip():
        raise Malformed("__modelvault_primary_key__ cannot be empty")
    return primary.strip()


def _indexes_of(model: type) -> list[IndexSpec]:
    specs = getattr(model, "__modelvault_indexes__", None)
    if specs is None:
        return []
    if not isinstance(specs, list):
        raise Malformed(
            "__modelvault_indexes__ must be a list of modelvault.models.index/unique specs"
        )
    if not all(isinstance(spec, IndexSpec) for spec in specs):
        raise Malformed(
            "__modelvault_indexes__ must contain IndexSpec values "
            "from modelvault.models.index/unique"
        )
    return specs
