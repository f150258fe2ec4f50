"""Rows that came one by one, and their entries, put into blocks as those of a load are."""

from collections.abc import Iterator
from dataclasses import dataclass

from nacre.rows.blocks import cut_blocks
from nacre.rows.definition import Definition
from nacre.rows.table import BLOCK_BYTES, fits
from nacre.rows.view import Rows

# So many are put into blocks by one commit, which others wait for.
_STRETCH = 10_000
_WORTH_PACKING = 1000
_PAIR_BYTES = 18  # what LMDB writes beside a pair, and where the pair says whose it is
_PAGE_BYTES = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Pairs of one table of a collection that lie alone, one behind the other."""

    collection: str
    number: int
    """Of the collection, which may be dropped and made anew."""

    index: int
    start: bytes
    stop: bytes | None
    count: int
    before_bytes: int
    after_bytes: int
    """As predicted."""


def stretches(view: Rows, *, at_least: int = _WORTH_PACKING) -> Iterator[Stretch]:
    """Yield what could be packed in all collections, of tables with so many pairs at least."""
    for name in view.names():
        definition = view.find(name)
        if definition is not None:
            for index in _packed_tables(definition):
                found = list(_of_table(view, definition, index))
                if sum(stretch.count for stretch in found) >= at_least:
                    yield from found


def packed(view: Rows, stretch: Stretch) -> dict[str, object] | None:
    """Return what an event says that packs a stretch; None: its collection or index is gone."""
    definition = view.find(stretch.collection)
    if definition is None or definition.number != stretch.number:
        return None
    if stretch.index not in _packed_tables(definition):
        return None
    return {"range": [stretch.index, stretch.start, stretch.stop]}


def _packed_tables(definition: Definition) -> list[int]:
    """Return the numbers of the indexes whose entries may lie in blocks; 0 stands for the rows."""
    indexes = [index.number for index in definition.schema.indexes]
    return indexes if definition.rows_alone else [0, *indexes]


def _of_table(view: Rows, definition: Definition, index: int) -> Iterator[Stretch]:
    start: bytes | None = b""
    while start is not None:
        first = start
        page = view.pairs.at_once(
            lambda pairs: definition.table(pairs, index).alone(first, _STRETCH + 1)  # noqa: B023
        )
        start = page[_STRETCH][0] if len(page) > _STRETCH else None
        packed = [pair for pair in page[:_STRETCH] if fits(pair[1])]
        if packed:
            keys, values = [key for key, _ in packed], [value for _, value in packed]
            yield Stretch(
                collection=definition.name,
                number=definition.number,
                index=index,
                start=first,
                stop=start,
                count=len(packed),
                before_bytes=sum(map(len, keys + values)) + _PAIR_BYTES * len(packed),
                after_bytes=sum(1 for _ in cut_blocks(keys, values, BLOCK_BYTES)) * _PAGE_BYTES,
            )
