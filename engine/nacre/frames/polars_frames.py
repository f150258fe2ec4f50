"""Polars frames to parts and back, over Arrow; the only module that knows Polars.

Polars tells apart types that are one in Arrow (categoricals, enums), so its own schema is kept
beside the values and every frame is proven by putting it together again.
"""

import io
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pyarrow as pa

from nacre.errors import CorruptionError, InvalidInput, Unstorable
from nacre.frames import arrow_frames
from nacre.frames.columns import Column, as_loaded
from nacre.frames.parts import FrameParts, Part, refused

try:
    import polars as pl
except ImportError:
    pl = None

_POLARS_SCHEMA = "polars"


def take_apart(frame: "pl.DataFrame") -> FrameParts:
    """Return the parts of *frame*.

    Raises:
        Unstorable: a column would not come back exactly; the message names it.
    """
    parts = arrow_frames.take_apart(pa.table(_to_arrow(frame), names=frame.columns))
    columns = tuple(
        Part(part.label, str(dtype), part.column)
        for part, dtype in zip(parts.columns, frame.dtypes, strict=True)
    )
    header = {**parts.header, _POLARS_SCHEMA: _encode_schema(frame)}
    parts = replace(parts, kind="polars", columns=columns, header=header)
    _prove(frame, parts)
    return parts


def put_together(
    columns: Sequence[Column], header: Mapping[str, object], chosen: Sequence[int]
) -> "pl.DataFrame":
    """Return the frame of the loaded *columns*, which are numbers *chosen* of those stored."""
    table = arrow_frames.put_together(columns, header, chosen)
    schema = list(_decode_schema(header).items())
    if not columns:
        return pl.DataFrame()
    series = {schema[n][0]: _series(schema[n], table.column(at)) for at, n in enumerate(chosen)}
    if len(series) < len(chosen):
        raise InvalidInput("polars has no two columns of one name: ask for each once")
    return pl.DataFrame(series)


def from_arrow(table: pa.Table) -> "pl.DataFrame":
    """Return *table*, which was stored by another library, as a Polars frame."""
    if pl is None:
        raise InvalidInput("reading to polars needs polars: pip install 'nacre[polars]'")
    return pl.from_arrow(table)


def _to_arrow(frame: "pl.DataFrame") -> list[pa.ChunkedArray]:
    arrays = []
    for name, series in zip(frame.columns, frame.get_columns(), strict=True):
        what = f"the column {name!r}"
        if series.dtype == pl.Object:
            raise refused(what, Unstorable("Object is opaque to Arrow: convert it"))
        try:
            arrays.append(pa.chunked_array([series.to_arrow()]))
        except pa.ArrowException as error:
            raise refused(what, Unstorable(f"Arrow has no {series.dtype}: cast it")) from error
    return arrays


def _series(field: tuple[str, "pl.DataType"], values: pa.ChunkedArray) -> "pl.Series":
    name, dtype = field
    series = pl.Series(name, pl.from_arrow(values))
    return series if series.dtype == dtype else series.cast(dtype)


def _prove(frame: "pl.DataFrame", parts: FrameParts) -> None:
    header = parts.header
    for number, part in enumerate(parts.columns):
        name = part.label
        try:
            back = put_together([as_loaded(part.column)], header, [number]).to_series()
        except (pl.exceptions.PolarsError, CorruptionError, pa.ArrowException) as error:
            raise refused(f"the column {name!r}", error) from error
        original = frame.to_series(number)
        if back.dtype != original.dtype or not back.equals(original, null_equal=True):
            reason = Unstorable(f"its type {original.dtype} does not come back: cast it")
            raise refused(f"the column {name!r}", reason)


def _encode_schema(frame: "pl.DataFrame") -> bytes:
    sink = io.BytesIO()
    frame.clear().write_ipc(sink)
    return sink.getvalue()


def _decode_schema(header: Mapping[str, object]) -> "pl.Schema":
    if pl is None:
        raise InvalidInput("this frame was stored by polars: pip install 'nacre[polars]'")
    try:
        return pl.read_ipc(io.BytesIO(header[_POLARS_SCHEMA]), use_pyarrow=False).schema  # type: ignore[arg-type]
    except (pl.exceptions.PolarsError, KeyError, TypeError, OSError) as error:
        raise CorruptionError(f"the schema of a polars frame does not decode: {error}") from error
