"""The schema of a collection: fields, primary field, indexes, and the rows that they are kept in.

A field is a field of native rows: that of its name, or of its dotted path. All but the primary
one may be None there, so that a field can be required before old rows have it.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import cast

from nacre.errors import InvalidInput
from nacre.event import checked_name
from nacre_adapters.modelvault.errors import (
    Malformed,
    ModelVaultSchemaError,
    WrongType,
    no_instance,
)
from nacre_adapters.modelvault.json_texts import what_is_wrong
from nacre_adapters.modelvault.kinds import (
    MAX_DEPTH,
    MAX_FIELDS,
    Field,
    Kind,
    Path,
    fields_in,
    kind_at,
)

MAX_NAME_BYTES = 1023
_MAX_NATIVE_BYTES = 255


@dataclass(frozen=True, slots=True)
class Index:
    """A field by whose values rows are found, and more fields for rows that share one."""

    name: str
    path: Path
    unique: bool
    more: tuple[Path, ...] = ()

    @property
    def paths(self) -> tuple[Path, ...]:
        """All of its fields."""
        return (self.path, *self.more)


@dataclass(frozen=True, slots=True)
class Column:
    """A field, and the field of native rows that holds its values."""

    field: Field
    native: str
    lacking: bool = False
    """Whether rows may be without it: None then stands for that."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Schema:
    """What is registered of a collection. Each is one of its own, by which others are kept."""

    name: str
    number: int
    version: int
    primary: str
    columns: tuple[Column, ...]
    indexes: tuple[Index, ...]
    former: tuple[Column, ...] = ()
    """What forced versions have taken away, and rows from before still have."""

    @property
    def fields(self) -> tuple[Field, ...]:
        """The fields, in their order."""
        return tuple(column.field for column in self.columns)

    @property
    def key(self) -> Column:
        """The primary field."""
        return next(c for c in self.columns if c.field.path == (self.primary,))

    @property
    def native_name(self) -> str:
        """What the collection is called among native rows."""
        return native_name(self.name)

    def kind_at(self, path: Path) -> Kind | None:
        """Return the type at a path, or None."""
        return kind_at(self.fields, path)

    def column_of(self, path: Path) -> Column | None:
        """Return the column that holds a field or a part of an object."""
        return next((c for c in self.columns if path[: len(c.field.path)] == c.field.path), None)

    def native_path(self, path: Path) -> Path | None:
        """Return the path in native rows of a field or of a part of an object."""
        column = self.column_of(path)
        return None if column is None else (column.native, *path[len(column.field.path) :])

    def native_fields(self) -> dict[str, object]:
        """Return the fields of the native collection, in the order in which rows show them."""
        columns = sorted(self.columns, key=lambda column: column.field.path)
        # What was taken away comes last, so that it does not hide what replaced it.
        return {
            column.native: _native_field(column, is_key=column.field.path == (self.primary,))
            for column in (*columns, *self.former)
        }

    def native_indexes(self) -> list[dict[str, object]]:
        """Return the indexes of the native collection."""
        return [
            {"name": _native_index(index), "unique": index.unique,
             "fields": [self.native_path(path) for path in index.paths]}
            for index in self.indexes
        ]  # fmt: skip


def native_name(name: str) -> str:
    """Return what a collection is called among native rows: its name, if it may be one."""
    try:
        return checked_name("collection", name, limit=_MAX_NATIVE_BYTES)
    except InvalidInput:
        return f"modelvault {sha256(name.encode()).hexdigest()}"


def checked_collection_name(name: str) -> str:
    """Return a name of a collection without the blanks around it.

    Raises:
        ModelVaultSchemaError: it is empty or too long.
    """
    if not isinstance(name, str):
        raise not_text("collection_name", name)
    name = name.strip()
    if not name or len(name.encode()) > MAX_NAME_BYTES:
        raise ModelVaultSchemaError("schema error: invalid collection name")
    return name


def not_text(argument: str, value: object) -> WrongType:
    """Return the error for an argument that is no text."""
    return no_instance(value, "str", argument=argument)


