"""Classes of rows: what a user declares becomes a dataclass whose fields may be left out."""

import dataclasses
import inspect
import keyword
import re
import types
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from uuid import UUID

from nacre.errors import InvalidInput
from nacre_adapters.tenants.columns import COLUMN_TYPES, ColumnType, plain
from nacre_adapters.tenants.unset import UNSET

_MARK = "__nacre_flexible__"
_DECLARED, _LENIENT = "declared", "lenient"
_CAPITAL = re.compile(r"(?<!^)(?<!_)([A-Z])")

EnumClass = type[Enum]

# A subclass before its base.
_TYPES: tuple[tuple[type, str], ...] = (
    (bool, "bool"),
    (int, "int"),
    (float, "float"),
    (str, "str"),
    (bytes, "bytes"),
    (datetime, "datetime"),
    (date, "date"),
    (Decimal, "decimal"),
    (UUID, "uuid"),
    (dict, "json"),
    (list, "json"),
    (tuple, "json"),
)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ModelField:
    """One field of a class of rows."""

    name: str
    type: ColumnType
    enum: EnumClass | None = None
    default: object = UNSET
    nullable: bool | None = None
    """Whether it may be NULL; None: as the table has it, else it may."""


class Model:
    """A class of rows, and how its objects are made."""

    def __init__(self, cls: type) -> None:
        """Convert *cls* in place.

        Raises:
            TypeError: it is no class.
            InvalidInput: a field has an annotation that is no type of a column.
        """
        if not isinstance(cls, type):
            raise TypeError(f"{cls!r:.80} is not a class: give a class with annotated fields")
        _make_flexible(cls)
        self.cls = cls
        hints = _hints_of(cls)
        self.fields = tuple(
            _field_of(found, hints[found.name])
            for found in dataclasses.fields(cls)
            if found.name in hints
        )
        self.names = frozenset(field.name for field in self.fields)
        self._enums = [(field.name, field.enum) for field in self.fields if field.enum is not None]
        self._is_plain = self._looks_plain()

    @property
    def table_name(self) -> str:
        """What its table is called unless it is given a name: MyThing, my_thing."""
        return _CAPITAL.sub(r"_\1", self.cls.__name__).lower()

    def maker(self, columns: Sequence[str]) -> Callable[[dict[str, object]], object]:
        """Return a function from the values of these columns to an object of the class."""
        if self._is_plain and len(columns) == len(self.names) and self.names.issuperset(columns):
            cls, new = self.cls, object.__new__

            def adopt(values: dict[str, object]) -> object:
                # What the `__init__` of a dataclass does, without the way through it.
                made: object = new(cls)
                made.__dict__ = values
                return made

            return adopt
        return self.make

    def make(self, values: Mapping[str, object]) -> object:
        """Return an object of the class with these values of columns."""
        given = {name: value for name, value in values.items() if name in self.names}
        for name, enum in self._enums:
            if given.get(name) is not None:
                given[name] = _member(enum, given[name])
        return self.cls(**given)

    def _looks_plain(self) -> bool:
        """Whether an object is its values and nothing else."""
        cls = self.cls
        special = ("__post_init__", "__slots__", "__new__", "__setattr__", "__getattribute__")
        return (
            not self._enums
            and getattr(cls, _MARK) == _DECLARED
            and len(self.fields) == len(dataclasses.fields(cls))
            and not any(name in base.__dict__ for base in cls.__mro__[:-1] for name in special)
        )


def _member(enum: type[Enum], value: object) -> object:
    try:
        return enum(value)
    except ValueError:  # the class has lost a member since: the value is what there is
        return value


def _make_flexible(cls: type) -> None:
    if _MARK in cls.__dict__:
        return
    if "__dataclass_params__" in cls.__dict__:
        cls.__init__ = _lenient(cls)  # type: ignore[misc]  # it is what calls go through
        setattr(cls, _MARK, _LENIENT)
    else:
        has_init = any("__init__" in base.__dict__ for base in cls.__mro__[:-1])
        _declare(cls)
        setattr(cls, _MARK, _LENIENT if has_init else _DECLARED)


def _declare(cls: type) -> None:
    """Make a plain class a dataclass; the fields of plain bases are its own."""
    merged: dict[str, object] = {}
    for base in reversed(cls.__mro__):
        if base is cls or "__dataclass_params__" not in base.__dict__:
            merged.update(inspect.get_annotations(base))
    for name, hint in merged.items():
        check_field(name)
        if not _is_class_variable(hint) and not hasattr(cls, name):
            setattr(cls, name, UNSET)
    cls.__annotations__ = merged
    dataclasses.dataclass(cls)


def fields_of(columns: Mapping[str, object]) -> tuple[ModelField, ...]:
    """Return the fields of a table without a class, of names and types.

    Raises:
        InvalidInput: there is none, or one is no type of a column.
    """
    if not columns:
        raise InvalidInput("a table needs columns: give their names and types, such as id=int")
    found = ((name, _without_none(hint)) for name, hint in columns.items())
    return tuple(ModelField(name=name, type=_type_of(name, hint)) for name, hint in found)


