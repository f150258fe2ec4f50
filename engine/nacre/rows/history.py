"""What happened to rows: the history of one, and the feed of all changes of a collection.

Each event of a row names the position of the change before, so a history is found by going back
from one to the next, and costs as much as the commits that it reads.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, cast

from nacre.event import Commit, Event
from nacre.hashing import Digest
from nacre.rows.layout import Layout, StoredRow
from nacre.rows.loads import decode_load, find_in_load
from nacre.rows.schema import Schema, schema_from
from nacre.rows.stored import is_fresh
from nacre.rows.view import ALTERED, CHANGED, CREATED, LOADED, Rows


class History(Protocol):
    """What is read of a vault for it."""

    def commit_at(self, position: int) -> Commit | None:
        """Return the commit at a position."""

    def events(
        self,
        *,
        subject: str | None = None,
        kind: str | None = None,
        start: int = 0,
        stop: int | None = None,
        reverse: bool = False,
    ) -> Iterator[Event]:
        """Yield events."""

    def get_blob(self, digest: Digest) -> memoryview:
        """Return the content of a blob."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What one commit did to one row."""

    key: object
    action: str
    """"insert", "update" or "delete"."""

    row: dict[str, object] | None
    """The row after it; None when it was deleted."""

    position: int
    time: datetime
    actor: str
    message: str


def row_history(vault: History, view: Rows, name: str, key: object) -> Iterator[Change]:
    """Yield what happened to the row of a key, the last change first."""
    definition = view.definition(name)
    wanted, values = definition.layout.key_from(key)
    row = view.row(definition, wanted)
    position = view.grave(definition, wanted) if row is None else cast("int", row[0])
    layouts = _Layouts(vault, name)
    while position is not None and position >= definition.created:
        commit = vault.commit_at(position)
        events = [e for e in commit.events if e.subject == name] if commit else []
        before: int | None = None
        for event in reversed(events):
            if event.kind not in (CHANGED, LOADED):
                continue
            layout = layouts.at(event)
            for action, stored in _of_key(vault, layout, event, values):
                yield _change(layout, event, action, stored)
                before = cast("int | None", stored[0])
        if before is not None and before < 0:
            before = ~before
        position = before if before is not None and before < position else None


def changes_since(vault: History, name: str, since: int, stop: int | None) -> Iterator[Change]:
    """Yield every change of a row in a collection by the commits from *since* on, in order."""
    layouts = _Layouts(vault, name)
    for event in vault.events(subject=name, start=since, stop=stop):
        if event.kind in (CHANGED, LOADED):
            layout = layouts.at(event)
            for action, stored in _all(vault, layout, event):
                yield _change(layout, event, action, stored)


def _all(vault: History, layout: Layout, event: Event) -> Iterator[tuple[str, StoredRow]]:
    """Yield what an event did to each row."""
    if event.kind == LOADED:
        for row in decode_load(layout.schema, vault.get_blob(_digest(event))):
            yield "insert" if _is_insert(event, row) else "update", row
        return
    for action in ("insert", "update", "delete"):
        for row in cast("list[StoredRow]", event.data.get(action, [])):
            yield action, row


def _of_key(
    vault: History, layout: Layout, event: Event, values: list[object]
) -> Iterator[tuple[str, StoredRow]]:
    """Yield what an event did to the row of a key, the last first."""
    wanted = layout.key_from_stored(values)
    if event.kind == LOADED:
        found = find_in_load(layout.schema, vault.get_blob(_digest(event)), values)
        for row in reversed(found):
            yield "insert" if _is_insert(event, row) else "update", row
    elif event.kind == CHANGED:
        for action, row in reversed(list(_all(vault, layout, event))):
            deleted = action == "delete"
            key = layout.key_from_stored(row[1:]) if deleted else layout.key_of(row)
            if key == wanted:
                yield action, row


def _is_insert(event: Event, row: StoredRow) -> bool:
    return not event.data.get("replaces") or is_fresh(row)


def _change(layout: Layout, event: Event, action: str, stored: StoredRow) -> Change:
    deleted = action == "delete"
    return Change(
        key=layout.given_key(stored[1:] if deleted else layout.key_values(stored)),
        action=action,
        row=None if deleted else layout.give(stored),
        position=event.position,
        time=event.time,
        actor=event.actor,
        message=event.message,
    )


class _Layouts:
    """The layouts that a collection has had."""

    def __init__(self, vault: History, name: str) -> None:
        found = [
            event for kind in (CREATED, ALTERED) for event in vault.events(subject=name, kind=kind)
        ]
        found.sort(key=lambda event: (event.position, event.ordinal))
        self._known = [((e.position, e.ordinal), Layout(_schema_of(e))) for e in found]

    def at(self, event: Event) -> Layout:
        """Return the layout that rows had when *event* was recorded."""
        place = (event.position, event.ordinal)
        return next(layout for since, layout in reversed(self._known) if since < place)


def _schema_of(event: Event) -> Schema:
    return schema_from(cast("dict[str, object]", event.data["schema"]))


def _digest(event: Event) -> Digest:
    return cast("Digest", event.data["rows"])
