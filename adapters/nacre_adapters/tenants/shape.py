"""The shape of a table: its columns and key, rows taken in and given out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from nacre.rows import Schema
from nacre_adapters.tenants.columns import COLUMN_TYPES, ColumnType, NotTakenError, plain
from nacre_adapters.tenants.errors import IntegrityError, UnknownColumn, WrongType
from nacre_adapters.tenants.unset import UNSET

Values = dict[str, object]
Key = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table."""

    name: str
    type: ColumnType
    default: object = None
    """What rows get that do not say, as the collection gives it."""


class Shape:
    """The columns of a table, made ready for use."""

    def __init__(self, table: str, schema: Schema, types: Iterable[tuple[str, str]]) -> None:
        self.table = table
        self.schema = schema
        named = dict(types)
        self.columns = tuple(
            Column(
                found.name,
                COLUMN_TYPES[named[found.name]],
                _given(found.default, found.type.give),
            )
            for found in schema.fields
        )
        self.by_name = {column.name: column for column in self.columns}
        self.names = tuple(self.by_name)
        self.pk = schema.key
        self._never_null = tuple(f.name for f in schema.fields if not f.nullable)
        self.required = tuple(name for name in self._never_null if name not in self.pk)
        """The columns besides the key that must not be NULL."""
        self._gives = tuple((c.name, c.type.give) for c in self.columns if c.type.give)
        self.converts = bool(self._gives)
        """Whether `given` changes anything."""
        self._is_text = len(self.pk) == 1 and self.by_name[self.pk[0]].type.name == "str"

    @property
    def auto(self) -> str | None:
        """The key that numbers itself, or None."""
        if len(self.pk) == 1 and self.by_name[self.pk[0]].type.name == "int":
            return self.pk[0]
        return None

    def column(self, name: str) -> Column:
        """Return a column.

        Raises:
            UnknownColumn: there is none of that name.
        """
        found = self.by_name.get(name)
        if found is None:
            raise UnknownColumn(
                f"{self.table!r} has no column {name!r}: it has {', '.join(self.names)}"
            )
        return found

    def taken(self, values: Mapping[str, object]) -> Values:
        """Return values of columns as the collection takes them; what is UNSET is left out.

        Raises:
            UnknownColumn: there is no such column.
            WrongType: a value is not of its type.
        """
        return {
            name: self.take(self.column(name), value)
            for name, value in values.items()
            if value is not UNSET
        }

    def take(self, column: Column, value: object) -> object:
        """Return one value as the collection takes it."""
        value = plain(value)
        if value is None:
            return None
        try:
            return column.type.take(value)
        except NotTakenError as error:
            raise WrongType(f"the column {column.name!r} of {self.table!r} takes {error}") from None

    def whole(self, values: Values) -> Values:
        """Return a whole row: with defaults for what is not given.

        Raises:
            IntegrityError: a part of the key is missing, or NULL stands where it must not.
        """
        row = {c.name: values.get(c.name, c.default) for c in self.columns}
        for name in self._never_null:
            if row[name] is None:
                why = "belongs to its primary key" if name in self.pk else "must not be NULL"
                raise IntegrityError(f"{self.table!r} needs a value of {name!r}, which {why}")
        return row

    def given(self, row: Mapping[str, object]) -> Values:
        """Return a row, or some of it, as users get it."""
        if not self._gives:
            return dict(row)
        found = dict(row)
        for name, give in self._gives:
            value = found.get(name)
            if value is not None:
                found[name] = give(value)
        return found

    def key_of(self, row: Mapping[str, object]) -> object:
        """Return the key of a row, as the collection takes it."""
        if len(self.pk) == 1:
            return row[self.pk[0]]
        return tuple(row[name] for name in self.pk)

    def key_from(self, key: object) -> object | None:
        """Return a key that a user gives as the collection takes it; None: no row can have it."""
        if self._is_text and type(key) is str and key.isascii():
            return key
        parts: Sequence[object] = key if isinstance(key, tuple | list) else (key,)
        if len(parts) != len(self.pk) or any(part is None for part in parts):
            return None
        try:
            taken = [
                self.by_name[name].type.take(plain(part))
                for name, part in zip(self.pk, parts, strict=True)
            ]
        except NotTakenError:
            return None
        return taken[0] if len(taken) == 1 else tuple(taken)


def _given(value: object, give: object) -> object:
    return value if value is None or not callable(give) else give(value)
