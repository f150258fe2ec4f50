"""Arrow tables, stored by another library, as pandas frames; a column that has no like is named."""

import numpy as np
import pandas as pd
import pyarrow as pa

from nacre.errors import InvalidInput
from nacre.frames.parts import unreadable

_RAISED = (
    *(pa.ArrowException, ValueError, TypeError, LookupError),
    *(ArithmeticError, AttributeError, NotImplementedError),
)


def to_pandas(table: pa.Table) -> pd.DataFrame:
    """Return *table* as a pandas frame whose memory is its own.

    Raises:
        InvalidInput: pandas cannot hold a column; the message names it.
    """
    table = _without_views(table)
    try:
        return table.to_pandas().copy()
    except _RAISED as error:
        raise _first_unreadable(table, error) from error


def _without_views(table: pa.Table) -> pa.Table:
    """Return *table* with lists for views of lists: an empty one aborts the process in Arrow."""
    for number, field in enumerate(table.schema):
        if _is_list_view(field.type):
            column = _as_lists(field, table.column(number))
            table = table.set_column(number, field.with_type(column.type), column)
        elif _has_list_view(field.type):
            raise unreadable(field, "pandas", TypeError("it has views of lists inside"))
    return table


def _as_lists(field: pa.Field, values: pa.ChunkedArray) -> pa.ChunkedArray:
    inner = field.type.value_field
    if _has_list_view(inner.type):
        raise unreadable(field, "pandas", TypeError("it has views of lists inside"))
    kind = pa.large_list(inner)
    return pa.chunked_array([_as_list(chunk, kind) for chunk in values.chunks if len(chunk)], kind)


def _as_list(views: pa.Array, kind: pa.DataType) -> pa.Array:
    # Arrow's own cast goes wrong where views are not in the order of their values.
    missing = views.is_null()
    sizes = np.where(missing.to_numpy(zero_copy_only=False), 0, views.sizes.to_numpy())
    offsets = pa.array(np.concatenate(([0], np.cumsum(sizes))), pa.int64())
    return pa.LargeListArray.from_arrays(offsets, views.flatten(), type=kind, mask=missing)


def _is_list_view(kind: pa.DataType) -> bool:
    return bool(pa.types.is_list_view(kind) or pa.types.is_large_list_view(kind))


def _has_list_view(kind: pa.DataType) -> bool:
    if isinstance(kind, pa.BaseExtensionType):
        return _has_list_view(kind.storage_type)
    if pa.types.is_dictionary(kind) or pa.types.is_run_end_encoded(kind):
        return _has_list_view(kind.value_type)
    inner = (kind.field(number).type for number in range(kind.num_fields))
    return _is_list_view(kind) or any(map(_has_list_view, inner))


def _first_unreadable(table: pa.Table, error: Exception) -> InvalidInput:
    for field, column in zip(table.schema, table.columns, strict=True):
        try:
            pa.table([column], schema=pa.schema([field])).to_pandas()
        except _RAISED as reason:
            return unreadable(field, "pandas", reason)
    return InvalidInput(f"the frame cannot be read to pandas ({error}): read it with to='arrow'")
