"""One chunk: a run of a column's values as the bytes of a blob, and back.

Flat values are close to their Arrow buffers, nested ones an Arrow IPC stream, nulls alone are
nothing. Equal values give equal bytes, whatever array they were sliced from or put together of.
"""

import pyarrow as pa

from nacre.errors import CorruptionError
from nacre.frames.flat import Encoded, decode_flat, encode_flat
from nacre.frames.layout import layout_of
from nacre.frames.nested import read_nested, write_nested


def encode_chunk(array: pa.Array) -> Encoded:
    """Return the bytes of *array*; a plain run of values is not copied."""
    shape = layout_of(array.type).shape
    if shape == "null":
        return Encoded(b"")
    return Encoded(write_nested(array)) if shape == "nested" else encode_flat(array)


def decode_chunk(encoded: Encoded, kind: pa.DataType, *, rows: int, nulls: int) -> pa.Array:
    """Return the array of *rows* values of the type *kind* that was encoded.

    Raises:
        CorruptionError: the bytes cannot be such a chunk.
    """
    shape = layout_of(kind).shape
    try:
        if shape == "null":
            return pa.nulls(rows)
        if shape == "nested":
            return read_nested(encoded.data, kind, rows)
        return decode_flat(encoded, kind, rows=rows, nulls=nulls)
    except (pa.ArrowException, ValueError, OverflowError, MemoryError, OSError) as error:
        raise CorruptionError(
            f"a chunk of {rows} rows does not decode ({error}): run `nacre verify`"
        ) from error


def equal_chunks(one: pa.Array, other: pa.Array) -> bool:
    """Say whether two arrays of one type would be stored as the same bytes."""
    left, right = encode_chunk(one), encode_chunk(other)
    return left[1:] == right[1:] and memoryview(left.data) == memoryview(right.data)
