"""Rows of a schema: from what users give to native rows, and back."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from nacre_adapters.modelvault.complaints import check_values, unknown_field
from nacre_adapters.modelvault.errors import (
    Malformed,
    ModelVaultSchemaError,
    ModelVaultValidationError,
    no_instance,
)
from nacre_adapters.modelvault.kinds import Path
from nacre_adapters.modelvault.schema import Column, Schema
from nacre_adapters.modelvault.values import (
    MAX_ROW_BYTES,
    Checker,
    Convert,
    against,
    checker,
    converter,
    is_weighed,
    too_large,
    unknown_part,
    weight,
)

Row = dict[str, object]

_MISSING = object()
_LIGHT_BYTES = 1 << 16
_SIZED = ("string", "bytes")


@dataclass(frozen=True, slots=True)
class _Taken:
    """One field, as the loop over a row wants it."""

    name: str
    path: Path
    native: str
    convert: Convert
    check: Checker | None
    is_optional: bool
    dotted: str


class Shape:
    """A schema made ready for rows: made once, and used for each."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.native_name = schema.native_name
        self.native_key = schema.key.native
        self.has_unique = any(index.unique for index in schema.indexes)
        self._taken = list(map(_taken, schema.columns))
        # As tuples: a row is taken in half of the time.
        self._steps = [(t.name, t.native, t.convert, t.check, t) for t in self._taken]
        self._given = sorted(self._taken, key=lambda taken: taken.path)
        self._names = {taken.path[0] for taken in self._taken}
        self._is_flat = all(len(taken.path) == 1 for taken in self._taken)
        self._tree = {} if self._is_flat else _tree([taken.path for taken in self._taken])
        kinds = [(c.native, c.field.kind) for c in schema.columns]
        self._weighed = any(is_weighed(kind) for _, kind in kinds)
        self._sized = [native for native, kind in kinds if kind.bare.name in _SIZED]
        self._key_convert = converter(schema.key.field.kind)
        self._key_is_float = schema.key.field.kind.name == "float64"
        self._lacking = {c.native for c in schema.columns if c.lacking}
        self.is_plain = (
            self._is_flat
            and not self._lacking
            and not schema.former
            and all(taken.name == taken.native for taken in self._taken)
        )
        """Whether a native row is what users see."""

    def take(self, row: object) -> Row:
        """Return the native row for what a user gives.

        Raises:
            ModelVaultValidationError: a value is missing, of another type, against a constraint.
            ModelVaultSchemaError: the key is missing.
            ModelVaultFormatError: it is too large.
        """
        if not isinstance(row, dict):
            raise no_instance(row, "dict", argument="row")
        try:
            return self._take(row)
        except ValueError:
            self._complain(row)
            raise

    def is_partial(self, row: Row) -> bool:
        """Tell whether a row names fewer fields than there are."""
        return len(row) < len(self._names)

    def kept(self, old: Mapping[str, object] | None, row: Row, native: Row) -> Row:
        """Return *native* with the values of *old* in the fields that *row* does not name."""
        if old is None:
            return native
        named = {taken.native for taken in self._taken if taken.name in row}
        return {name: native[name] if name in named else old[name] for name in native}

    def take_key(self, key: object) -> object:
        """Return a primary key as native rows hold it."""
        return self._key_convert(key)

    def take_at(self, column: Column, value: object) -> object:
        """Return a value of one field, converted and checked."""
        taken = _taken(column)
        found = taken.convert(value)
        if taken.check is not None:
            taken.check(found, taken.dotted)
        return found

    def give(self, native: Mapping[str, object]) -> Row:
        """Return a native row as users see it, its keys in order."""
        if self.is_plain:
            return cast("Row", native)
        row: Row = {}
        for taken in self._given:
            value = native[taken.native]
            if value is not None or taken.native not in self._lacking:
                _put_at(row, taken.path, value)
        for column in reversed(self.schema.former):  # what was there last
            value = native[column.native]
            if value is not None and _value_at(row, column.field.path) in (_MISSING, None):
                _put_at(row, column.field.path, value)
        return dict(sorted(row.items()))

    def _take(self, row: Row) -> Row:
        if not (self._is_flat and row.keys() <= self._names and self.schema.primary in row):
            self._check_names(row)
        native: Row = {}
        for name, taken_as, convert, check, taken in self._steps:
            value = row.get(name, _MISSING) if self._is_flat else _value_at(row, taken.path)
            if value is _MISSING:
                if not taken.is_optional:
                    raise self._missing(taken, row)
                native[taken_as] = None
                continue
            native[taken_as] = found = convert(value)
            if check is not None:
                check(found, taken.dotted)
        self._check_size(native)
        if self._key_is_float:
            _check_key(native[self.schema.key.native])
        return native

    def _missing(self, taken: _Taken, row: Mapping[str, object]) -> Exception:
        if self._is_flat:
            return against(taken.dotted, "missing field")
        if isinstance(_value_at(row, taken.path[:-1]), dict) and len(taken.path) > 1:
            return Malformed(f'missing field "{taken.path[-1]}"')
        return ModelVaultSchemaError(f'schema error: insert row missing field "{taken.dotted}"')

    def _complain(self, row: Row) -> None:
        """Say what the original says first, if that is not what is missing or not allowed."""
        check_values(row, [(t.path, t.convert, t.is_optional) for t in self._taken])
        if self._key_is_float and self.schema.primary in row:
            _check_key(self._key_convert(row[self.schema.primary]))

    def _check_names(self, row: Mapping[str, object]) -> None:
        for name in row:
            if name not in self._names:
                raise unknown_field(name)
        if self.schema.primary not in row:
            raise ModelVaultSchemaError(
                f'schema error: insert row missing primary key field "{self.schema.primary}"'
            )
        if not self._is_flat:
            _check_inside(row, self._tree)

    def _check_size(self, native: Mapping[str, object]) -> None:
        if not self._weighed:
            for name in self._sized:
                value = native[name]
                if value is not None and len(value) > _LIGHT_BYTES:  # type: ignore[arg-type]  # sized
                    break
            else:
                return
        size = sum(map(weight, native.values()))
        if size > MAX_ROW_BYTES:
            raise too_large(f"segment payload length {size}", MAX_ROW_BYTES)


