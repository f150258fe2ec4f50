"""What queries ask of a field again and again: found out once for each path of a schema."""

from dataclasses import dataclass
from functools import lru_cache

from nacre_adapters.modelvault.errors import Malformed
from nacre_adapters.modelvault.kinds import Kind, Path
from nacre_adapters.modelvault.schema import Schema
from nacre_adapters.modelvault.values import Convert, converter


@dataclass(frozen=True, slots=True)
class Comparable:
    """A field that values are compared with."""

    kind: Kind
    """Its type, without optional."""

    take: Convert
    may_be_none: bool


@lru_cache(maxsize=1024)
def kind_at(schema: Schema, path: Path) -> Kind | None:
    """Return the type at a path, or None."""
    return schema.kind_at(path)


@lru_cache(maxsize=1024)
def comparable_at(schema: Schema, path: Path) -> Comparable:
    """Return the field at a path.

    Raises:
        Malformed: there is none, or it is a list or an object.
    """
    kind = schema.kind_at(path)
    if kind is None:
        raise Malformed("unknown field path")
    if kind.bare.name in ("list", "object"):
        raise Malformed("internal: scalar_from_py called on composite type")
    return Comparable(kind.bare, converter(kind.bare), may_be_none(schema, path))


@lru_cache(maxsize=1024)
def native_at(schema: Schema, path: Path) -> Path:
    """Return the path in native rows of a field or of a part of an object.

    Raises:
        Malformed: there is none.
    """
    found = schema.native_path(path)
    if found is None:
        raise Malformed("unknown field path")
    return found


@lru_cache(maxsize=1024)
def may_be_none(schema: Schema, path: Path) -> bool:
    """Tell whether a field is optional, or inside of something optional."""
    column = schema.column_of(path)
    if column is None or column.lacking:
        return True
    kinds = [schema.kind_at(path[:length]) for length in range(1, len(path) + 1)]
    return any(kind is not None and kind.is_optional for kind in kinds)


@lru_cache(maxsize=1024)
def sorted_at(schema: Schema, path: Path) -> Path:
    """Return the path that native rows are sorted by: that of the key for what has no order."""
    kind = schema.kind_at(path)
    if kind is None or kind.bare.name in ("list", "object"):
        return (schema.key.native,)
    return native_at(schema, path)
