"""A schema made ready for use: rows in and out, keys and index keys.

A stored row is a list: first a position, then a value for each slot. In the view the position
is that of the commit that changed the row last; in an event it is that of the change before.
Keys longer than LMDB takes are cut, and end in a hash of the whole.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from operator import itemgetter
from typing import NamedTuple

from nacre.errors import CorruptionError, InvalidInput
from nacre.hashing import digest_of
from nacre.keys import encode_column, encode_element, encode_elements
from nacre.rows.checks import Check, check_of
from nacre.rows.givers import giver_of, row_giver_of
from nacre.rows.schema import Field, Index, Path, Schema
from nacre.rows.types import Convert, FieldType, Refused, unchanged

StoredRow = list[object]
Getter = Callable[[StoredRow], object]

KEY = Index(name="the key", paths=(), number=0)

MAX_BYTES = 216
KEPT_BYTES = 200
_CUT = b"\xff"  # sorts behind everything that goes on at this place
_HASH_BYTES = 15

_MISSING = object()
_VALUES = itemgetter(slice(1, None))  # without the position of the change before


class _Slot(NamedTuple):
    """One field, as the loop over a row wants it."""

    name: str
    slot: int
    take: Convert
    check: Check | None
    field: Field


@dataclass(frozen=True, slots=True)
class Entries:
    """An index, and how the values of its entries are got from a row."""

    index: Index
    get: tuple[tuple[Getter, Convert], ...]
    slots: tuple[int, ...]
    """Where the values are in a row that has them all; none if they are inside of others."""


class Layout:
    """What is derived from a schema once, and used for every row."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.width = schema.next_slot
        self._slots = [
            _Slot(f.name, f.slot, f.type.take, check_of(f.type, f.checks), f) for f in schema.fields
        ]
        self.names = tuple(f.name for f in schema.fields)
        self._gives = [(f.name, f.slot, f.type.give) for f in schema.fields]
        self._is_plain = [f.slot for f in schema.fields] == list(range(1, self.width)) and all(
            f.type.give is None for f in schema.fields
        )
        self._give_rows = giver_of(self.names)
        self._give_row = row_giver_of(self.names)
        # By what conditions name, so that a query does not walk the schema for each.
        self._named: dict[str, tuple[Path, FieldType]] = {
            f.name: ((f.name,), f.type) for f in schema.fields
        }
        self._fills = self._fill_values()
        self.key_fields = tuple(schema.field(name) for name in schema.key)
        self._key = tuple((f.slot, _key_of(f)) for f in self.key_fields)
        field, *more = self.key_fields
        self._only_key = None if more else (field.type.take, _key_of(field))
        self.indexes = tuple(self._entries(index) for index in schema.indexes)
        self.sorted_by: tuple[tuple[Index, tuple[Path, ...]], ...] = (
            (KEY, tuple((name,) for name in schema.key)),
            *((index, index.paths) for index in schema.indexes),
        )

    def take(self, row: Mapping[str, object]) -> StoredRow:
        """Return what is stored for a row.

        Raises:
            InvalidInput: a field is unknown, missing, of another type, or against a constraint.
        """
        stored: StoredRow = [None] * self.width
        given = 0
        for found in self._slots:
            value = row.get(found.name, _MISSING)
            if value is _MISSING:
                stored[found.slot] = self._default(found.field, row)
                continue
            given += 1
            stored[found.slot] = self._taken(found, value, row)
        if given < len(row):
            raise self._unknown(row)
        return stored

    def change(self, row: StoredRow, changes: Mapping[str, object]) -> StoredRow:
        """Return a stored row with some fields changed.

        Raises:
            InvalidInput: a field is unknown, of another type, or against a constraint.
        """
        changed = self.whole(row)[:]
        about = {field.name: changed[field.slot] for field in self.key_fields}
        left = len(changes)
        for found in self._slots:
            if found.name in changes:
                left -= 1
                changed[found.slot] = self._taken(found, changes[found.name], about)
        if left:
            raise self._unknown({**about, **changes})
        return changed

    def give(self, stored: StoredRow) -> dict[str, object]:
        """Return the row as users see it."""
        if len(stored) != self.width:
            stored = self.whole(stored)
        if self._is_plain:
            return self._give_row(*stored)
        return {
            name: stored[slot] if give is None or stored[slot] is None else give(stored[slot])
            for name, slot, give in self._gives
        }

    def give_all(self, rows: Iterable[StoredRow]) -> Iterator[dict[str, object]]:
        """Yield rows as users see them, in a third of what one by one takes."""
        if not self._is_plain:
            return map(self.give, rows)
        values = map(_VALUES, map(self.whole, rows))
        return map(dict, map(partial(zip, self.names), values))

    def give_list(self, rows: Sequence[StoredRow]) -> list[dict[str, object]]:
        """Return rows as users see them, in less than one after the other takes."""
        if not self._is_plain or not {*map(len, rows)} <= {self.width}:
            return list(self.give_all(rows))
        return self._give_rows(rows)

    def whole(self, stored: StoredRow) -> StoredRow:
        """Return a row with the slots of fields that were added after it was stored."""
        if len(stored) == self.width:
            return stored
        if len(stored) > self.width:
            raise CorruptionError("a row has more fields than its collection: run `nacre verify`")
        return stored + self._fills[len(stored) :]

    def giver(self, names: Sequence[str]) -> Callable[[StoredRow], dict[str, object]]:
        """Return a function from a stored row to some of its fields, as users see them."""
        parts = []
        for name in names:
            path = self.schema.resolve(name)
            parts.append((name, self.getter(path), self.schema.type_at(path).give))

        def give(stored: StoredRow) -> dict[str, object]:
            found = ((name, get(stored), convert) for name, get, convert in parts)
            return {n: v if v is None or convert is None else convert(v) for n, v, convert in found}

        return give

    def key_of(self, stored: StoredRow) -> bytes:
        """Return the key of a stored row."""
        return fitted(encode_elements([convert(stored[slot]) for slot, convert in self._key]))

    def keys_of(self, rows: Sequence[StoredRow]) -> list[bytes]:
        """Return the keys of many rows, which have the slots of all fields."""
        if len(rows) == 1:
            return [self.key_of(rows[0])]
        return all_fitted([_column(rows, itemgetter(slot), convert) for slot, convert in self._key])

    def key_values(self, stored: StoredRow) -> list[object]:
        """Return the values of the key, as they are stored."""
        return [stored[slot] for slot, _ in self._key]

    def key_from(self, key: object) -> tuple[bytes, list[object]]:
        """Return the bytes of a key that a user gives, and its values as they are stored.

        Raises:
            InvalidInput: it has another number of parts, or another type.
        """
        if self._only_key is not None:
            take, convert = self._only_key
            try:
                value = take(key)
            except Refused as error:
                raise _no_key(self.key_fields[0], error) from None
            encoded = encode_element(value if convert is unchanged else convert(value))
            return encoded if len(encoded) < MAX_BYTES else fitted(encoded), [value]
        if not isinstance(key, tuple | list) or len(key) != len(self.key_fields):
            names = ", ".join(self.schema.key)
            raise InvalidInput(f"the key {key!r} is not a tuple of {names}: give one")
        values = list(map(_key_taken, self.key_fields, key))
        keys = [convert(value) for value, (_, convert) in zip(values, self._key, strict=True)]
        return fitted(encode_elements(keys)), values

    def key_from_stored(self, values: Sequence[object]) -> bytes:
        """Return the bytes of a key from its stored values."""
        keys = [convert(value) for value, (_, convert) in zip(values, self._key, strict=True)]
        return fitted(encode_elements(keys))

    def given_key(self, values: Sequence[object]) -> object:
        """Return the key as users see it: a value, or a tuple of several."""
        given = tuple(
            value if field.type.give is None else field.type.give(value)
            for field, value in zip(self.key_fields, values, strict=True)
        )
        return given[0] if len(given) == 1 else given

    def getter(self, path: Path) -> Getter:
        """Return a function from a stored row to the stored value at a path; None when absent."""
        slot, rest = self.schema.field(path[0]).slot, path[1:]
        fill = self._fills[slot]

        def get(row: StoredRow) -> object:
            return row[slot] if slot < len(row) else fill

        return get if not rest else lambda row: _inside(get(row), rest)

    def shown(self, index: Index, stored: StoredRow) -> str:
        """Return the values that a row has in an index, as a message tells them."""
        values = []
        for path in index.paths:
            value, give = self.getter(path)(stored), self.schema.type_at(path).give
            values.append(value if value is None or give is None else give(value))
        return ", ".join(f"{value!r:.60}" for value in values)

    def _entries(self, index: Index) -> Entries:
        parts = tuple((self.getter(path), self.key_convert(path)) for path in index.paths)
        is_flat = all(len(path) == 1 for path in index.paths)
        slots = [self.schema.field(path[0]).slot for path in index.paths] if is_flat else []
        return Entries(index, parts, tuple(slots))

    def resolve(self, path: "str | Path") -> tuple[Path, FieldType]:
        """Return the path that is written as a name or as its parts, and the type there.

        Raises:
            NotFound: there is no such field or part.
        """
        if isinstance(path, str) and path in self._named:
            return self._named[path]
        resolved = self.schema.resolve(path)
        return resolved, self.schema.type_at(resolved)

    def key_convert(self, path: Path) -> Convert:
        """Return the function from a stored value at a path to an element of a key."""
        kind = self._named[path[0]][1] if len(path) == 1 else self.schema.type_at(path)
        convert = kind.key
        if convert is None:
            raise InvalidInput(f"{'.'.join(path)!r} is of a type without an order")
        return convert

    def _fill_values(self) -> list[object]:
        fills: list[object] = [None] * self.width
        for field in self.schema.fields:
            fills[field.slot] = field.fill
        return fills

    def _default(self, field: Field, row: Mapping[str, object]) -> object:
        if not field.has_default and not field.nullable:
            raise self._missing(field, row)
        return field.default

    def _missing(self, field: Field, row: Mapping[str, object]) -> InvalidInput:
        return InvalidInput(f"the field {field.name!r} must have a value {self._which(row)}")

    def _unknown(self, row: Mapping[str, object]) -> InvalidInput:
        name = next(name for name in row if name not in self.names)
        return InvalidInput(
            f"there is no field {name!r} {self._which(row)}: the fields are {', '.join(self.names)}"
        )

    def _taken(self, found: _Slot, value: object, row: Mapping[str, object]) -> object:
        if value is None:
            if not found.field.nullable:
                raise self._missing(found.field, row)
            return None
        try:
            stored = found.take(value)
        except Refused as error:
            raise InvalidInput(f"the field {found.name!r} {error} {self._which(row)}") from None
        wrong = None if found.check is None else found.check(stored)
        if wrong is not None:
            raise InvalidInput(
                f"the field {found.name!r} {wrong}: {value!r:.60} is refused {self._which(row)}"
            )
        return stored

    def _which(self, row: Mapping[str, object]) -> str:
        key = ", ".join(f"{name}={row.get(name)!r:.40}" for name in self.schema.key)
        return f"(row {key})"


