"""Schemas from what users have: a dict, a dataclass, a pydantic model, an Arrow schema."""

import dataclasses
import types
import typing
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from itertools import chain
from uuid import UUID

import pyarrow as pa

from nacre.errors import InvalidInput
from nacre.rows.arrow_types import is_bytes
from nacre.rows.checks import check_of, checked
from nacre.rows.schema import Field, Index, Schema
from nacre.rows.types import MAX_DEPTH, Refused, type_of

IndexSpec = str | Sequence[str] | Mapping[str, object] | Index
"""A field or `path.to.it`; several; or {"fields": ..., "unique": True, "name": ...}."""

_PYTHON_TYPES: dict[object, str] = {
    bool: "bool",
    int: "int64",
    float: "float64",
    str: "string",
    bytes: "bytes",
    UUID: "uuid",
    datetime: "timestamp",
    date: "date",
    Decimal: "decimal",
    dict: "json",
    list: "json",
    object: "json",
    typing.Any: "json",
}
_LIMITS = {
    "ge": "min",
    "le": "max",
    "min_length": "min_length",
    "max_length": "max_length",
    "pattern": "regex",
}
_OPTIONS = ("type", "nullable", "default")


def schema_of(
    declared: object, *, key: str | Sequence[str] | None, indexes: Iterable[IndexSpec]
) -> Schema:
    """Return the schema that *declared* means.

    Raises:
        InvalidInput: it is not understood; the message says what is.
    """
    if isinstance(declared, Schema):
        return declared.checked()
    fields = _fields_of(declared)
    if key is None:
        raise InvalidInput("a collection has a key: name the field, or several, with key=")
    names = (key,) if isinstance(key, str) else tuple(key) if isinstance(key, Iterable) else ()
    if not names or len(set(names)) < len(names):
        raise InvalidInput(f"the key {key!r} names no field, or one twice: name each once")
    if isinstance(declared, pa.Schema):
        # Its columns may be None unless somebody said otherwise; a key never is.
        fields = tuple(
            dataclasses.replace(f, nullable=f.nullable and f.name not in names) for f in fields
        )
    schema = Schema(fields=fields, key=names)
    if not isinstance(indexes, Iterable):
        raise InvalidInput(f"indexes={indexes!r:.60} are no indexes: give a list")
    made = tuple(_index_of(schema, spec) for spec in indexes)
    return dataclasses.replace(schema, indexes=made).checked()


def _fields_of(declared: object) -> tuple[Field, ...]:
    if isinstance(declared, Mapping):
        return tuple(_field_of(name, spec) for name, spec in declared.items())
    if isinstance(declared, pa.Schema):
        return tuple(_field_of_arrow(arrow) for arrow in declared)
    if isinstance(declared, type) and dataclasses.is_dataclass(declared):
        return _fields_of_dataclass(declared)
    if isinstance(declared, type) and hasattr(declared, "model_fields"):
        return _fields_of_model(declared)
    raise InvalidInput(
        f"{declared!r:.80} is no schema: give a dict of field to type, a dataclass, "
        "a pydantic model or an Arrow schema"
    )


def _field_of(name: object, spec: object) -> Field:
    if not isinstance(name, str):
        raise InvalidInput(
            f"the name {name!r} of a field is a {type(name).__name__}: give a string"
        )
    if isinstance(spec, Mapping) and "type" in spec:
        return _field_of_options(name, spec)
    return _made(name, spec, {}, {})


def _field_of_options(name: str, options: Mapping[str, object]) -> Field:
    checks = {option: bound for option, bound in options.items() if option not in _OPTIONS}
    settings = {option: options[option] for option in _OPTIONS[1:] if option in options}
    return _made(name, options["type"], settings, checks)


