"""One chunk: a run of a column's values as the bytes of a blob, and back without a copy.

Flat values are their Arrow buffers, nested ones an Arrow IPC stream, nulls alone are nothing.
Equal values give equal bytes, whatever array they were sliced from or put together of.
"""

import pyarrow as pa

from nacre.errors import CorruptionError
from nacre.frames.flat import decode_flat, encode_flat
from nacre.frames.layout import layout_of
from nacre.frames.nested import read_nested, write_nested
from nacre.hashing import Buffer


def encode_chunk(array: pa.Array) -> Buffer:
    """Return the bytes of *array*; a plain run of values is not copied."""
    shape = layout_of(array.type).shape
    if shape == "null":
        return b""
    return write_nested(array) if shape == "nested" else encode_flat(array)


def decode_chunk(data: Buffer, kind: pa.DataType, *, rows: int, nulls: int) -> pa.Array:
    """Return the array of *rows* values of the type *kind* in *data*, zero-copy.

    Raises:
        CorruptionError: *data* cannot be such a chunk.
    """
    shape = layout_of(kind).shape
    try:
        if shape == "null":
            return pa.nulls(rows)
        if shape == "nested":
            return read_nested(data, kind, rows)
        return decode_flat(data, kind, rows=rows, nulls=nulls)
    except (pa.ArrowException, ValueError, OverflowError, MemoryError, OSError) as error:
        raise CorruptionError(
            f"a chunk of {rows} rows does not decode ({error}): run `nacre verify`"
        ) from error