def parse_fields(fields_json: str) -> tuple[Field, ...]:
    """Return the fields that a `fields_json` says, checked against each other.

    Raises:
        Malformed: it is not of the form.
        ModelVaultSchemaError: two fields are in each other's way, or there are too many.
    """
    fields = fields_in(_json("fields_json", fields_json))
    if len(fields) > MAX_FIELDS:
        raise ModelVaultSchemaError(
            f"schema error: field count {len(fields)} exceeds maximum {MAX_FIELDS}"
        )
    paths = {field.path for field in fields}
    parents = {path[:length] for path in paths for length in range(1, len(path))}
    if len(paths) < len(fields) or paths & parents:
        raise ModelVaultSchemaError("schema error: invalid field path")
    if any(field.kind.depth > MAX_DEPTH for field in fields):
        raise ModelVaultSchemaError(f"schema error: a type is nested deeper than {MAX_DEPTH}")
    return fields


def parse_indexes(indexes_json: str | None, fields: Sequence[Field]) -> tuple[Index, ...]:
    """Return the indexes that an `indexes_json` says.

    Raises:
        Malformed: it is not of the form, or names what is no scalar.
    """
    if indexes_json is None or (isinstance(indexes_json, str) and not indexes_json):
        return ()
    parsed = _json("indexes_json", indexes_json)
    if not isinstance(parsed, list):
        raise Malformed("indexes_json must be a JSON array")
    indexes: dict[str, Index] = {}
    for each in parsed:
        index = _index(each, fields)
        if index.name in indexes:
            raise Malformed(f'duplicate index name "{index.name}"')
        indexes[index.name] = index
    return tuple(indexes.values())


def make_columns(
    fields: Sequence[Field], taken: Mapping[str, Field] | None = None
) -> tuple[Column, ...]:
    """Return columns for fields, each with a native name that no other has."""
    names = set(taken or ())
    columns = []
    for field in fields:
        native = _free_name(field, names)
        names.add(native)
        columns.append(Column(field, native))
    return tuple(columns)


def _free_name(field: Field, taken: set[str]) -> str:
    try:
        wanted = checked_name("field", field.dotted, limit=200)
    except InvalidInput:
        wanted = "field"
    number, name = 2, wanted
    while name in taken:
        name, number = f"{wanted} {number}", number + 1
    return name


def check_primary(primary: str, fields: Sequence[Field]) -> str:
    """Return the name of the primary field without the blanks around it.

    Raises:
        ModelVaultSchemaError: it is no field, or no row could have such a key.
    """
    if not isinstance(primary, str):
        raise not_text("primary_field", primary)
    name = primary.strip()
    if not name:
        raise ModelVaultSchemaError("schema error: invalid collection name")
    found = next((field for field in fields if field.path == (name,)), None)
    if found is None:
        raise ModelVaultSchemaError(
            f'schema error: primary field "{name}" not found as a top-level field'
        )
    return name


def to_data(schema: Schema) -> dict[str, object]:
    """Return what events and the view hold of a schema."""
    return {
        "name": schema.name,
        "number": schema.number,
        "version": schema.version,
        "primary": schema.primary,
        "columns": [[c.native, c.lacking, c.field.to_json()] for c in schema.columns],
        "former": [[c.native, c.lacking, c.field.to_json()] for c in schema.former],
        "indexes": list(map(_index_to_data, schema.indexes)),
    }


def schema_from(data: Mapping[str, object]) -> Schema:
    """Return the schema that `to_data` wrote."""
    return Schema(
        name=str(data["name"]),
        number=cast("int", data["number"]),
        version=cast("int", data["version"]),
        primary=str(data["primary"]),
        columns=_columns(data["columns"]),
        former=_columns(data["former"]),
        indexes=tuple(
            Index(name, tuple(path), unique, tuple(map(tuple, more)))
            for name, path, unique, *more in cast(
                "list[tuple[str, list[str], bool, list[str]]]", data["indexes"]
            )
        ),
    )


