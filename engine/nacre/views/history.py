"""The engine's own view: which commits have a subject, a kind, a write id.

A row for each name and commit would touch a page for each name of a commit. So the hashes of a
commit's names are one row, behind the others; of every 256 rows one is made, sorted by hash, and
again of every 256 of those while it stays small enough to be searched at once. Looking a name up
is a binary search in each row. Two names with one hash do no harm: events are compared.

    n[0, position]      hashes of the commit's names (8 bytes each)
    n[level, position]  of 256^level commits from position on: hashes, sorted, then the position
                        that belongs to each (8 bytes each, little-endian)
    w[write id]         position
"""

import struct
from collections.abc import Iterator
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from xxhash import xxh3_64_intdigest

from nacre.event import Event, Header
from nacre.views.table import State

_WIDTH = 256
_LEVELS = 4
_LARGEST_BYTES = 4 << 20
_SUBJECT, _KIND = 0, 1  # seeds: a subject and a kind of the same name are two names

_Words = NDArray[np.uint64]


class History:
    """Positions by subject, by kind and by write id.

    Only write ids that a caller gave are kept: nobody can repeat the others.
    """

    name: ClassVar[str] = "nacre.history"
    version: ClassVar[int] = 1

    def __init__(self, state: State) -> None:
        self._names = state.table("n")
        self._write_ids = state.table("w")
        self._subjects: set[str] = set()
        self._kinds: set[str] = set()

    def apply(self, event: Event) -> None:
        """Remember the names of *event* until its commit ends."""
        self._subjects.add(event.subject)
        self._kinds.add(event.kind)

    def end_commit(self, header: Header) -> None:
        """Note the commit for each name in it."""
        hashes = [_hash(subject, _SUBJECT) for subject in self._subjects]
        hashes += [_hash(kind, _KIND) for kind in self._kinds]
        self._subjects.clear()
        self._kinds.clear()
        hashes.sort()
        self._names[(0, header.position)] = struct.pack(f"<{len(hashes)}Q", *hashes)
        if isinstance(header.write_id, str):
            self._write_ids[header.write_id] = header.position
        self._merge(header.position + 1)

    def position_of(self, write_id: str) -> int | None:
        """Return the commit that carries a write id, or None."""
        position = self._write_ids.get(write_id)
        assert position is None or isinstance(position, int)
        return position

    def positions(
        self, *, subject: str | None, kind: str | None, start: int, stop: int | None
    ) -> list[int]:
        """Return the commits in a range that may hold such an event, in order.

        A commit that holds the subject in one event and the kind in another is among them.
        """
        wanted = []
        if subject is not None:
            wanted.append(_hash(subject, _SUBJECT))
        if kind is not None:
            wanted.append(_hash(kind, _KIND))
        found = [set(self._holding(name)) for name in wanted]
        both = set.intersection(*found)
        return sorted(p for p in both if start <= p and (stop is None or p < stop))

    def _holding(self, name: int) -> Iterator[int]:
        for key, row in self._names.scan():
            hashes, positions = _opened(key, row)
            low = np.searchsorted(hashes, np.uint64(name), "left")
            high = np.searchsorted(hashes, np.uint64(name), "right")
            yield from positions[low:high].tolist()

    def _merge(self, head: int) -> None:
        """Make one row of the 256 below it, at each level that *head* completes."""
        for level in range(1, _LEVELS):
            width = _WIDTH**level
            if head % width:
                return
            first = head - width
            below = list(self._names.scan((level - 1,), start=(level - 1, first)))
            if sum(_size(row) for _, row in below) > _LARGEST_BYTES:
                return
            self._names[(level, first)] = _merged([_opened(key, row) for key, row in below])
            for key, _ in below:
                del self._names[key]


def _hash(name: str, seed: int) -> int:
    return xxh3_64_intdigest(name.encode(), seed)


def _opened(key: tuple[object, ...], row: object) -> tuple[_Words, _Words]:
    """Return the hashes in a row, sorted, and the position of each."""
    assert isinstance(row, bytes)
    words = np.frombuffer(row, "<u8")
    if key[0] == 0:
        return words, np.full(len(words), key[1], np.uint64)
    half = len(words) // 2
    return words[:half], words[half:]


def _merged(parts: list[tuple[_Words, _Words]]) -> bytes:
    hashes = np.concatenate([part[0] for part in parts])
    positions = np.concatenate([part[1] for part in parts])
    # Stable: the positions of one hash stay in order, so that equal logs give equal rows.
    order = np.argsort(hashes, kind="stable")
    return np.concatenate([hashes[order], positions[order]]).astype("<u8").tobytes()


def _size(row: object) -> int:
    assert isinstance(row, bytes)
    return 2 * len(row)
