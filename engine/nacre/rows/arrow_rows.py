"""Stored rows to Arrow tables and dataframes, and columns of others to columns of stored values."""

import json
import re
from collections.abc import Iterable, Sequence
from decimal import Decimal, InvalidOperation
from importlib import import_module
from typing import cast
from uuid import UUID

import pyarrow as pa
import pyarrow.compute as pc

from nacre import codec
from nacre.errors import InvalidInput, PackageMissing
from nacre.rows.arrow_types import given_arrow, is_bytes, load_arrow, stored_array
from nacre.rows.checks import check_of
from nacre.rows.layout import Layout, StoredRow
from nacre.rows.loads import is_packed, rows_of
from nacre.rows.schema import Field
from nacre.rows.types import (
    FIRST_DAY,
    FIRST_MOMENT,
    LAST_DAY,
    LAST_MOMENT,
    FieldType,
    Refused,
)

LIBRARIES = ("pandas", "arrow", "polars")

_VIA_ARROW = (
    "bool",
    "int64",
    "uint64",
    "float64",
    "string",
    "bytes",
    "timestamp",
    "datetime",
    "date",
)


_UUID_BYTES = 16
_UNNAMED_INDEX = re.compile(r"__index_level_\d+__")
_CALENDAR = {
    "timestamp": (FIRST_MOMENT, LAST_MOMENT),
    "datetime": (FIRST_MOMENT, LAST_MOMENT),
    "date": (FIRST_DAY, LAST_DAY),
}


def is_columnar(source: object) -> bool:
    """Tell whether something gives itself as Arrow: a table of Arrow, pandas or Polars."""
    return hasattr(source, "__arrow_c_stream__") or isinstance(source, pa.RecordBatch)


def table_from(source: object) -> pa.Table:
    """Return what is columnar as a table of Arrow; the index of pandas has to have a name.

    Raises:
        InvalidInput: Arrow cannot hold it.
    """
    try:
        table = pa.table(source)
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        raise InvalidInput(f"the rows cannot be read as an Arrow table: {error}") from None
    unnamed = [name for name in table.column_names if _UNNAMED_INDEX.fullmatch(name)]
    return table.drop_columns(unnamed)


def frame_of(
    layout: Layout, rows: Iterable[StoredRow], names: Sequence[str], library: str
) -> object:
    """Return stored rows as a dataframe of *library*."""
    return to_library(table_of(layout, list(rows), names), library)


def to_library(table: pa.Table, library: str) -> object:
    """Return an Arrow table as a dataframe of *library*.

    Raises:
        InvalidInput: it is not known, or cannot hold the table.
        PackageMissing: it is not installed.
    """
    if library not in LIBRARIES:
        raise InvalidInput(f"{library!r} is not known: use {', '.join(LIBRARIES)}")
    if library == "arrow":
        return table
    if library == "pandas":
        try:
            return table.to_pandas()
        except pa.ArrowException as error:
            raise _not_held(library, error) from error
    try:
        polars = import_module("polars")
    except ModuleNotFoundError as error:
        raise PackageMissing("this needs polars: pip install 'nacre[polars]'") from error
    try:
        return polars.from_arrow(table)
    except polars.exceptions.PolarsError as error:
        raise _not_held(library, error) from error


def _not_held(library: str, error: Exception) -> InvalidInput:
    return InvalidInput(f"{library} cannot hold it: {error}; take it as Arrow, or name the columns")


def table_of(layout: Layout, rows: Sequence[StoredRow], names: Sequence[str]) -> pa.Table:
    """Return stored rows as an Arrow table."""
    arrays = []
    for name in names:
        path = layout.schema.resolve(name)
        get = layout.getter(path)
        arrays.append(array_of(layout.schema.type_at(path), [get(row) for row in rows]))
    return pa.table(arrays, list(names))


