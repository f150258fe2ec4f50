"""A plan that looks at all rows, carried out on columns: filtered, sorted, cut off at the limit."""

import pyarrow as pa
import pyarrow.compute as pc

from nacre.rows.choices import Order
from nacre.rows.columns import stored_rows
from nacre.rows.conditions import EVERY
from nacre.rows.finding import Window, sort_key
from nacre.rows.layout import Layout
from nacre.rows.masks import is_plain, mask_of
from nacre.rows.planner import Plan

_FIRST_ROWS = 1 << 14


def matching_columns(layout: Layout, table: pa.Table, plan: Plan, window: Window) -> pa.Table:
    """Return the columns of the rows that a plan finds, in its order, within a window."""
    stop = window.stop
    if plan.is_ordered and plan.reverse:
        table = _reversed(table)
    if plan.order and not plan.is_ordered:
        table = _in_order(layout, _filtered(layout, table, plan), plan.order, stop)
    elif plan.left is not EVERY:
        table = _first_filtered(layout, table, plan, stop)
    return table.slice(window.offset, None if stop is None else stop - window.offset)


def _filtered(layout: Layout, table: pa.Table, plan: Plan) -> pa.Table:
    if plan.left is EVERY:
        return table
    return table.filter(mask_of(layout, table, plan.left))


def _first_filtered(layout: Layout, table: pa.Table, plan: Plan, stop: int | None) -> pa.Table:
    """Return the rows that fulfil the condition, or at least the first *stop* of them."""
    if stop is None:
        return _filtered(layout, table, plan)
    found: list[pa.Table] = []
    start, size = 0, _FIRST_ROWS
    while start < table.num_rows and sum(part.num_rows for part in found) < stop:
        found.append(_filtered(layout, table.slice(start, size), plan))
        start, size = start + size, 4 * size
    return pa.concat_tables(found) if found else table


def _in_order(layout: Layout, table: pa.Table, order: Order, stop: int | None) -> pa.Table:
    """Return rows sorted: None first, NaN last, ties by the key; only the first *stop* of them."""
    if not _has_plain_order(layout, table, order):
        key = sort_key(layout, order)
        keys = [key(row) for row in stored_rows(layout, table)]
        indices = sorted(range(len(keys)), key=keys.__getitem__)
        return table.take(pa.array(indices[:stop], pa.int64()))
    descending = order[0][1]
    if stop is not None and len(order) == 1:
        table = _nearest(table, _column(layout, order[0][0]), stop, descending=descending)
    keys = _sort_columns(layout, table, order)
    indices = pc.sort_indices(keys, sort_keys=[(name, "ascending") for name in keys.column_names])
    if descending:  # the exact reverse, ties and None too
        indices = indices[::-1]
    return table.take(indices[:stop])


def _sort_columns(layout: Layout, table: pa.Table, order: Order) -> pa.Table:
    """Return the columns to sort by; before one with None stands one that puts None first."""
    columns = {}
    for number, (path, _) in enumerate(order):
        column = table.column(_column(layout, path))
        if column.null_count:
            columns[f"{number} is there"] = pc.is_valid(column)
        columns[str(number)] = column
    return pa.table(columns)


def _has_plain_order(layout: Layout, table: pa.Table, order: Order) -> bool:
    """Tell whether Arrow sorts as wanted: one direction, and no NaN, which it puts elsewhere."""
    if len({descending for _, descending in order}) > 1:
        return False
    for path, _ in order:
        kind = layout.schema.type_at(path)
        if not is_plain(path, kind):
            return False
        if (
            kind.spec == "float64"
            and pc.any(pc.is_nan(table.column(_column(layout, path)))).as_py()
        ):
            return False
    return True


def _nearest(table: pa.Table, name: str, count: int, *, descending: bool) -> pa.Table:
    """Return the rows that may be among the first *count*, so that not all need be sorted."""
    column = table.column(name)
    if not 0 < count < table.num_rows // 4 or column.null_count:
        return table
    keys = [(name, "descending" if descending else "ascending")]
    best = pc.select_k_unstable(table.select([name]), k=count, sort_keys=keys)
    last = column[best[count - 1].as_py()]
    return table.filter((pc.greater_equal if descending else pc.less_equal)(column, last))


def _column(layout: Layout, path: tuple[str, ...]) -> str:
    return str(layout.schema.field(path[0]).slot)


def _reversed(table: pa.Table) -> pa.Table:
    return table.take(pa.array(range(table.num_rows - 1, -1, -1), pa.int64()))