def inferred(name: str, values: Iterable[object]) -> ModelField:
    """Return a field that takes these values; text when all are None.

    Raises:
        InvalidInput: no type takes all of them.
    """
    kinds = {type(plain(value)) for value in values if value is not None} or {str}
    if kinds == {int, float}:
        kinds = {float}
    if len(kinds) > 1:
        found = ", ".join(sorted(kind.__name__ for kind in kinds))
        raise InvalidInput(
            f"the new column {name!r:.60} would hold {found}: give values of one type"
        )
    return ModelField(name=name, type=_type_of(name, kinds.pop()))


def constrained(
    fields: Sequence[ModelField], not_null: Iterable[str], defaults: Mapping[str, object]
) -> list[ModelField]:
    """Return fields of which some must not be NULL, and some have other defaults.

    Raises:
        InvalidInput: a name is no field's.
    """
    required = [not_null] if isinstance(not_null, str) else list(not_null)
    names = [field.name for field in fields]
    for name in (*required, *defaults):
        if name not in names:
            raise InvalidInput(f"there is no field {name!r:.60}: there are {', '.join(names)}")
    return [
        dataclasses.replace(
            field,
            nullable=False if field.name in required else field.nullable,
            default=plain(defaults.get(field.name, field.default)),
        )
        for field in fields
    ]


def check_field(name: str) -> None:
    """Refuse what cannot be a field of a class: classes are made of their source.

    Raises:
        InvalidInput: it is no identifier.
    """
    if not name.isidentifier() or keyword.iskeyword(name):
        raise InvalidInput(f"{name!r:.60} cannot be a field of a class: use rows that are dicts")


def _is_class_variable(hint: object) -> bool:
    if isinstance(hint, str):
        return hint.startswith(("ClassVar", "typing.ClassVar"))
    return hint is typing.ClassVar or typing.get_origin(hint) is typing.ClassVar


def _lenient(cls: type) -> Callable[..., None]:
    """Return an `__init__` that does without the required fields of a dataclass."""
    strict = cls.__init__  # type: ignore[misc]  # it is what calls go through
    fields = [field for field in dataclasses.fields(cls) if field.init]
    positional = [field.name for field in fields if not field.kw_only]
    required = [
        field.name
        for field in fields
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    ]

    def init(self: object, *values: object, **named: object) -> None:
        given = positional[: len(values)]
        left = {name: UNSET for name in required if name not in given and name not in named}
        strict(self, *values, **named, **left)

    return init


def _hints_of(cls: type) -> dict[str, object]:
    try:
        return typing.get_type_hints(cls)
    except NameError as error:
        raise InvalidInput(
            f"an annotation of {cls.__name__} names what its module does not know: {error}; "
            "define it at the top of the module"
        ) from error


def _field_of(found: "dataclasses.Field[object]", hint: object) -> ModelField:
    base = _without_none(hint)
    enum = base if isinstance(base, type) and issubclass(base, Enum) else None
    default = plain(found.default)
    if found.default is dataclasses.MISSING:
        factory = found.default_factory
        default = UNSET if factory is dataclasses.MISSING else plain(factory())
    return ModelField(name=found.name, type=_type_of(found.name, base), enum=enum, default=default)


def _without_none(hint: object) -> object:
    if isinstance(hint, typing.NewType):
        return _without_none(hint.__supertype__)
    origin = typing.get_origin(hint)
    if origin is typing.Annotated:
        return _without_none(typing.get_args(hint)[0])
    if origin in (typing.Union, types.UnionType):
        kept = [part for part in typing.get_args(hint) if part is not type(None)]
        if len(kept) == 1:
            return _without_none(kept[0])
    return hint


def _type_of(name: str, hint: object) -> ColumnType:
    origin = typing.get_origin(hint)
    if origin is typing.Literal:
        return _type_of_values(name, hint, typing.get_args(hint))
    if hint in (typing.Any, object):
        return COLUMN_TYPES["json"]
    kind = origin if isinstance(origin, type) else hint
    if isinstance(kind, type):
        if issubclass(kind, Enum):
            return _type_of_values(name, hint, [member.value for member in kind])
        for base, found in _TYPES:
            if issubclass(kind, base):
                return COLUMN_TYPES[found]
    raise _no_type(name, hint)


def _type_of_values(name: str, hint: object, values: "typing.Iterable[object]") -> ColumnType:
    kinds = {type(value) for value in values}
    if len(kinds) == 1:
        return _type_of(name, kinds.pop())
    raise _no_type(name, hint)


def _no_type(name: str, hint: object) -> InvalidInput:
    return InvalidInput(
        f"the field {name!r} has the annotation {hint}, which is no type of a column: use str, "
        "int, float, bool, bytes, date, datetime, Decimal, UUID, an Enum, list or dict, or one "
        "of them or None"
    )
