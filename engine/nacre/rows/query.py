"""A query: conditions, order and window, put together step by step; nothing runs before it is read.

Each step returns a new query, so one can be kept and refined.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

import pyarrow as pa

from nacre.errors import InvalidInput
from nacre.rows.aggregates import Measure, aggregate_rows
from nacre.rows.arrow_rows import frame_columns, frame_of, to_library
from nacre.rows.changes import Decision, delete_rows
from nacre.rows.choices import Order
from nacre.rows.column_aggregates import aggregate_columns
from nacre.rows.columns import stored_rows
from nacre.rows.conditions import EVERY, Condition, Downward, Name, all_of, conditions
from nacre.rows.definition import Definition
from nacre.rows.editing import merged, update_rows
from nacre.rows.finding import ALL, Window, check_same, find_rows
from nacre.rows.home import Home, Words
from nacre.rows.layout import Layout, StoredRow
from nacre.rows.matching import bound_to
from nacre.rows.planner import Plan, plan_query
from nacre.rows.scanning import matching_columns
from nacre.rows.schema import Path
from nacre.rows.view import Rows

Ordering = str | tuple[str, ...] | Downward


class Asked(NamedTuple):
    """What a query asks for."""

    condition: Condition = EVERY
    order: tuple[Ordering, ...] = ()
    window: Window = ALL
    fields: tuple[str, ...] | None = None


class Query:
    """Rows of a collection; iterate over it, or call `all`, `first`, `count`, `to`, ..."""

    def __init__(self, home: Home, name: str, asked: Asked) -> None:
        self._home = home
        self._name = name
        self._asked = asked

    def where(self, /, *condition: object, **equal: object) -> "Query":
        """Keep the rows that also fulfil a condition.

        `where(city="Oslo")`, `where("age", "<", 50)`, or `where(field("age") < 50)`.
        """
        both, before = conditions(condition, equal), self._asked.condition
        if before is not EVERY:
            both = all_of([before, both])
        _, order, window, fields = self._asked
        return self._with(Asked(both, order, window, fields))

    def order_by(self, *fields: str | Name | Downward) -> "Query":
        """Sort by fields, "age" or "age desc": None first, NaN last, ties by the key.

        `field(("a.b", "c"))` and `-field(("a.b", "c"))` name what no text can.
        """
        if not fields:
            raise InvalidInput("order_by() names no field: name one")
        condition, _, window, selected = self._asked
        order = tuple(each.path if isinstance(each, Name) else each for each in fields)
        return self._with(Asked(condition, order, window, selected))

    def limit(self, count: int) -> "Query":
        """Keep the first rows only."""
        condition, order, (_, offset), fields = self._asked
        window = Window(_count("limit", count), offset)
        return self._with(Asked(condition, order, window, fields))

    def offset(self, count: int) -> "Query":
        """Leave out the first rows."""
        window = self._asked.window._replace(offset=_count("offset", count))
        return self._with(self._asked._replace(window=window))

    def select(self, *fields: str) -> "Query":
        """Give these fields of each row only."""
        if not fields:
            raise InvalidInput("select() names no field: name one")
        return self._with(self._asked._replace(fields=fields))

    def __iter__(self) -> Iterator[dict[str, object]]:
        """Yield the rows, read page by page: one may be of a later head than the one before."""
        rows = self._given(self._home.view())
        return rows if self._home.columns is not None else self._while_open(rows)

    def _while_open(self, rows: Iterator[dict[str, object]]) -> Iterator[dict[str, object]]:
        """Yield the rows of a transaction for as long as it goes on."""
        while True:
            self._home.view()
            row = next(rows, None)
            if row is None:
                return
            yield row

    def all(self) -> list[dict[str, object]]:
        """Return the rows, all of one head."""
        if self._asked.fields is not None:
            return self._home.view().at_once(lambda view: list(self._given(view)))

        def read(view: Rows) -> list[dict[str, object]]:
            definition = view.definition(self._name)
            return definition.layout.give_list(list(self._found(view, definition)))

        return self._home.view().at_once(read)

    def first(self) -> dict[str, object] | None:
        """Return the first row, or None."""
        limit = self._asked.window.limit
        found = self.limit(1 if limit is None else min(1, limit)).all()
        return found[0] if found else None

    def exists(self) -> bool:
        """Tell whether there is such a row."""
        return self.first() is not None

    def count(self) -> int:
        """Return how many rows there are."""
        return self._home.view().at_once(self._count)

    def aggregate(self, /, *group_by: str, **measures: Measure) -> list[dict[str, object]]:
        """Return a row for each group: `aggregate("city", oldest=("max", "age"), n="count")`.

        A measure is "count", or sum, mean, min, max or count of a field. None is left out, as
        in SQL. Without a group there is one row.
        """

        def read(view: Rows) -> list[dict[str, object]]:
            definition = view.definition(self._name)
            asked, layout = self._unordered(), definition.layout
            plan = asked._plan(view, definition)
            columns = asked._columns(view, definition, plan)
            if columns is not None:
                found = aggregate_columns(layout, columns, group_by, measures)
                if found is not None:
                    return found
            rows = find_rows(view, definition, plan, self._asked.window)
            return aggregate_rows(layout, rows, group_by, measures)

        return self._home.view().at_once(read)

    def explain(self) -> str:
        """Return how the rows would be found."""
        view = self._home.view()
        return str(self._plan(view, view.definition(self._name)))

    def to(self, library: str = "pandas") -> object:
        """Return the rows as a dataframe of "pandas", "arrow" or "polars"."""

        def read(view: Rows) -> object:
            definition = view.definition(self._name)
            layout = definition.layout
            names = self._asked.fields or layout.names
            plan = self._plan(view, definition)
            columns = self._columns(view, definition, plan, is_first=True)
            if columns is not None:
                return to_library(frame_columns(layout, columns, names), library)
            rows = find_rows(view, definition, plan, self._asked.window)
            return frame_of(layout, rows, names, library)

        return self._home.view().at_once(read)

    def to_encoded(self) -> pa.Table:
        """Return all rows of the collection for SQL, which groups and joins dictionaries faster."""

        def read(view: Rows) -> pa.Table | None:
            definition, kept = view.definition(self._name), self._home.columns
            if kept is None:
                return None
            columns = kept.encoded(view, definition, self._home.past)
            if columns is None:
                return None
            return frame_columns(definition.layout, columns, definition.layout.names)

        table = self._home.view().at_once(read)
        return table if table is not None else self.to("arrow")

    def update(
        self,
        changed: Mapping[str, object] | None = None,
        /,
        *,
        message: str = "",
        write_id: str | None = None,
        **fields: object,
    ) -> int:
        """Change fields of all these rows in one commit, and return how many there were.

        A field that is called like an argument of this method is given in the dict *changed*.
        """
        changes = merged(changed, fields)

        def decide(tx: Decision) -> int:
            view = tx.view(Rows)
            definition = view.definition(self._name)
            return update_rows(tx, definition, list(self._stored(view, definition)), changes)

        return self._home.change(decide, Words(message=message, write_id=write_id)) or 0

    def delete(self, *, message: str = "", write_id: str | None = None) -> int:
        """Delete all these rows in one commit, and return how many there were."""

        def decide(tx: Decision) -> int:
            view = tx.view(Rows)
            definition = view.definition(self._name)
            rows = list(self._stored(view, definition))
            delete_rows(tx, definition, rows)
            return len(rows)

        return self._home.change(decide, Words(message=message, write_id=write_id)) or 0

    def __repr__(self) -> str:
        return f"<query of {self._name!r} where {self._asked.condition}>"

    def _with(self, asked: Asked) -> "Query":
        return Query(self._home, self._name, asked)

    def _given(self, view: Rows) -> Iterator[dict[str, object]]:
        definition = view.definition(self._name)
        found = self._found(view, definition)
        if self._asked.fields is None:
            return definition.layout.give_all(found)
        return map(definition.layout.giver(self._asked.fields), found)

    def _count(self, view: Rows) -> int:
        definition = view.definition(self._name)
        if self._asked.condition is EVERY:
            total = max(0, view.tally(definition).count - self._asked.window.offset)
            limit = self._asked.window.limit
            return total if limit is None else min(total, limit)
        asked = self._unordered()
        plan = asked._plan(view, definition)
        columns = asked._columns(view, definition, plan)
        if columns is not None:
            return int(columns.num_rows)
        return sum(1 for _ in find_rows(view, definition, plan, self._asked.window))

    def _unordered(self) -> "Query":
        """Return the query without an order, unless that says which rows are in the window."""
        if self._asked.window == ALL:
            return self._with(self._asked._replace(order=()))
        return self

    def _plan(self, view: Rows, definition: Definition) -> Plan:
        layout = definition.layout
        return plan_query(
            layout,
            bound_to(layout, self._asked.condition),
            order_of(layout, self._asked.order),
            limited=self._asked.window.limit is not None,
            cut=view.tally(definition).cut if self._asked.order else (),
        )

    def _stored(self, view: Rows, definition: Definition) -> Iterator[StoredRow]:
        plan = self._plan(view, definition)
        return find_rows(view, definition, plan, self._asked.window)

    def _found(self, view: Rows, definition: Definition) -> Iterator[StoredRow]:
        """Yield the rows from columns, if they are at hand; they do not say when they changed."""
        plan = self._plan(view, definition)
        if plan.along is None:

            def read(now: Rows) -> pa.Table | None:
                check_same(now.pairs, definition)
                return self._columns(now, definition, plan)

            columns = view.at_once(read)
            if columns is not None:
                return stored_rows(definition.layout, columns)
        return find_rows(view, definition, plan, self._asked.window)

    def _columns(
        self, view: Rows, definition: Definition, plan: Plan, *, is_first: bool = False
    ) -> pa.Table | None:
        """Return the columns of the rows, where all rows must be looked at and they are kept."""
        kept, window = self._home.columns, self._asked.window
        if kept is None or plan.along is not None or window.limit == 0:
            return None
        past = self._home.past
        stops_early = window.stop is not None and (not plan.order or plan.is_ordered)
        if stops_early and (plan.left is EVERY or not kept.has(view, definition, past)):
            return None
        table = kept.of(view, definition, past, is_first=is_first and plan.left is EVERY)
        if table is None:
            return None
        return matching_columns(definition.layout, table, plan, window)


def order_of(layout: Layout, fields: Sequence[Ordering]) -> Order:
    """Return the paths to sort by, each with whether the largest come first."""
    try:
        return _order_of(layout, tuple(fields))
    except TypeError:  # what cannot be hashed is no path, and is told so
        return tuple(_ordered(layout, field) for field in fields)


@lru_cache(maxsize=1024)
def _order_of(layout: Layout, fields: tuple[Ordering, ...]) -> Order:
    return tuple(_ordered(layout, field) for field in fields)


def _ordered(layout: Layout, field: Ordering) -> tuple[Path, bool]:
    if isinstance(field, Downward):
        return _ordered(layout, field.path)[0], True
    descending = False
    if isinstance(field, str) and field not in layout.names:
        name, _, direction = field.rpartition(" ")
        if name and direction.lower() in ("asc", "desc"):
            field, descending = name, direction.lower() == "desc"
    path = layout.schema.resolve(field)
    layout.key_convert(path)  # raises where there is no order
    return path, descending


def _count(what: str, count: object) -> int:
    if type(count) is not int or count < 0:
        raise InvalidInput(f"{what} is {count!r}: give a count of rows")
    return count
