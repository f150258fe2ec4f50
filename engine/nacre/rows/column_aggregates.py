"""Aggregates over columns, equal to those over rows: what Arrow would do otherwise rows must do."""

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from nacre.rows.aggregates import Measure, wanted_of
from nacre.rows.layout import Layout
from nacre.rows.masks import is_plain
from nacre.rows.schema import Field

_COUNTED = ("int64", "uint64")
_SUMMED = (*_COUNTED, "float64")
_SORTED = (*_SUMMED, "timestamp", "datetime", "date")
_CALLS = {
    "count": ("count",),
    "sum": ("sum",),
    "mean": ("sum", "count"),
    "min": ("min",),
    "max": ("max",),
}
_NUMBER = "row"
_LARGEST = (1 << 63) - 1


def aggregate_columns(
    layout: Layout, table: pa.Table, group_by: tuple[str, ...], measures: Mapping[str, Measure]
) -> list[dict[str, object]] | None:
    """Return a row for each group, in the order of the groups' first rows; None: ask the rows."""
    wanted = wanted_of(layout, group_by, measures)
    groups = [_plain_field(layout, name) for name in group_by]
    measured = {n: _plain_field(layout, path) for n, (_, path) in wanted.items() if path}
    if not all(group is not None and group.type.spec != "float64" for group in groups):
        return None
    calls: dict[tuple[str, str], None] = {}
    for name, field in measured.items():
        function = wanted[name][0]
        if field is None or not _is_exact(table, field, function):
            return None
        calls |= dict.fromkeys((str(field.slot), call) for call in _CALLS[function])
    keys = [str(group.slot) for group in groups if group is not None]
    found = _grouped(table, keys, [([], "count_all"), *calls])
    columns = {name: _given(found, group) for name, group in zip(group_by, groups, strict=True)}
    for name, (function, _) in wanted.items():
        columns[name] = _measured(found, measured.get(name), function)
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _grouped(table: pa.Table, keys: list[str], calls: Sequence[tuple[object, str]]) -> pa.Table:
    if not keys:
        return table.group_by([]).aggregate(calls)
    numbered = table.append_column(_NUMBER, pa.array(np.arange(table.num_rows)))
    found = numbered.group_by(keys).aggregate([*calls, (_NUMBER, "min")])
    return found.sort_by(f"{_NUMBER}_min")


def _plain_field(layout: Layout, name: str) -> Field | None:
    path, kind = layout.resolve(name)
    return layout.schema.field(path[0]) if is_plain(path, kind) else None


def _is_exact(table: pa.Table, field: Field, function: str) -> bool:
    """Tell whether Arrow comes to the same: no sum beyond 64 bits, no NaN among what is sorted."""
    if function == "count":
        return True
    column, kind = table.column(str(field.slot)), field.type.spec
    if function in ("min", "max"):
        return kind in _SORTED and (
            kind != "float64" or not pc.any(pc.is_nan(column), min_count=0).as_py()
        )
    if kind in _COUNTED:
        ends = pc.min_max(column).as_py()
        largest = max(abs(ends["min"] or 0), abs(ends["max"] or 0))
        return bool(largest * table.num_rows <= _LARGEST)
    return kind == "float64"


def _measured(found: pa.Table, field: Field | None, function: str) -> list[object]:
    if field is None:
        return _listed(found, "count_all")
    if function in ("min", "max"):
        return _given(found, field, f"_{function}")
    values = _listed(found, f"{field.slot}_{_CALLS[function][0]}")
    if function != "mean":
        return values
    counts = _listed(found, f"{field.slot}_count")
    pairs = zip(values, counts, strict=True)
    return [total / count if count else None for total, count in pairs]  # type: ignore[operator]


def _given(found: pa.Table, field: Field | None, ending: str = "") -> list[object]:
    """Return the values of a column as users see them."""
    assert field is not None
    give, values = field.type.give, _listed(found, f"{field.slot}{ending}")
    return values if give is None else [None if v is None else give(v) for v in values]


def _listed(found: pa.Table, name: str) -> list[object]:
    values: list[object] = found.column(name).to_pylist()
    return values
