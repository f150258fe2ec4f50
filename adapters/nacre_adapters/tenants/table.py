"""A table: rows inserted, found, changed and deleted, as objects of a class or as dicts."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from nacre_adapters.tenants import writing
from nacre_adapters.tenants.errors import (
    BadExpression,
    NotFoundError,
    NotUnique,
    TableMissing,
    XtraSet,
)
from nacre_adapters.tenants.finding import Asked, Expression, count, find
from nacre_adapters.tenants.home import Home, OpenTable
from nacre_adapters.tenants.models import Model
from nacre_adapters.tenants.records import values_of
from nacre_adapters.tenants.shape import Shape, Values
from nacre_adapters.tenants.unset import UNSET

Made = TypeVar("Made")


class Table:
    """A table of a database. It is a view of what is there: dropped and made again, it goes on.

    Threads may share it. `xtra` belongs to the object: `filtered` returns one of its own.
    """

    def __init__(self, home: Home, name: str, model: Model | None = None) -> None:
        self._home = home
        self._model = model
        self._xtra: dict[str, object] = {}
        self.name = name
        self.result: list[object] = []
        """What the last `insert_all` of this object has inserted."""

    # Write

    def insert(
        self, record: object = None, *, ignore: bool = False, replace: bool = False, **named: object
    ) -> object:
        """Insert a row, and return it as it is stored; {} when there is nothing to insert.

        With *ignore* a row whose key or unique value is taken is left out, and {} returned; with
        *replace* it takes the place of the one with its key.

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

        made = self._change(decide)
        return made[0] if made else {}

    def insert_all(
        self,
        records: Iterable[object] | None,
        *,
        ignore: bool = False,
        replace: bool = False,
        upsert: bool = False,
        truncate: bool = False,
    ) -> "Table":
        """Insert rows, all or none, and return the table; the rows are in `result`.

        Raises: as `insert`.
        """
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

        self.result = self._change(decide) if given or truncate else []
        return self

    def update(self, updates: object = None, pk_values: object = None, **named: object) -> object:
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

        return self._change(decide)

    def upsert(self, record: object = None, **named: object) -> object:
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

        return self._change(decide)

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

    # Find

    def __call__(  # noqa: PLR0913, PLR0917 - the interface has them in this order
        self,
        where: str | None = None,
        where_args: object = None,
        order_by: str | None = None,
        limit: int | None = None,
        offset: int | None = None,
        select: str = "*",
        *,
        with_pk: bool = False,
        as_cls: bool = True,
        xtra: Mapping[str, object] | None = None,
        **named: object,
    ) -> list[object]:
        """Return the rows that fulfil *where*, an expression of SQL, in an order.

        Parameters of the expression are ? with a list, or :name with a dict or keywords. Without
        *order_by* rows come in the order in which they are found: of their keys, or of an index.

        Raises:
            BadExpression: an expression is not understood, or not supported; says what.
        """
        asked = Asked(
            where=Expression(where, where_args, named),
            order_by=order_by,
            limit=limit,
            offset=offset,
            select=select,
        )
        return self._found(asked, xtra, as_cls=as_cls, with_pk=with_pk)

    def get(
        self,
        pk_values: object,
        *,
        as_cls: bool = True,
        xtra: Mapping[str, object] | None = None,
        default: object = UNSET,
    ) -> object:
        """Return the row of a key, or *default*.

        Raises:
            NotFoundError: there is none, and no default.
        """
        shape, row = self._home.row(self.name, pk_values)
        wanted = xtra or self._xtra
        if row is None or (wanted and not writing.matches(row, shape.taken(wanted))):
            if default is UNSET:
                raise writing.missing(shape, pk_values)
            return default
        return self._made(shape, row) if as_cls else shape.given(row)

    def __getitem__(self, key: object) -> object:
        """Return the row of a key; one of several parts is a tuple or a list."""
        return self.get(key)

    def __contains__(self, key: object) -> bool:
        return self.get(key, default=None) is not None

    def selectone(
        self, where: str | None = None, where_args: object = None, **named: object
    ) -> object:
        """Return the one row that fulfils *where*.

        Raises:
            NotFoundError: none does.
            NotUnique: several do.
        """
        found = self._found(Asked(where=Expression(where, where_args, named), limit=2))
        if not found:
            raise NotFoundError(f"no row of {self.name!r} fulfils {where!r:.80}")
        if len(found) > 1:
            raise NotUnique("Not unique: 2 results")
        return found[0]

    @property
    def rows(self) -> Iterator[object]:
        """All rows, as dicts."""
        return iter(self(as_cls=False))

    def rows_where(  # noqa: PLR0917 - the interface has them in this order
        self,
        where: str | None = None,
        where_args: object = None,
        order_by: str | None = None,
        select: str = "*",
        limit: int | None = None,
        offset: int | None = None,
        **named: object,
    ) -> Iterator[object]:
        """Return the rows that fulfil *where*, as dicts."""
        asked = Asked(
            where=Expression(where, where_args, named),
            order_by=order_by,
            limit=limit,
            offset=offset,
            select=select,
        )
        return iter(self._found(asked, as_cls=False))

    def pks_and_rows_where(
        self, where: str | None = None, where_args: object = None, **named: object
    ) -> Iterator[object]:
        """Return the rows that fulfil *where*, as pairs of key and dict."""
        asked = Asked(where=Expression(where, where_args, named))
        return iter(self._found(asked, as_cls=False, with_pk=True))

    @property
    def count(self) -> int:
        """How many rows there are."""
        return self.count_where()

    def count_where(
        self, where: str | None = None, where_args: object = None, **named: object
    ) -> int:
        """Return how many rows fulfil *where*."""
        asked = Asked(where=Expression(where, where_args, named))
        return self._home.read_table(
            self.name, lambda table: count(table, asked, self._seen(table)[1])
        )

    def __len__(self) -> int:
        return self.count

    def __bool__(self) -> bool:
        # An empty table is still one.
        return True

    # The filter

    def xtra(self, **filters: object) -> None:
        """Show and write only rows with these values, from now on; none: all rows.

        It holds for every user of this object; `filtered` makes one of your own.

        Raises:
            UnknownColumn: there is no such column.
        """
        self._home.read_table(self.name, lambda table: table.shape.taken(filters))
        self._xtra = dict(filters)

    def filtered(self, **filters: object) -> "Table":
        """Return a table object of its own with these values added to its filter."""
        own = Table(self._home, self.name, self._model)
        own.xtra(**{**self._xtra, **filters})
        return own

    @property
    def xtra_id(self) -> dict[str, object]:
        """The values of the filter."""
        return dict(self._xtra)

    # What it is

    @property
    def cls(self) -> type | None:
        """The class of its rows; None: they are dicts."""
        return None if self._model is None else self._model.cls

    def shape(self) -> Shape:
        """Return the columns and the key, as they are now."""
        return self._home.read_table(self.name, lambda table: table.shape)

    def exists(self) -> bool:
        """Tell whether the table is there."""
        return self._home.has_table(self.name)

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

    def __str__(self) -> str:
        return '"' + self.name.replace('"', '""') + '"'

    def __repr__(self) -> str:
        if not self.exists():
            return f"<Table {self.name} (does not exist yet)>"
        return f"<Table {self.name} ({', '.join(self.shape().names)})>"

    def __iter__(self) -> Iterator[object]:
        """Yield all rows."""
        return iter(self())

    # Under the calls

    def _found(
        self,
        asked: Asked,
        xtra: Mapping[str, object] | None = None,
        *,
        as_cls: bool = True,
        with_pk: bool = False,
    ) -> list[object]:
        def read(table: OpenTable) -> list[object]:
            shape, seen = self._seen(table, xtra)
            rows = find(table, asked, seen)
            self._check_selected(asked, rows[:1], as_cls=as_cls, keys=shape.pk if with_pk else ())
            if not with_pk:
                return self._made_all(shape, rows) if as_cls else [shape.given(r) for r in rows]
            keys = [shape.key_of(shape.given(row)) for row in rows]
            made = self._made_all(shape, rows) if as_cls else [shape.given(r) for r in rows]
            return list(zip(keys, made, strict=True))

        return self._home.read_table(self.name, read)

    def _check_selected(
        self, asked: Asked, rows: Sequence[Values], *, as_cls: bool, keys: Sequence[str]
    ) -> None:
        """Refuse what is selected if the class, or the pairs of key and row, cannot hold it."""
        if asked.select == "*" or not rows:
            return
        model = self._model if as_cls else None
        unknown = [name for name in rows[0] if model is not None and name not in model.names]
        if unknown:
            raise BadExpression(
                f"the class of {self.name!r} has no field {unknown[0]!r}: give as_cls=False"
            )
        if not set(keys) <= set(rows[0]):
            raise BadExpression(f"with_pk needs the key: select {', '.join(keys)} too")

    def _seen(
        self, table: OpenTable, xtra: Mapping[str, object] | None = None
    ) -> tuple[Shape, Values]:
        """Return the shape, and the values that rows must have to be seen, as they are kept."""
        wanted = xtra or self._xtra
        return table.shape, table.shape.taken(wanted) if wanted else {}

    def _change(self, decide: Callable[[OpenTable], Made]) -> Made:
        return self._home.change_table(self.name, decide)

    def _made(self, shape: Shape, row: Values) -> object:
        return self._made_all(shape, [row])[0]

    def _made_all(self, shape: Shape, rows: Sequence[Values]) -> list[object]:
        given: Iterable[Values] = map(shape.given, rows) if shape.converts else rows
        if self._model is None or not rows:
            return list(given)
        return list(map(self._model.maker(tuple(rows[0])), given))
