"""The engine's own view: which commits have a subject, a kind, a write id."""

from collections.abc import Iterator
from typing import ClassVar

from nacre.event import Event
from nacre.views.table import State


class History:
    """Positions by subject, by kind and by write id.

    Only write ids that a caller gave are kept: nobody can repeat the others.
    """

    name: ClassVar[str] = "nacre.history"
    version: ClassVar[int] = 1

    def __init__(self, state: State) -> None:
        self._subjects = state.table("s")
        self._kinds = state.table("k")
        self._write_ids = state.table("w")
        self._seen: set[tuple[str, str]] = set()

    def apply(self, event: Event) -> None:
        """Note the commit of *event* once for each name in it."""
        header = event.header
        if event.ordinal == 0:
            self._seen.clear()
            if isinstance(header.write_id, str):
                self._write_ids[header.write_id] = header.position
        self._note("s", event.subject, header.position)
        self._note("k", event.kind, header.position)

    def position_of(self, write_id: str) -> int | None:
        """Return the commit that carries a write id, or None."""
        position = self._write_ids.get(write_id)
        assert position is None or isinstance(position, int)
        return position

    def positions(
        self, *, subject: str | None, kind: str | None, start: int, reverse: bool
    ) -> Iterator[int]:
        """Yield the commits from *start* on that may hold such an event, in order.

        A commit that holds the subject in one event and the kind in another is among them.
        """
        table, name = (self._kinds, kind) if subject is None else (self._subjects, subject)
        assert name is not None
        low = (name, start)
        for key, _ in table.scan((name,), start=None if reverse else low, reverse=reverse):
            position = key[1]
            assert isinstance(position, int)
            if position < start:
                return
            yield position

    def _note(self, table: str, name: str, position: int) -> None:
        if (table, name) not in self._seen:
            self._seen.add((table, name))
            (self._subjects if table == "s" else self._kinds)[(name, position)] = None
