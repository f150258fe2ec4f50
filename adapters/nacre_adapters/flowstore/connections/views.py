"""The connections that there are.

c[id]            [id, owner, name, type, fields, secrets, is shared]
n[owner, name]   id
"""

from collections.abc import Iterator
from typing import ClassVar, NamedTuple

from nacre import Event, State
from nacre_adapters.flowstore.connections import events
from nacre_adapters.flowstore.events import key_of


class Row(NamedTuple):
    """A connection without its secrets."""

    id: str
    owner: str
    name: str
    type: str
    fields: dict[str, object]
    secrets: dict[str, str]
    """The reference of each secret field."""

    is_shared: bool


class ConnectionsView:
    """Connections by id and by owner and name."""

    name: ClassVar[str] = "flowstore.connections"
    version: ClassVar[int] = 2
    kinds: ClassVar[tuple[str, ...]] = (events.CREATED, events.UPDATED, events.DELETED)

    def __init__(self, state: State) -> None:
        self._rows = state.table("c")
        self._ids = state.table("n")

    def apply(self, event: Event) -> None:
        """Keep what a connection is now."""
        data = event.data
        identity = str(data["id"])
        if event.kind == events.CREATED:
            names = ("id", "owner", "name", "type", "fields", "secrets", "is_shared")
            self._rows[identity] = [data[name] for name in names]
            self._ids[key_of(str(data["owner"])), key_of(str(data["name"]))] = identity
            return
        row = self.get(identity)
        if row is None:
            return
        if event.kind == events.DELETED:
            del self._rows[identity]
            del self._ids[key_of(row.owner), key_of(row.name)]
            return
        about = [row.id, row.owner, row.name, row.type]
        self._rows[identity] = [*about, data["fields"], data["secrets"], data["is_shared"]]

    def get(self, identity: str) -> Row | None:
        """Return the connection of an id; None when there is none."""
        found = self._rows.get(key_of(identity))
        return Row(*found) if isinstance(found, list) else None

    def of(self, owner: str, name: str) -> Row | None:
        """Return an owner's connection of a name; None when there is none."""
        found = self._ids.get((key_of(owner), key_of(name)))
        return self.get(found) if isinstance(found, str) else None

    def named(self, name: str) -> Iterator[Row]:
        """Yield everybody's connections of a name, in order of owners."""
        return (row for row in self.all() if row.name == name)

    def all(self) -> Iterator[Row]:
        """Yield all connections, in order of owners and names."""
        for _, identity in self._ids.scan():
            row = self.get(str(identity))
            if row is not None:
                yield row
