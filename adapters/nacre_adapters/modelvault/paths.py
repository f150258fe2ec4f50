"""How paths are written: dotted text, or names one by one."""

from collections.abc import Sequence

from nacre_adapters.modelvault.errors import Malformed
from nacre_adapters.modelvault.kinds import Path
from nacre_adapters.modelvault.schema import Schema


def path_in(written: object) -> Path:
    """Return the path that a text or a sequence of names means.

    Raises:
        Malformed: it means none.
    """
    if hasattr(written, "path") and isinstance(written.path, list):
        written = written.path  # a field of a model
    if isinstance(written, str):
        text = written.strip()
        if not text:
            raise Malformed("path must be non-empty")
        path = tuple(text.split("."))
        if not all(path):
            raise Malformed("invalid path")
        return path
    if isinstance(written, list | tuple) and all(isinstance(name, str) for name in written):
        if not written:
            raise Malformed("path must have at least one segment")
        if not all(written):
            raise Malformed("path segments must be non-empty")
        return tuple(written)
    raise Malformed('path must be a dotted string ("a.b") or list[str]')


def paths_of(schema: Schema, fields: object) -> list[Path]:
    """Return the paths that a projection asks for.

    Raises:
        Malformed: it asks for none, or for one that there is not.
    """
    if isinstance(fields, str):
        fields = [fields]
    if not isinstance(fields, Sequence):
        raise Malformed('path must be a dotted string ("a.b") or list[str]')
    if not fields:
        raise Malformed("fields must list at least one schema path")
    paths = [path_in(field) for field in fields]
    for path in paths:
        if schema.kind_at(path) is None:
            raise Malformed(f"unknown field path for this collection: {shown(path)}")
    return paths


def shown(path: Sequence[object]) -> str:
    """Return a path as messages write it."""
    return "[" + ", ".join(f'"{segment}"' for segment in path) + "]"
