"""Events of which only the hash is left: does a later commit say that it purged each of them?

A hash in the place of an event breaks no leaf and no proof, so this is the one change of the log
that chain and tree do not show.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from nacre import codec
from nacre.event import Commit
from nacre.lmdb_handle import Transaction
from nacre.prefixes import META
from nacre.purged import PURGED

Place = tuple[int, int]
"""Where an event is: the position of its commit, and its ordinal there."""

_RESTORED = bytes([META]) + b"hidden"


class HiddenEvents:
    """The events that are hidden, and those that later commits have purged."""

    def __init__(self) -> None:
        self._hidden: set[Place] = set()
        self._purged: set[Place] = set()

    def see(self, commit: Commit) -> None:
        """Note what a commit hides and what it says; seeing it again changes nothing."""
        position = commit.header.position
        for event in commit.events:
            if event.purged is not None:
                self._hidden.add((position, event.ordinal))
            elif event.kind == PURGED:
                self.explain(place for place in places_in(event.data) if place[0] < position)

    def explain(self, places: Iterable[Place]) -> None:
        """Note events that may be hidden."""
        self._purged.update(places)

    def has_purged(self, places: Iterable[Place]) -> bool:
        """Tell whether commits say that they purged all these events."""
        return self._purged.issuperset(places)

    def unexplained(self) -> list[Place]:
        """Return the places of the events that are hidden, and that no later commit purged."""
        return sorted(self._hidden - self._purged)


def as_listed(places: Mapping[int, Iterable[int]]) -> list[list[int]]:
    """Return what the event of a purge says: a position and its ordinals, for each commit."""
    return [[position, *sorted(ordinals)] for position, ordinals in sorted(places.items())]


def lines_of(places: Iterable[Place]) -> tuple[tuple[int, ...], ...]:
    """Return a position and its ordinals, for each commit of some places."""
    by_position: dict[int, set[int]] = {}
    for position, ordinal in places:
        by_position.setdefault(position, set()).add(ordinal)
    return tuple(map(tuple, as_listed(by_position)))


def places_in(data: Mapping[str, object]) -> Iterator[Place]:
    """Yield the places that the event of a purge lists; none for what is no such list."""
    listed = data.get("hidden")
    for line in listed if isinstance(listed, Sequence) else ():
        if isinstance(line, Sequence) and line and all(type(number) is int for number in line):
            yield from ((line[0], ordinal) for ordinal in line[1:])


def note_restored(transaction: Transaction, places: Iterable[Place]) -> None:
    """Note events that a purge hid which a restore to a moment before it did not bring."""
    listed = [list(line) for line in lines_of(places)]
    transaction.put(_RESTORED, codec.pack({"hidden": listed}))


def restored_places(transaction: Transaction) -> list[Place]:
    """Return the events that a restore noted as hidden by a purge after its moment."""
    raw = transaction.get(_RESTORED)
    fields = {} if raw is None else codec.unpack(raw)
    return list(places_in(fields)) if isinstance(fields, dict) else []
