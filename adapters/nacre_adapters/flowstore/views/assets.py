"""Assets as they are: their revisions, aliases and tags.

a[asset]                        [asset, owner, created, revision, is deleted, groups, is pinned]
v[asset, revision]              what the revision is, see `Revision`
n[created, asset]               0: all assets by age, in microseconds
l[label, created, asset]        0: the same of one label
t[type, created, asset]         0: the same of one type
k[label, type, alias]           [label, type, alias, asset, revision]
h[label, type, alias, position] [asset or None, revision, actor, time]
g[asset, revision, tag]         [tag, value]
c["created"]                    when the last asset was created
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar, NamedTuple

from nacre import Event, State
from nacre_adapters.flowstore import events
from nacre_adapters.flowstore.events import key_of


class Card(NamedTuple):
    """What is true of an asset whatever its revision."""

    asset: str
    owner: str
    created_us: int
    revision: int
    is_deleted: bool
    groups: list[str] | None
    is_pinned: bool


class Revision(NamedTuple):
    """What an asset was at one of its revisions."""

    label: str
    type: str
    name: str | None
    version: object
    description: str | None
    class_name: str
    value: dict[str, Any]
    """As the codecs encoded it; without its content when it was retired."""

    about: dict[str, Any]
    """The rest of the object, encoded: metadata, notes, what its class adds."""

    links: dict[str, str]
    expires_us: int | None
    origin: list[Any]
    """Flow, step and attempt that saved it, and a digest of the code of the step."""

    position: int
    time_ns: int
    actor: str
    retired: int | None
    """The commit that retired the content."""


class Move(NamedTuple):
    """That an alias was moved."""

    position: int
    asset: str | None
    revision: int | None
    actor: str
    time_ns: int


class Assets:
    """All assets of a vault, whoever may see them."""

    name: ClassVar[str] = "flowstore.assets"
    version: ClassVar[int] = 2
    kinds: ClassVar[tuple[str, ...]] = (
        events.ASSET_CREATED,
        events.ASSET_REVISED,
        events.ASSET_SHARED,
        events.ASSET_PINNED,
        events.ASSET_DELETED,
        events.ASSET_RESTORED,
        events.ASSET_TAGGED,
        events.REVISION_RETIRED,
        events.ALIAS_MOVED,
    )

    def __init__(self, state: State) -> None:
        self._state = state
        self._cards = state.table("a")
        self._revisions = state.table("v")

    @staticmethod
    def label(event: Event) -> str | None:
        """Return how users call the revision that an event made."""
        if event.kind not in (events.ASSET_CREATED, events.ASSET_REVISED):
            return None
        return f"asset {event.data.get('label')!r} revision {event.data.get('version')}"

    def apply(self, event: Event) -> None:
        """Change the rows of one asset, or of one alias."""
        _APPLY[event.kind](self, event)

    # Reading

    def card(self, asset: str) -> Card | None:
        """Return an asset, deleted or not; None when there never was one of that id."""
        row = self._cards.get(key_of(asset))
        return None if row is None else Card(*_listed(row))

    def revision(self, asset: str, revision: int) -> Revision | None:
        """Return what an asset was at a revision, or None."""
        row = self._revisions.get((key_of(asset), revision))
        return None if row is None else Revision(*_listed(row))

    def revisions(self, asset: str) -> Iterator[tuple[int, Revision]]:
        """Yield the revisions of an asset, oldest first."""
        for (_, number), row in self._revisions.scan((key_of(asset),)):
            assert isinstance(number, int)
            yield number, Revision(*_listed(row))

    def newest(self, label: str | None = None, type_: str | None = None) -> Iterator[str]:
        """Yield the ids of assets, newest first; of a label or a type, where one is given.

        With both, those of the label: the caller looks at the type.
        """
        if label is not None:
            rows = self._state.table("l").scan((key_of(label),), reverse=True)
        elif type_ is not None:
            rows = self._state.table("t").scan((type_,), reverse=True)
        else:
            rows = self._state.table("n").scan(reverse=True)
        return (str(key[-1]) for key, _ in rows)

    def last_created_us(self) -> int:
        """Return when the newest asset was created, in microseconds."""
        found = self._state.table("c").get("created", 0)
        assert isinstance(found, int)
        return found

    def alias(self, label: str, type_: str, alias: str) -> tuple[str, int] | None:
        """Return the asset and the revision that an alias stands for, or None."""
        row = self._state.table("k").get((key_of(label), type_, key_of(alias)))
        return None if row is None else (_listed(row)[3], _listed(row)[4])

    def aliases(self, label: str | None = None) -> Iterator[tuple[str, str, str, str, int]]:
        """Yield label, type, alias, asset and revision of every alias."""
        prefix = () if label is None else (key_of(label),)
        for _, row in self._state.table("k").scan(prefix):
            named, type_, alias, asset, revision = _listed(row)
            yield named, type_, alias, asset, revision

    def alias_history(self, label: str, type_: str, alias: str) -> list[Move]:
        """Return every move of an alias, oldest first."""
        rows = self._state.table("h").scan((key_of(label), type_, key_of(alias)))
        return [Move(_integer(key[-1]), *_listed(row)) for key, row in rows]

    def tags(self, asset: str, revision: int) -> dict[str, str]:
        """Return the tags of a revision."""
        rows = self._state.table("g").scan((key_of(asset), revision))
        return {_listed(row)[0]: _listed(row)[1] for _, row in rows}

    # How events change the rows

    def _create(self, event: Event) -> None:
        data = event.data
        key, created = key_of(str(data["asset"])), _integer(data["created"])
        row = [data["asset"], data["owner"], created, 0, False, data["groups"], False]
        self._cards[key] = row
        self._state.table("n")[created, key] = 0
        self._state.table("t")[str(data["type"]), created, key] = 0
        self._state.table("l")[key_of(str(data["label"])), created, key] = 0
        self._state.table("c")["created"] = created
        self._put_revision(key, 0, event)

    def _revise(self, event: Event) -> None:
        key = key_of(str(event.data["asset"]))
        card = _listed(self._cards[key])
        label = str(_listed(self._revisions[key, card[3]])[0])
        labels = self._state.table("l")
        del labels[key_of(label), card[2], key]
        labels[key_of(str(event.data["label"])), card[2], key] = 0
        card[3] = event.data["version"]
        self._cards[key] = card
        self._put_revision(key, _integer(card[3]), event)

    def _put_revision(self, key: str, revision: int, event: Event) -> None:
        data, header = event.data, event.header
        row = [data[name] for name in _STATED]
        self._revisions[key, revision] = [
            *row,
            header.position,
            header.time_ns,
            header.actor,
            None,
        ]

    def _set(self, event: Event) -> None:
        place, value = _SETS[event.kind](event.data)
        key = key_of(str(event.data["asset"]))
        card = _listed(self._cards[key])
        card[place] = value
        self._cards[key] = card

    def _tag(self, event: Event) -> None:
        data, tags = event.data, self._state.table("g")
        prefix = (key_of(str(data["asset"])), data["version"])
        added, removed = data["set"], data["removed"]
        assert isinstance(added, dict)
        for tag in _listed(removed):
            if (*prefix, key_of(tag)) in tags:
                del tags[(*prefix, key_of(tag))]
        for tag, value in added.items():
            tags[(*prefix, key_of(tag))] = [tag, value]

    def _move(self, event: Event) -> None:
        data, header = event.data, event.header
        label, type_, alias = (str(data[name]) for name in ("label", "type", "alias"))
        key = (key_of(label), type_, key_of(alias))
        asset, revision = data["asset"], data["revision"]
        table = self._state.table("k")
        if asset is not None:
            table[key] = [label, type_, alias, asset, revision]
        elif key in table:
            del table[key]
        moved = [asset, revision, header.actor, header.time_ns]
        self._state.table("h")[(*key, event.position)] = moved

    def _retire(self, event: Event) -> None:
        key = key_of(str(event.data["asset"]))
        for revision in _listed(event.data["versions"]):
            row = _listed(self._revisions[key, revision])
            value = row[_STATED.index("value")]
            row[_STATED.index("value")] = {**value, "content": None}
            row[-1] = event.position
            self._revisions[key, revision] = row


_STATED = (
    "label",
    "type",
    "name",
    "asset_version",
    "description",
    "class",
    "value",
    "about",
    "links",
    "expires",
    "origin",
)
_SETS: Mapping[str, Callable[[Mapping[str, object]], tuple[int, object]]] = {
    events.ASSET_DELETED: lambda _: (4, True),
    events.ASSET_RESTORED: lambda _: (4, False),
    events.ASSET_SHARED: lambda data: (5, data["groups"]),
    events.ASSET_PINNED: lambda data: (6, data["is_pinned"]),
}
_APPLY: Mapping[str, Callable[[Assets, Event], None]] = {
    events.ASSET_CREATED: Assets._create,
    events.ASSET_REVISED: Assets._revise,
    events.ASSET_SHARED: Assets._set,
    events.ASSET_PINNED: Assets._set,
    events.ASSET_DELETED: Assets._set,
    events.ASSET_RESTORED: Assets._set,
    events.ASSET_TAGGED: Assets._tag,
    events.REVISION_RETIRED: Assets._retire,
    events.ALIAS_MOVED: Assets._move,
}


def _listed(row: object) -> list[Any]:
    assert isinstance(row, list)
    return row


def _integer(value: object) -> int:
    assert isinstance(value, int)
    return value
