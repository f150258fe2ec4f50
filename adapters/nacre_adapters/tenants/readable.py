"""A table that is read: rows found, counted and shown, as objects of a class or as dicts."""

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Self

from nacre.rows.history import Change
from nacre_adapters.tenants import definitions, writing
from nacre_adapters.tenants.describing import ColumnNames, dataclass_of, schema_of
from nacre_adapters.tenants.errors import NotFoundError, NotUnique, XtraSet
from nacre_adapters.tenants.finding import Asked, Expression, count, find
from nacre_adapters.tenants.home import Home, OpenTable
from nacre_adapters.tenants.models import Model
from nacre_adapters.tenants.selecting import check_selected
from nacre_adapters.tenants.shape import Shape, Values
from nacre_adapters.tenants.unset import UNSET


class ReadTable:
    """A table to read, also as it was. Threads may share it.

    `xtra` belongs to the object: `filtered` returns one of its own.
    """

    def __init__(self, home: Home, name: str, model: Model | None = None) -> None:
        self._home = home
        self._model = model
        self._xtra: dict[str, object] = {}
        self.name = name

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
        wanted = self._filter(xtra)
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

    def history(self, pk_values: object) -> list[Change]:
        """Return what happened to a row, the last change first: action, row, time, actor, ...

        With a filter, what the row was while it was another's is left out.
        """

        def read(table: OpenTable) -> list[Change]:
            shape, seen = self._seen(table)
            at = shape.key_from(pk_values)
            changes = [] if at is None else list(table.collection.history(at))
            mine = [c for c in changes if c.row is None or writing.matches(c.row, seen)]
            if not any(change.row is not None for change in mine):
                raise writing.missing(shape, pk_values)
            given = [None if c.row is None else shape.given(c.row) for c in mine]
            return [dataclasses.replace(c, row=row) for c, row in zip(mine, given, strict=True)]

        return self._home.read_table(self.name, read)

    # The filter

    def xtra(self, **filters: object) -> None:
        """Show and write only rows with these values, from now on; none: all rows.

        It holds for every user of this object; `filtered` makes one of your own.

        Raises:
            UnknownColumn: there is no such column.
        """
        self._home.read_table(self.name, lambda table: table.shape.taken(filters))
        self._xtra = dict(filters)

    def filtered(self, **filters: object) -> Self:
        """Return a table object of its own with these values added to its filter.

        Raises:
            XtraSet: it has a filter already, and these are beyond it.
        """
        own = type(self)(self._home, self.name, self._model)
        own.xtra(**self._filter(filters))
        return own

    @property
    def xtra_id(self) -> dict[str, object]:
        """The values of the filter."""
        return dict(self._xtra)

    # What it is

    @property
    def c(self) -> ColumnNames:
        """The columns: `f"{t.c.email} = 'x'"`."""
        return ColumnNames(self.shape())

    @property
    def pks(self) -> tuple[str, ...]:
        """The columns of the primary key."""
        return self.shape().pk

    @property
    def schema(self) -> str:
        """The table as SQL would create it."""
        return schema_of(self.shape())

    @property
    def indexes(self) -> list[dict[str, object]]:
        """Name, columns and uniqueness of each index, by name."""
        return self._home.read(lambda vault: definitions.indexes_of(self._home, vault, self.name))

    def dataclass(self, *, store: bool = True) -> type:
        """Return a class of the rows, whose fields may be left out; with *store* rows are of it."""
        made = dataclass_of(self.shape())
        if store:
            self._model = Model(made)
        return made

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
            fields = self._model.names if as_cls and self._model is not None else None
            if asked.select != "*":
                check_selected(rows[:1], fields, shape.pk if with_pk else ())
            if not with_pk:
                return self._made_all(shape, rows) if as_cls else [shape.given(r) for r in rows]
            keys = [shape.key_of(shape.given(row)) for row in rows]
            made = self._made_all(shape, rows) if as_cls else [shape.given(r) for r in rows]
            return list(zip(keys, made, strict=True))

        return self._home.read_table(self.name, read)

    def _seen(
        self, table: OpenTable, xtra: Mapping[str, object] | None = None
    ) -> tuple[Shape, Values]:
        """Return the shape, and the values that rows must have to be seen, as they are kept."""
        wanted = self._filter(xtra)
        return table.shape, table.shape.taken(wanted) if wanted else {}

    def _filter(self, xtra: Mapping[str, object] | None) -> Mapping[str, object]:
        """Return the values of the filter and those of a call.

        Raises:
            XtraSet: a call asks for what is beyond the filter.
        """
        for name, value in (xtra or {}).items():
            if self._xtra.get(name, value) != value:
                raise XtraSet(
                    f"{self.name!r} is filtered by {name} = {self._xtra[name]!r:.60}: "
                    f"{value!r:.60} is beyond, ask a table object without that filter"
                )
        return {**self._xtra, **xtra} if xtra else self._xtra

    def _made(self, shape: Shape, row: Values) -> object:
        return self._made_all(shape, [row])[0]

    def _made_all(self, shape: Shape, rows: Sequence[Values]) -> list[object]:
        given: Iterable[Values] = map(shape.given, rows) if shape.converts else rows
        if self._model is None or not rows:
            return list(given)
        return list(map(self._model.maker(tuple(rows[0])), given))
