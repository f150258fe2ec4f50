"""Chunks of nested types: one Arrow IPC stream each, of arrays brought to one canonical form.

Slices, all-valid bitmaps and values under nulls are normalised for lists, maps, structs and
dictionaries, so that equal content gives equal bytes.
"""

import pyarrow as pa
import pyarrow.compute as pc

from nacre.errors import CorruptionError
from nacre.frames.flat import decode_flat, encode_flat
from nacre.frames.layout import layout_of
from nacre.hashing import Buffer

_NAME = "values"


def write_nested(array: pa.Array) -> memoryview:
    """Return *array* as the bytes of one IPC stream."""
    sink = pa.BufferOutputStream()
    batch = pa.record_batch([_canonical(array)], names=[_NAME])
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return memoryview(sink.getvalue())


def read_nested(data: Buffer, kind: pa.DataType, rows: int) -> pa.Array:
    """Return the array in *data*, checked in full: hostile offsets crash what reads them."""
    with pa.ipc.open_stream(pa.py_buffer(data)) as reader:
        column = reader.read_all().column(0)
    if column.type != kind or len(column) != rows:
        raise CorruptionError(
            f"a chunk holds {len(column)} rows of {column.type}, not {rows} of {kind}: "
            "run `nacre verify`"
        )
    array = _one_array(column)
    array.validate(full=True)
    return array


def _one_array(column: pa.ChunkedArray) -> pa.Array:
    if column.num_chunks == 1:
        return column.chunk(0)
    return column.combine_chunks() if column.num_chunks else pa.array([], column.type)


def _canonical(array: pa.Array) -> pa.Array:
    """Return an equal array that depends on its values alone."""
    kind = array.type
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return _canonical_list(array)
    if pa.types.is_struct(kind):
        return _canonical_struct(array)
    if pa.types.is_nested(kind) or pa.types.is_dictionary(kind):
        return pa.concat_arrays([array])
    if layout_of(kind).shape in ("null", "nested"):
        return pa.concat_arrays([array])
    return decode_flat(encode_flat(array), kind, rows=len(array), nulls=array.null_count)


def _canonical_list(array: pa.Array) -> pa.Array:
    """Flattening leaves out what lies under nulls, so offsets follow from the lengths."""
    lengths = pc.fill_null(array.value_lengths(), 0)
    width = pa.int64() if pa.types.is_large_list(array.type) else pa.int32()
    ends = pc.cumulative_sum(lengths.cast(width))
    offsets = pa.concat_arrays([pa.array([0], width), ends])
    mask = array.is_null() if array.null_count else None
    values = _canonical(array.flatten())
    return type(array).from_arrays(offsets, values, type=array.type, mask=mask)


def _canonical_struct(array: pa.Array) -> pa.Array:
    """Flattening pushes the struct's own nulls into its fields."""
    fields = [_canonical(field) for field in array.flatten()]
    if not fields:
        return array
    mask = array.is_null() if array.null_count else None
    return pa.StructArray.from_arrays(fields, fields=list(array.type), mask=mask)
