"""One collection: its rows written, read and queried."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from nacre.errors import InvalidInput
from nacre.moment import When
from nacre.rows import changes
from nacre.rows.aggregates import Measure
from nacre.rows.bulk import load, readable
from nacre.rows.changes import Decision, Row, Write
from nacre.rows.conditions import Downward, Name, conditions
from nacre.rows.declared import IndexSpec, plain_row, schema_of
from nacre.rows.definition import Definition
from nacre.rows.editing import merged
from nacre.rows.history import Change, changes_since, row_history
from nacre.rows.home import Home, VaultHome, Words
from nacre.rows.migration import Migration, migrate, plan_migration
from nacre.rows.query import Asked, Query
from nacre.rows.schema import Schema
from nacre.rows.view import Rows


class Collection:
    """Rows of one schema under one name, in a vault or in a transaction."""

    def __init__(self, home: Home, name: str) -> None:
        self._home = home
        self.name = name
        self._known: Definition | None = None
        """How it was defined when a row was got last."""

    @property
    def schema(self) -> Schema:
        """The fields, the key and the indexes."""
        return self._definition().schema

    @property
    def version(self) -> int:
        """How many schemas the collection has had; counts from 1."""
        return self._definition().version

    def insert(self, row: Row, *, message: str = "", write_id: str | None = None) -> object:
        """Store a new row, and return its key.

        Raises:
            InvalidInput: it does not fit, or its key or a unique value is taken.
        """
        keys = self.insert_many([row], message=message, write_id=write_id)
        return keys[0]

    def insert_many(
        self, rows: Iterable[Row], *, message: str = "", write_id: str | None = None
    ) -> list[object]:
        """Store new rows in one commit, all or none, and return their keys."""
        rows = _listed(rows)
        return self._write_rows(changes.insert, rows, Words(message=message, write_id=write_id))

    def upsert(self, row: Row, *, message: str = "", write_id: str | None = None) -> object:
        """Store a row, new or in place of the whole row with its key, and return its key."""
        return self.upsert_many([row], message=message, write_id=write_id)[0]

    def upsert_many(
        self, rows: Iterable[Row], *, message: str = "", write_id: str | None = None
    ) -> list[object]:
        """Store rows in one commit, each new or in place of the one with its key."""
        rows = _listed(rows)
        return self._write_rows(changes.upsert, rows, Words(message=message, write_id=write_id))

    def update(
        self,
        key: object,
        changed: Mapping[str, object] | None = None,
        *,
        expect: Mapping[str, object] | None = None,
        message: str = "",
        write_id: str | None = None,
        **fields: object,
    ) -> dict[str, object]:
        """Change some fields of a row, and return it.

        *expect* are values that fields must have for it (compare and set). A field that is
        called like an argument of this method is given in the dict *changed*.

        Raises:
            NotFound: there is no such row.
            Mismatch: it does not have the values that are expected.
        """
        both = merged(changed, fields)
        row = self._home.change(
            lambda tx: changes.change(tx, self.name, key, both, expect=expect),
            Words(message=message, write_id=write_id),
        )
        return row if row is not None else self[key]

    def replace(
        self,
        row: Row,
        *,
        expect: Mapping[str, object] | None = None,
        message: str = "",
        write_id: str | None = None,
    ) -> dict[str, object]:
        """Put a whole row in place of the one with its key, and return it.

        Raises:
            NotFound: there is no row with its key.
            Mismatch: it does not have the values that are expected.
        """
        found = self._home.change(
            lambda tx: changes.replace(tx, self.name, row, expect=expect),
            Words(message=message, write_id=write_id),
        )
        layout = self._definition().layout
        return found if found is not None else layout.give(layout.take(plain_row(row)))

    def delete(
        self,
        key: object,
        *,
        expect: Mapping[str, object] | None = None,
        message: str = "",
        write_id: str | None = None,
    ) -> dict[str, object] | None:
        """Delete a row, and return what it was; None when the write id was committed before.

        Raises:
            NotFound: there is no such row.
            Mismatch: it does not have the values that are expected.
        """
        return self._home.change(
            lambda tx: changes.delete(tx, self.name, key, expect=expect),
            Words(message=message, write_id=write_id),
        )

    def bulk_load(self, rows: object, *, message: str = "", write_id: str | None = None) -> int:
        """Store many new rows in one commit, all or none, and return how many they are.

        *rows* is a table of Arrow, pandas or Polars, or an iterable of rows.
        """
        return self._load(rows, Words(message=message, write_id=write_id), replaces=False)

    def bulk_upsert(self, rows: object, *, message: str = "", write_id: str | None = None) -> int:
        """Store many rows in one commit, each new or in place of the one with its key."""
        return self._load(rows, Words(message=message, write_id=write_id), replaces=True)

    def plan(
        self,
        schema: object,
        *,
        indexes: Iterable[IndexSpec] = (),
        renames: Mapping[str, str] | None = None,
        fill: Mapping[str, object] | None = None,
    ) -> Migration:
        """Return what `alter` would do: its steps, and which of them are safe."""
        old = self._definition().schema
        new = _declared(schema, old, indexes, renames or {})
        return plan_migration(old, new, renames=renames or {}, fill=fill or {})

    def alter(
        self,
        schema: object,
        *,
        indexes: Iterable[IndexSpec] = (),
        renames: Mapping[str, str] | None = None,
        fill: Mapping[str, object] | None = None,
        drop: Sequence[str] = (),
        message: str = "",
        write_id: str | None = None,
    ) -> "Collection":
        """Give the collection another schema and other indexes, all or nothing.

        Args:
            schema: all fields that it is to have, as for `create`.
            indexes: all indexes that it is to have.
            renames: old names of fields to new ones.
            fill: what rows get in new fields that must have a value.
            drop: the fields that it is to have no longer; they must be named.
            message: why.
            write_id: makes a retry safe.

        Raises:
            InvalidInput: it cannot be done, or a row is against it.
        """
        indexes = tuple(indexes)

        def decide(tx: Decision) -> None:
            old = tx.view(Rows).definition(self.name).schema
            new = _declared(schema, old, indexes, renames or {})
            planned = plan_migration(old, new, renames=renames or {}, fill=fill or {})
            migrate(tx, self.name, planned, drop)

        self._home.change(decide, Words(message=message, write_id=write_id))
        return self

    def history(self, key: object) -> Iterator[Change]:
        """Yield what happened to the row of a key, the last change first."""
        return row_history(self._home.past, self._home.view(), self.name, key)

    def changes(self, since: int = 0, stop: int | None = None) -> Iterator[Change]:
        """Yield the changes of rows by the commits `since <= position < stop`, oldest first.

        A follower notes the position of the last one, and goes on at the next.
        """
        return changes_since(self._home.past, self.name, since, stop)

    def at(self, when: When) -> "Collection":
        """Return the collection as it was, read-only; *when* is as for `vault.at`."""
        return Collection(VaultHome(self._home.past.at(when)), self.name)

    def get(self, key: object, *, as_of: When | None = None) -> dict[str, object] | None:
        """Return the row of a key, or None; a key of several fields is a tuple.

        *as_of* is a position, a time or what else `vault.at` takes: the row as it was then.
        """
        if as_of is not None:
            return self.at(as_of).get(key)

        view = self._home.view()
        while True:
            known = self._known
            definition = self._known = known or view.definition(self.name)
            try:
                wanted, _ = definition.layout.key_from(key)
                is_same, row = view.row_if_same(definition, wanted)
            except InvalidInput:  # or the key is of another type by now
                if known is None:
                    raise
                is_same = False
            if is_same:
                return None if row is None else definition.layout.give(row)
            self._known = None

    def __getitem__(self, key: object) -> dict[str, object]:
        """Return the row of a key.

        Raises:
            NotFound: there is none.
        """
        row = self.get(key)
        if row is None:
            raise changes.missing(self._definition(), key)
        return row

    def __contains__(self, key: object) -> bool:
        return self.get(key) is not None

    def __iter__(self) -> Iterator[dict[str, object]]:
        """Yield all rows, in order of key, read page by page."""
        return iter(self.query())

    def __len__(self) -> int:
        return self.count()

    def __bool__(self) -> bool:
        # An empty collection is still one.
        return True

    def query(self, *, as_of: When | None = None) -> Query:
        """Return a query for all rows, now or as they were, to refine."""
        if as_of is not None:
            return self.at(as_of).query()
        return Query(self._home, self.name, Asked())

    def where(self, /, *condition: object, **equal: object) -> Query:
        """Return a query for the rows that fulfil a condition; see `Query.where`."""
        return Query(self._home, self.name, Asked(conditions(condition, equal)))

    def order_by(self, *fields: str | Name | Downward) -> Query:
        """Return a query for all rows in an order."""
        return self.query().order_by(*fields)

    def limit(self, count: int) -> Query:
        """Return a query for the first rows by key."""
        return self.query().limit(count)

    def select(self, *fields: str) -> Query:
        """Return a query for some fields of all rows."""
        return self.query().select(*fields)

    def all(self) -> list[dict[str, object]]:
        """Return all rows, in order of key."""
        return self.query().all()

    def count(self) -> int:
        """Return how many rows there are."""
        return self.query().count()

    def aggregate(self, /, *group_by: str, **measures: Measure) -> list[dict[str, object]]:
        """Return a row for each group of all rows; see `Query.aggregate`."""
        return self.query().aggregate(*group_by, **measures)

    def to_frame(self, library: str = "pandas", *, as_of: When | None = None) -> object:
        """Return all rows as a dataframe of "pandas", "arrow" or "polars"."""
        return self.query(as_of=as_of).to(library)

    def __repr__(self) -> str:
        return f"<collection {self.name!r}>"

    def _definition(self) -> Definition:
        return self._home.view().definition(self.name)

    def _write_rows(self, decide: Write, rows: Sequence[Row], words: Words) -> list[object]:
        def run(tx: Decision) -> list[object]:
            return decide(tx, self.name, rows)

        is_one_event = len(rows) <= changes.EVENT_ROWS
        change = self._home.change if is_one_event else self._home.change_whole
        keys = change(run, words)
        if keys is not None:
            return keys
        layout = self._definition().layout
        stored = [layout.take(plain_row(row)) for row in rows]
        return [layout.given_key(layout.key_values(row)) for row in stored]

    def _load(self, rows: object, words: Words, *, replaces: bool) -> int:
        rows = readable(rows)
        count = self._home.change_whole(
            lambda tx: load(tx, self._home.payloads, self.name, rows, replaces=replaces), words
        )
        return 0 if count is None else count


def _declared(
    schema: object, old: Schema, indexes: Iterable[IndexSpec], renames: Mapping[str, str]
) -> Schema:
    """Return the schema that *schema* means, with the key of the old one and no numbers yet."""
    if isinstance(schema, Schema):
        return schema
    return schema_of(schema, key=[renames.get(k, k) for k in old.key], indexes=indexes)


def _listed(rows: Iterable[Row]) -> list[Row]:
    if isinstance(rows, Mapping | str | bytes) or not isinstance(rows, Iterable):
        raise InvalidInput(f"a {type(rows).__name__} is no rows: give an iterable of rows")
    return list(rows)
