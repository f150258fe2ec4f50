"""Blocks: many sorted pairs in one value, so that neither LMDB nor their keys' beginnings repeat.

    byte 0      1: all keys take the same number of bytes    2: all values are the same
    bytes 1-2   how many pairs
    bytes 3-4   how many bytes all keys begin with
    bytes 5-6   how many bytes are left of each key; 0 when that differs
    then        what all keys begin with
                the keys, without it; where they differ in size, first where each of them ends
                the values; where they differ, first where each of them ends

Numbers are little-endian, ends are of 2 bytes each. A block has at most 64 KiB.
"""

import struct
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise

from nacre.errors import CorruptionError

MOST_VALUE_BYTES = 512
"""A larger value lies alone: in a block it would only be in the way of others."""

_MOST_PAIRS = 1024

_HEAD = struct.Struct("<BHHH")
_END = struct.Struct("<H")
_TWO_ENDS = struct.Struct("<HH")
_SAME_SIZE, _SAME_VALUE = 1, 2


def encode_block(keys: Sequence[bytes], values: Sequence[bytes]) -> bytes:
    """Return the block of pairs in order of their keys, of which there is one at least."""
    common = common_bytes(keys[0], keys[-1]) if len(keys) > 1 else 0
    left = [key[common:] for key in keys]
    has_one_size = len({*map(len, left)}) == 1
    has_one_value = len({*values}) == 1
    kind = _SAME_SIZE * has_one_size + _SAME_VALUE * has_one_value
    size = len(left[0]) if has_one_size else 0
    parts = [_HEAD.pack(kind, len(keys), common, size), keys[0][:common]]
    if not has_one_size:
        parts.append(_ends_of(left))
    parts += left
    if has_one_value:
        return b"".join([*parts, values[0]])
    return b"".join([*parts, _ends_of(values), *values])


class Block:
    """The pairs of a block, decoded as far as they are asked for."""

    __slots__ = (
        "_block", "_common", "_ends", "_has_one_size", "_keys", "_kind", "_size", "_values",
        "count",
    )  # fmt: skip

    def __init__(self, block: bytes) -> None:
        """Take the bytes of a block.

        Raises:
            CorruptionError: they are cut off.
        """
        self._block = block
        try:
            self._kind, self.count, common, self._size = _HEAD.unpack_from(block)
            self._keys = self._ends = _HEAD.size + common
            self._common = block[_HEAD.size : self._keys]
            self._has_one_size = bool(self._kind & _SAME_SIZE and self._size)
            if self._has_one_size:
                self._values = self._keys + self.count * self._size
            else:
                self._keys += 2 * self.count
                (size,) = _END.unpack_from(block, self._keys - 2)
                self._values = self._keys + size
        except struct.error as error:
            raise _cut_off() from error
        ends = 0 if self._kind & _SAME_VALUE else 2 * self.count
        if not self.count or len(block) < self._values + ends:
            raise _cut_off()

    def place(self, key: bytes) -> int:
        """Return how many keys are before one."""
        head = key[: len(self._common)]
        if head != self._common:
            return 0 if head < self._common else self.count
        left = key[len(head) :]
        if left <= self._left(0):
            return 0
        return bisect_left(range(self.count), left, key=self._left)

    def keys(self, start: int, stop: int, prefix: bytes = b"", cut: int = 0) -> list[bytes]:
        """Return some of the keys, each behind a prefix and without its first *cut* bytes."""
        block, prefix = self._block, prefix + self._common[cut:]
        skip = max(0, cut - len(self._common))
        if self._has_one_size:
            size, first = self._size, self._keys
            places = range(first + start * size, first + stop * size, size)
            return [prefix + block[at + skip : at + size] for at in places]
        left = block[self._keys : self._values]
        ends = self._ends_between(self._ends, start, stop)
        if skip:
            return [prefix + left[begin + skip : end] for begin, end in pairwise(ends)]
        return [prefix + left[begin:end] for begin, end in pairwise(ends)]

    def values(self, start: int, stop: int) -> list[bytes]:
        """Return some of the values."""
        if self._kind & _SAME_VALUE:
            return [self._block[self._values :]] * (stop - start)
        values = self._block[self._values + 2 * self.count :]
        ends = self._ends_between(self._values, start, stop)
        return [values[begin:end] for begin, end in pairwise(ends)]

    def numbers(self, start: int, stop: int) -> bytes:
        """Return some of the values, if each is one byte."""
        if self._kind & _SAME_VALUE:
            return self._block[self._values : self._values + 1] * (stop - start)
        first = self._values + 2 * self.count
        return self._block[first + start : first + stop]

    def pairs(self) -> Iterator[tuple[bytes, bytes]]:
        """Return all pairs."""
        return zip(self.keys(0, self.count), self.values(0, self.count), strict=True)

    def changed(self, number: int, value: bytes) -> bytes | None:
        """Return the bytes of the block with another value; None: all had the same."""
        if self._kind & _SAME_VALUE:
            return self._block if value == self._block[self._values :] else None
        return self._block[: self._values] + self._values_with(number, value)

    def without(self, number: int) -> bytes:
        """Return the bytes of the block without one of its pairs."""
        block, size = self._block, self._size
        if self._has_one_size:
            at = self._keys + number * size
            keys = block[self._keys : at] + block[at + size : self._values]
        else:
            keys = _with_part(block, self._ends, self.count, (number, None))
        values = self._values_with(number, None)
        head = _HEAD.pack(self._kind, self.count - 1, len(self._common), size)
        return b"".join((head, self._common, keys, values))

    def _values_with(self, number: int, value: bytes | None) -> bytes:
        if self._kind & _SAME_VALUE:
            return self._block[self._values :]
        return _with_part(self._block, self._values, self.count, (number, value))

    def _ends_between(self, at: int, start: int, stop: int) -> Sequence[int]:
        """Return where those before *start* end, and where each up to *stop* does."""
        if start == 0:
            return (0, *struct.unpack_from(f"<{stop}H", self._block, at))
        return struct.unpack_from(f"<{stop - start + 1}H", self._block, at + 2 * start - 2)

    def _left(self, number: int) -> bytes:
        """Return what a key has behind the bytes that all have in common."""
        first, block = self._keys, self._block
        if self._has_one_size:
            at = first + number * self._size
            return block[at : at + self._size]
        if number == 0:
            return block[first : first + _END.unpack_from(block, self._ends)[0]]
        begin, end = _TWO_ENDS.unpack_from(block, self._ends + 2 * number - 2)
        return block[first + begin : first + end]


