"""The rows of a bulk load as one Arrow blob: columns of stored values, named by their slots.

    an Arrow IPC stream, its buffers compressed with zstd
    columns  "1", "2", ... by slot; "was": positions of the changes before, when there were any

Lists, objects and JSON are msgpack in a binary column.
"""

from collections.abc import Iterable, Sequence
from itertools import repeat
from typing import cast

import pyarrow as pa
import pyarrow.compute as pc

from nacre import codec
from nacre.errors import CorruptionError
from nacre.hashing import Buffer, Digest
from nacre.keys import encode_element
from nacre.rows.arrow_types import load_arrow
from nacre.rows.layout import StoredRow
from nacre.rows.schema import Field, Schema

_WAS = "was"
# Of these one key has several values: 1.0 and 1.00, every NaN.
_OF_MANY_FORMS = ("decimal", "float64")
_OPTIONS = pa.ipc.IpcWriteOptions(compression="zstd")


def encode_load(schema: Schema, rows: Sequence[StoredRow]) -> tuple[bytes, list[Digest]]:
    """Return the blob that holds stored rows, and the digests that are named inside of them."""
    packer = codec.Packer()
    named: list[Digest] = []
    packer.named = named
    names, arrays = [], []
    for field in schema.fields:
        column = [row[field.slot] for row in rows]
        if is_packed(field):
            column = [None if value is None else packer.pack(value) for value in column]
        names.append(str(field.slot))
        arrays.append(pa.array(column, load_arrow(field.type)))
    if any(row[0] is not None for row in rows):
        names.append(_WAS)
        arrays.append(pa.array([row[0] for row in rows], pa.int64()))
    return _stream(pa.table(arrays, names)), named


def encode_columns(table: pa.Table) -> bytes:
    """Return the blob that holds columns of stored values."""
    return _stream(table)


def decode_load(schema: Schema, blob: Buffer) -> list[StoredRow]:
    """Return the stored rows in a blob.

    Raises:
        CorruptionError: it holds none of such a collection.
    """
    return rows_of(schema, _table(blob))


def find_in_load(schema: Schema, blob: Buffer, values: Sequence[object]) -> list[StoredRow]:
    """Return the rows of a blob whose key has some stored values."""
    table = _table(blob)
    for name, value in zip(schema.key, values, strict=True):
        field = schema.field(name)
        table = table.filter(_is_key(field, table.column(str(field.slot)), value))
    return rows_of(schema, table)


def rows_of(schema: Schema, table: pa.Table) -> list[StoredRow]:
    """Return the stored rows in a table of stored values."""
    columns: list[Iterable[object]] = [
        repeat(None, table.num_rows) for _ in range(schema.next_slot)
    ]
    for field in schema.fields:
        if str(field.slot) in table.column_names:
            columns[field.slot] = _values(field, table.column(str(field.slot)))
    if _WAS in table.column_names:
        columns[0] = table.column(_WAS).to_pylist()
    return list(map(list, zip(*columns, strict=True)))


def is_packed(field: Field) -> bool:
    """Tell whether a column of it holds msgpack."""
    return isinstance(field.type.spec, dict) or field.type.spec == "json"


def _table(blob: Buffer) -> pa.Table:
    try:
        with pa.ipc.open_stream(pa.py_buffer(blob)) as reader:
            table = reader.read_all()
        table.validate(full=True)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise CorruptionError(f"the rows of a load do not decode ({error})") from error
    return table


def _values(field: Field, column: pa.ChunkedArray) -> list[object]:
    if column.type == pa.date32():
        column = column.cast(pa.int32())
    values = column.to_pylist()
    if is_packed(field):
        return [None if value is None else codec.unpack(value) for value in values]
    return cast("list[object]", values)


def _is_key(field: Field, column: pa.ChunkedArray, value: object) -> pa.ChunkedArray | pa.Array:
    """Return where a column has the key of a stored value."""
    if field.type.spec not in _OF_MANY_FORMS:
        return pc.equal(column, pa.scalar(value, load_arrow(field.type)))
    assert field.type.key is not None
    key = field.type.key
    wanted = encode_element(key(value))
    return pa.array([encode_element(key(other)) == wanted for other in column.to_pylist()])


def _stream(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=_OPTIONS) as writer:
        writer.write_table(table)
    return cast("bytes", sink.getvalue().to_pybytes())