def _taken(column: Column) -> _Taken:
    field = column.field
    return _Taken(
        field.path[0],
        field.path,
        column.native,
        converter(field.kind),
        checker(field),
        field.kind.is_optional,
        field.dotted,
    )


def _check_key(key: object) -> None:
    if key != key or key in (float("inf"), float("-inf")):  # noqa: PLR0124 - NaN
        raise ModelVaultValidationError(
            "validation error: primary key float must be finite (not NaN or infinity)"
        )


def _tree(paths: list[Path]) -> dict[str, object]:
    """Return the names that may be inside each other; a leaf is None."""
    tree: dict[str, object] = {}
    for path in paths:
        inside = tree
        for segment in path[:-1]:
            inside = cast("dict[str, object]", inside.setdefault(segment, {}))
        inside[path[-1]] = None
    return tree


def _check_inside(row: Mapping[str, object], tree: Mapping[str, object]) -> None:
    for name, inside in tree.items():
        if not isinstance(inside, dict) or name not in row:
            continue
        part = row[name]
        if not isinstance(part, dict):
            raise Malformed("expected dict for nested object")
        for given in part:
            if given not in inside:
                raise unknown_part(given)
        _check_inside(part, inside)


def _value_at(row: Mapping[str, object], path: Path) -> object:
    found: object = row
    for segment in path:
        if not isinstance(found, dict) or segment not in found:
            return _MISSING
        found = found[segment]
    return found


def _put_at(row: Row, path: Path, value: object) -> None:
    inside = row
    for segment in path[:-1]:
        inside = cast("Row", inside.setdefault(segment, {}))
    inside[path[-1]] = value