def find_in_block(block: bytes, key: bytes) -> bytes | None:
    """Return the value of a key in a block, or None, without decoding the others.

    Raises:
        CorruptionError: the block is cut off.
    """
    try:
        kind, count, common, size = _HEAD.unpack_from(block)
        if not kind & _SAME_SIZE:
            return _find_by_place(Block(block), key)
        start = _HEAD.size + common
        values = start + count * size
        if len(key) != common + size or not block.startswith(key[:common], _HEAD.size):
            return None
        # To look for the bytes is one call, and they are rarely found across two keys.
        left = key[common:]
        at = block.find(left, start, values)
        while (at - start) % size and at >= 0:
            at = block.find(left, at + 1, values)
        if at < 0:
            return None
        if kind & _SAME_VALUE:
            return block[values:]
        number, first = (at - start) // size, values + 2 * count
        if number == 0:
            return block[first : first + int.from_bytes(block[values : values + 2], "little")]
        begin, end = _TWO_ENDS.unpack_from(block, values + 2 * number - 2)
        return block[first + begin : first + end]
    except (struct.error, ZeroDivisionError) as error:
        raise _cut_off() from error


def may_start_in(block: bytes, prefix: bytes) -> bool:
    """Tell whether a key of a block may start with some bytes; False is certain."""
    if len(block) < _HEAD.size:
        raise _cut_off()
    _, _, common, _ = _HEAD.unpack_from(block)
    start = _HEAD.size + common
    if not prefix.startswith(block[_HEAD.size : start]):
        return block.startswith(prefix, _HEAD.size) and len(prefix) <= common
    return block.find(prefix[common:], start) >= 0


def _find_by_place(block: "Block", key: bytes) -> bytes | None:
    number = block.place(key)
    if number == block.count or block.keys(number, number + 1) != [key]:
        return None
    return block.values(number, number + 1)[0]


def spliced(block: bytes, key: bytes, value: bytes | None) -> bytes | None:
    """Return a block with another value for one key, or without the key (None).

    None: it is not that simple, and the block must be made of its pairs anew.
    """
    found = Block(block)
    number = found.place(key)
    if number == found.count or found.keys(number, number + 1) != [key]:
        return None
    if value is None:
        return found.without(number) if found.count > 1 else None
    return found.changed(number, value)


def cut_blocks(
    keys: Sequence[bytes], values: Sequence[bytes], most_bytes: int
) -> Iterator[tuple[bytes, bytes]]:
    """Yield the last key and the block of as many pairs as fit into a size, until none is left."""
    key_bytes = [0, *accumulate(map(len, keys))]
    value_bytes = [0, *accumulate(map(len, values))]
    has_one_value = len({*values}) == 1
    start = 0

    def size(stop: int) -> int:
        """Return how many bytes the block of the pairs up to *stop* has."""
        count, first, last = stop - start, keys[start], keys[stop - 1]
        held = key_bytes[stop] - key_bytes[start]
        ends = 0 if held == count * len(first) else 2 * count
        common = common_bytes(first, last) if count > 1 else 0
        kept = len(values[start]) if has_one_value else 2 * count
        if not has_one_value:
            kept += value_bytes[stop] - value_bytes[start]
        return _HEAD.size + common + held - count * common + ends + kept

    while start < len(keys):
        stop = min(start + _MOST_PAIRS, len(keys))
        if size(stop) > most_bytes:
            fitting = bisect_right(range(start + 1, stop), most_bytes, key=size)
            stop = start + max(1, fitting)
        yield keys[stop - 1], encode_block(keys[start:stop], values[start:stop])
        start = stop


def common_bytes(first: bytes, second: bytes) -> int:
    """Return how many bytes two keys begin with."""
    size = min(len(first), len(second))
    differs = int.from_bytes(first[:size], "big") ^ int.from_bytes(second[:size], "big")
    return size - (differs.bit_length() + 7) // 8


def _with_part(block: bytes, at: int, count: int, change: tuple[int, bytes | None]) -> bytes:
    """Return ends, and the parts behind them: one of them replaced, or left out (None)."""
    number, part = change
    ends = struct.unpack_from(f"<{count}H", block, at)
    first, begin = at + 2 * count, ends[number - 1] if number else 0
    grown = len(part or b"") - (ends[number] - begin)
    behind = ends[number + (part is None) :]
    moved = (*ends[:number], *(end + grown for end in behind))
    try:
        packed = struct.pack(f"<{len(moved)}H", *moved)
    except struct.error as error:
        raise _cut_off() from error
    head, tail = block[first : first + begin], block[first + ends[number] : first + ends[-1]]
    return b"".join((packed, head, part or b"", tail))


def _cut_off() -> CorruptionError:
    return CorruptionError("a block of rows is cut off: run `nacre verify`, then `nacre rebuild`")


def _ends_of(parts: Sequence[bytes]) -> bytes:
    return struct.pack(f"<{len(parts)}H", *accumulate(map(len, parts)))
