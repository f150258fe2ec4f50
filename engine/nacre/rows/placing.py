"""Rows and their entries put, replaced and removed together.

Guards that the indexes of a collection say what its rows say.
"""

from collections.abc import Iterable, Iterator, Sequence
from operator import add, itemgetter, le
from typing import cast

from nacre import codec
from nacre.errors import CorruptionError
from nacre.rows.definition import Definition
from nacre.rows.layout import MAX_BYTES, Entries, StoredRow, all_index_values, any_cut
from nacre.rows.stored import unpack_rows
from nacre.views.pairs import Pair, Pairs, spread

_BY_KEY = itemgetter(0)
_SIZES = [bytes([size]) for size in range(256)]

Cut = set[int]
"""The numbers of the indexes in which a key was cut; 0 is the key of the rows."""


class Placing:
    """The rows of a collection as a transaction changes them."""

    def __init__(self, pairs: Pairs, definition: Definition) -> None:
        self._pairs = pairs
        self._definition = definition
        self._rows = definition.row_table(pairs)

    def insert(self, keys: Sequence[bytes], rows: Sequence[StoredRow]) -> Cut:
        """Put rows whose keys are new, and their entries, each alone."""
        self._add_rows(keys, codec.pack_all(rows))
        cut = {0} if any_cut(keys) else set()
        for entries in self._definition.layout.indexes:
            values = all_index_values(entries, rows)
            self._add_entries(entries, _entries_of(keys, values))
            cut |= _cut(entries, values)
        return cut

    def load(self, keys: Sequence[bytes], rows: Sequence[StoredRow]) -> Cut:
        """Put rows whose keys are new, and their entries, in blocks."""
        raws = codec.pack_all(rows)
        if self._definition.rows_alone:
            self._add_rows(keys, raws)
        elif all(map(le, keys, keys[1:])):
            self._rows.load(keys, raws)
        else:
            raw_of = dict(zip(keys, raws, strict=True))
            ordered = sorted(keys)
            self._rows.load(ordered, [raw_of[key] for key in ordered])
        cut = {0} if any_cut(keys) else set()
        for entries in self._definition.layout.indexes:
            cut |= self.load_entries(entries, keys, all_index_values(entries, rows))
        return cut

    def load_entries(self, entries: Entries, keys: Sequence[bytes], values: Sequence[bytes]) -> Cut:
        """Put the entries that rows have in an index, in blocks.

        Raises:
            CorruptionError: a key is none, being too long.
        """
        if max(map(len, keys), default=0) > MAX_BYTES:
            raise CorruptionError(f"a row of {self._definition.name!r} has no key of ours")
        table = self._definition.entry_table(self._pairs, entries.index.number)
        if len({*map(len, keys)}) == 1:
            size = _SIZES[len(keys[0])]
            table.load(sorted(map(add, values, keys)), [size] * len(keys))
        else:
            ordered = sorted(_entries_of(keys, values))
            table.load([entry for entry, _ in ordered], [size for _, size in ordered])
        return _cut(entries, values)

    def update(self, rows: Sequence[StoredRow], position: int) -> Cut:
        """Put rows in place of those with their keys, and entries in place of theirs."""
        if not rows:
            return set()
        prefix = self._definition.rows
        keys = self._definition.layout.keys_of(rows)
        if not all(map(le, keys, keys[1:])):  # neighbours are found together
            ordered = sorted(zip(keys, rows, strict=True), key=_BY_KEY)
            keys, rows = [key for key, _ in ordered], [row for _, row in ordered]
        old = self._there(keys, "an update")
        cut: Cut = set()
        for entries in self._definition.layout.indexes:
            before, after = all_index_values(entries, old), all_index_values(entries, rows)
            cut |= _cut(entries, after)
            moved = [number for number, values in enumerate(before) if values != after[number]]
            self._remove_entries(entries, [before[n] + keys[n] for n in moved])
            self._add_entries(
                entries, _entries_of([keys[n] for n in moved], [after[n] for n in moved])
            )
        raws = codec.pack_all([[position, *row[1:]] for row in rows])
        self._rows.replace([(prefix + key, raw) for key, raw in zip(keys, raws, strict=True)])
        return cut

    def bury(self, keys: Sequence[bytes], position: int) -> None:
        """Remove rows and their entries, and note when."""
        old = self._there(keys, "a deletion")
        for entries in self._definition.layout.indexes:
            values = all_index_values(entries, old)
            self._remove_entries(entries, [entry for entry, _ in _entries_of(keys, values)])
        self._rows.delete([self._definition.rows + key for key in keys])
        for key in keys:
            self._pairs.put(self._definition.graves + key, codec.pack(position))

    def _add_rows(self, keys: Sequence[bytes], raws: Sequence[bytes]) -> None:
        prefix = self._definition.rows
        pairs: Iterable[Pair] = zip(keys, raws, strict=True)
        if not all(map(le, keys, keys[1:])):
            pairs = sorted(pairs)
        self._rows.add((prefix + key, raw) for key, raw in spread([*pairs]))

    def _add_entries(self, entries: Entries, found: Iterator[Pair]) -> None:
        number = entries.index.number
        prefix = self._definition.entries(number)
        table = self._definition.entry_table(self._pairs, number)
        table.add((prefix + key, size) for key, size in spread(sorted(found)))

    def _remove_entries(self, entries: Entries, found: Sequence[bytes]) -> None:
        number = entries.index.number
        prefix = self._definition.entries(number)
        table = self._definition.entry_table(self._pairs, number)
        table.delete([prefix + entry for entry in found])

    def _there(self, keys: Sequence[bytes], why: str) -> list[StoredRow]:
        prefix = self._definition.rows
        raws = self._rows.get_many([prefix + key for key in keys])
        if None in raws:
            raise CorruptionError(f"{why} of {self._definition.name!r} finds no row")
        return unpack_rows(cast("list[bytes]", raws))


def _entries_of(keys: Sequence[bytes], values: Sequence[bytes]) -> Iterator[Pair]:
    """Yield the entries of rows: values and key, and how many bytes of it are the key."""
    return ((value + key, _SIZES[len(key)]) for value, key in zip(values, keys, strict=True))


def _cut(entries: Entries, values: Sequence[bytes]) -> Cut:
    return {entries.index.number} if any_cut(values) else set()
