"""A table: rows inserted, changed and deleted, as objects of a class or as dicts."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

import nacre
from nacre.errors import InvalidInput
from nacre_adapters.tenants import definitions, writing
from nacre_adapters.tenants.errors import TableMissing, XtraSet
from nacre_adapters.tenants.finding import Asked, Expression, find
from nacre_adapters.tenants.home import Home, OpenTable
from nacre_adapters.tenants.models import Model, constrained, fields_of
from nacre_adapters.tenants.names import pk_of, plain_name
from nacre_adapters.tenants.readable import ReadTable
from nacre_adapters.tenants.records import values_of

Made = TypeVar("Made")


class Table(ReadTable):
    """A table of a database. It is a view of what is there: dropped and made again, it goes on."""

    def __init__(self, home: Home, name: str, model: Model | None = None) -> None:
        super().__init__(home, name, model)
        self.result: list[object] = []
        """What the last `insert_all` of this object has inserted."""

    def create(
        self,
        columns: Mapping[str, object] | None = None,
        pk: str | Sequence[str] | None = None,
        *,
        not_null: Iterable[str] = (),
        defaults: Mapping[str, object] | None = None,
        **named: object,
    ) -> "Table":
        """Create the table of names and types of columns if there is none, and return it.

        The key is *id* when there is such a column and no *pk*, else the first column.

        Raises:
            InvalidInput: the table is there, and cannot become this; with the plan.
        """
        fields = constrained(fields_of({**(columns or {}), **named}), not_null, defaults or {})
        names = [field.name for field in fields]
        key = pk_of(pk) if pk is not None else ("id" if "id" in names else names[0],)
        self._home.change(
            lambda tx: definitions.declare(self._home, tx, plain_name(self.name), fields, key)
        )
        return self

    # Write

    def insert(
        self,
        record: object = None,
        *,
        ignore: bool = False,
        replace: bool = False,
        alter: bool = False,
        **named: object,
    ) -> object:
        """Insert a row, and return it as it is stored; {} when there is nothing to insert.

        With *ignore* a row whose key or unique value is taken is left out, and {} returned; with
        *replace* it takes the place of the one with its key; with *alter* the table gets the
        columns that it lacks, in the same commit.

        Raises:
            IntegrityError: its key or a unique value is taken, or its key is missing.
            UnknownColumn: there is no such column.
            WrongType: a value is not of the type of its column.
        """
        given = values_of(record, named)
        if not given:
            return {}
        how = writing.conflicts(ignore=ignore, replace=replace)

        def decide(table: OpenTable) -> list[object]:
            shape, xtra = self._seen(table)
            row = how(table, {**shape.taken(given), **xtra}, xtra)
            return [] if row is None else [self._made(shape, row)]

        made = self._change(decide, new_columns=[given] if alter else [])
        return made[0] if made else {}

    def insert_all(
        self,
        records: Iterable[object] | None,
        *,
        ignore: bool = False,
        replace: bool = False,
        upsert: bool = False,
        truncate: bool = False,
        alter: bool = False,
    ) -> "Table":
        """Insert rows, all or none, and return the table; the rows are in `result`.

        Raises: as `insert`.
        """
        if isinstance(records, Mapping):
            raise InvalidInput("insert_all was given one record: insert it, or give a list")
        given = [values for values in map(values_of, records or ()) if values]
        how = writing.conflicts(ignore=ignore, replace=replace, upsert=upsert)

        def decide(table: OpenTable) -> list[object]:
            shape, xtra = self._seen(table)
            if truncate:
                writing.delete_all(table, find(table, Asked(), xtra))
            rows = [{**shape.taken(values), **xtra} for values in given]
            if how is writing.insert_new:
                return self._made_all(shape, writing.insert_all(table, rows))
            kept = (how(table, row, xtra) for row in rows)
            return self._made_all(shape, [row for row in kept if row is not None])

        new_columns = given if alter else []
        self.result = self._change(decide, new_columns=new_columns) if given or truncate else []
        return self

    def update(
        self,
        updates: object = None,
        pk_values: object = None,
        *,
        alter: bool = False,
        **named: object,
    ) -> object:
        """Change the columns of a row that are given, and return the row.

        The row is that of the key in the record, or of *pk_values*; the key can then be changed.

        Raises:
            NotFoundError: there is no such row.
            MissingPrimaryKey: the record does not say which.
            IntegrityError, UnknownColumn, WrongType: as `insert`.
        """
        given = values_of(updates, named)
        if not given:
            return {}

        def decide(table: OpenTable) -> object:
            shape, xtra = self._seen(table)
            key = writing.key_in(shape, given) if pk_values is None else pk_values
            return self._made(shape, writing.update(table, key, shape.taken(given), xtra))

        return self._change(decide, new_columns=[given] if alter else [])

    def upsert(self, record: object = None, *, alter: bool = False, **named: object) -> object:
        """Insert a row, or change the given columns of the one with its key; return the row.

        Raises:
            MissingPrimaryKey: the key is not given.
            IntegrityError, UnknownColumn, WrongType: as `insert`.
        """
        given = values_of(record, named)
        if not given:
            return {}

        def decide(table: OpenTable) -> object:
            shape, xtra = self._seen(table)
            values = {**shape.taken(given), **xtra}
            return self._made(shape, writing.upsert(table, values, xtra))

        return self._change(decide, new_columns=[given] if alter else [])

    def delete(self, pk_values: object) -> object:
        """Delete the row of a key, and return what it was.

        Raises:
            NotFoundError: there is none.
        """

        def decide(table: OpenTable) -> object:
            shape, xtra = self._seen(table)
            return self._made(shape, writing.delete(table, pk_values, xtra))

        return self._change(decide)

    def update_where(
        self, updates: object, where: str | None = None, where_args: object = None, **named: object
    ) -> list[object]:
        """Change columns of all rows that fulfil *where*, or of all; return the rows."""
        given = values_of(updates)
        asked = Asked(where=Expression(where, where_args, named))

        def decide(table: OpenTable) -> list[object]:
            shape, xtra = self._seen(table)
            values = {**shape.taken(given), **xtra}
            changed = writing.change_all(table, find(table, asked, xtra), values)
            return self._made_all(shape, changed)

        return self._change(decide) if given else []

    def delete_where(
        self, where: str | None = None, where_args: object = None, **named: object
    ) -> list[object]:
        """Delete all rows that fulfil *where*, or all; return what they were."""
        asked = Asked(where=Expression(where, where_args, named))

        def decide(table: OpenTable) -> list[object]:
            shape, xtra = self._seen(table)
            rows = find(table, asked, xtra)
            writing.delete_all(table, rows)
            return self._made_all(shape, rows)

        return self._change(decide)

    def lookup(self, lookup_values: object, extra_values: object = None) -> object:
        """Return the first row with these values; insert it, with the extra ones, if none is."""
        wanted = values_of(lookup_values)
        if not wanted:
            return {}
        extra = values_of(extra_values)

        def decide(table: OpenTable) -> object:
            shape, xtra = self._seen(table)
            taken = shape.taken(wanted)
            found = find(table, Asked(limit=1), {**taken, **xtra})
            row = found[0] if found else None
            if row is None:
                row = writing.insert(table, {**taken, **shape.taken(extra), **xtra})
            return self._made(shape, row)

        return self._change(decide)

    def create_index(
        self,
        columns: Sequence[str],
        index_name: str | None = None,
        unique: bool = False,
        if_not_exists: bool = False,
    ) -> "Table":
        """Create an index, called idx_<table>_<columns> unless it is given a name.

        Raises:
            InvalidInput: there is one of that name, or, with *if_not_exists*, another one.
            IntegrityError: it is to be unique, and the rows are not.
        """
        name = index_name or f"idx_{self.name}_{'_'.join(columns)}"

        def decide(tx: nacre.Transaction) -> None:
            if not if_not_exists and definitions.find_index(self._home, tx, name) is not None:
                raise InvalidInput(f"there is an index {name!r} already: give another index_name")
            spec = definitions.index_spec(name, columns, unique=unique)
            definitions.add_index(self._home, tx, self.name, spec)

        self._home.change(decide)
        return self

    def drop_index(self, index_name: str, ignore: bool = False) -> "Table":
        """Drop an index of this table; a missing one is an error unless *ignore*."""
        if not ignore and index_name not in [index["name"] for index in self.indexes]:
            raise InvalidInput(f"No index named {index_name} on table {self.name}")
        self._home.change(lambda tx: definitions.drop_index(self._home, tx, index_name, self.name))
        return self

    def drop(self, ignore: bool = False) -> None:
        """Drop the table; a missing one is an error unless *ignore*.

        Raises:
            XtraSet: it has a filter, and there may be rows beyond.
        """
        if self._xtra:
            raise XtraSet(f"{self.name!r} has a filter, {self._xtra}: drop it without")
        if not self._home.change(lambda tx: self._home.drop_table(tx, self.name)) and not ignore:
            raise TableMissing(
                f"there is no table {self.name!r}: it was dropped before, or never made"
            )

    def _change(
        self,
        decide: Callable[[OpenTable], Made],
        *,
        new_columns: Sequence[Mapping[str, object]] = (),
    ) -> Made:
        """Commit a decision, after the columns that these records need and the table lacks."""
        if not new_columns:
            return self._home.change_table(self.name, decide)

        def widened(tx: nacre.Transaction) -> Made:
            definitions.widen(self._home, tx, self.name, new_columns)
            return decide(self._home.table(tx, self.name))

        return self._home.change(widened)