def frame_columns(layout: Layout, columns: pa.Table, names: Sequence[str]) -> pa.Table:
    """Return columns of stored values as the Arrow table that users see."""
    arrays = []
    for name in names:
        path = layout.schema.resolve(name)
        field = layout.schema.field(path[0])
        column = columns.column(str(field.slot))
        if is_packed(field):
            rows = rows_of(layout.schema, columns.select([str(field.slot)]))
            arrays.append(
                array_of(layout.schema.type_at(path), list(map(layout.getter(path), rows)))
            )
        elif pa.types.is_dictionary(column.type):
            arrays.append(column)
        else:
            arrays.append(column.cast(given_arrow(field.type)))
    return pa.table(arrays, list(names))


def array_of(kind: FieldType, values: list[object]) -> pa.Array:
    """Return stored values as an Arrow array of the type that users see."""
    if kind.spec == "json" or isinstance(kind.spec, dict):
        return pa.array([_with_json_text(kind, value) for value in values], given_arrow(kind))
    return stored_array(values, kind).cast(given_arrow(kind))


def _with_json_text(kind: FieldType, value: object) -> object:
    """Return a stored value, the JSON in it as text."""
    if value is None:
        return None
    if kind.spec == "json":
        return json.dumps(value, ensure_ascii=False, default=_json_text)
    if kind.element is not None:
        element = kind.element
        return [_with_json_text(element, inner) for inner in cast("list[object]", value)]
    if kind.inner is not None:
        parts = cast("dict[str, object]", value)
        return {name: _with_json_text(part, parts.get(name)) for name, part in kind.inner.items()}
    return value


def _json_text(value: object) -> str:
    """Return what JSON has not, bytes and digests, as text."""
    return value.hex() if isinstance(value, bytes) else str(value)


def stored_columns(layout: Layout, table: pa.Table) -> pa.Table:
    """Return a table of stored values, named by slots, from one that users give.

    Raises:
        InvalidInput: a column is unknown, missing, or holds what a field does not take.
    """
    known = set(layout.names)
    if len(set(table.column_names)) < len(table.column_names):
        twice = next(n for n in table.column_names if table.column_names.count(n) > 1)
        raise InvalidInput(f"the column {twice!r} is there twice: rename one, or leave it out")
    unknown = next((name for name in table.column_names if name not in known), None)
    if unknown is not None:
        raise InvalidInput(
            f"there is no field {unknown!r}: the fields are {', '.join(layout.names)}"
        )
    columns = {
        str(field.slot): _stored_column(field, table, layout) for field in layout.schema.fields
    }
    return pa.table(columns)


def _stored_column(field: Field, table: pa.Table, layout: Layout) -> pa.ChunkedArray:
    if field.name not in table.column_names:
        if not field.nullable and not field.has_default:
            raise InvalidInput(f"the column {field.name!r} is missing: each row must have a value")
        default = _packed(field, field.default)
        values = pa.array([default] * table.num_rows, load_arrow(field.type))
        return pa.chunked_array([values])
    column = table.column(field.name)
    if field.nullable is False and column.null_count:
        at = pc.index(pc.is_null(column), value=True).as_py()
        raise InvalidInput(f"the field {field.name!r} must have a value {_row(layout, table, at)}")
    if field.type.spec in _VIA_ARROW:
        stored = _cast(field, column)
    else:
        stored = _taken(field, column, layout, table)
    _check(field, stored, layout, table)
    return stored


def _cast(field: Field, column: pa.ChunkedArray) -> pa.ChunkedArray:
    kind = field.type
    if pa.types.is_dictionary(column.type):
        column = _without_dictionary(column)
    if not _fits(column.type, kind):
        raise InvalidInput(
            f"the column {field.name!r} is {column.type}, and the field takes {kind.spec}: cast "
            "it, in pandas to a type that knows missing values, such as Int64"
        )
    try:
        stored = column.cast(given_arrow(kind)).cast(load_arrow(kind))
        stored.validate(full=True)
    except pa.ArrowException as error:
        raise InvalidInput(f"the column {field.name!r} does not fit {kind.spec}: {error}") from None
    _check_calendar(field, stored)
    return stored


def _without_dictionary(column: pa.ChunkedArray) -> pa.ChunkedArray:
    kind = column.type.value_type
    # Arrow takes nothing out of a dictionary of views.
    kind = pa.large_string() if pa.types.is_string_view(kind) else kind
    parts = [chunk.dictionary.cast(kind).take(chunk.indices) for chunk in column.chunks]
    return pa.chunked_array(parts, kind)


