"""Conditions on columns: masks in Arrow, true where `matching` says so of the row."""

from collections.abc import Callable
from functools import reduce

import pyarrow as pa
import pyarrow.compute as pc

from nacre.rows.arrow_types import load_arrow
from nacre.rows.conditions import And, Condition, Not, Or
from nacre.rows.layout import Layout
from nacre.rows.loads import rows_of
from nacre.rows.matching import Term, tester
from nacre.rows.schema import Path
from nacre.rows.types import FieldType

_COMPARISONS: dict[str, Callable[..., pa.ChunkedArray]] = {
    "=": pc.equal,
    "!=": pc.not_equal,
    "<": pc.less,
    "<=": pc.less_equal,
    ">": pc.greater,
    ">=": pc.greater_equal,
}
# Arrow compares and sorts what is stored of these as Python does.
PLAIN = (
    "bool", "int64", "uint64", "float64", "string", "bytes", "timestamp", "datetime", "date",
)  # fmt: skip


def is_plain(path: Path, kind: FieldType) -> bool:
    """Tell whether Arrow can compare and sort the values at a path."""
    return len(path) == 1 and kind.spec in PLAIN


def mask_of(layout: Layout, table: pa.Table, condition: Condition) -> pa.ChunkedArray:
    """Return where a bound condition is true, false, or neither (null)."""
    match condition:
        case And(parts):
            return _joined(layout, table, parts, truth=True)
        case Or(parts):
            return _joined(layout, table, parts, truth=False)
        case Not(part):
            return pc.invert(mask_of(layout, table, part))
    assert isinstance(condition, Term)
    return _mask(layout, table, condition)


def _joined(
    layout: Layout, table: pa.Table, parts: tuple[Condition, ...], *, truth: bool
) -> pa.ChunkedArray:
    """Return the mask of all of *parts*, or of one of them; of none at all it is *truth*."""
    if not parts:
        return pa.chunked_array([pa.repeat(pa.scalar(truth), table.num_rows)])
    join = pc.and_kleene if truth else pc.or_kleene
    return reduce(join, (mask_of(layout, table, part) for part in parts))


def _mask(layout: Layout, table: pa.Table, term: Term) -> pa.ChunkedArray:
    column = str(layout.schema.field(term.path[0]).slot)
    if is_plain(term.path, term.type):
        mask = _plain_mask(table.column(column), term)
        if mask is not None:
            return mask
    # What only Python can compare: no other field is looked at.
    rows = rows_of(layout.schema, table.select([column]))
    return pa.chunked_array([pa.array(map(tester(layout, term), rows), pa.bool_())])


def _plain_mask(column: pa.ChunkedArray, term: Term) -> pa.ChunkedArray | None:
    operator, value, stored = term.operator, term.value, load_arrow(term.type)
    if operator in _COMPARISONS:
        return _COMPARISONS[operator](column, pa.scalar(value, stored))
    if operator == "is null":
        return pc.is_null(column)
    if operator == "is not null":
        return pc.is_valid(column)
    if operator == "prefix":
        return pc.starts_with(column, pattern=value)
    if operator != "in" or term.type.spec == "float64":
        return None
    assert isinstance(value, tuple)
    if not value or None in value:
        return None
    found = pc.is_in(column, value_set=pa.array(value, stored))
    return pc.if_else(pc.is_valid(column), found, pa.scalar(None, pa.bool_()))
