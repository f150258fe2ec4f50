"""From the annotation of a field to its type in a schema, and values to and from it."""

import dataclasses
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from enum import Enum
from uuid import UUID

from nacre_adapters.modelvault.errors import Malformed, UnsupportedType
from nacre_adapters.modelvault.kinds import MAX_DEPTH
from nacre_adapters.modelvault.models.markers import Constraints, ConstraintSpec

Load = Callable[[object], object]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_PLAIN: dict[object, str] = {
    str: "string", int: "int64", float: "float64", bool: "bool", bytes: "bytes", UUID: "uuid",
}  # fmt: skip


@dataclasses.dataclass(frozen=True, slots=True)
class Codec:
    """The type of a field in a schema, and how a stored value becomes one of its class."""

    said: object
    load: Load | None = None
    """None: a stored value is one of the class."""

    constraints: tuple[ConstraintSpec, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class ModelField:
    """One field of a model."""

    name: str
    codec: Codec

    def to_json(self) -> dict[str, object]:
        """Return what a schema says of it."""
        found: dict[str, object] = {"path": [self.name], "type": self.codec.said}
        if self.codec.constraints:
            found["constraints"] = [each.to_json() for each in self.codec.constraints]
        return found


def fields_of(model: type, depth: int = 0) -> list[ModelField]:
    """Return the fields of a dataclass or a pydantic model.

    Raises:
        Malformed: it is neither, or a field is of a type that no schema has.
    """
    if depth > MAX_DEPTH:
        raise Malformed("model type nesting too deep")
    hints = typing.get_type_hints(model, include_extras=True)
    names = names_of(model)
    found = []
    for name in names:
        try:
            found.append(ModelField(name, codec_of(hints[name], depth)))
        except Malformed as error:
            error.add_note(f"in the field {name!r} of {model.__name__}")
            raise
    return found


def names_of(model: type) -> list[str]:
    """Return the names of the fields of a dataclass or a pydantic model."""
    if is_pydantic(model):
        return list(model.model_fields)  # type: ignore[attr-defined]  # as is_pydantic says
    if dataclasses.is_dataclass(model):
        return [field.name for field in dataclasses.fields(model)]
    raise Malformed(f"model must be a dataclass or a pydantic.BaseModel subclass: {model!r}")


def is_pydantic(model: type) -> bool:
    """Tell whether a class is a model of pydantic 2."""
    return hasattr(model, "model_validate") and hasattr(model, "model_fields")


def is_model(hint: object) -> bool:
    """Tell whether a class is a dataclass or a pydantic model."""
    return isinstance(hint, type) and (dataclasses.is_dataclass(hint) or is_pydantic(hint))


def codec_of(hint: object, depth: int) -> Codec:
    """Return the codec for an annotation.

    Raises:
        Malformed: no schema has such a type.
    """
    origin = typing.get_origin(hint)
    if origin is typing.Annotated:
        inner, *metadata = typing.get_args(hint)
        codec = codec_of(inner, depth)
        return dataclasses.replace(codec, constraints=(*codec.constraints, *_marked(metadata)))
    if origin in (typing.Union, types.UnionType):
        return _optional(hint, depth)
    if origin is list:
        return _list_of(hint, depth)
    if hint is datetime:
        return Codec("timestamp", load_time)
    if hint in _PLAIN:
        return Codec(_PLAIN[hint])
    if isinstance(hint, type) and issubclass(hint, Enum):
        by_text = {str(member.value): member for member in hint}
        return Codec({"enum": list(by_text)}, lambda stored: by_text[str(stored)])
    if isinstance(hint, type) and is_model(hint):
        return _object_of(hint, depth)
    raise UnsupportedType(f"unsupported model field type: {hint!r}")


def plain(value: object) -> object:
    """Return a value of a model as rows take it: classes as dicts, enums as their text."""
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    if isinstance(value, Mapping):
        return {name: plain(inner) for name, inner in value.items()}
    if is_model(type(value)):
        return {name: plain(getattr(value, name)) for name in names_of(type(value))}
    return value


def load_time(stored: object) -> object:
    """Return microseconds since 1970 as a time in UTC."""
    return _EPOCH + stored * _MICROSECOND  # type: ignore[operator]  # an integer


def build(model: type, values: Mapping[str, object]) -> object:
    """Return an instance of a model with some values."""
    if is_pydantic(model):
        fields = model.model_fields  # type: ignore[attr-defined]  # as is_pydantic says
        named = {_alias(fields[name], name): value for name, value in values.items()}
        return model.model_validate(named)  # type: ignore[attr-defined]  # as above
    given = {f.name for f in dataclasses.fields(model) if f.init}
    made = model(**{name: value for name, value in values.items() if name in given})
    for name in values.keys() - given:
        object.__setattr__(made, name, values[name])
    return made


def _alias(info: object, name: str) -> str:
    alias = getattr(info, "validation_alias", None)
    return alias if isinstance(alias, str) else name


def _marked(metadata: list[object]) -> Iterator[ConstraintSpec]:
    for each in metadata:
        if isinstance(each, ConstraintSpec):
            yield each
        elif isinstance(each, Constraints):
            yield from each


def _optional(hint: object, depth: int) -> Codec:
    inner = [each for each in typing.get_args(hint) if each is not type(None)]
    if len(inner) != 1:
        raise UnsupportedType(f"unsupported model field type: {hint!r}")
    codec = codec_of(inner[0], depth)
    return Codec({"optional": codec.said}, _or_none(codec.load), codec.constraints)


def _or_none(load: Load | None) -> Load | None:
    return load and (lambda stored: None if stored is None else load(stored))


def _list_of(hint: object, depth: int) -> Codec:
    if depth > MAX_DEPTH:
        raise Malformed("model type nesting too deep")
    inner = typing.get_args(hint)
    if not inner:
        raise Malformed("List must have one type argument")
    element = codec_of(inner[0], depth + 1)
    if element.constraints:
        raise Malformed("constraints on the elements of a list cannot be kept: constrain the list")
    load = element.load
    if load is None:
        return Codec({"list": element.said})
    return Codec({"list": element.said}, lambda stored: [load(inner) for inner in stored])  # type: ignore[attr-defined]  # a list


def _object_of(model: type, depth: int) -> Codec:
    parts = fields_of(model, depth + 1)
    loads = {part.name: part.codec.load for part in parts}

    def load(stored: object) -> object:
        assert isinstance(stored, dict)
        values = {}
        for name, inner in stored.items():
            convert = loads[name]
            values[name] = inner if convert is None else convert(inner)
        return build(model, values)

    return Codec({"object": [part.to_json() for part in parts]}, load)
