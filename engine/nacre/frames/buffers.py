"""The buffers of flat Arrow arrays as numpy arrays that share their memory."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Offsets = NDArray[np.signedinteger]

OFFSETS: dict[int, type[np.signedinteger]] = {4: np.int32, 8: np.int64}


def value_bytes(array: pa.Array, width: int) -> Bytes:
    """Return the bytes of a fixed-width array's values, shared with it."""
    data = array.buffers()[1]
    if data is None:
        return np.empty(0, np.uint8)
    start = array.offset * width
    return np.frombuffer(data, np.uint8)[start : start + len(array) * width]


def offsets_of(array: pa.Array, width: int) -> Offsets:
    """Return the offsets of a variable-width array, one more than values, shared with it."""
    data = array.buffers()[1]
    if data is None or data.size == 0:
        return np.zeros(1, np.int64)
    offsets: Offsets = np.frombuffer(data, OFFSETS[width])
    return offsets[array.offset : array.offset + len(array) + 1]


def content_of(array: pa.Array) -> Bytes:
    """Return all content that a variable-width array's offsets point into, shared with it."""
    data = array.buffers()[2]
    return np.empty(0, np.uint8) if data is None else np.frombuffer(data, np.uint8)


def is_valid(array: pa.Array) -> NDArray[np.bool_]:
    """Return which values are not null, one bool each."""
    valid: NDArray[np.bool_] = array.is_valid().to_numpy(zero_copy_only=False)
    return valid


def bitmap_of(array: pa.Array, index: int) -> Bytes:
    """Return buffer *index*, a bitmap, cut to the array and zero behind its last bit."""
    data = np.frombuffer(array.buffers()[index] or b"", np.uint8)
    first, bits = divmod(array.offset, 8)
    if bits:
        window = np.unpackbits(data[first:], bitorder="little", count=bits + len(array))
        return np.packbits(window[bits:], bitorder="little")
    size = (len(array) + 7) // 8
    bitmap = data[first : first + size]
    if len(array) % 8:
        bitmap = bitmap.copy()
        bitmap[-1] &= (1 << len(array) % 8) - 1
    return bitmap