def _made(
    name: str, spec: object, settings: Mapping[str, object], checks: Mapping[str, object]
) -> Field:
    nullable = bool(settings.get("nullable", False))
    if isinstance(spec, str) and spec.endswith("?"):
        spec, nullable = spec[:-1], True
    elif isinstance(spec, Mapping) and list(spec) == ["nullable"]:
        spec, nullable = spec["nullable"], True
    kind = type_of(spec)
    default = settings.get("default")
    if default is not None:
        try:
            default = kind.take(default)
        except Refused as error:
            raise InvalidInput(f"the default of the field {name!r} {error}") from None
    constraints = checked(name, kind, checks)
    check = check_of(kind, constraints)
    wrong = check(default) if check is not None and default is not None else None
    if wrong is not None:
        raise InvalidInput(f"the default of the field {name!r} {wrong}: {default!r:.60} is refused")
    return Field(
        name=name,
        type=kind,
        nullable=nullable,
        checks=constraints,
        default=default,
        has_default="default" in settings,
    )


def _index_of(schema: Schema, spec: IndexSpec) -> Index:
    if isinstance(spec, Index):
        return spec
    options: Mapping[str, object] = {}
    if isinstance(spec, Mapping):
        options, spec = spec, spec.get("fields", ())  # type: ignore[assignment]  # checked below
        unknown = set(options) - {"fields", "unique", "name"}
        if unknown:
            raise InvalidInput(f"an index has no option {min(unknown)!r}: use fields, unique, name")
    if not isinstance(spec, Iterable):
        raise InvalidInput(f"{spec!r:.60} is no index: give a field, or a list of fields")
    paths = [spec] if isinstance(spec, str) else list(spec)
    resolved = tuple(schema.resolve(path) for path in paths)
    default = "_".join(".".join(path) for path in resolved)
    return Index(
        name=str(options.get("name") or default),
        paths=resolved,
        unique=bool(options.get("unique", False)),
    )


def _field_of_arrow(arrow: pa.Field) -> Field:
    spec = _spec_of_arrow(arrow.type)
    return _made(arrow.name, spec, {"nullable": arrow.nullable}, {})


def _spec_of_arrow(kind: pa.DataType) -> object:
    is_ = pa.types
    if is_.is_dictionary(kind):
        return _spec_of_arrow(kind.value_type)
    if is_.is_timestamp(kind):
        return "timestamp" if kind.tz else "datetime"
    for test, spec in _ARROW_TYPES:
        if test(kind):
            return spec
    if is_.is_list(kind) or is_.is_large_list(kind):
        return {"list": _part_of_arrow(kind.value_field)}
    if is_.is_struct(kind):
        return {"object": {part.name: _part_of_arrow(part) for part in kind}}
    raise InvalidInput(f"the Arrow type {kind} is no type of a field: cast it, or leave it out")


def _part_of_arrow(part: pa.Field) -> object:
    spec = _spec_of_arrow(part.type)
    if not part.nullable:
        return spec
    return f"{spec}?" if isinstance(spec, str) else {"nullable": spec}


_ARROW_TYPES = (
    (pa.types.is_boolean, "bool"),
    (pa.types.is_uint64, "uint64"),
    (pa.types.is_integer, "int64"),
    (pa.types.is_floating, "float64"),
    (pa.types.is_string, "string"),
    (pa.types.is_large_string, "string"),
    (pa.types.is_string_view, "string"),
    (is_bytes, "bytes"),
    (pa.types.is_date, "date"),
    (pa.types.is_decimal, "decimal"),
)


def _fields_of_dataclass(declared: type) -> tuple[Field, ...]:
    hints = typing.get_type_hints(declared, include_extras=True)
    fields = []
    for found in dataclasses.fields(declared):
        default = None if found.default is dataclasses.MISSING else found.default
        settings = {"default": _plain(default)} if default is not None else {}
        fields.append(_hinted(found.name, hints[found.name], settings))
    return tuple(fields)


