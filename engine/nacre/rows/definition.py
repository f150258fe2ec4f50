"""A collection as it is defined, and where the view keeps what belongs to it.

1 [name]                            definition: {number, schema, created, ...}
2 [number]                          [count, position of the last change, cut, buried]
3 []                                the number of the next collection
4 [number] key                      a row: [position, values by slot]
5 [number, index] values key        how many bytes of it are the key
6 [number] key                      the position at which the row was deleted last
7 [digest]                          [position, digest] of the blob of a load
8 [number] key                      a block of rows: those up to the key
9 [number, index] values key        a block of entries: those up to values and key
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import cast

from nacre import codec
from nacre.hashing import Digest
from nacre.keys import count_bytes, encode_key
from nacre.rows.blocks import Block
from nacre.rows.layout import Layout
from nacre.rows.schema import schema_from
from nacre.rows.table import Table
from nacre.views.pairs import Pair, Pairs

NAMES = encode_key((1,))
NEXT = encode_key((3,))
_STATES, _ROWS, _ENTRIES, _GRAVES, _LOADS, _ROW_BLOCKS, _ENTRY_BLOCKS = 2, 4, 5, 6, 7, 8, 9

# By where blocks lie: where their pairs would lie alone, and how many numbers come before a key.
_BLOCKS = {
    encode_key((_ROW_BLOCKS,)): (encode_key((_ROWS,)), 1),
    encode_key((_ENTRY_BLOCKS,)): (encode_key((_ENTRIES,)), 2),
}


@dataclass(frozen=True, slots=True)
class Tally:
    """What changes with the rows of a collection."""

    count: int
    position: int
    """The commit that changed a row last."""

    cut: list[int]
    """The indexes with cut entries, which have no exact order; 0 is the key."""

    buried: bool
    """Whether a row was ever deleted."""


class Definition:
    """A collection as it is defined: made once for the bytes that say so."""

    def __init__(self, name: str, raw: bytes) -> None:
        data = cast("dict[str, object]", codec.unpack(raw))
        self.name = name
        self.pair = (name_key(name), raw)
        self.number = cast("int", data["number"])
        self.created = cast("int", data["created"])
        self.version = cast("int", data.get("version", 1))
        self.rows_alone = bool(data.get("alone", False))
        """Whether rows never lie in blocks; entries may."""
        self.schema = schema_from(cast("dict[str, object]", data["schema"]))
        self.layout = Layout(self.schema)
        self.rows = encode_key((_ROWS, self.number))
        self._row_blocks = encode_key((_ROW_BLOCKS, self.number))
        self.graves = encode_key((_GRAVES, self.number))
        self.tally = encode_key((_STATES, self.number))
        self._entries: dict[int, tuple[bytes, bytes]] = {}

    def entries(self, index: int) -> bytes:
        """Return what the keys of the entries of an index start with."""
        return self._prefixes(index)[0]

    def row_table(self, pairs: Pairs) -> Table:
        """Return the rows in pairs, which are of one moment, by their keys."""
        return Table(pairs, self.rows, self._row_blocks)

    def entry_table(self, pairs: Pairs, index: int) -> Table:
        """Return the entries of an index in pairs, which are of one moment."""
        return Table(pairs, *self._prefixes(index))

    def table(self, pairs: Pairs, index: int) -> Table:
        """Return the entries of an index in pairs, or the rows, which are those of index 0."""
        return self.entry_table(pairs, index) if index else self.row_table(pairs)

    def _prefixes(self, index: int) -> tuple[bytes, bytes]:
        found = self._entries.get(index)
        if found is None:
            tables = (_ENTRIES, _ENTRY_BLOCKS)
            entries, blocks = (encode_key((table, self.number, index)) for table in tables)
            found = self._entries[index] = (entries, blocks)
        return found


def opened(pair: Pair) -> Iterator[Pair]:
    """Yield the rows or entries of a block as if each lay alone; any other pair as it is."""
    key, value = pair
    table = next((table for table in _BLOCKS if key.startswith(table)), None)
    if table is None:
        yield pair
        return
    alone, numbers = _BLOCKS[table]
    cut = len(table)
    for _ in range(numbers):
        cut += count_bytes(key, cut)
    prefix = alone + key[len(table) : cut]
    yield from ((prefix + each, packed) for each, packed in Block(value).pairs())


@lru_cache(maxsize=512)
def name_key(name: str) -> bytes:
    """Return where the definition of a collection lies."""
    return NAMES + encode_key((name,))


def load_key(digest: Digest) -> bytes:
    """Return where the blob of a load is named."""
    return encode_key((_LOADS, digest.raw))


@lru_cache(maxsize=512)
def definition_of(name: str, raw: bytes) -> Definition:
    """Return the definition of a collection in its bytes."""
    return Definition(name, raw)
