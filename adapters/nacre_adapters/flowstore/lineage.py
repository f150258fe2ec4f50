"""What a thing was made from, and what was made from it: followed through attempts.

An attempt made what it wrote from all that it had read by then. Nobody looks inside of a step, so
a thing may have been made from less than this says, never from more that is in the store.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from nacre_adapters.flowstore.place import Look, Place
from nacre_adapters.flowstore.views.lineage import Doer, Reads, Thing, thing_of

MAX_THINGS = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """That one thing was made from another, by an attempt."""

    made: Thing
    source: Thing
    by: Doer | None
    """None for a link that a user made with `link_asset`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """Things and the links between them; the thing that was asked for comes first.

    A thing is ("asset", id, revision), ("output", flow, step, attempt, name), or what was read and
    has no history here, such as ("query", connection, identity).
    """

    things: tuple[Thing, ...]
    links: tuple[Link, ...]

    def assets(self) -> list[tuple[str, int]]:
        """Return id and revision of every asset in it but the one that was asked for."""
        found = (thing for thing in self.things[1:] if thing[0] == "asset")
        return [(str(asset), int(revision)) for _, asset, revision in found]

    def only(self, is_visible: Callable[[Thing], bool]) -> "Graph":
        """Return the part that somebody may see."""
        things = tuple(thing for thing in self.things if is_visible(thing))
        known = set(things)
        links = [link for link in self.links if link.made in known and link.source in known]
        return Graph(things=things, links=tuple(links))


Views = Place | Look
"""Whatever has the views: a place outside of a decision, a look inside of one."""

Step = Callable[[Thing], Iterable[Link]]


def lineage(place: Place, thing: Thing) -> Graph:
    """Return everything that a thing was made from, directly or not."""
    with place.vault.read():
        return _walk(thing, lambda each: _sources(place, each), lambda link: link.source)


def impact(place: Place, thing: Thing) -> Graph:
    """Return everything that was made from a thing, directly or not."""
    with place.vault.read():
        linked = _linked_by(place)
        return _walk(thing, lambda each: _uses(place.reads, each, linked), lambda link: link.made)


def closure(views: Views, things: Iterable[Thing]) -> set[Thing]:
    """Return things and everything that they were made from."""
    found = set(things)
    ahead = list(found)
    while ahead:
        for link in _sources(views, ahead.pop()):
            if link.source not in found:
                found.add(link.source)
                ahead.append(link.source)
    return found


def _walk(start: Thing, step: Step, towards: Callable[[Link], Thing]) -> Graph:
    found = {start: None}
    links: dict[Link, None] = {}
    ahead = [start]
    while ahead and len(found) < MAX_THINGS:
        for link in step(ahead.pop()):
            links.setdefault(link)
            thing = towards(link)
            if thing not in found:
                found[thing] = None
                ahead.append(thing)
    return Graph(things=tuple(found), links=tuple(links))


def _sources(views: Views, thing: Thing) -> Iterable[Link]:
    doer = views.reads.writer(thing)
    if doer is not None:
        for read in views.reads.read_by(doer):
            source = thing_of(read) or _outside(read)
            if source is not None and source != thing:
                yield Link(made=thing, source=source, by=doer)
    for label_or_id in _links_of(views, thing):
        yield Link(made=thing, source=label_or_id, by=None)


def _uses(reads: Reads, thing: Thing, linked: dict[Thing, list[Thing]]) -> Iterable[Link]:
    for doer in reads.readers(thing):
        for made in reads.written_by(doer):
            if made != thing:
                yield Link(made=made, source=thing, by=doer)
    for made in linked.get(thing[:2], ()):
        yield Link(made=made, source=thing, by=None)


def _links_of(views: Views, thing: Thing) -> list[Thing]:
    if thing[0] != "asset":
        return []
    revision = views.assets.revision(str(thing[1]), int(thing[2]))
    found: list[Thing] = []
    for asset in revision.links.values() if revision is not None else ():
        card = views.assets.card(asset)
        if card is not None:
            found.append(("asset", asset, card.revision))
    return found


def _linked_by(views: Views) -> dict[Thing, list[Thing]]:
    """Return which assets link an asset, at their last revisions."""
    linked: dict[Thing, list[Thing]] = {}
    for asset in views.assets.newest():
        card = views.assets.card(asset)
        revision = None if card is None else views.assets.revision(asset, card.revision)
        if card is not None and revision is not None:
            for target in revision.links.values():
                linked.setdefault(("asset", target), []).append(("asset", asset, card.revision))
    return linked


def _outside(read: dict[str, Any]) -> Thing | None:
    """Return what was read and has no history here: its kind, its name, what was in it.

    None for a question whose answer was nothing, or no more than that there is something.
    """
    if read.get("kind") in ("has", "assets") or read.get("identity") is None:
        return None
    names = ("connection", "query", "path", "flow", "step", "element", "identity")
    return (str(read.get("kind")), *(str(read[name]) for name in names if name in read))
