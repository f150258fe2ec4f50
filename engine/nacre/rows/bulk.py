"""Bulk loads: many rows in one commit, each event naming the Arrow blob that holds them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

import pyarrow as pa

from nacre.blobs import Payloads
from nacre.errors import InvalidInput, NacreError
from nacre.rows.arrow_rows import is_columnar, stored_columns, table_from
from nacre.rows.changes import Decision, check_unique, place, raws_of, taken
from nacre.rows.declared import plain_row
from nacre.rows.definition import Definition
from nacre.rows.layout import Layout, StoredRow
from nacre.rows.loads import encode_columns, encode_load, rows_of
from nacre.rows.together import taken_together
from nacre.rows.view import LOADED, Rows

CHUNK_ROWS = 250_000

Placed = tuple[list[bytes], list[StoredRow], bytes | None]
"""Keys, rows, and the blob that holds the rows, if there is one already."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some of the rows of a load; *blob* holds them when they came as columns."""

    rows: list[StoredRow]
    blob: bytes | None = None


def readable(source: object) -> object:
    """Return the rows of a load as what can be read twice: a decision may run again."""
    if is_columnar(source):
        return table_from(source)
    return list(source) if isinstance(source, Iterator) else source


def load(tx: Decision, payloads: Payloads, name: str, source: object, *, replaces: bool) -> int:
    """Record all rows of *source*, which is `readable`, and return how many there are.

    With *replaces* a row takes the place of the one that has its key; otherwise keys are new.

    Raises:
        InvalidInput: a row does not fit, or its key or a unique value is taken.
    """
    view = tx.view(Rows)
    definition = view.definition(name)
    count = 0
    for chunk in _chunks(definition.layout, source):
        chunk_of = _replacing if replaces else _fresh
        keys, rows, blob = chunk_of(view, definition, chunk)
        named: list[object] = []
        if blob is None:
            blob, digests = encode_load(definition.schema, rows)
            named = list(digests)
        digest = payloads.put_blob(blob)
        view.expect(digest, rows, keys)
        data: dict[str, object] = {"rows": digest, "count": len(rows)}
        if replaces:
            data["replaces"] = True
        if named:
            data["names"] = named
        count += len(rows)
        tx.record_own(LOADED, subject=name, data=data)
    return count


def _fresh(view: Rows, definition: Definition, chunk: Chunk) -> Placed:
    tally = view.tally(definition)
    keys = definition.layout.keys_of(chunk.rows)
    _check_different(definition, keys, chunk.rows)
    if tally.count:
        _check_free(view, definition, keys, chunk.rows)
    check_unique(view, definition, chunk.rows)
    if not tally.buried:
        return keys, chunk.rows, chunk.blob
    place(view, definition, dict(zip(keys, chunk.rows, strict=True)))
    return keys, chunk.rows, None


def _replacing(view: Rows, definition: Definition, chunk: Chunk) -> Placed:
    keys = definition.layout.keys_of(chunk.rows)
    keyed = dict(zip(keys, chunk.rows, strict=True))  # the last one of a key counts
    _, replaced = place(view, definition, keyed)
    rows = list(keyed.values())
    check_unique(view, definition, rows, replaced=replaced)
    return list(keyed), rows, None


def _check_different(definition: Definition, keys: list[bytes], rows: list[StoredRow]) -> None:
    if len(set(keys)) == len(keys):
        return
    seen: set[bytes] = set()
    for key, row in zip(keys, rows, strict=True):
        if key in seen:
            raise taken(definition, row)
        seen.add(key)


def _check_free(
    view: Rows, definition: Definition, keys: list[bytes], rows: list[StoredRow]
) -> None:
    for row, raw in zip(rows, raws_of(view, definition, keys), strict=True):
        if raw is not None:
            raise taken(definition, row)


def _chunks(layout: Layout, source: object) -> Iterator[Chunk]:
    if isinstance(source, pa.Table):
        for start in range(0, source.num_rows, CHUNK_ROWS):
            columns = stored_columns(layout, source.slice(start, CHUNK_ROWS))
            rows = rows_of(layout.schema, columns)
            yield Chunk(rows, encode_columns(columns))
        return
    if isinstance(source, Mapping | str | bytes) or not isinstance(source, Iterable):
        raise InvalidInput(
            f"a {type(source).__name__} is no rows: give an iterable of rows, "
            "or a table of Arrow, pandas or Polars"
        )
    iterator = iter(source)
    at = 0
    while page := list(islice(iterator, CHUNK_ROWS)):
        stored = taken_together(layout, page)
        if stored is None:
            stored = [_taken(layout, row, at + number) for number, row in enumerate(page)]
        yield Chunk(stored)
        at += len(page)


def _taken(layout: Layout, row: object, number: int) -> StoredRow:
    try:
        return layout.take(plain_row(row))
    except NacreError as error:
        error.add_note(f"row number {number} of the load; nothing of it was stored")
        raise