def _fields_of_model(declared: type) -> tuple[Field, ...]:
    fields = []
    for name, info in declared.model_fields.items():  # type: ignore[attr-defined]  # pydantic's
        is_given = not info.is_required() and info.default_factory is None
        default = info.default if is_given else None
        settings = {"default": _plain(default)} if default is not None else {}
        hint = info.annotation
        for limit in info.metadata:
            hint = typing.Annotated[hint, limit]
        fields.append(_hinted(name, hint, settings))
    return tuple(fields)


def _hinted(name: str, hint: object, settings: Mapping[str, object]) -> Field:
    checks = _checks_of(hint)
    hint, nullable = _without_none(hint)
    if isinstance(hint, type) and issubclass(hint, Enum):
        checks["one_of"] = [str(member.value) for member in hint]
    if typing.get_origin(hint) is typing.Literal:
        checks["one_of"] = list(typing.get_args(hint))
        hint = type(typing.get_args(hint)[0])
    return _made(name, _spec_of_hint(name, hint, 0), {**settings, "nullable": nullable}, checks)


def _checks_of(hint: object) -> dict[str, object]:
    """Return the constraints of an annotated type: Ge, Le, MinLen, ... of annotated-types."""
    checks: dict[str, object] = {}
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        for part in typing.get_args(hint):
            checks |= _checks_of(part)
    if typing.get_origin(hint) is not typing.Annotated:
        return checks
    limits = [(limit, *getattr(limit, "metadata", ())) for limit in typing.get_args(hint)[1:]]
    for limit in chain.from_iterable(limits):
        for attribute, check in _LIMITS.items():
            bound = getattr(limit, attribute, None)
            if bound is not None:
                checks[check] = bound
    return checks


def _spec_of_hint(name: str, hint: object, depth: int) -> object:
    if depth > MAX_DEPTH:
        raise InvalidInput(f"the type of {name!r} holds itself: a field has a fixed depth")
    origin = typing.get_origin(hint)
    if origin is list:
        return {"list": _part_of_hint(name, typing.get_args(hint)[0], depth + 1)}
    if origin is dict:
        return "json"
    if hint in _PYTHON_TYPES:
        return _PYTHON_TYPES[hint]
    if isinstance(hint, type):
        if issubclass(hint, Enum):
            return "string"
        hints = _hints_of(hint)
        if hints:
            return {"object": {n: _part_of_hint(n, h, depth + 1) for n, h in hints.items()}}
    raise InvalidInput(f"the type {hint} of {name!r} is none of a field: declare it with a dict")


def _part_of_hint(name: str, hint: object, depth: int) -> object:
    hint, nullable = _without_none(hint)
    spec = _spec_of_hint(name, hint, depth)
    if not nullable:
        return spec
    return f"{spec}?" if isinstance(spec, str) else {"nullable": spec}


def _hints_of(hint: type) -> dict[str, object]:
    if dataclasses.is_dataclass(hint) or hasattr(hint, "model_fields"):
        return typing.get_type_hints(hint)
    return {}


def _without_none(hint: object) -> tuple[object, bool]:
    if typing.get_origin(hint) is typing.Annotated:
        hint = typing.get_args(hint)[0]
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        kept = [part for part in typing.get_args(hint) if part is not type(None)]
        if len(kept) == 1:
            return _without_none(kept[0])[0], True
    return hint, False


def _plain(value: object) -> object:
    return value.value if isinstance(value, Enum) else value


def plain_row(row: object) -> Mapping[str, object]:
    """Return the fields of a dict, a dataclass or a pydantic model, as given.

    Raises:
        InvalidInput: it is none of these.
    """
    if isinstance(row, Mapping):
        return row
    if dataclasses.is_dataclass(row) and not isinstance(row, type):
        return {name: _plain(value) for name, value in dataclasses.asdict(row).items()}
    dump = getattr(row, "model_dump", None)
    if callable(dump):
        return {name: _plain(value) for name, value in dump().items()}
    raise InvalidInput(
        f"a row is a {type(row).__name__}: give a dict, a dataclass or a pydantic model"
    )
