"""One table of a collection: what came one by one lies alone, what was loaded lies in blocks.

A block lies under a key that none of its own is behind, and that is behind all of the block
before: so the first block at or behind a key is the only one that can have it.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence

from nacre.keys import after_prefix
from nacre.rows.blocks import (
    MOST_VALUE_BYTES,
    Block,
    cut_blocks,
    find_in_block,
    may_start_in,
    spliced,
)
from nacre.views.pairs import Pair, Pairs

# LMDB gives a value of which two do not fit on a page of 4,096 bytes a page of its own, of which it
# keeps 16 bytes: so the page is full, whatever lies beside it.
BLOCK_BYTES = 4080
_MOST_BLOCKS, _GROWTH = 32, 4
# To write a block again takes as long as to put 8 pairs alone, and longer the more it has.
_LEAST_LOADED, _SPARSE = 8, 16
# So many are spliced one after the other in less time than it takes to make a block of its pairs.
_FEW_CHANGES = 12
_ERASED = 2048
_EVERYTHING = 1 << 62


Named = tuple[list[bytes], bytes]
"""The keys that entries end in, and the last of the entries."""


class Table:
    """Sorted pairs behind a prefix, of one moment or of the transaction that changes them.

    Keys are given, and returned, with the prefix.
    """

    __slots__ = ("_blocks", "_end", "_pairs", "_prefix")

    def __init__(self, pairs: Pairs, prefix: bytes, blocks: bytes) -> None:
        self._pairs = pairs
        self._prefix = prefix
        self._blocks = blocks
        self._end = after_prefix(blocks)

    def get(self, key: bytes) -> bytes | None:
        """Return the value of a key, or None."""
        alone = self._pairs.get(key)
        return self._packed(key[len(self._prefix) :]) if alone is None else alone

    def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """Return the value of each key, or None."""
        # What was loaded together is asked for together.
        first, then = self._pairs.get_many, self._get_packed
        if keys and self._pairs.get(keys[0]) is None:
            first, then = then, first
        found = first(keys)
        if None not in found:
            return found
        missing = [number for number, value in enumerate(found) if value is None]
        rest = then([keys[number] for number in missing])
        for number, value in zip(missing, rest, strict=True):
            found[number] = value
        return found

    def page(self, start: bytes, stop: bytes | None, *, reverse: bool, limit: int) -> list[Pair]:
        """Return the first pairs of a range behind the prefix, or the last ones in reverse."""
        stop = after_prefix(self._prefix) if stop is None else stop
        packed = self._page_packed(start, stop, limit, reverse=reverse)
        if packed and self._pairs.seek(start, stop) is None:
            return packed
        if len(packed) == limit:
            start, stop = (packed[-1][0], stop) if reverse else (start, packed[-1][0])
        alone = self._pairs.page(start, stop, reverse=reverse, limit=limit)
        return sorted([*packed, *alone], reverse=reverse)[:limit] if packed else alone

    def starting(self, prefix: bytes, limit: int) -> list[Pair]:
        """Return the first pairs whose keys start with some bytes; none is found soonest."""
        stop = after_prefix(prefix)
        key = prefix[len(self._prefix) :]
        found = self._first_block(key)
        # Behind a block whose key comes after all these, there is none of them.
        if found is None or not (found[0].startswith(key) or may_start_in(found[1], key)):
            if self._pairs.seek(prefix, stop) is None:
                return []
            return self._pairs.page(prefix, stop, reverse=False, limit=limit)
        return self.page(prefix, stop, reverse=False, limit=limit)

    def named(
        self,
        start: bytes,
        stop: bytes | None,
        *,
        prefix: bytes,
        cut: int | None,
        reverse: bool,
        limit: int,
    ) -> Named:
        """Return the keys that entries of a range end in, each behind a prefix.

        An entry ends in the key behind *cut* bytes. None: its value says how many bytes it is.
        """
        stop = after_prefix(self._prefix) if stop is None else stop
        if self._pairs.seek(start, stop) is None:
            return self._named_packed(start, stop, prefix, cut, reverse=reverse, limit=limit)
        page = self.page(start, stop, reverse=reverse, limit=limit)
        if cut is None:
            return [prefix + entry[-size[0] :] for entry, size in page], page[-1][0]
        return [prefix + entry[cut:] for entry, _ in page], page[-1][0]

    def pages(self, limit: int) -> Iterator[list[Pair]]:
        """Yield all pairs, in order; those that were yielded may change meanwhile."""
        start = self._prefix
        while page := self.page(start, None, reverse=False, limit=limit):
            yield page
            start = page[-1][0] + b"\x00"

    def add(self, pairs: Iterable[Pair]) -> None:
        """Put pairs whose keys are new, each alone."""
        self._pairs.put_many(pairs)

    def load(self, keys: Sequence[bytes], values: Sequence[bytes]) -> None:
        """Put pairs whose keys are new, in their order and without the prefix, into blocks.

        Those that are few for the block where they belong lie alone.
        """
        if max(map(len, values), default=0) > MOST_VALUE_BYTES:
            pairs = list(zip(keys, values, strict=True))
            self.add((self._prefix + k, value) for k, value in pairs if not fits(value))
            keys = [key for key, value in pairs if fits(value)]
            values = [value for value in values if fits(value)]
        put: list[Pair] = []
        for found, part in self._places(keys):
            count = Block(found[1]).count if found else 0
            if part.stop - part.start >= max(_LEAST_LOADED, count // _SPARSE):
                put += self._merged(found, keys[part], values[part])
                continue
            alone = zip(keys[part], values[part], strict=True)
            self.add((self._prefix + key, value) for key, value in alone)
        self._put_blocks(put)

    def alone(self, start: bytes, limit: int) -> list[Pair]:
        """Return the first pairs that lie alone from a key on, which, as theirs, has no prefix."""
        end = after_prefix(self._prefix)
        found = self._pairs.page(self._prefix + start, end, reverse=False, limit=limit)
        return [(key[len(self._prefix) :], value) for key, value in found]

    def pack(self, start: bytes, stop: bytes | None) -> None:
        """Put the pairs of a range that lie alone into blocks; keys are without the prefix."""
        end = after_prefix(self._prefix) if stop is None else self._prefix + stop
        found = self._pairs.page(self._prefix + start, end, reverse=False, limit=_EVERYTHING)
        packed = [(key, value) for key, value in found if fits(value)]
        for key, _ in packed:
            self._pairs.delete(key)
        cut = len(self._prefix)
        self._merge([key[cut:] for key, _ in packed], [value for _, value in packed])

    def replace(self, pairs: Sequence[Pair]) -> None:
        """Put pairs whose keys are there, each where it was if it still fits there."""
        cut = len(self._prefix)
        packed: dict[bytes, bytes | None] = {}
        for (key, value), alone in zip(
            pairs, self._pairs.get_many([k for k, _ in pairs]), strict=True
        ):
            if alone is None:
                packed[key[cut:]] = value if fits(value) else None
            if alone is not None or not fits(value):
                self._pairs.put(key, value)
        self._change(packed)

    def delete(self, keys: Iterable[bytes]) -> None:
        """Remove keys that are there."""
        cut = len(self._prefix)
        self._change({key[cut:]: None for key in keys if not self._pairs.delete(key)})

    def erase(self) -> None:
        """Remove everything."""
        for prefix in (self._prefix, self._blocks):
            stop = after_prefix(prefix)
            while page := self._pairs.page(prefix, stop, reverse=False, limit=_ERASED):
                for key, _ in page:
                    self._pairs.delete(key)

    def _change(self, changes: Mapping[bytes, bytes | None]) -> None:
        keys = sorted(changes)
        self._merge(keys, [changes[key] for key in keys])

    def _merge(self, keys: Sequence[bytes], values: Sequence[bytes | None]) -> None:
        """Put pairs into the blocks where they belong, or into new ones; None removes one."""
        put: list[Pair] = []
        for found, part in self._places(keys):
            put += self._merged(found, keys[part], values[part])
        self._put_blocks(put)

    def _places(self, keys: Sequence[bytes]) -> Iterator[tuple[Pair | None, slice]]:
        """Yield the block where the first of sorted keys belong, and which those are; and so on.

        None: they are behind all blocks.
        """
        start = 0
        while start < len(keys):
            found = self._first_block(keys[start])
            stop = len(keys) if found is None else bisect_right(keys, found[0], start)
            yield found, slice(start, stop)
            start = stop

    def _merged(
        self, found: Pair | None, keys: Sequence[bytes], values: Sequence[bytes | None]
    ) -> list[Pair]:
        """Return what takes the place of a block when pairs are put into it, or removed."""
        if found is None:
            return self._cut(keys, values)
        last, block = found
        raw = _spliced(block, keys, values) if len(keys) <= _FEW_CHANGES else None
        if raw is not None and len(raw) <= BLOCK_BYTES:
            return [(last, raw)]
        together: dict[bytes, bytes | None] = dict(Block(block).pairs())
        together.update(zip(keys, values, strict=True))
        left = sorted(key for key, value in together.items() if value is not None)
        cut = self._cut(left, [together[key] for key in left])
        if not cut:
            self._pairs.delete(self._blocks + last)
            return []
        return [*cut[:-1], (last, cut[-1][1])]

    def _put_blocks(self, put: Sequence[Pair]) -> None:
        self._pairs.put_many((self._blocks + key, block) for key, block in put)

    def _cut(self, keys: Sequence[bytes], values: Sequence[bytes | None]) -> list[Pair]:
        """Return the blocks of pairs, each with its last key; None is left out."""
        if None in values:
            keys = [key for key, value in zip(keys, values, strict=True) if value is not None]
        there = [value for value in values if value is not None]
        return list(cut_blocks(keys, there, BLOCK_BYTES))

    def _page_packed(
        self, start: bytes, stop: bytes | None, limit: int, *, reverse: bool
    ) -> list[Pair]:
        """Return the first pairs of a range that are in blocks, *limit* at most."""
        found: list[Pair] = []
        for block, first, last in self._parts(start, stop, limit, reverse=reverse):
            keys, values = block.keys(first, last, self._prefix), block.values(first, last)
            pairs = list(zip(keys, values, strict=True))
            found += pairs[::-1] if reverse else pairs
        return found

    def _named_packed(
        self,
        start: bytes,
        stop: bytes | None,
        prefix: bytes,
        cut: int | None,
        *,
        reverse: bool,
        limit: int,
    ) -> Named:
        found: list[bytes] = []
        entry = b""
        for block, first, last in self._parts(start, stop, limit, reverse=reverse):
            if first == last:
                continue
            if cut is None:
                sized = zip(block.keys(first, last), block.numbers(first, last), strict=True)
                keys = [prefix + key[-size:] for key, size in sized]
            else:
                keys = block.keys(first, last, prefix, cut - len(self._prefix))
            found += keys[::-1] if reverse else keys
            end = first if reverse else last - 1
            entry = block.keys(end, end + 1, self._prefix)[0]
        return found, entry

    def _parts(
        self, start: bytes, stop: bytes | None, limit: int, *, reverse: bool
    ) -> Iterator[tuple[Block, int, int]]:
        """Yield the parts of blocks that are in a range, until they have *limit* pairs."""
        low, high = self._behind(start) or b"", self._behind(stop)
        for block in self._backwards(low, high) if reverse else self._forwards(low):
            first = block.place(low)
            # A range may end before it begins.
            last = block.count if high is None else max(first, block.place(high))
            is_end = last < block.count and not reverse
            if reverse:
                first = max(first, last - limit)
            else:
                last = min(last, first + limit)
            yield block, first, last
            limit -= last - first
            if is_end or not limit:
                return

    def _behind(self, key: bytes | None) -> bytes | None:
        """Return what stands in a key behind the prefix; None: it is behind everything."""
        if key is None or not key.startswith(self._prefix):
            return None
        return key[len(self._prefix) :]

    def _forwards(self, low: bytes) -> Iterator[Block]:
        """Yield the blocks that may have keys from one on."""
        first = self._pairs.seek(self._blocks + low, self._end)
        if first is None:
            return
        yield Block(first[1])
        at, size = first[0] + b"\x00", _GROWTH
        while page := self._pairs.page(at, self._end, reverse=False, limit=size):
            yield from (Block(raw) for _, raw in page)
            at, size = page[-1][0] + b"\x00", min(_GROWTH * size, _MOST_BLOCKS)

    def _backwards(self, low: bytes, high: bytes | None) -> Iterator[Block]:
        """Yield the blocks that may have keys of a range, the last first."""
        first, at, size = self._blocks + low, self._end, 1
        if high is not None:
            # The block that lies behind the range may begin in it.
            at = self._blocks + high
            behind = self._pairs.seek(at, self._end)
            if behind is not None:
                yield Block(behind[1])
        while page := self._pairs.page(first, at, reverse=True, limit=size):
            yield from (Block(raw) for _, raw in page)
            at, size = page[-1][0], min(_GROWTH * size, _MOST_BLOCKS)

    def _packed(self, key: bytes) -> bytes | None:
        found = self._pairs.seek(self._blocks + key, self._end)
        return None if found is None else find_in_block(found[1], key)

    def _get_packed(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """Return the value that each key has in a block, or None."""
        cut, blocks, end, seek = len(self._prefix), self._blocks, self._end, self._pairs.seek
        found: list[bytes | None] = []
        low = last = block = b""
        for each in keys:
            key = each[cut:]
            if not low <= key <= last:
                first = seek(blocks + key, end)
                if first is None:
                    found.append(None)
                    continue
                last, block = first[0][len(blocks) :], first[1]
            # Between the two there is no other block: keys in their order need few of them.
            low = key
            found.append(find_in_block(block, key))
        return found

    def _first_block(self, key: bytes) -> Pair | None:
        """Return the first block at or behind a key, and where it lies; None: there is none."""
        found = self._pairs.seek(self._blocks + key, self._end)
        return None if found is None else (found[0][len(self._blocks) :], found[1])


def _spliced(block: bytes, keys: Sequence[bytes], values: Sequence[bytes | None]) -> bytes | None:
    """Return a block with a few changes of its pairs; None: it must be made anew."""
    changed: bytes | None = block
    for key, value in zip(keys, values, strict=True):
        changed = None if changed is None else spliced(changed, key, value)
    return changed


def fits(value: bytes) -> bool:
    """Tell whether a value may lie in a block."""
    return len(value) <= MOST_VALUE_BYTES