def _check_calendar(field: Field, stored: pa.ChunkedArray) -> None:
    """Refuse days and moments that Arrow has and Python, which must give them back, has not."""
    bounds = _CALENDAR.get(str(field.type.spec))
    if bounds is None:
        return
    ends = pc.min_max(stored).as_py()
    if ends["min"] is not None and (ends["min"] < bounds[0] or ends["max"] > bounds[1]):
        raise InvalidInput(
            f"the column {field.name!r} holds times beyond the years 1 to 9999: leave them out"
        )


def _fits(arrow: pa.DataType, kind: FieldType) -> bool:
    """Tell whether values of an Arrow type may go into a field: numbers into numbers, and so on."""
    if pa.types.is_null(arrow):
        return True
    is_ = pa.types
    match kind.spec:
        case "bool":
            return bool(is_.is_boolean(arrow))
        case "int64" | "uint64":
            return bool(is_.is_integer(arrow))
        case "float64":
            return bool(is_.is_floating(arrow) or is_.is_integer(arrow))
        case "string":
            return bool(
                is_.is_string(arrow) or is_.is_large_string(arrow) or is_.is_string_view(arrow)
            )
        case "bytes":
            return is_bytes(arrow)
        case "timestamp":
            return bool(is_.is_timestamp(arrow) and arrow.tz)
        case "datetime":
            return bool(is_.is_timestamp(arrow) and not arrow.tz)
    return bool(is_.is_date(arrow))


def _taken(
    field: Field, column: pa.ChunkedArray, layout: Layout, table: pa.Table
) -> pa.ChunkedArray:
    stored = []
    for at, value in enumerate(_listed(field, column)):
        try:
            taken = None if value is None else field.type.take(_meant(field.type, value))
        except Refused as error:
            raise InvalidInput(
                f"the field {field.name!r} {error} {_row(layout, table, at)}"
            ) from None
        stored.append(_packed(field, taken))
    return pa.chunked_array([pa.array(stored, load_arrow(field.type))])


def _listed(field: Field, column: pa.ChunkedArray) -> list[object]:
    try:
        values: list[object] = column.to_pylist()
    except (pa.ArrowException, ValueError, OverflowError) as error:
        raise InvalidInput(f"the column {field.name!r} holds what Python cannot: {error}") from None
    return values


def _meant(kind: FieldType, value: object) -> object:
    """Return what a value of Arrow stands for, as it is in the Arrow tables of collections."""
    if kind.spec == "uuid" and isinstance(value, bytes) and len(value) == _UUID_BYTES:
        return UUID(bytes=value)
    if kind.spec == "decimal" and isinstance(value, str):
        try:
            return Decimal(value)
        except InvalidOperation:
            raise Refused(f"takes a number, not {value!r:.60}") from None
    if kind.element is not None and isinstance(value, list):
        return [_meant(kind.element, inner) for inner in value]
    if kind.inner is not None and isinstance(value, dict):
        inner = kind.inner
        return {n: _meant(inner[n], part) if n in inner else part for n, part in value.items()}
    return value


def _packed(field: Field, stored: object) -> object:
    if stored is None or (field.type.spec != "json" and not isinstance(field.type.spec, dict)):
        return stored
    return codec.pack(stored)


def _check(field: Field, stored: pa.ChunkedArray, layout: Layout, table: pa.Table) -> None:
    check = check_of(field.type, field.checks)
    if check is None:
        return
    for at, value in enumerate(stored.to_pylist()):
        wrong = None if value is None else check(value)
        if wrong is not None:
            raise InvalidInput(
                f"the field {field.name!r} {wrong}: {value!r:.60} is refused "
                f"{_row(layout, table, at)}"
            )


def _row(layout: Layout, table: pa.Table, at: int) -> str:
    parts = [
        f"{name}={table.column(name)[at].as_py()!r:.40}"
        for name in layout.schema.key
        if name in table.column_names
    ]
    return f"(row {', '.join([*parts, f'number {at}'])})"
