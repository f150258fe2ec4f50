"""Payloads and events that an export has no more: does a commit account for each of them?"""

from collections.abc import Mapping

from nacre.errors import InvalidInput
from nacre.event import Commit
from nacre.hashing import Digest
from nacre.operations.collect import COMPACTED
from nacre.operations.hidden import HiddenEvents
from nacre.purged import PURGED

_DROPPING = frozenset({COMPACTED, PURGED})


class Removals:
    """What is gone, and what the commits say that they removed."""

    def __init__(self) -> None:
        self._gone: dict[Digest, int] = {}
        self._dropped: dict[int, int] = {}
        self._hidden = HiddenEvents()

    def __contains__(self, digest: Digest) -> bool:
        return digest in self._gone

    def drop(self, digest: Digest, position: int) -> None:
        """Note a payload that a commit is said to have dropped."""
        self._gone[digest] = position

    def see(self, commit: Commit) -> None:
        """Note what a commit says; seeing it again changes nothing."""
        self._hidden.see(commit)
        dropped = _said(commit, "blobs")
        if dropped:
            self._dropped[commit.header.position] = dropped

    def check(self) -> None:
        """Require that commits account for all that is gone.

        Raises:
            InvalidInput: they do not.
        """
        self._check_payloads()
        self._check_events()

    def _check_payloads(self) -> None:
        dropped: dict[int, int] = {}
        for position in self._gone.values():
            dropped[position] = dropped.get(position, 0) + 1
        for position, count in sorted(dropped.items()):
            if count > self._dropped.get(position, 0):
                what = f"commit {position} does not say that it dropped so many payloads"
                raise InvalidInput(f"{what}: get the export again")

    def _check_events(self) -> None:
        for position, ordinal in self._hidden.unexplained():
            what = f"event {ordinal} of commit {position} is hidden, and no later commit purged it"
            raise InvalidInput(f"{what}: get the export again")


def _said(commit: Commit, name: str) -> int:
    return sum(
        _count(event.data, name)
        for event in commit.events
        if event.purged is None and event.kind in _DROPPING
    )


def _count(data: Mapping[str, object], name: str) -> int:
    count = data.get(name)
    return count if type(count) is int else 0
