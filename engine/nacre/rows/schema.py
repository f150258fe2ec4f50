"""What a collection holds: its fields, its key, its indexes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import cast

from nacre.errors import InvalidInput, NotFound
from nacre.event import checked_name
from nacre.rows.types import FieldType, type_of

Path = tuple[str, ...]

MAX_FIELDS = 4096
_MAX_INDEXES = 250


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field: its type, whether None is allowed, what else its values must be."""

    name: str
    type: FieldType
    nullable: bool = False
    checks: Mapping[str, object] = field(default_factory=dict)
    """Constraints by name: min, max, min_length, max_length, regex, one_of."""

    default: object = None
    """What is stored when a row does not give the field."""

    has_default: bool = False
    slot: int = -1
    """Where the value stands in a stored row; it never changes."""

    fill: object = None
    """What rows hold that were stored before the field was there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """A table of the view that is sorted by some fields."""

    name: str
    paths: tuple[Path, ...]
    unique: bool = False
    number: int = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """The fields of a collection, in their order, its key and its indexes."""

    fields: tuple[Field, ...]
    key: tuple[str, ...]
    indexes: tuple[Index, ...] = ()
    next_slot: int = 1
    next_index: int = 1

    def field(self, name: str) -> Field:
        """Return a field by its name.

        Raises:
            NotFound: there is none.
        """
        for found in self.fields:
            if found.name == name:
                return found
        names = ", ".join(found.name for found in self.fields)
        raise NotFound(f"there is no field {name!r}: the fields are {names}")

    def index(self, name: str) -> Index | None:
        """Return an index by its name, or None."""
        return next((index for index in self.indexes if index.name == name), None)

    def type_at(self, path: Path) -> FieldType:
        """Return the type of a field, or of a part of an object.

        Raises:
            NotFound: there is no such field or part.
        """
        found = self.field(path[0]).type
        for part in path[1:]:
            if found.inner is None or part not in found.inner:
                raise NotFound(f"there is no field {'.'.join(path)!r}")
            found = found.inner[part]
        return found

    def resolve(self, path: "str | Sequence[str]") -> Path:
        """Return the path that is written as a name, `a.b`, or as its parts.

        Raises:
            NotFound: there is no such field or part.
        """
        if isinstance(path, str):
            names = {found.name for found in self.fields}
            path = (path,) if path in names else tuple(path.split("."))
        resolved = tuple(path) if isinstance(path, Iterable) else ()
        if not resolved:
            raise InvalidInput(f"the path {path!r:.60} names no field: name one")
        self.type_at(resolved)
        return resolved

    def numbered(self) -> "Schema":
        """Return the schema with slots and numbers for the fields and indexes that have none."""
        slot, number = self.next_slot, self.next_index
        fields, indexes = [], []
        for found in self.fields:
            fields.append(found if found.slot >= 0 else replace(found, slot=slot))
            slot += found.slot < 0
        for index in self.indexes:
            indexes.append(index if index.number >= 0 else replace(index, number=number))
            number += index.number < 0
        return replace(
            self,
            fields=tuple(fields),
            indexes=tuple(indexes),
            next_slot=slot,
            next_index=number,
        )

    def checked(self) -> "Schema":
        """Return the schema if its key and indexes can be kept.

        Raises:
            InvalidInput: they cannot; the message says why.
        """
        names = [checked_name("the name of a field", found.name) for found in self.fields]
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise InvalidInput(f"the field {twice!r} is there twice: rename one")
        if not 0 < len(names) <= MAX_FIELDS:
            raise InvalidInput(f"{len(names)} fields: a collection has 1 to {MAX_FIELDS}")
        for name in self.key:
            self._check_key(name)
        if len(self.indexes) > _MAX_INDEXES:
            raise InvalidInput(f"{len(self.indexes)} indexes: {_MAX_INDEXES} are allowed")
        for index in self.indexes:
            self._check_index(index)
        return self

    def to_data(self) -> dict[str, object]:
        """Return what an event stores of the schema."""
        fields = [
            [f.slot, f.name, f.type.spec, f.nullable, dict(f.checks), f.has_default, f.default]
            + ([f.fill] if f.fill is not None else [])
            for f in self.fields
        ]
        indexes = [[i.number, i.name, [list(p) for p in i.paths], i.unique] for i in self.indexes]
        return {
            "fields": fields,
            "key": list(self.key),
            "indexes": indexes,
            "next": [self.next_slot, self.next_index],
        }

    def _check_key(self, name: str) -> None:
        found = self.field(name)
        if found.type.key is None:
            raise InvalidInput(f"the key {name!r} is of a type without an order: choose a scalar")
        if found.nullable:
            raise InvalidInput(f"the key {name!r} may be None: a key always has a value")

    def _check_index(self, index: Index) -> None:
        checked_name("the name of an index", index.name)
        if not index.paths:
            raise InvalidInput(f"the index {index.name!r} has no fields: name one")
        if self.index(index.name) is not index:
            raise InvalidInput(f"the index {index.name!r} is there twice: rename one")
        for path in index.paths:
            if self.type_at(path).key is None:
                raise InvalidInput(
                    f"{'.'.join(path)!r} is of a type without an order: index a scalar"
                )


def schema_from(data: Mapping[str, object]) -> Schema:
    """Return the schema that `Schema.to_data` stored."""
    slot, number = cast("list[int]", data["next"])
    return Schema(
        fields=tuple(map(_field_from, cast("list[list[object]]", data["fields"]))),
        key=tuple(cast("list[str]", data["key"])),
        indexes=tuple(map(_index_from, cast("list[list[object]]", data["indexes"]))),
        next_slot=slot,
        next_index=number,
    )


def _field_from(stored: list[object]) -> Field:
    slot, name, spec, nullable, checks, has_default, default, *fill = stored
    return Field(
        name=cast("str", name),
        type=type_of(spec),
        nullable=bool(nullable),
        checks=cast("dict[str, object]", checks),
        default=default,
        has_default=bool(has_default),
        slot=cast("int", slot),
        fill=fill[0] if fill else None,
    )


def _index_from(stored: list[object]) -> Index:
    number, name, paths, unique = stored
    return Index(
        name=cast("str", name),
        paths=tuple(tuple(path) for path in cast("list[list[str]]", paths)),
        unique=bool(unique),
        number=cast("int", number),
    )
