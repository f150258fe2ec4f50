"""What was made from what: a view that is kept only where somebody asks for it.

An event says its inputs in its data, under `made_from`: a list of references. Besides, two events
of different subjects that name the same blob are linked: the first one had it.

    at[subject, position, ordinal]            0: the event is of this subject
    versions[subject, version]                [position, ordinal] of the event that has that version
    first[digest]                             [position, ordinal, subject] that named it first
    inputs[position, ordinal]                 [[position, ordinal, why], ...]
    outputs[position, ordinal, position, ordinal]  why
"""

from collections.abc import Iterator
from typing import ClassVar

from nacre.codec import digests_in
from nacre.event import Event
from nacre.hashing import Digest
from nacre.views.table import State

MADE_FROM = "made_from"

Place = tuple[int, int]
"""Where an event stands: position of its commit, and number in it."""

_PLAIN = frozenset({bool, bytes, float, int, str, type(None)})


class Lineage:
    """Links from events to those that they were made from."""

    name: ClassVar[str] = "nacre.lineage"
    version: ClassVar[int] = 1

    def __init__(self, state: State) -> None:
        self._at = state.table("at")
        self._versions = state.table("versions")
        self._first = state.table("first")
        self._inputs = state.table("inputs")
        self._outputs = state.table("outputs")

    def apply(self, event: Event) -> None:
        """Link an event with what it was made from."""
        place = (event.position, event.ordinal)
        links: dict[Place, str] = {}
        for reference in _references(event):
            found = self._found(reference)
            if found is not None and found != place:
                links[found] = MADE_FROM
        for digest in _named(event):
            first = self._first_to_name(digest, event)
            if first is not None:
                links.setdefault(first, str(digest))
        if links:
            self._inputs[place] = [[*source, why] for source, why in links.items()]
            for source, why in links.items():
                self._outputs[(*source, *place)] = why
        self._at[event.subject, *place] = 0
        version = event.data.get("version")
        if type(version) is int and 0 <= version < 1 << 63:
            self._versions[event.subject, version] = list(place)

    def events_of(self, subject: str) -> list[Place]:
        """Return where the events of a subject stand, in order."""
        return [
            _place(position, ordinal) for (_, position, ordinal), _ in self._at.scan((subject,))
        ]

    def inputs(self, place: Place) -> Iterator[tuple[Place, str]]:
        """Yield what an event was made from, and why that is known."""
        row = self._inputs.get(place, [])
        assert isinstance(row, list)
        for position, ordinal, why in row:
            yield (position, ordinal), why

    def outputs(self, place: Place) -> Iterator[tuple[Place, str]]:
        """Yield what was made from an event, and why that is known."""
        for (_, _, position, ordinal), why in self._outputs.scan(place):
            yield _place(position, ordinal), str(why)

    def _found(self, reference: object) -> Place | None:
        match reference:
            case str() as subject:
                return self._last(subject, None)
            case Digest() as digest:
                row = self._first.get(digest.raw)
                return _place(*row[:2]) if isinstance(row, list) else None
            case {"subject": str() as subject, "version": int() as version}:
                row = self._versions.get((subject, version))
                return _place(*row) if isinstance(row, list) else None
            case {"subject": str() as subject, "position": int() as position}:
                return self._last(subject, position)
            case {"subject": str() as subject}:
                return self._last(subject, None)
        return None

    def _last(self, subject: str, position: int | None) -> Place | None:
        """Return the last event of a subject, or the last up to a position."""
        stop = None if position is None else (subject, position + 1)
        for (_, found, ordinal), _ in self._at.scan((subject,), stop=stop, reverse=True):
            return _place(found, ordinal)
        return None

    def _first_to_name(self, digest: Digest, event: Event) -> Place | None:
        row = self._first.get(digest.raw)
        if not isinstance(row, list):
            self._first[digest.raw] = [event.position, event.ordinal, event.subject]
            return None
        position, ordinal, subject = row
        return None if subject == event.subject else (position, ordinal)


def _references(event: Event) -> list[object]:
    references = event.data.get(MADE_FROM)
    if isinstance(references, list):
        return [one for one in references if _is_reference(one)]
    return [references] if _is_reference(references) else []


def _is_reference(value: object) -> bool:
    """Tell whether a value can be looked up: anybody may write anything into an event."""
    subject = value.get("subject") if isinstance(value, dict) else value
    if isinstance(subject, str):
        numbers = (
            [value.get(name, 0) for name in ("position", "version")]
            if isinstance(value, dict)
            else []
        )
        short = 0 < len(subject.encode()) <= 255
        return short and all(type(n) is int and 0 <= n < 1 << 62 for n in numbers)
    return isinstance(value, Digest)


def _named(event: Event) -> list[Digest]:
    if all(type(value) in _PLAIN for value in event.data.values()):
        return []
    stated = {key: value for key, value in event.data.items() if key != MADE_FROM}
    return list(dict.fromkeys(digests_in(stated)))


def _place(position: object, ordinal: object) -> Place:
    assert isinstance(position, int)
    assert isinstance(ordinal, int)
    return position, ordinal