def _index_to_data(index: Index) -> list[object]:
    return [index.name, list(index.path), index.unique, *map(list, index.more)]


def filled(schema: Schema, path: Path) -> Schema:
    """Return the schema in which no row is without a field any more."""
    columns = [replace(c, lacking=False) if c.field.path == path else c for c in schema.columns]
    return replace(schema, columns=tuple(columns))


def _columns(data: object) -> tuple[Column, ...]:
    rows = cast("list[tuple[str, bool, object]]", data)
    return tuple(Column(fields_in([said])[0], native, lacking) for native, lacking, said in rows)


def _json(argument: str, text: object) -> object:
    if not isinstance(text, str):
        raise not_text(argument, text)
    try:
        return json.loads(text, parse_constant=_finite, parse_float=_finite)
    except RecursionError:
        raise Malformed("recursion limit exceeded") from None
    except json.JSONDecodeError as error:
        raise Malformed(what_is_wrong(error)) from None
    except ValueError as error:
        raise Malformed(f"{argument} is no JSON: {error}") from None


def _finite(written: str) -> float:
    number = float(written)
    if not math.isfinite(number):
        raise ValueError(f"number out of range: {written}")
    return number


def _index(said: object, fields: Sequence[Field]) -> Index:
    if not isinstance(said, dict):
        raise Malformed("each index must be a JSON object")
    if not isinstance(said.get("name"), str):
        raise Malformed('index missing "name" or name is not a string')
    name = said["name"].strip()
    if not name:
        raise Malformed('index "name" must be non-empty')
    first, *more = [_index_path(name, path, fields) for path in _paths_in(said)]
    return Index(name, first, _is_unique(name, said.get("kind")), tuple(more))


def _paths_in(said: Mapping[str, object]) -> Sequence[object]:
    paths = said.get("paths")
    if isinstance(paths, list) and paths:
        return paths
    if "path" not in said:
        raise Malformed('index missing "path"')
    return [said["path"]]


def _index_path(name: str, said: object, fields: Sequence[Field]) -> Path:
    if not isinstance(said, list):
        raise Malformed('index "path" must be an array of strings')
    if not all(isinstance(segment, str) for segment in said):
        raise Malformed("index path segment must be a string")
    path = tuple(said)
    if not path or not all(path):
        raise Malformed("schema error: invalid field path")
    kind = kind_at(fields, path)
    if kind is None:
        raise Malformed(f'index "{name}" path does not match any field in fields_json')
    if kind.bare.name in ("list", "object"):
        raise Malformed(
            f'index "{name}" path must resolve to a scalar field (not list or object root)'
        )
    return path


def _is_unique(name: str, kind: object) -> bool:
    if not isinstance(kind, str):
        raise Malformed("index missing \"kind\" or kind is not a string")  # fmt: skip
    if kind not in ("unique", "index", "non_unique"):
        raise Malformed(
            f'index "{name}": kind must be "unique", "index", or "non_unique" (got "{kind}")'
        )
    return kind == "unique"


def _native_index(index: Index) -> str:
    try:
        return checked_name("index", index.name)
    except InvalidInput:
        return f"modelvault {sha256(index.name.encode()).hexdigest()}"


def _native_field(column: Column, *, is_key: bool) -> dict[str, object]:
    return {"type": _native_type(column.field.kind.bare), "nullable": not is_key}


def _native_type(kind: Kind) -> object:
    match kind.name:
        case "timestamp":
            return "int64"  # microseconds; a datetime would hold fewer years
        case "enum":
            return "string"
        case "list":
            assert kind.inner is not None
            return {"list": _native_part(kind.inner)}
        case "object":
            parts = sorted(kind.parts, key=lambda part: part.path)
            return {"object": {p.path[0]: _native_part(p.kind) for p in parts}} if parts else "json"
    return kind.name


def _native_part(kind: Kind) -> object:
    bare = _native_type(kind.bare)
    if not kind.is_optional:
        return bare
    return f"{bare}?" if isinstance(bare, str) else {"nullable": bare}
