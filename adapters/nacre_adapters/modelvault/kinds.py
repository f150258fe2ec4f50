"""The types of fields: what a schema's JSON says, as values that can be compared."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import cast

from nacre_adapters.modelvault.constraints import Constraint, constraint_in
from nacre_adapters.modelvault.errors import Malformed

Path = tuple[str, ...]

PRIMITIVES = ("bool", "int64", "uint64", "float64", "string", "bytes", "uuid", "timestamp")
MAX_DEPTH = 32
MAX_FIELDS = 4096


@dataclass(frozen=True, slots=True)
class Kind:
    """A type: a primitive, or optional, list, object, enum with what is inside."""

    name: str
    inner: "Kind | None" = None
    parts: "tuple[Field, ...]" = ()
    variants: tuple[str, ...] = ()

    @property
    def is_optional(self) -> bool:
        """Whether None is a value."""
        return self.name == "optional"

    @property
    def is_primitive(self) -> bool:
        """Whether it is neither composite nor an enum."""
        return self.name in PRIMITIVES

    @property
    def bare(self) -> "Kind":
        """The type without the optional around it."""
        kind = self
        while kind.inner is not None and kind.is_optional:
            kind = kind.inner
        return kind

    @property
    def depth(self) -> int:
        """How many types are inside of each other."""
        inside = [part.kind.depth for part in self.parts]
        if self.inner is not None:
            inside.append(self.inner.depth)
        return 1 + max(inside, default=0)

    def to_json(self) -> object:
        """Return what a schema says."""
        match self.name:
            case "optional" | "list":
                assert self.inner is not None
                return {self.name: self.inner.to_json()}
            case "object":
                return {"object": [part.to_json() for part in self.parts]}
            case "enum":
                return {"enum": list(self.variants)}
        return self.name


@dataclass(frozen=True, slots=True)
class Field:
    """A path, a type, constraints."""

    path: Path
    kind: Kind
    constraints: tuple[Constraint, ...] = ()

    @property
    def dotted(self) -> str:
        """The path as messages write it."""
        return ".".join(self.path)

    def to_json(self) -> object:
        """Return what a schema says."""
        found: dict[str, object] = {"path": list(self.path), "type": self.kind.to_json()}
        if self.constraints:
            found["constraints"] = [each.to_json() for each in self.constraints]
        return found


def fields_in(parsed: object) -> tuple[Field, ...]:
    """Return the fields that a parsed `fields_json` says.

    Raises:
        Malformed: it says none.
    """
    if not isinstance(parsed, list):
        raise Malformed("fields_json must be a JSON array")
    return tuple(map(_field, parsed))


def parts_of(fields: Sequence[Field], path: Path) -> Iterator[Field]:
    """Yield the field at a path, and those inside objects, also optional ones."""
    for field in fields:
        kind = field.kind.bare
        if field.path == path:
            yield field
        elif kind.name == "object" and path[: len(field.path)] == field.path:
            yield from parts_of(kind.parts, path[len(field.path) :])


def kind_at(fields: Sequence[Field], path: Path) -> Kind | None:
    """Return the type at a path, also inside objects; None when nothing is there."""
    found = next(parts_of(fields, path), None)
    return None if found is None else found.kind


def _field(parsed: object) -> Field:
    if not isinstance(parsed, dict):
        raise Malformed("each field must be a JSON object")
    path = _path(parsed)
    if "type" not in parsed:
        raise Malformed('missing "type"')
    constraints = parsed.get("constraints", [])
    if not isinstance(constraints, list):
        raise Malformed('"constraints" must be an array')
    found = [constraint for each in constraints for constraint in constraint_in(each)]
    return Field(path, _kind(parsed["type"]), tuple(found))


def _path(parsed: dict[str, object]) -> Path:
    if "path" not in parsed:
        raise Malformed('missing "path"')
    path = parsed["path"]
    if not isinstance(path, list):
        raise Malformed('"path" must be an array of strings')
    if not all(isinstance(segment, str) for segment in path):
        raise Malformed("path segment must be a string")
    if not path or not all(path):
        raise Malformed("schema error: invalid field path")
    return tuple(cast("list[str]", path))


def _kind(said: object) -> Kind:
    if isinstance(said, str):
        if said not in PRIMITIVES:
            raise Malformed(f'unknown primitive type "{said}"')
        return Kind(said)
    if not isinstance(said, dict):
        raise Malformed('"type" must be a string or object')
    if "optional" in said:
        return Kind("optional", _kind(said["optional"]))
    if "list" in said:
        return Kind("list", _kind(said["list"]))
    if isinstance(said.get("object"), list):
        return _object(said["object"])
    if isinstance(said.get("enum"), list):
        return _enum(said["enum"])
    raise Malformed('unsupported "type" shape')


def _object(said: list[object]) -> Kind:
    parts: dict[str, Field] = {}
    for field in map(_field, said):
        # A path of several segments inside of an object counts as its first one.
        parts[field.path[0]] = Field(field.path[:1], field.kind, field.constraints)
    return Kind("object", parts=tuple(parts.values()))


def _enum(said: list[object]) -> Kind:
    if not all(isinstance(variant, str) for variant in said):
        raise Malformed("enum variant must be a string")
    return Kind("enum", variants=tuple(cast("list[str]", said)))
