"""The Merkle tree over the log (RFC 6962, SHA-256): one leaf a commit.

The hashes of complete subtrees of 256^n leaves are kept, n = 0, 1, 2, ...: extending the tree
stores one hash, a root or a proof reads at most 255 a level. What is between is computed again.

    key    05, level (1 byte), index (8 bytes, big-endian)
    value  hash, 32 bytes
"""

import struct
from collections.abc import Callable, Iterator
from hashlib import sha256

from nacre.errors import CorruptionError
from nacre.hashing import node_hash
from nacre.lmdb_handle import Transaction
from nacre.prefixes import TREE

EMPTY_ROOT = sha256(b"").digest()

WIDTH_BITS = 8
_WIDTH = 1 << WIDTH_BITS
LEVELS = 8
_KEY = struct.Struct(">BBQ")

# Returns the hashes of the complete subtrees `start <= index < stop` of a level.
ReadLevel = Callable[[int, int, int], list[bytes]]


class LmdbTree:
    """The stored hashes, inside one transaction."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def extend(self, position: int, leaf: bytes) -> None:
        """Add the leaf of the commit at *position*, and the subtrees that it completes."""
        level, index, node = 0, position, leaf
        while True:
            self._transaction.put(_KEY.pack(TREE, level, index), node)
            if (index + 1) % _WIDTH:
                return
            siblings = self.read(level, index + 1 - _WIDTH, index + 1)
            level, index, node = level + 1, index >> WIDTH_BITS, root_of(siblings)

    def leaf(self, position: int) -> bytes:
        """Return the leaf at *position*."""
        return self.read(0, position, position + 1)[0]

    def root(self, size: int) -> bytes:
        """Return the root over the first *size* leaves."""
        return tree_root(size, self.read)

    def stored(self, level: int, stop: int) -> list[bytes | None]:
        """Return the first hashes of a level, None for each that is missing."""
        keys = (_KEY.pack(TREE, level, index) for index in range(stop))
        return [self._transaction.get(key) for key in keys]

    def read(self, level: int, start: int, stop: int) -> list[bytes]:
        """Return the stored hashes of a level.

        Raises:
            CorruptionError: one is missing.
        """
        if start == stop:
            return []
        hashes = []
        cursor = self._transaction.cursor()
        if cursor.set_range(_KEY.pack(TREE, level, start)):
            for expected, (key, node) in enumerate(cursor.iternext(), start):
                if expected == stop or key != _KEY.pack(TREE, level, expected):
                    break
                hashes.append(node)
        if len(hashes) != stop - start:
            raise CorruptionError(
                f"the tree has no hash {start + len(hashes)} at level {level}: run `nacre verify`"
            )
        return hashes


def stored_level_sizes(transaction: Transaction) -> dict[int, int]:
    """Return how many hashes are stored at each level."""
    sizes: dict[int, int] = {}
    cursor = transaction.cursor()
    for level in range(LEVELS):
        behind = _KEY.pack(TREE, level, (1 << 64) - 1)
        found = cursor.prev() if cursor.set_range(behind) else cursor.last()
        if found and cursor.key()[:2] == behind[:2]:
            sizes[level] = int.from_bytes(cursor.key()[2:], "big") + 1
    return sizes


def root_of(leaves: list[bytes]) -> bytes:
    """Return the RFC 6962 root over hashes that are already leaves or subtrees of equal size."""
    if not leaves:
        return EMPTY_ROOT
    while len(leaves) > 1:
        pairs = zip(leaves[::2], leaves[1::2], strict=False)
        odd = leaves[-1:] if len(leaves) % 2 else []
        leaves = [node_hash(left, right) for left, right in pairs] + odd
    return leaves[0]


def tree_root(size: int, read: ReadLevel) -> bytes:
    """Return the root over the first *size* leaves, from the stored hashes."""
    if size == 0:
        return EMPTY_ROOT
    root = b""
    for part in _rightmost_first(size, read):
        root = node_hash(part, root) if root else part
    return root


def _rightmost_first(size: int, read: ReadLevel) -> Iterator[bytes]:
    """Yield the roots of the perfect subtrees that the leaves divide into, smallest first."""
    level, count = 0, size
    while count:
        # What a level holds beyond its complete groups of 256 is not part of the level above.
        start = count - count % _WIDTH
        yield from reversed(list(_perfect_roots(read(level, start, count))))
        level, count = level + 1, count >> WIDTH_BITS


def _perfect_roots(hashes: list[bytes]) -> Iterator[bytes]:
    """Yield the roots of the perfect subtrees, largest first."""
    start = 0
    for bit in reversed(range(WIDTH_BITS)):
        size = 1 << bit
        if len(hashes) & size:
            yield root_of(hashes[start : start + size])
            start += size
