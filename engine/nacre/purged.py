"""What a purge says to those who look for what it took."""

from collections.abc import Iterator
from typing import Protocol

from nacre.errors import Dropped
from nacre.event import Event

PURGED = "nacre.purged"
"""The kind of the event that lists what a purge has hidden."""


class Events(Protocol):
    """What has the events of a subject."""

    def events(
        self, *, subject: str | None = None, kind: str | None = None, reverse: bool = False
    ) -> Iterator[Event]:
        """Yield them, newest first when *reverse*."""


def purge_of(vault: Events, noun: str, name: str) -> Dropped | None:
    """Return the error that says what was purged, when, by whom and why; None when nothing was."""
    event = next(vault.events(subject=name, kind=PURGED, reverse=True), None)
    if event is None:
        return None
    return Dropped(
        f"the {noun} {name!r} was purged by commit {event.position}, "
        f"{event.time:%Y-%m-%d %H:%M:%S} UTC, by {event.actor}: {event.data.get('reason')}"
    )
