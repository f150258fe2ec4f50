"""Which rows of a new version are which rows of the one before, whatever came between.

Rows with a rare hash are anchors. Anchors that moved by the same distance make one block, and a
block grows until its values differ: what was inserted, deleted or moved forward lies between.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nacre.frames.cuts import Hashes

_ANCHORS = 4096
_MAX_HASH = 1 << 64

Rows = NDArray[np.int64]


class Block(NamedTuple):
    """`rows` rows that start at `old` in the version before and at `new` in this one."""

    old: int
    new: int
    rows: int


def align_rows(old: Hashes, new: Hashes) -> list[Block]:
    """Return blocks in ascending order, in both versions, that largely hold the same values."""
    old_rows, new_rows = _common_anchors(old, new)
    if not len(old_rows):
        return []
    return _grow(_runs(old_rows, new_rows), old, new)


def _common_anchors(old: Hashes, new: Hashes) -> tuple[Rows, Rows]:
    """Return the rows of the anchors that both versions have once, in ascending order in both."""
    threshold = np.uint64(min(_MAX_HASH // max(len(new), 1) * _ANCHORS, _MAX_HASH - 1))
    old_at, new_at = np.flatnonzero(old < threshold), np.flatnonzero(new < threshold)
    old_at, new_at = old_at[_is_unique(old[old_at])], new_at[_is_unique(new[new_at])]
    _, in_old, in_new = np.intersect1d(
        old[old_at], new[new_at], assume_unique=True, return_indices=True
    )
    old_rows, new_rows = old_at[in_old], new_at[in_new]
    order = np.argsort(old_rows)
    old_rows, new_rows = old_rows[order], new_rows[order]
    ascending = _longest_ascending(new_rows)
    return old_rows[ascending], new_rows[ascending]


def _is_unique(values: Hashes) -> NDArray[np.bool_]:
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    once: NDArray[np.bool_] = counts[inverse] == 1
    return once


def _longest_ascending(values: Rows) -> Rows:
    """Return the positions of the longest ascending subsequence (patience sorting)."""
    if len(values) < 2 or (np.diff(values) > 0).all():
        return np.arange(len(values))
    tails = np.empty(len(values), np.int64)
    tail_at: list[int] = []
    before = []
    for position, value in enumerate(values):
        pile = int(np.searchsorted(tails[: len(tail_at)], value))
        before.append(tail_at[pile - 1] if pile else -1)
        tails[pile] = value
        tail_at[pile : pile + 1] = [position]
    chain = [tail_at[-1]]
    while before[chain[-1]] >= 0:
        chain.append(before[chain[-1]])
    return np.array(chain[::-1])


def _runs(old_rows: Rows, new_rows: Rows) -> list[Block]:
    """Return a block from the first to the last of neighbouring anchors with one distance."""
    starts = np.flatnonzero(np.diff(new_rows - old_rows, prepend=np.int64(1) << 62))
    stops = np.append(starts[1:], len(old_rows)) - 1
    return [
        Block(int(old_rows[a]), int(new_rows[a]), int(old_rows[b] - old_rows[a]) + 1)
        for a, b in zip(starts, stops, strict=True)
    ]


def _grow(runs: list[Block], old: Hashes, new: Hashes) -> list[Block]:
    """Extend each run backwards and forwards over equal values, up to its neighbours."""
    grown: list[Block] = []
    for number, (old_start, new_start, rows) in enumerate(runs):
        last = grown[-1] if grown else Block(0, 0, 0)
        room = min(old_start - last.old - last.rows, new_start - last.new - last.rows)
        back = _equal_rows(
            old[old_start - room : old_start][::-1], new[new_start - room : new_start][::-1]
        )
        old_stop, new_stop = old_start + rows, new_start + rows
        following = runs[number + 1] if number + 1 < len(runs) else Block(len(old), len(new), 0)
        room = min(following.old - old_stop, following.new - new_stop)
        on = _equal_rows(old[old_stop : old_stop + room], new[new_stop : new_stop + room])
        grown.append(Block(old_start - back, new_start - back, back + rows + on))
    return grown


def _equal_rows(old: Hashes, new: Hashes) -> int:
    """Return how many values are equal before the first that differ."""
    different = old != new
    return int(different.argmax()) if different.any() else len(old)
