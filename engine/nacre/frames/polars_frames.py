"""Polars frames to parts and back, over Arrow.

Polars tells apart types that are one in Arrow (categoricals, enums), so its own types are kept
beside the values, and every frame is proven by putting it together again. This module and
`polars_types` are the only ones that know Polars; they are imported when it is needed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import polars as pl
import pyarrow as pa

from nacre.errors import CorruptionError, InvalidInput, Unstorable
from nacre.frames import arrow_frames
from nacre.frames.arrow_columns import decode_arrow, encode_arrow
from nacre.frames.columns import Column, as_loaded, equal_columns
from nacre.frames.parts import FrameParts, Part, refused, unreadable
from nacre.frames.polars_types import decode_type, encode_type

_TYPES = "types"

# Polars panics over some of what it cannot do.
_RAISED = (
    *(pl.exceptions.PolarsError, pl.exceptions.PanicException, pa.ArrowException),
    *(ValueError, TypeError, LookupError),
)


def take_apart(frame: pl.DataFrame) -> FrameParts:
    """Return the parts of *frame*.

    Raises:
        Unstorable: a column would not come back exactly; the message names it.
    """
    arrays = list(map(_to_arrow, frame.get_columns()))
    parts = arrow_frames.take_apart(pa.table(arrays, names=frame.columns))
    columns = tuple(
        Part(part.label, str(dtype), part.column)
        for part, dtype in zip(parts.columns, frame.dtypes, strict=True)
    )
    for part, series in zip(columns, frame.get_columns(), strict=True):
        _prove(part, series)
    types = [encode_type(dtype) for dtype in frame.dtypes]
    header = {**parts.header, _TYPES: types}
    return replace(parts, kind="polars", columns=columns, header=header)


def put_together(
    columns: Sequence[Column], header: Mapping[str, object], chosen: Sequence[int]
) -> pl.DataFrame:
    """Return the frame of the loaded *columns*, which are numbers *chosen* of those stored."""
    schema, types = arrow_frames.schema_of(header), header.get(_TYPES)
    if not isinstance(types, list) or len(types) != len(schema):
        raise CorruptionError("the manifest of a polars frame lacks its types")
    try:
        series = [
            _series(schema.field(number).name, column, decode_type(types[number]))
            for column, number in zip(columns, chosen, strict=True)
        ]
    except _RAISED as error:
        raise CorruptionError(f"a stored polars frame does not fit together: {error}") from error
    if len({one.name for one in series}) < len(series):
        raise InvalidInput("polars has no two columns of one name: ask for each once")
    return pl.DataFrame({one.name: one for one in series})


def from_arrow(table: pa.Table) -> pl.DataFrame:
    """Return *table*, which was stored by another library, as a Polars frame."""
    if len(set(table.column_names)) < table.num_columns:
        raise InvalidInput(
            "polars has no two columns of one name: ask for each once, or read it with to='arrow'"
        )
    series = [_converted(*column) for column in zip(table.schema, table.columns, strict=True)]
    return pl.DataFrame(series)


def _converted(field: pa.Field, values: pa.ChunkedArray) -> pl.Series:
    try:
        frame = pl.DataFrame(pl.from_arrow(pa.table([values], schema=pa.schema([field]))))
        return frame.to_series()
    except _RAISED as error:
        raise unreadable(field, "polars", error) from error


def _to_arrow(series: pl.Series) -> pa.ChunkedArray:
    what = f"the column {series.name!r}"
    if encode_type(series.dtype) is None:
        reason = Unstorable(f"its type {series.dtype} cannot be stored: cast it")
        raise refused(what, reason)
    try:
        return pa.chunked_array([series.to_arrow()])
    except pa.ArrowException as error:
        raise refused(what, error) from error


def _series(name: str, column: Column, dtype: pl.DataType) -> pl.Series:
    series = pl.Series(name, pl.from_arrow(decode_arrow(column)))
    return series if series.dtype == dtype else series.cast(dtype)


def _prove(part: Part, series: pl.Series) -> None:
    what = f"the column {part.label!r}"
    try:
        dtype = decode_type(encode_type(series.dtype))
        back = _series(part.label, as_loaded(part.column), dtype)
        same = back.dtype == series.dtype and _is_same(part, back, series)
    except _RAISED as error:
        raise refused(what, error) from error
    if not same:
        reason = Unstorable(f"its type {series.dtype} does not come back: cast it")
        raise refused(what, reason)


def _is_same(part: Part, back: pl.Series, series: pl.Series) -> bool:
    """Compare as Arrow; categoricals may number their values otherwise, so then as values."""
    again = encode_arrow(_to_arrow(back))
    return equal_columns(part.column, again) or bool(back.equals(series, null_equal=True))
