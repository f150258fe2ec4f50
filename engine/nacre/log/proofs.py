"""Inclusion and consistency proofs (RFC 6962, RFC 9162) from the stored hashes of the tree.

A proof names the roots of the subtrees that a verifier cannot compute from what it has. Each is
made of at most 128 stored hashes a level, so a proof costs the same few milliseconds at a
thousand commits and at a hundred million.
"""

from collections.abc import Iterator

from nacre.hashing import node_hash
from nacre.log.tree import WIDTH_BITS, ReadLevel, root_of


def inclusion_path(position: int, size: int, read: ReadLevel) -> list[bytes]:
    """Return the hashes that lead from the leaf at *position* to the root over *size* leaves."""
    start, stop = 0, size
    path = []
    while stop - start > 1:
        split = start + _split(stop - start)
        if position < split:
            path.append(_range_root(split, stop, read))
            stop = split
        else:
            path.append(_range_root(start, split, read))
            start = split
    return path[::-1]


def consistency_path(old_size: int, size: int, read: ReadLevel) -> list[bytes]:
    """Return the hashes which show that the first *old_size* of *size* leaves are unchanged."""
    if old_size in (0, size):
        return []  # everything extends nothing, and itself
    start, stop = 0, size
    path = []
    # Down to the subtree that ends where the old tree ended.
    while stop != old_size:
        split = start + _split(stop - start)
        if old_size <= split:
            path.append(_range_root(split, stop, read))
            stop = split
        else:
            path.append(_range_root(start, split, read))
            start = split
    if start:
        path.append(_range_root(start, stop, read))
    return path[::-1]


def _split(count: int) -> int:
    """Return the largest power of two that is smaller than *count*."""
    return 1 << (count - 1).bit_length() - 1


def _range_root(start: int, stop: int, read: ReadLevel) -> bytes:
    """Return the root over the leaves of a range that is a subtree."""
    root = b""
    for part in reversed(list(_perfect_roots(start, stop, read))):
        root = node_hash(part, root) if root else part
    return root


def _perfect_roots(start: int, stop: int, read: ReadLevel) -> Iterator[bytes]:
    """Yield the roots of the perfect subtrees that a range divides into, largest first."""
    while start < stop:
        bits = (stop - start).bit_length() - 1
        level, inner = divmod(bits, WIDTH_BITS)
        first = start >> level * WIDTH_BITS
        yield root_of(read(level, first, first + (1 << inner)))
        start += 1 << bits
