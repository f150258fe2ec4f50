"""Columns brought up to date: rows that few commits have changed, put in their places.

The log says which rows those are, and the view what they are now.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, cast

import pyarrow as pa

from nacre import codec
from nacre.event import Event
from nacre.rows.arrow_types import stored_array
from nacre.rows.definition import Definition
from nacre.rows.history import History
from nacre.rows.layout import Layout, StoredRow
from nacre.rows.loads import is_packed, rows_of
from nacre.rows.schema import Field
from nacre.rows.stored import unpack_row
from nacre.rows.view import CHANGED, PACKED, Rows

_MOST_CHUNKS = 16


class Past(History, Protocol):
    """The vault of which columns are made."""

    @property
    def head(self) -> int:
        """The number of commits."""


def changed_keys(
    past: History, definition: Definition, since: int, most: int
) -> list[bytes] | None:
    """Return the keys of the rows that commits from *since* on have changed, in order.

    None: there are more than *most*, or something else has happened.
    """
    keys: set[bytes] = set()
    for event in past.events(subject=definition.name, start=since):
        if event.kind == PACKED:
            continue
        if event.kind != CHANGED:  # loads, another schema, a purge of what was changed
            return None
        keys.update(_keys(definition.layout, event))
        if len(keys) > most:
            return None
    return sorted(keys)


def patched(view: Rows, definition: Definition, table: pa.Table, keys: Sequence[bytes]) -> pa.Table:
    """Return the columns of all rows, of which *table* has those that are not of *keys*."""
    found = view.raw_rows(definition, keys)
    layout = definition.layout
    key_at = _key_reader(layout, table)
    parts: list[pa.Table] = []
    fresh: list[StoredRow] = []
    taken = 0
    for key, raw in zip(keys, found, strict=True):
        place = bisect_left(range(table.num_rows), key, lo=taken, key=key_at)
        if place > taken:
            parts += [columns_of(layout, fresh), table.slice(taken, place - taken)]
            fresh = []
        if raw is not None:
            fresh.append(unpack_row(raw))
        was_there = place < table.num_rows and key_at(place) == key
        taken = place + was_there
    parts += [columns_of(layout, fresh), table.slice(taken)]
    joined = pa.concat_tables([part for part in parts if part.num_rows] or [table.slice(0, 0)])
    # Few chunks cost a scan nothing; to copy all rows for each of them costs more than the change.
    return joined if joined.column(0).num_chunks <= _MOST_CHUNKS else joined.combine_chunks()


def columns_of(layout: Layout, rows: list[StoredRow]) -> pa.Table:
    """Return stored rows as columns.

    Raises:
        CorruptionError: they do not have the types of their fields.
    """
    width = layout.width
    if any(len(row) != width for row in rows):
        rows = [layout.whole(row) for row in rows]
    by_slot: Sequence[tuple[object, ...]] = list(zip(*rows, strict=True)) or [()] * width
    return pa.table({str(f.slot): _array(f, by_slot[f.slot]) for f in layout.schema.fields})


def _keys(layout: Layout, event: Event) -> Iterator[bytes]:
    for action in ("insert", "update"):
        yield from map(layout.key_of, cast("list[StoredRow]", event.data.get(action, [])))
    for _, *values in cast("list[StoredRow]", event.data.get("delete", [])):
        yield layout.key_from_stored(values)


def _key_reader(layout: Layout, table: pa.Table) -> Callable[[int], bytes]:
    """Return a function from the place of a row to its key."""
    columns = table.select([str(field.slot) for field in layout.key_fields])

    def key_at(place: int) -> bytes:
        (row,) = rows_of(layout.schema, columns.slice(place, 1))
        return layout.key_of(row)

    return key_at


def _array(field: Field, values: tuple[object, ...]) -> pa.Array:
    if is_packed(field):
        values = tuple(None if value is None else codec.pack(value) for value in values)
    return stored_array(values, field.type)
