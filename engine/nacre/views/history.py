"""The engine's own view: which commits have a subject, a kind, a write id.

A row for each name and commit would touch a page for each name of a commit. So the hashes of the
names of 128 commits are one row, which grows at its end; a commit of many names has a row of its
own, sorted. Looking a name up searches all of these rows: 1 ms for 40,000 commits of one event.
Two names with one hash do no harm, because the events are compared.

    b[first position]  of 128 commits: for each name the hash (8 bytes, little-endian) and which
                       of the commits it is (1 byte)
    m[position]        of a commit of more than 8 names: the hashes, sorted (8 bytes each)
    w[write id]        position
"""

import struct
from collections.abc import Iterable
from typing import ClassVar

from xxhash import xxh3_64_intdigest

from nacre.event import Event, Header
from nacre.views.holding import Noted, commits_with_all, commits_with_any
from nacre.views.table import State
from nacre.views.view import Names

_PER_BLOCK = 128
_FEW = 8
_SUBJECT, _KIND = 0, 1  # seeds: a subject and a kind of the same name are two names
_PACK_NAME = struct.Struct("<QB").pack


class History:
    """Positions by subject, by kind and by write id.

    Only write ids that a caller gave are kept: nobody can repeat the others.
    """

    name: ClassVar[str] = "nacre.history"
    version: ClassVar[int] = 1
    kinds: ClassVar[tuple[str, ...]] = ()  # no event by itself

    def __init__(self, state: State) -> None:
        self._blocks = state.table("b")
        self._many = state.table("m")
        self._write_ids = state.table("w")

    def apply(self, event: Event) -> None:
        """A commit is noted once, when it ends."""

    def end_commit(self, header: Header, names: Names) -> None:
        """Note the commit for each name in it."""
        hashes = [_hash(subject, _SUBJECT) for subject in names.subjects]
        hashes += [_hash(kind, _KIND) for kind in names.kinds]
        hashes.sort()  # a set has no order, and equal logs give equal rows
        if len(hashes) > _FEW:
            self._many[header.position] = struct.pack(f"<{len(hashes)}Q", *hashes)
        else:
            self._add_to_block(header.position, hashes)
        if isinstance(header.write_id, str):
            self._write_ids[header.write_id] = header.position

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
        noted = Noted(self._blocks, self._many, _PER_BLOCK)
        return commits_with_all(noted, wanted, start, stop)

    def positions_of_kinds(self, kinds: Iterable[str], *, start: int, stop: int) -> list[int]:
        """Return the commits in a range that may hold an event of one of *kinds*, in order."""
        hashes = [_hash(kind, _KIND) for kind in kinds]
        noted = Noted(self._blocks, self._many, _PER_BLOCK)
        return commits_with_any(noted, hashes, start, stop)

    def _add_to_block(self, position: int, hashes: list[int]) -> None:
        first = position - position % _PER_BLOCK
        block = self._blocks.get(first, b"")
        assert isinstance(block, bytes)
        names = [_PACK_NAME(name, position - first) for name in hashes]
        self._blocks[first] = block + b"".join(names)


def _hash(name: str, seed: int) -> int:
    return xxh3_64_intdigest(name.encode(), seed)
