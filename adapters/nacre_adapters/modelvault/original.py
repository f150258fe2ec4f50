"""Reading a file of modelvault 0.16 with modelvault itself, which nothing else here imports.

It has no call that tells a schema, so its schema is asked for with questions that it answers with
errors: values that no type takes, put into a copy in memory, and plans with other schemas.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path
from typing import Protocol, cast
from uuid import UUID

from nacre.errors import NotFound
from nacre_adapters.modelvault.errors import CannotOpen, Malformed, ModelVaultFormatError

Row = dict[str, object]
Put = Callable[[object], str]
"""Puts a value somewhere into a row, and returns what was said of it."""

_TYPES = (
    ("instance of 'bool'", "bool"),
    ("must be real number", "float64"),
    ("instance of 'str'", "string"),
    ("has no attribute 'replace'", "uuid"),
    ("timestamp field expects", "timestamp"),
    ("'Sequence'", "bytes"),
    ("`Vec`", "bytes"),
)
# So often that each of some reasons is said, but for one time in a million.
_ASKED = 60
_SAMPLES: dict[str, object] = {
    "bool": False, "int64": 0, "uint64": 0, "float64": 0.0, "string": "", "bytes": b"",
    "uuid": UUID(int=0), "timestamp": 0,
}  # fmt: skip
_REMOVED = re.compile(r"field removed: (\[.*\])")
_REORDERED = "field reorder breaks positional record encoding"
_PRIMARY = re.compile(r'must retain top-level primary field "(.*)"')
_INDEX = re.compile(r'IndexLookup index="(.*)" kind=(\w+)')
_VARIANTS = re.compile(r"enum value must be one of (\[.*\])", re.DOTALL)
_BOUND = re.compile(r"(value|length) \S+ is (below minimum|above maximum) (\S+)$")
_WORDS = (
    ("must be non-empty", "nonempty"), ("valid email shape", "email"), ("http(s) URL", "url"),
)  # fmt: skip


class _Reader(Protocol):
    """What is used of a database of the original."""

    def collection_names(self) -> list[str]: ...
    def collection(self, name: str) -> "_Query": ...
    def insert(self, name: str, row: Row) -> None: ...
    def plan_schema_version(
        self, name: str, fields_json: str, indexes_json: str | None = None
    ) -> dict[str, object]: ...
    def register_schema_version(self, name: str, fields_json: str, *, force: bool) -> int: ...


class _Query(Protocol):
    def all(self) -> list[Row]: ...
    def where(self, path: Sequence[str], value: object) -> "_Query": ...
    def explain(self) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Original:
    """A collection as it was read."""

    name: str
    primary: str
    fields: list[Mapping[str, object]]
    indexes: list[Mapping[str, object]]
    rows: list[Row]
    notes: tuple[str, ...]
    """What could not be found out."""


def read_original(path: Path) -> Iterable[Original]:
    """Yield the collections of a file.

    Raises:
        NotFound: the package modelvault is not installed.
        ModelVaultFormatError: the file is none of its own.
    """
    try:
        from modelvault import Database, dbapi  # noqa: PLC0415 - it is optional
    except ModuleNotFoundError:
        raise NotFound(
            "the package modelvault is not installed: `pip install modelvault==0.16.0`"
        ) from None
    if not path.is_file():
        raise CannotOpen(f"there is no file {path}: name a database of modelvault")
    try:
        source, scratch = Database.open_snapshot(str(path)), Database.open_snapshot(str(path))
        cursor = dbapi.connect(str(path)).cursor()
    except ValueError as error:
        raise ModelVaultFormatError(str(error)) from error

    def columns(name: str) -> list[str]:
        cursor.execute(f"select * from {name} limit 0")  # noqa: S608 - an identifier, or refused
        return [column[0] for column in cursor.description]

    for name in source.collection_names():
        yield _read(source, scratch, columns, name)


@dataclass(frozen=True, slots=True)
class _Probe:
    """A collection in a copy in memory, to try things with."""

    scratch: _Reader
    name: str
    row: Row
    """One that fits, if there is one."""

    def reasons(self, fields: Sequence[Mapping[str, object]]) -> set[str]:
        """Return why another schema is not safe; nothing if it is.

        A plan says one of the reasons, each time another one.
        """
        said = json.dumps(fields)
        plans = (self.scratch.plan_schema_version(self.name, said) for _ in range(_ASKED))
        return {str(plan["reason"]) for plan in plans if "reason" in plan}

    def put_at(self, path: Sequence[str]) -> Put:
        """Return what puts a value at a path of the row, in the copy."""

        def put(value: object) -> str:
            try:
                self.scratch.insert(self.name, _with(self.row, path, value))
            except (ValueError, TypeError, AttributeError, OverflowError) as error:
                return str(error)
            return ""

        return put


def _read(
    source: _Reader, scratch: _Reader, columns: Callable[[str], list[str]], name: str
) -> Original:
    rows = source.collection(name).all()
    notes: list[str] = []
    probe = _Probe(scratch, name, rows[0] if rows else {})
    primary = _primary_of(scratch, name)
    fields: list[Mapping[str, object]] = []
    for path in _paths(columns, probe):
        said = _type_of(probe.put_at(path), _values_at(rows, path))
        if said is None:
            raise Malformed(
                f"{name!r} has no row that tells the type of {'.'.join(path)}: "
                "insert one into a copy, or register the collection yourself"
            )
        fields.append({"path": path, "type": said})
    fields = _settled(probe, [_bounded(probe, field) for field in fields], notes)
    indexes = list(_indexes(scratch, name, fields))
    return Original(
        name=name, primary=primary, fields=fields, indexes=indexes, rows=rows, notes=tuple(notes)
    )


def _primary_of(scratch: _Reader, name: str) -> str:
    try:
        scratch.register_schema_version(name, "[]", force=True)
    except ValueError as error:
        found = _PRIMARY.search(str(error))
        if found is not None:
            return found[1]
    raise Malformed(f"the primary field of {name!r} was not found")


def _paths(columns: Callable[[str], list[str]], probe: _Probe) -> list[list[str]]:
    """Return the paths of the fields, in their order unless the SELECT cannot write the name."""
    removed = {why for _ in range(20) for why in probe.reasons([])}
    found = [_REMOVED.fullmatch(why) for why in removed]
    paths = [cast("list[str]", json.loads(each[1])) for each in found if each is not None]
    try:
        order = {name: at for at, name in enumerate(columns(probe.name))}
    except ValueError:
        return sorted(paths)
    return sorted(paths, key=lambda path: order.get(".".join(path), len(order)))


def _with(row: Mapping[str, object], path: Sequence[str], value: object) -> Row:
    first, *rest = path
    inner = cast("Row", row.get(first) or {})
    return {**row, first: _with(inner, rest, value) if rest else value}


def _values_at(rows: Sequence[Row], path: Sequence[str]) -> list[object]:
    values: list[object] = list(rows)
    for name in path:
        values = [value.get(name) for value in values if isinstance(value, dict)]
    return [value for value in values if value is not None]


def _type_of(put: Put, values: Sequence[object]) -> object | None:
    """Return the type at a place, None if nothing there tells it."""
    bare = _bare_type(put, values)
    if bare is None:
        return None
    said = put(None)
    return {"optional": bare} if not said else bare


def _bare_type(put: Put, values: Sequence[object]) -> object | None:
    said = put(object())
    for words, kind in _TYPES:
        if words in said:
            return kind
    if "interpreted as an integer" in said:
        return "uint64" if "can't convert negative" in put(-1) else "int64"
    if "expected string for enum" in said:
        found = _VARIANTS.search(put("\0"))
        return {"enum": json.loads(found[1])} if found else None
    if "expected list" in said:
        inner = [each for value in values if isinstance(value, list) for each in value]
        element = _type_of(lambda value: put([value]), [i for i in inner if i is not None])
        return None if element is None else {"list": element}
    if "expected dict" in said:
        return _object_type(put, [value for value in values if isinstance(value, dict)])
    return None


def _object_type(put: Put, values: Sequence[Row]) -> object | None:
    if not values:
        return None
    parts = []
    for name in values[0]:
        inside = [value[name] for value in values if value.get(name) is not None]
        kind = _type_of(lambda given, name=name: put({**values[0], name: given}), inside)  # type: ignore[misc]  # a default binds it
        if kind is None:
            return None
        parts.append({"path": [name], "type": kind})
    return {"object": parts}


def _bounded(probe: _Probe, field: Mapping[str, object]) -> Mapping[str, object]:
    """Return a field with the constraints that show in what is said of extreme values."""
    found = _bounds(probe.put_at(cast("list[str]", field["path"])), field["type"])
    return {**field, "constraints": found} if found else field


def _settled(
    probe: _Probe, fields: list[Mapping[str, object]], notes: list[str]
) -> list[Mapping[str, object]]:
    """Return the fields, each put right until a plan says that nothing would change of it."""
    for at in range(len(fields)):
        if not probe.reasons(fields) & _complaints(fields[at]):
            continue
        for candidate in _candidates(fields[at]):
            changed = [*fields[:at], candidate, *fields[at + 1 :]]
            if not probe.reasons(changed) & _complaints(candidate):
                fields = changed
                break
    notes += [
        f"{probe.name}: not found out: {why}"
        for why in sorted(probe.reasons(fields) - {_REORDERED})
    ]
    return fields


def _complaints(field: Mapping[str, object]) -> set[str]:
    path = "[" + ", ".join(f'"{name}"' for name in cast("list[str]", field["path"])) + "]"
    return {f"constraints changed for field {path}", f"type changed for field {path}"}


def _candidates(field: Mapping[str, object]) -> Iterable[Mapping[str, object]]:
    """Yield a field with constraints and parts in every order, as optional, with fewer of them."""
    found = cast("list[object]", field.get("constraints", []))
    for count in range(min(len(found), 4), -1, -1):
        for chosen in permutations(found, count):
            for said in _types_like(field["type"]):
                yield {**field, "type": said, "constraints": list(chosen)}


def _types_like(said: object) -> Iterable[object]:
    """Yield a type, the same as optional, and both with the parts of an object in every order."""
    is_optional = isinstance(said, dict) and "optional" in said
    bare = cast("dict[str, object]", said)["optional"] if is_optional else said
    orders: Iterable[object] = (bare,)
    if isinstance(bare, dict) and len(cast("list[object]", bare.get("object", ()))) in range(2, 6):
        orders = ({"object": list(order)} for order in permutations(bare["object"]))
    for each in orders:
        yield from ({"optional": each},) if is_optional else (each, {"optional": each})


def _bounds(put: Put, said: object) -> list[dict[str, object]]:
    kind = said["optional"] if isinstance(said, dict) and "optional" in said else said
    found: list[dict[str, object]] = []
    for value in _extremes(kind):
        for constraint in _bound_in(put(value), kind):
            if constraint not in found:
                found.append(constraint)
    return found


def _extremes(kind: object) -> list[object]:
    match kind:
        case "int64":
            return [-(2**63), 2**63 - 1, 0]
        case "uint64":
            return [0, 2**64 - 1]
        case "float64":
            return [-1e308, 1e308, 0.0]
        case "bytes":
            return [b"", bytes(100_000)]
        case {"list": _}:
            return [[]]
    return ["", "x", "x" * 100_000, "x@y.z", "http://x.y", "http://x@y.z"]


def _bound_in(said: str, kind: object) -> Iterable[dict[str, object]]:
    found = _BOUND.search(said)
    if found is not None:
        word = "min" if found[2].startswith("below") else "max"
        if found[1] == "length":
            yield {f"{word}_length": int(found[3])}
        elif kind == "float64":
            yield {f"{word}_f64": float(found[3])}
        else:
            yield {f"{word}_{'u64' if kind == 'uint64' else 'i64'}": int(found[3])}
    for words, name in _WORDS:
        if words in said:
            yield {name: True}


def _indexes(
    scratch: _Reader, name: str, fields: Sequence[Mapping[str, object]]
) -> Iterable[Mapping[str, object]]:
    for path, kind in _scalars(fields):
        plan = scratch.collection(name).where(path, _SAMPLES[kind]).explain()
        found = _INDEX.search(plan)
        if found is not None:
            how = "unique" if found[2] == "Unique" else "index"
            yield {"name": found[1], "path": path, "kind": how}


def _scalars(fields: Sequence[Mapping[str, object]]) -> Iterable[tuple[list[str], str]]:
    for field in fields:
        path, kind = cast("list[str]", field["path"]), field["type"]
        while isinstance(kind, dict) and "optional" in kind:
            kind = kind["optional"]
        if isinstance(kind, str):
            yield path, kind
        elif isinstance(kind, dict) and "object" in kind:
            for inner, bare in _scalars(kind["object"]):
                yield [*path, *inner], bare
