"""Collections of instances: what a database gives for a class."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic

import nacre
from nacre_adapters.modelvault.errors import Malformed, WrongType, no_instance
from nacre_adapters.modelvault.handle import Decision, Handle
from nacre_adapters.modelvault.models.codec import plain
from nacre_adapters.modelvault.models.mapping import Mapped, Model
from nacre_adapters.modelvault.paths import paths_of
from nacre_adapters.modelvault.query import Collection, Query
from nacre_adapters.modelvault.shape import Row


@dataclass(frozen=True)
class ModelQuery(Generic[Model]):
    """Instances that fulfil conditions."""

    _mapped: Mapped[Model]
    _handle: Handle
    _query: Query
    _selected: tuple[object, ...] | None = None

    def where(self, path: object, value: object) -> "ModelQuery[Model]":
        """Keep those in which a field equals a value."""
        return self._with(self._query.and_where(path, plain(value)))

    def and_where(self, path: object, value: object) -> "ModelQuery[Model]":
        """Keep those in which a field also equals a value."""
        return self._with(self._query.and_where(path, plain(value)))

    def lt_where(self, path: object, value: object) -> "ModelQuery[Model]":
        """Keep those in which a field is less than a value."""
        return self._with(self._query.lt_where(path, plain(value)))

    def lte_where(self, path: object, value: object) -> "ModelQuery[Model]":
        """Keep those in which a field is at most a value."""
        return self._with(self._query.lte_where(path, plain(value)))

    def gt_where(self, path: object, value: object) -> "ModelQuery[Model]":
        """Keep those in which a field is more than a value."""
        return self._with(self._query.gt_where(path, plain(value)))

    def gte_where(self, path: object, value: object) -> "ModelQuery[Model]":
        """Keep those in which a field is at least a value."""
        return self._with(self._query.gte_where(path, plain(value)))

    def in_where(self, path: object, values: list[object]) -> "ModelQuery[Model]":
        """Keep those in which a field is one of some values."""
        return self._with(self._query.in_where(path, plain(values)))

    def or_where(self, other: "ModelQuery[Model]") -> "ModelQuery[Model]":
        """Take also those of another query of the collection."""
        if not isinstance(other, ModelQuery):
            raise no_instance(other, "ModelQuery", argument="other")
        return self._with(self._query.or_where(other._query))

    def order_by(self, path: object, *, desc: bool = False) -> "ModelQuery[Model]":
        """Sort by a field: None last, ties by the key; *desc* is the exact reverse."""
        return self._with(self._query.order_by(path, desc=desc))

    def limit(self, n: int) -> "ModelQuery[Model]":
        """Keep the first ones only."""
        return self._with(self._query.limit(n))

    def select(self, fields: object, *more: object) -> "ModelQuery[Model]":
        """Give these fields of each only: the others are then no attributes."""
        listed = tuple(fields) if isinstance(fields, list | tuple) else (fields,)
        return ModelQuery(self._mapped, self._handle, self._query, (*listed, *more))

    def explain(self) -> str:
        """Return how they are found."""
        return self._query.explain()

    def all(self, *, fields: object = None) -> list[Model]:
        """Return the instances, or instances that have the *fields* alone."""
        asked = fields if fields is not None else self._selected
        if asked is None:
            return list(map(self._mapped.load, self._query.all()))
        paths = paths_of(self._handle.shape(self._mapped.name).schema, asked)
        written = [list(path) for path in paths]
        return [self._mapped.load_some(row, paths) for row in self._query.all(written)]

    def first(self) -> Model | None:
        """Return the first instance, or None."""
        found = self.limit(1).all()
        return found[0] if found else None

    def count(self) -> int:
        """Return how many there are."""
        return self._query.count()

    def _with(self, query: Query) -> "ModelQuery[Model]":
        return ModelQuery(self._mapped, self._handle, query, self._selected)


class ModelCollection(Generic[Model]):
    """The instances of a class in a database."""

    def __init__(self, handle: Handle, mapped: Mapped[Model]) -> None:
        self._handle = handle
        self._mapped = mapped
        self.name = mapped.name

    def insert(self, obj: Model) -> None:
        """Store an instance, new or in place of the one with its key.

        Fields of the collection that the class does not have keep their values.
        """
        self._handle.insert(self.name, self._mapped.dump(obj), keeping=True)

    def insertion(self, obj: Model) -> Decision:
        """Return the decision that stores an instance: see `insert`."""
        return self._handle.insertion(self.name, self._mapped.dump(obj), keeping=True)

    def get(self, pk_or_obj: object) -> Model | None:
        """Return the instance of a key, or as stored the one that is given; None without one."""
        row = self._handle.get(self.name, self._mapped.key_of(pk_or_obj))
        return None if row is None else self._mapped.load(row)

    def delete(self, pk_or_obj: object) -> None:
        """Delete the instance of a key, or the one that is given."""
        self._handle.delete(self.name, self._mapped.key_of(pk_or_obj))

    def deletion(self, pk_or_obj: object) -> Decision:
        """Return the decision that deletes the instance of a key: see `delete`."""
        return self._handle.deletion(self.name, self._mapped.key_of(pk_or_obj))

    def update(self, pk: object, patch: object) -> None:
        """Change some fields of the instance of a key, and of what is inside of it.

        Raises:
            Malformed: there is none, or no such field.
            WrongType: the patch is neither a dict nor an instance.
        """
        self._handle.write_one(self.changing(pk, patch))

    def changing(self, pk: object, patch: object) -> Decision:
        """Return the decision that changes some fields of an instance: see `update`."""
        key = self._mapped.key_of(pk)
        changes = plain(patch)
        if not isinstance(changes, Mapping):
            raise WrongType(f"a {type(patch).__name__} is no patch: give a dict or an instance")

        def decide(tx: nacre.Transaction) -> None:
            shape = self._handle.shape_in(tx, self.name)
            rows = tx.rows[shape.schema.native_name]
            found = rows.get(shape.take_key(key))
            if found is None:
                raise Malformed("cannot update missing row")
            rows.upsert(shape.take(_merged(shape.give(found), changes)))

        return decide

    def query(self) -> ModelQuery[Model]:
        """Return a query for all of them, to refine."""
        return ModelQuery(self._mapped, self._handle, Collection(self._handle, self.name))

    def where(self, path: object, value: object) -> ModelQuery[Model]:
        """Return a query for those in which a field equals a value."""
        return self.query().where(path, value)

    def order_by(self, path: object, *, desc: bool = False) -> ModelQuery[Model]:
        """Return a query for all in an order."""
        return self.query().order_by(path, desc=desc)

    def limit(self, n: int) -> ModelQuery[Model]:
        """Return a query for the first ones."""
        return self.query().limit(n)

    def all(self, *, fields: object = None) -> list[Model]:
        """Return all instances, or instances that have the *fields* alone."""
        return self.query().all(fields=fields)

    def count(self) -> int:
        """Return how many there are."""
        return self.query().count()


def _merged(row: Mapping[str, object], changes: Mapping[str, object]) -> Row:
    """Return a row with changes; an object in them changes the parts that it names."""
    merged = dict(row)
    for name, value in changes.items():
        was = row.get(name)
        if isinstance(value, Mapping) and isinstance(was, Mapping):
            merged[name] = _merged(was, value)
        else:
            merged[name] = value
    return merged
