"""Which commits hold a name, out of the rows of the history: found by searching for its bytes."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from nacre.views.table import Table

_HASH_BYTES = 8
_NAME_BYTES = _HASH_BYTES + 1
_LAST = (1 << 63) - 1


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
    return sorted(_holding(noted, hashes, start, stop))


def commits_with_all(
    noted: Noted, hashes: Sequence[int], start: int, stop: int | None
) -> list[int]:
    """Return the commits in a range that hold all of the names, in order."""
    found = [_holding(noted, [one], start, stop) for one in hashes]
    return sorted(set.intersection(*found))


def _holding(noted: Noted, hashes: Iterable[int], start: int, stop: int | None) -> set[int]:
    wanted = [one.to_bytes(_HASH_BYTES, "little") for one in hashes]
    end = _LAST if stop is None else stop
    return {at for at in _around(noted, wanted, start, stop) if start <= at < end}


def _around(noted: Noted, wanted: list[bytes], start: int, stop: int | None) -> Iterator[int]:
    """Yield commits around a range that hold one of the *wanted* hashes, some repeated."""
    end = None if stop is None else (stop,)
    for (first,), block in noted.blocks.scan(start=(start - start % noted.per_block,), stop=end):
        assert isinstance(first, int)
        assert isinstance(block, bytes)
        for name in wanted:
            for at in _places(block, name, _NAME_BYTES):
                yield first + block[at + _HASH_BYTES]
    for (position,), row in noted.many.scan(start=(start,), stop=end):
        assert isinstance(position, int)
        assert isinstance(row, bytes)
        if any(True for name in wanted for _ in _places(row, name, _HASH_BYTES)):
            yield position


def _places(row: bytes, name: bytes, width: int) -> Iterator[int]:
    """Yield where a hash stands in a row of hashes; the same bytes across two are none."""
    at = row.find(name)
    while at >= 0:
        if at % width == 0:
            yield at
        at = row.find(name, at + 1)
