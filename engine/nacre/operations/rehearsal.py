"""A log as it would be without some events, before they are purged from it."""

from collections.abc import Iterator, Mapping

from nacre.errors import ReadOnly
from nacre.event import StoredEvent, join_entry, split_entry
from nacre.hashing import Buffer
from nacre.log import Log

Purged = Mapping[int, frozenset[int]]
"""Which events to purge: ordinals by the position of their commit."""


class LogWithout:
    """`Log` that shows the first *head* entries of another without some events, and takes none."""

    def __init__(self, log: Log, purged: Purged, head: int) -> None:
        self._log = log
        self._purged = purged
        self._head = head

    def head(self) -> int:
        """Return the number of entries."""
        return self._head

    def append(self, entry: Buffer, *, expect: int) -> None:
        """Nothing is appended to what might be."""
        raise ReadOnly("this is a log as it would be after a purge: append to the log itself")

    def read(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """Yield the entries of a range, purged events as their hashes."""
        last = self._head if stop is None else min(stop, self._head)
        for position, entry in enumerate(self._log.read(start, last), start):
            ordinals = self._purged.get(position)
            yield entry if ordinals is None else entry_without(entry, ordinals)

    def close(self) -> None:
        """Close the other."""
        self._log.close()


def entry_without(entry: Buffer, ordinals: frozenset[int]) -> bytes:
    """Return an entry in which some events are only their hashes."""
    header, stored = split_entry(entry)
    left = [
        StoredEvent(event.hash, True) if ordinal in ordinals else event
        for ordinal, event in enumerate(stored)
    ]
    return join_entry(header, left).entry
