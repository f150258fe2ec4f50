"""What rows must fulfil: comparisons joined by and, or; for native rows, and as text."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from nacre.rows import Condition
from nacre.rows.conditions import Compare, all_of, any_of
from nacre_adapters.modelvault.comparing import comparable_at, native_at
from nacre_adapters.modelvault.errors import Malformed
from nacre_adapters.modelvault.kinds import Path
from nacre_adapters.modelvault.paths import shown
from nacre_adapters.modelvault.schema import Schema

_WORDS = {"=": "Eq", "<": "Lt", "<=": "Lte", ">": "Gt", ">=": "Gte", "in": "In"}
_TYPES = {
    "bool": "Bool", "int64": "Int64", "uint64": "Uint64", "float64": "Float64", "bytes": "Bytes",
    "string": "String", "enum": "String", "uuid": "Uuid", "timestamp": "Timestamp",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Compared:
    """A field, an operator, a value as it is stored."""

    path: Path
    operator: str
    value: object
    kind: str

    def __str__(self) -> str:
        if self.value is None:
            return f"IsNull {{ path: FieldPath({shown(self.path)}) }}"
        word = _WORDS[self.operator]
        return f"{word} {{ path: FieldPath({shown(self.path)}), value: {self.shown_value} }}"

    @property
    def shown_value(self) -> str:
        """The value as plans show it."""
        if isinstance(self.value, tuple):
            return f"[{', '.join(f'{_TYPES[self.kind]}({_debug(v)})' for v in self.value)}]"
        return f"{_TYPES[self.kind]}({_debug(self.value)})"


@dataclass(frozen=True, slots=True)
class All:
    """All of some filters."""

    parts: "tuple[Filter, ...]"

    def __str__(self) -> str:
        return f"And([{', '.join(map(str, self.parts))}])"


@dataclass(frozen=True, slots=True)
class Either:
    """One of two filters."""

    left: "Filter"
    right: "Filter"

    def __str__(self) -> str:
        return f"Or([{self.left}, {self.right}])"


Filter = Compared | All | Either


def comparison(schema: Schema, path: Path, operator: str, value: object) -> Compared:
    """Return a comparison of a field with a value that a user gives.

    Raises:
        Malformed: there is no such field, or it cannot be compared.
        WrongType: the value is of another type.
    """
    field = comparable_at(schema, path)
    kind = field.kind.name
    if operator == "in":
        if isinstance(value, str | bytes) or not isinstance(value, Iterable):
            raise Malformed("values must be a list")
        return Compared(path, operator, tuple(map(field.take, value)), kind)
    if value is None and operator == "=" and field.may_be_none:
        return Compared(path, operator, None, kind)
    return Compared(path, operator, field.take(value), kind)


def joined(left: Filter | None, right: Filter) -> Filter:
    """Return the filter that both must hold."""
    if left is None:
        return right
    return All((*parts(left), *parts(right)))


def parts(found: Filter | None) -> tuple[Filter, ...]:
    """Return the filters that all must hold."""
    if found is None:
        return ()
    return found.parts if isinstance(found, All) else (found,)


def native(schema: Schema, found: Filter) -> Condition:
    """Return a filter as a condition of native rows."""
    if isinstance(found, All):
        return all_of(native(schema, part) for part in found.parts)
    if isinstance(found, Either):
        return any_of(native(schema, side) for side in _sides(found))
    path = native_at(schema, found.path)
    if found.value is None:
        return Compare(path, "is null")
    return Compare(path, found.operator, found.value)


def _sides(found: Either) -> Iterator[Filter]:
    """Yield all of what is joined by or: a long chain is flat for native rows."""
    waiting: list[Filter] = [found]
    while waiting:
        side = waiting.pop()
        if isinstance(side, Either):
            waiting += (side.right, side.left)
        else:
            yield side


def _float_debug(value: float) -> str:
    """Return a number as plans show it: with an exponent from 1e16 on, and below 1e-4."""
    number = Decimal(repr(value))
    if value and not 1e-4 <= abs(value) < 1e16:
        return f"{number.normalize():e}".replace("e+", "e")
    return format(number, "f")


def _debug(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            text = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
            return f'"{text}"'
        case bytes():
            return f"[{', '.join(map(str, value))}]"
        case UUID():
            return f"[{', '.join(map(str, value.bytes))}]"
        case float() if math.isfinite(value):
            return _float_debug(value)
        case float():
            return str(value).replace("nan", "NaN")
    return str(value)