def fitted(encoded: bytes) -> bytes:
    """Return the bytes of a key, cut and hashed when LMDB could not hold them."""
    if len(encoded) < MAX_BYTES:
        return encoded
    return encoded[:KEPT_BYTES] + _CUT + digest_of(encoded).raw[:_HASH_BYTES]


def is_cut(key: bytes) -> bool:
    """Tell whether a fitted key was cut, so that it has no exact order."""
    return len(key) == MAX_BYTES


def any_cut(keys: Iterable[bytes]) -> bool:
    """Tell whether one of many fitted keys was cut."""
    return MAX_BYTES in map(len, keys)


def index_values(entries: Entries, stored: StoredRow) -> bytes:
    """Return the values of a row's entry in an index, as the beginning of its key."""
    elements = []
    for get, convert in entries.get:
        value = get(stored)
        elements.append(None if value is None else convert(value))
    return fitted(encode_elements(elements))


def all_index_values(entries: Entries, rows: Sequence[StoredRow]) -> list[bytes]:
    """Return what `index_values` does of each of many rows."""
    if len(rows) == 1:
        return [index_values(entries, rows[0])]
    gets: Iterable[Getter] = [get for get, _ in entries.get]
    if entries.slots and min(map(len, rows), default=0) > max(entries.slots):
        gets = map(itemgetter, entries.slots)
    converts = [convert for _, convert in entries.get]
    return all_fitted([_column(rows, *each) for each in zip(gets, converts, strict=True)])


def all_fitted(columns: Sequence[list[bytes]]) -> list[bytes]:
    """Return keys of the elements in columns, those cut and hashed that LMDB could not hold."""
    keys = columns[0] if len(columns) == 1 else [*map(b"".join, zip(*columns, strict=True))]
    if max(map(len, keys), default=0) < MAX_BYTES:
        return keys
    return [*map(fitted, keys)]


def _column(rows: Sequence[StoredRow], get: Getter, convert: Convert) -> list[bytes]:
    values = [*map(get, rows)]
    if convert is not unchanged:
        values = [None if value is None else convert(value) for value in values]
    return encode_column(values)


def _key_taken(field: Field, value: object) -> object:
    try:
        return field.type.take(value)
    except Refused as error:
        raise _no_key(field, error) from None


def _no_key(field: Field, error: Refused) -> InvalidInput:
    return InvalidInput(f"the key field {field.name!r} {error}")


def _key_of(field: Field) -> Convert:
    assert field.type.key is not None
    return field.type.key


def _inside(value: object, rest: Path) -> object:
    for part in rest:
        if not isinstance(value, dict):
            return None
        value = value.get(part)
    return value
