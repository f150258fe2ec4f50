"""Where something came from, and what became of it."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from nacre.errors import NotFound
from nacre.event import checked_name
from nacre.operations.affected import Labels
from nacre.store import Store
from nacre.views.lineage import Lineage, Place

MOST_NODES = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """An event of a lineage."""

    position: int
    ordinal: int
    kind: str
    subject: str
    label: str
    """How a user would call it."""

    time: datetime
    actor: str

    @property
    def place(self) -> Place:
        """Where the event stands."""
        return self.position, self.ordinal


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One event was made from another."""

    source: Place
    target: Place
    why: str
    """made_from, when the event says so; else the digest of a blob that both name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """The lineage of a subject, both ways."""

    subject: str
    starts: tuple[Place, ...]
    nodes: tuple[Node, ...]
    links: tuple[Link, ...]
    is_cut: bool
    """Whether there is more than was followed."""


def trace(store: Store, subject: str, *, position: int | None = None) -> Trace:
    """Return what the events of a subject were made from, and what was made from them.

    With *position* only from its events in that commit. Where the view `nacre.lineage` is not
    kept, the whole log is read for it.

    Raises:
        NotFound: there is no such event.
    """
    checked_name("subject", subject)
    lineage = store.view(Lineage)
    starts = [p for p in lineage.events_of(subject) if position in (None, p[0])]
    if not starts:
        where = "" if position is None else f" in commit {position}"
        raise NotFound(f"there is no event of {subject!r}{where}: look with `nacre log`")
    before, cut_before = _followed(starts, lineage.inputs)
    after, cut_after = _followed(starts, lineage.outputs)
    links = [Link(source=other, target=here, why=why) for here, other, why in before]
    links += [Link(source=here, target=other, why=why) for here, other, why in after]
    linked = {place for link in links for place in (link.source, link.target)}
    # Of a subject with many events, those that are linked; the last stands for the others.
    shown = [place for place in starts if place in linked] or starts[-1:]
    places = sorted({*linked, *shown})
    return Trace(
        subject=subject,
        starts=tuple(shown),
        nodes=tuple(_nodes(store, places)),
        links=tuple(sorted(set(links), key=lambda link: (link.target, link.source))),
        is_cut=cut_before or cut_after,
    )


def _followed(
    starts: Iterable[Place], step: Callable[[Place], Iterable[tuple[Place, str]]]
) -> tuple[list[tuple[Place, Place, str]], bool]:
    """Return every link that can be reached, nearest first, and whether there are more."""
    found: list[tuple[Place, Place, str]] = []
    pending = deque(starts)
    seen = set(pending)
    known = 0
    while pending:
        here = pending.popleft()
        for other, why in step(here):
            found.append((here, other, why))
            if other not in seen:
                seen.add(other)
                pending.append(other)
                known += 1
        if known >= MOST_NODES:
            return found, bool(pending)
    return found, False


def _nodes(store: Store, places: Iterable[Place]) -> Iterator[Node]:
    labels = Labels(store)
    for position, ordinal in places:
        commit = next(store.commits(position, position + 1))
        event = commit.events[ordinal]
        yield Node(
            position=position,
            ordinal=ordinal,
            kind=event.kind,
            subject=event.subject,
            label=labels.of(event),
            time=event.time,
            actor=event.actor,
        )
