"""Which commits hold a name, out of the rows of the history: with numpy, because they are many."""

from collections.abc import Iterator, Sequence
from functools import reduce
from typing import NamedTuple

import numpy as np

from nacre.views.table import Table

_LAST = (1 << 63) - 1
_NAME = np.dtype([("hash", "<u8"), ("commit", "u1")])


class Noted(NamedTuple):
    """Where the history notes the names of commits."""

    blocks: Table
    """The few names of each commit, for `per_block` commits in one row."""

    many: Table
    """The names of a commit that has many."""

    per_block: int


def commits_with_any(
    noted: Noted, hashes: Sequence[int], start: int, stop: int | None
) -> list[int]:
    """Return the commits in a range that hold one of the names, in order."""
    return _as_list(_in_order(noted, np.array(hashes, "<u8"), start, stop))


def commits_with_all(
    noted: Noted, hashes: Sequence[int], start: int, stop: int | None
) -> list[int]:
    """Return the commits in a range that hold all of the names, in order."""
    found = (_in_order(noted, np.array([one], "<u8"), start, stop) for one in hashes)
    return _as_list(reduce(np.intersect1d, found))


def _in_order(noted: Noted, wanted: np.ndarray, start: int, stop: int | None) -> np.ndarray:
    parts = [np.array([], np.int64), *_holding(noted, wanted, start, stop)]
    found = np.unique(np.concatenate(parts))
    end = _LAST if stop is None else min(stop, _LAST)
    return found[(found >= min(start, _LAST)) & (found < end)]


def _holding(
    noted: Noted, wanted: np.ndarray, start: int, stop: int | None
) -> Iterator[np.ndarray]:
    """Yield commits around a range that hold one of the *wanted* hashes, some repeated."""
    end = None if stop is None else (stop,)
    for (first,), block in noted.blocks.scan(start=(start - start % noted.per_block,), stop=end):
        assert isinstance(first, int)
        assert isinstance(block, bytes)
        names = np.frombuffer(block, _NAME)
        yield names["commit"][_is_among(names["hash"], wanted)].astype(np.int64) + first
    for (position,), row in noted.many.scan(start=(start,), stop=end):
        assert isinstance(position, int)
        assert isinstance(row, bytes)
        if _is_among(np.frombuffer(row, "<u8"), wanted).any():
            yield np.array([position])


def _is_among(hashes: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    return hashes == wanted[0] if len(wanted) == 1 else np.isin(hashes, wanted)


def _as_list(positions: np.ndarray) -> list[int]:
    return [int(position) for position in positions]
