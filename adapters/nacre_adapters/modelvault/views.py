"""The view: which collections were registered, and with which schema."""

from typing import ClassVar, cast

from nacre import Event, State
from nacre_adapters.modelvault.events import BACKFILLED, CHANGED, REGISTERED
from nacre_adapters.modelvault.schema import Schema, native_name, schema_from

_NEXT = "next"


class Catalogue:
    """The schemas of ModelVault's collections, derived from the log."""

    name: ClassVar[str] = "modelvault"
    version: ClassVar[int] = 1
    kinds = (REGISTERED, CHANGED, BACKFILLED)

    def __init__(self, state: State) -> None:
        self._schemas = state.table("schemas")
        self._numbers = state.table("numbers")

    def apply(self, event: Event) -> None:
        """Note the schema that the event says."""
        data = event.data
        schema = cast("dict[str, object]", data["schema"])
        self._schemas[event.subject] = schema
        if event.kind == REGISTERED:
            self._numbers[_NEXT] = cast("int", schema["number"]) + 1

    @staticmethod
    def label(event: Event) -> str | None:
        """Return how users call what an event of these kinds speaks of."""
        return f"schema of the collection {event.subject!r}"

    def next_number(self) -> int:
        """Return the id that the next collection gets."""
        return cast("int", self._numbers.get(_NEXT, 1))

    def names(self) -> list[str]:
        """Return the names of all collections, by code point."""
        rows = (cast("dict[str, object]", row) for _, row in self._schemas.scan())
        return sorted(str(row["name"]) for row in rows)

    def find(self, name: str) -> Schema | None:
        """Return the schema of a collection, or None."""
        return self.find_native(native_name(name))

    def find_native(self, name: str) -> Schema | None:
        """Return the schema of the collection that is called *name* among native rows."""
        row = self._schemas.get(name)
        return None if row is None else schema_from(cast("dict[str, object]", row))
