"""What happened between two positions, by subject, in events and in what the nouns say of it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from nacre.errors import InvalidInput, NotFound
from nacre.event import Event
from nacre.moment import When, position_at
from nacre.operations.report import Progress, no_progress
from nacre.store import Store
from nacre.views import Change
from nacre.views.view import View

_REPORT_EVERY = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectDiff:
    """What happened to one subject."""

    subject: str
    kinds: Mapping[str, int]
    """How many events of each kind."""

    actors: tuple[str, ...]
    first: int
    """The first commit that speaks of it, and the last."""

    last: int
    changes: tuple[Change, ...]
    """What the views of the nouns say of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffReport:
    """What the commits `before <= position < after` did."""

    before: int
    after: int
    events: int
    subjects: tuple[SubjectDiff, ...]


@dataclass(slots=True)
class _Seen:
    """The events of one subject."""

    first: int
    last: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    actors: set[str] = field(default_factory=set)

    def add(self, event: Event) -> None:
        self.last = event.position
        self.kinds[event.kind] += 1
        self.actors.add(event.actor)


def diff(
    store: Store,
    before: When,
    after: When,
    *,
    subject: str | None = None,
    progress: Progress = no_progress,
) -> DiffReport:
    """Return what changed from one position to a later one, of all subjects or one.

    Views that define `changes_since` say what became of their nouns.

    Raises:
        InvalidInput: a moment is not understood, or the second one is earlier.
    """
    start, stop = position_at(store, before), position_at(store, after)
    if start > stop:
        raise InvalidInput(f"position {start} comes after {stop}: name the earlier moment first")
    seen: dict[str, _Seen] = {}
    for event in store.events(subject=subject, kind=None, start=start, stop=stop, reverse=False):
        if event.ordinal == 0 and event.position % _REPORT_EVERY == 0:
            progress("events", event.position - start, stop - start)
        seen.setdefault(event.subject, _Seen(event.position)).add(event)
    changes = _changes(store, seen, start, stop)
    subjects = tuple(
        SubjectDiff(
            subject=name,
            kinds=dict(sorted(found.kinds.items())),
            actors=tuple(sorted(found.actors)),
            first=found.first,
            last=found.last,
            changes=tuple(changes.get(name, ())),
        )
        for name, found in sorted(seen.items())
    )
    events = sum(found.kinds.total() for found in seen.values())
    return DiffReport(before=start, after=stop, events=events, subjects=subjects)


def history(store: Store, subject: str) -> list[Event]:
    """Return every event of one subject, oldest first.

    Raises:
        NotFound: nothing ever happened to it.
    """
    found = list(store.events(subject=subject, kind=None, start=0, stop=None, reverse=False))
    if not found:
        raise NotFound(f"nothing happened to {subject!r} so far: look for it with `nacre log`")
    return found


def _changes(
    store: Store, seen: Mapping[str, _Seen], start: int, stop: int
) -> dict[str, list[Change]]:
    """Return what the views say of the subjects whose events they have seen."""
    said: dict[str, list[Change]] = {}
    old, new = store.at(start), store.at(stop)
    try:
        for view in store.maintenance.views.values():
            kinds = set(getattr(view, "kinds", None) or ())
            names = sorted(name for name, found in seen.items() if kinds & found.kinds.keys())
            if not names or not hasattr(view, "changes_since"):
                continue
            for change in _said_by(view, old, new, names):
                said.setdefault(change.subject, []).append(change)
    finally:
        old.close()
        new.close()
    return said


def _said_by(view: type[View], old: Store, new: Store, names: list[str]) -> list[Change]:
    opened = new.view(view)
    changes_since = getattr(opened, "changes_since")  # noqa: B009 - not every view has it
    return list(changes_since(old.view(view), new.blobs, names))
