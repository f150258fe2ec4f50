"""Arrow tables to parts and back, without a copy of plain values."""

from collections.abc import Mapping, Sequence

import pyarrow as pa

from nacre.errors import CorruptionError, Unstorable
from nacre.frames.arrow_columns import decode_arrow, encode_arrow
from nacre.frames.columns import Column
from nacre.frames.parts import FrameParts, Part, refused

SCHEMA = "schema"


def take_apart(table: pa.Table | pa.RecordBatch) -> FrameParts:
    """Return the parts of *table*; a record batch comes back as a table.

    Raises:
        Unstorable: a column would not come back exactly; the message names it.
    """
    if isinstance(table, pa.RecordBatch):
        table = pa.Table.from_batches([table])
    names = table.schema.names
    columns = tuple(map(_column_part, names, table.columns))
    header = {SCHEMA: _encode_schema(table.schema)}
    return FrameParts(kind="arrow", rows=table.num_rows, columns=columns, header=header)


def put_together(
    columns: Sequence[Column], header: Mapping[str, object], chosen: Sequence[int]
) -> pa.Table:
    """Return the table of the loaded *columns*, which are numbers *chosen* of those stored."""
    schema = schema_of(header)
    if any(number >= len(schema) for number in chosen):
        raise CorruptionError("the schema of a frame has too few columns: run `nacre verify`")
    fields = [schema.field(number) for number in chosen]
    arrays = [decode_arrow(column) for column in columns]
    try:
        return pa.Table.from_arrays(arrays, schema=pa.schema(fields, schema.metadata))
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise CorruptionError(f"a stored table does not fit together: {error}") from error


def schema_of(header: Mapping[str, object]) -> pa.Schema:
    """Return the Arrow schema of a stored table."""
    try:
        return pa.ipc.read_schema(pa.py_buffer(header[SCHEMA]))
    except (pa.ArrowException, OSError, ValueError, KeyError, TypeError) as error:
        raise CorruptionError(f"the schema of a frame does not decode: {error}") from error


def _encode_schema(schema: pa.Schema) -> bytes:
    for field in schema:
        if not _comes_back(pa.schema([field])):
            reason = Unstorable("Arrow does not bring this type back as it was: cast it")
            raise refused(f"the column {field.name!r} of type {field.type}", reason)
    return bytes(schema.serialize())


def _comes_back(schema: pa.Schema) -> bool:
    """Say whether Arrow reads back what it writes, as it does not with a dictionary of periods."""
    try:
        return bool(pa.ipc.read_schema(schema.serialize()).equals(schema, check_metadata=True))
    except (pa.ArrowException, OSError, ValueError, TypeError, AttributeError):
        return False


def _column_part(name: str, values: pa.ChunkedArray) -> Part:
    try:
        return Part(name, str(values.type), encode_arrow(values))
    except (Unstorable, pa.ArrowException) as error:
        raise refused(f"the column {name!r} of type {values.type}", error) from error
