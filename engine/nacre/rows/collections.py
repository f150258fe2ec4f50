"""The noun: collections of rows by name."""

from collections.abc import Iterable, Iterator, Sequence

from nacre.errors import InvalidInput
from nacre.event import checked_name
from nacre.purged import purge_of
from nacre.rows.changes import Decision
from nacre.rows.collection import Collection
from nacre.rows.declared import IndexSpec, schema_of
from nacre.rows.home import Home, VaultHome, Words
from nacre.rows.view import CREATED, DROPPED, Rows


class Collections:
    """The collections of a vault or a transaction: `vault.rows["people"]`."""

    def __init__(self, home: Home) -> None:
        self._home = home

    def create(
        self,
        name: str,
        schema: object,
        *,
        key: str | Sequence[str] | None = None,
        indexes: Iterable[IndexSpec] = (),
        rows_alone: bool = False,
        message: str = "",
        write_id: str | None = None,
    ) -> Collection:
        """Create a collection.

        Args:
            name: what it is called.
            schema: a dict of field to type, a dataclass, a pydantic model or an Arrow schema.
            key: the field, or the fields, that tell rows apart.
            indexes: fields, lists of fields, or {"fields": ..., "unique": True, "name": ...}.
            rows_alone: whether rows never lie in blocks. They take twice the room then, and one
                is found in a third of the time.
            message: why.
            write_id: makes a retry safe.

        Raises:
            InvalidInput: the schema is not understood, or the name is taken.
        """
        checked_name("the name of a collection", name)
        made = schema_of(schema, key=key, indexes=indexes).numbered()

        def decide(tx: Decision) -> None:
            view = tx.view(Rows)
            if view.find(name) is not None:
                raise InvalidInput(f"there is a collection {name!r} already: alter it, or drop it")
            data: dict[str, object] = {"number": view.next_number(), "schema": made.to_data()}
            if rows_alone:
                data["alone"] = True
            tx.record_own(CREATED, subject=name, data=data)

        self._home.change(decide, Words(message=message, write_id=write_id))
        return Collection(self._home, name)

    def drop(self, name: str, *, message: str = "", write_id: str | None = None) -> None:
        """Delete a collection and its rows; the log keeps what they were.

        Raises:
            NotFound: there is none of that name.
        """

        def decide(tx: Decision) -> None:
            tx.view(Rows).definition(name)
            tx.record_own(DROPPED, subject=name)

        self._home.change(decide, Words(message=message, write_id=write_id))

    def names(self) -> list[str]:
        """Return the names of all collections, in order."""
        return self._home.view().names()

    def __getitem__(self, name: str) -> Collection:
        """Return a collection.

        Raises:
            NotFound: there is none of that name; it says so if it was purged.
        """
        view = self._home.view()
        if view.find(name) is None:
            if isinstance(self._home, VaultHome):
                purged = purge_of(self._home.past, "collection", name)
                if purged is not None:
                    raise purged
            view.definition(name)  # says which there are
        return Collection(self._home, name)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._home.view().find(name) is not None

    def __iter__(self) -> Iterator[str]:
        return iter(self.names())
