"""Payloads and events that an export has no more: does a commit account for each of them?"""

from collections.abc import Mapping
from dataclasses import dataclass

from nacre.errors import InvalidInput
from nacre.event import Commit
from nacre.hashing import Digest
from nacre.operations.collect import COMPACTED
from nacre.operations.purge import PURGED

_DROPPING = frozenset({COMPACTED, PURGED})


@dataclass(frozen=True, slots=True)
class _Counts:
    hidden: int
    purged: int
    dropped: int


class Removals:
    """What is gone, and what the commits say that they removed."""

    def __init__(self) -> None:
        self._gone: dict[Digest, int] = {}
        self._counts: dict[int, _Counts] = {}

    def __contains__(self, digest: Digest) -> bool:
        return digest in self._gone

    def drop(self, digest: Digest, position: int) -> None:
        """Note a payload that a commit is said to have dropped."""
        self._gone[digest] = position

    def see(self, commit: Commit) -> None:
        """Note what a commit says; seeing it again changes nothing."""
        counts = _Counts(
            hidden=sum(event.purged is not None for event in commit.events),
            purged=_said(commit, frozenset({PURGED}), "events"),
            dropped=_said(commit, _DROPPING, "blobs"),
        )
        if counts != _Counts(0, 0, 0):
            self._counts[commit.header.position] = counts

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
            said = self._counts.get(position)
            if said is None or count > said.dropped:
                what = f"commit {position} does not say that it dropped so many payloads"
                raise InvalidInput(f"{what}: get the export again")

    def _check_events(self) -> None:
        accounted = 0
        for position, counts in sorted(self._counts.items(), reverse=True):
            if counts.hidden > accounted:
                what = f"events of commit {position} are hidden that no later commit has purged"
                raise InvalidInput(f"{what}: get the export again")
            accounted += counts.purged - counts.hidden


def _said(commit: Commit, kinds: frozenset[str], name: str) -> int:
    return sum(
        _count(event.data, name)
        for event in commit.events
        if event.purged is None and event.kind in kinds
    )


def _count(data: Mapping[str, object], name: str) -> int:
    count = data.get(name)
    return count if type(count) is int else 0
