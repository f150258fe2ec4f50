"""What a vault has purged, and the same done to entries of its log that lie elsewhere.

Older backups hold events that the vault has hidden since. A vault that came back at an earlier
moment and went on has backups with another history, too: in that part of it, the events of a
subject are hidden that are not younger than its purge.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from nacre.blobs import index
from nacre.blobs.index import Epitaph
from nacre.event import (
    Event,
    StoredEvent,
    decode_events,
    join_entry,
    leaf_of,
    open_entry,
    split_entry,
)
from nacre.hashing import Digest
from nacre.lmdb_handle import Transaction
from nacre.log.tree import LmdbTree
from nacre.operations.hidden import places_in
from nacre.operations.purge import OWN, WHY
from nacre.purged import PURGED
from nacre.store import Store

Hidden = Mapping[int, frozenset[int]]
"""Ordinals of events by the position of their commit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Purged:
    """What a vault has purged."""

    leaves: tuple[bytes, ...]
    """Of the commits that say so."""

    events: Hidden
    subjects: Mapping[str, int]
    """When each was purged last."""

    blobs: Mapping[Digest, Epitaph]
    """Those that are not there again."""

    reason: str
    """Of the last purge."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanPart:
    """Entries of a log in which what was purged is hidden."""

    entries: Sequence[bytes]
    hidden: Hidden
    """What had not been hidden before."""

    has_parted: bool
    """Whether some are of another history than that of the vault."""


def purge_leaves(store: Store) -> tuple[bytes, ...]:
    """Return the leaves of the commits that purged something, oldest first."""
    with store.environment.read() as transaction:
        tree = LmdbTree(transaction)
        return tuple(tree.leaf(event.position) for event in _purges(store))


def purged_by(store: Store) -> Purged:
    """Return what a vault has purged so far."""
    events: dict[int, frozenset[int]] = {}
    subjects: dict[str, int] = {}
    reason = ""
    with store.environment.read() as transaction:
        for event in _purges(store):
            subjects[event.subject] = event.time_ns
            reason = f"{WHY}{event.data.get('reason')}"
            for position, ordinal in places_in(event.data):
                events[position] = events.get(position, frozenset()) | {ordinal}
        return Purged(
            leaves=purge_leaves(store),
            events=events,
            subjects=subjects,
            blobs=_purged_blobs(transaction),
            reason=reason,
        )


class Cleaning:
    """Hides in entries from elsewhere what a vault has purged."""

    def __init__(self, store: Store, purged: Purged) -> None:
        self._store = store
        self._purged = purged

    def part(self, start: int, entries: Sequence[bytes]) -> CleanPart:
        """Return entries from position *start* on as they may be kept."""
        shared = self._shared(start, entries)
        hidden: dict[int, frozenset[int]] = {}
        clean: list[bytes] = []
        for number, entry in enumerate(entries):
            position = start + number
            wanted = (
                self._purged.events.get(position, frozenset())
                if number < shared
                else frozenset(self._of_purged_subjects(entry))
            )
            kept, newly = _without(entry, wanted) if wanted else (entry, frozenset())
            if newly:
                hidden[position] = newly
            clean.append(kept)
        return CleanPart(entries=clean, hidden=hidden, has_parted=shared < len(entries))

    def _shared(self, start: int, entries: Sequence[bytes]) -> int:
        """Return how many of the entries the vault has, too: each vouches for all before it."""
        with self._store.environment.read() as transaction:
            head = self._store.log.head()
            tree = LmdbTree(transaction)
            low, high = 0, min(len(entries), max(0, head - start))
            while low < high:
                middle = (low + high + 1) // 2
                if leaf_of(*open_entry(entries[middle - 1])) == tree.leaf(start + middle - 1):
                    low = middle
                else:
                    high = middle - 1
            return low

    def _of_purged_subjects(self, entry: bytes) -> Iterator[int]:
        for event in decode_events(entry):
            purged_ns = self._purged.subjects.get(event.subject)
            if purged_ns is not None and event.time_ns <= purged_ns and not _is_own(event):
                yield event.ordinal


def _without(entry: bytes, ordinals: frozenset[int]) -> tuple[bytes, frozenset[int]]:
    """Return an entry with events hidden, and which of them were not before."""
    header, stored = split_entry(entry)
    newly = frozenset(n for n, each in enumerate(stored) if n in ordinals and not each.is_purged)
    if not newly:
        return entry, newly
    rest = [StoredEvent(e.hash, True) if n in newly else e for n, e in enumerate(stored)]
    return join_entry(header, rest).entry, newly


def _purges(store: Store) -> Iterator[Event]:
    events = store.events(subject=None, kind=PURGED, start=0, stop=None, reverse=False)
    return (event for event in events if event.purged is None)


def _purged_blobs(transaction: Transaction) -> dict[Digest, Epitaph]:
    return {d: each for d, each in index.epitaphs(transaction) if each.reason.startswith(WHY)}


def _is_own(event: Event) -> bool:
    return event.purged is not None or event.kind.startswith(OWN)
