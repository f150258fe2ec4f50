"""Rows of a collection as Arrow columns, kept in memory.

A scan of all rows decodes each of them. Whoever scans a second time between two changes gets the
columns instead, on which a condition costs nanoseconds a row; from then on few changes are made up
for in the columns that there are.
"""

import threading
from collections.abc import Iterator
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from nacre.rows.definition import Definition
from nacre.rows.layout import Layout, StoredRow
from nacre.rows.loads import rows_of
from nacre.rows.patching import Past, changed_keys, columns_of, patched
from nacre.rows.stored import unpack_rows
from nacre.rows.view import Rows
from nacre.views.pairs import TransactionPairs

_LEAST_ROWS = 500
_MOST_BYTES = 512 << 20
_CHUNK_ROWS = 1 << 16
_PAGE_ROWS = 2048
_SAMPLED_ROWS = 10_000
_FEW = 20
"""A column has few values when it has so many times more rows."""
_WORTH_PATCHING = 250
"""Columns are made anew when more than one of so many rows was changed: it costs less then."""


class _State(NamedTuple):
    """What columns are made of: while it is the same, so are the rows."""

    build: bytes
    """The place of the view; a rebuild, which a purge asks for, gives it another."""

    version: int
    position: int
    rows: int

    def is_before(self, later: "_State") -> bool:
        """Tell whether rows were changed between the two, and nothing else."""
        return self[:2] == later[:2] and self.position < later.position


class _Kept(NamedTuple):
    state: _State
    table: pa.Table
    encoded: pa.Table | None = None
    """The same, strings of few values as dictionaries; made when it is asked for."""

    @property
    def size_bytes(self) -> int:
        """How much memory it takes: what is not encoded is the same in both."""
        columns = [] if self.encoded is None else self.encoded.columns
        extra = [column for column in columns if pa.types.is_dictionary(column.type)]
        return int(self.table.nbytes) + sum(int(column.nbytes) for column in extra)


class Columns:
    """The columns of the collections of one vault handle. Threads may share it."""

    def __init__(self, *, least_rows: int = _LEAST_ROWS) -> None:
        self._least_rows = least_rows
        self._lock = threading.Lock()
        # The one that was used last stands last.
        self._kept: dict[int, _Kept] = {}
        self._scanned: dict[int, _State] = {}

    def of(
        self, view: Rows, definition: Definition, past: Past, *, is_first: bool = False
    ) -> pa.Table | None:
        """Return the columns of all rows; None: rows are to be read.

        *view* shows one moment, and *past* is the vault then. With *is_first* columns are also
        made when nobody has scanned these rows before.
        """
        state = self._state(view, definition, past)
        if state is None:
            return None
        table = self._known(definition.number, state)
        if table is None:
            table = self._patched(view, definition, past, state)
        if table is not None:
            return table
        if not is_first and not self._was_scanned(definition, past, state):
            self._scanned[definition.number] = state
            return None
        table = _read(view, definition)
        if table.nbytes <= _MOST_BYTES:
            self._keep(definition.number, _Kept(state, table))
        return table

    def encoded(self, view: Rows, definition: Definition, past: Past) -> pa.Table | None:
        """Return the columns of all rows, strings of few values as dictionaries."""
        table = self.of(view, definition, past, is_first=True)
        if table is None:
            return None
        with self._lock:
            kept = self._kept.get(definition.number)
        is_kept = kept is not None and kept.table is table
        if kept is not None and is_kept and kept.encoded is not None:
            return kept.encoded
        encoded = pa.table({name: _encoded(table.column(name)) for name in table.column_names})
        if kept is not None and is_kept:
            self._keep(definition.number, kept._replace(encoded=encoded))
        return encoded

    def has(self, view: Rows, definition: Definition, past: Past) -> bool:
        """Tell whether the columns are at hand."""
        state = self._state(view, definition, past)
        if state is None:
            return False
        if self._known(definition.number, state) is not None:
            return True
        return self._patched(view, definition, past, state) is not None

    def _state(self, view: Rows, definition: Definition, past: Past) -> _State | None:
        """Return what the columns would be made of; None when they must not or need not be made."""
        pairs = view.pairs
        if not isinstance(pairs, TransactionPairs):
            return None
        tally = view.tally(definition)
        # What a transaction has written so far carries the position that it will have: it may
        # go on, or be undone, under the same one.
        if tally.count < self._least_rows or tally.position >= past.head:
            return None
        return _State(pairs.prefix, definition.version, tally.position, tally.count)

    def _was_scanned(self, definition: Definition, past: Past, state: _State) -> bool:
        """Tell whether these rows were read before, but for few of them."""
        scanned = self._scanned.get(definition.number)
        if scanned is None or scanned == state:
            return scanned == state
        return _changed(definition, past, scanned, state) is not None

    def _known(self, number: int, state: _State) -> pa.Table | None:
        with self._lock:
            kept = self._kept.get(number)
            if kept is None or kept.state != state:
                return None
            self._kept[number] = self._kept.pop(number)
            return kept.table

    def _patched(
        self, view: Rows, definition: Definition, past: Past, state: _State
    ) -> pa.Table | None:
        """Return the columns with the changes since they were made; None: those are too many."""
        with self._lock:
            kept = self._kept.get(definition.number)
        keys = None if kept is None else _changed(definition, past, kept.state, state)
        if kept is None or keys is None:
            return None
        table = patched(view, definition, kept.table, keys)
        if table.num_rows != state.rows:
            return None
        self._keep(definition.number, _Kept(state, table))
        return table

    def _keep(self, number: int, kept: _Kept) -> None:
        with self._lock:
            self._kept.pop(number, None)
            self._kept[number] = kept
            total = sum(each.size_bytes for each in self._kept.values())
            for oldest in list(self._kept):
                if total <= _MOST_BYTES:
                    return
                total -= self._kept.pop(oldest).size_bytes


def stored_rows(layout: Layout, table: pa.Table) -> Iterator[StoredRow]:
    """Yield the stored rows in columns; they do not say what was changed before."""
    for start in range(0, table.num_rows, _PAGE_ROWS):
        yield from rows_of(layout.schema, table.slice(start, _PAGE_ROWS))


def _changed(definition: Definition, past: Past, before: _State, now: _State) -> list[bytes] | None:
    """Return the keys of the rows that differ, in order; None when they are many, or unknown."""
    if not before.is_before(now):
        return None
    most = max(_FEW, now.rows // _WORTH_PATCHING)
    return changed_keys(past, definition, before.position + 1, most)


def _read(view: Rows, definition: Definition) -> pa.Table:
    layout = definition.layout
    chunks = [columns_of(layout, rows) for rows in _chunks(view, definition)]
    return pa.concat_tables(chunks).combine_chunks()


def _chunks(view: Rows, definition: Definition) -> Iterator[list[StoredRow]]:
    start = definition.rows
    while True:
        found = view.raw_page(definition, start, _CHUNK_ROWS)
        if found:
            yield unpack_rows([raw for _, raw in found])
        if len(found) < _CHUNK_ROWS:
            return
        start = found[-1][0] + b"\x00"


def _encoded(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return strings of few values as a dictionary, anything else as it is."""
    sample = column.slice(0, _SAMPLED_ROWS)
    if column.type != pa.string() or pc.count_distinct(sample).as_py() > 0.8 * len(sample):
        return column
    encoded = pa.chunked_array([column.combine_chunks().dictionary_encode()])
    return encoded if _FEW * len(encoded.chunk(0).dictionary) <= len(column) else column
