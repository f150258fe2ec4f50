"""Flat values as bytes and back without a copy: numbers, bits, text, in the buffers of Arrow.

    fixed     [validity] values
    bits      [validity] bitmap
    variable  [validity] offsets (rows + 1, from 0) content

Each buffer starts at a multiple of 64; integers are little-endian, bitmaps start at their lowest
bit, as in Arrow. The bytes depend on the values alone: offsets start at 0, a bitmap without nulls
is dropped, what lies under nulls and behind the last bit is zero.
"""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from nacre.frames.layout import Layout, layout_of
from nacre.hashing import Buffer

_ALIGNMENT = 64
_OFFSETS: dict[int, type[np.signedinteger]] = {4: np.int32, 8: np.int64}
Bytes = NDArray[np.uint8]
Offsets = NDArray[np.signedinteger]


def encode_flat(array: pa.Array) -> memoryview:
    """Return the bytes of *array*; a plain run of values is not copied."""
    layout = layout_of(array.type)
    parts = [_bitmap(array, 0)] if array.null_count else []
    if layout.shape == "fixed":
        parts.append(_fixed_bytes(array, layout.width))
    elif layout.shape == "bits":
        parts.append(_bitmap(pc.fill_null(array, False) if array.null_count else array, 1))
    else:
        parts.extend(_variable_bytes(array, layout.width))
    return _join(parts)


def decode_flat(data: Buffer, kind: pa.DataType, *, rows: int, nulls: int) -> pa.Array:
    """Return the array of *rows* values of the type *kind* that lies in *data*.

    Raises:
        ValueError: *data* has another length, or offsets that would be read outside of it.
    """
    buffers = _slice_buffers(pa.py_buffer(data), layout_of(kind), rows, nulls)
    return pa.Array.from_buffers(kind, rows, buffers, nulls)


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
    offsets: Offsets = np.frombuffer(data, _OFFSETS[width])
    return offsets[array.offset : array.offset + len(array) + 1]


def content_of(array: pa.Array) -> Bytes:
    """Return all content that a variable-width array's offsets point into, shared with it."""
    data = array.buffers()[2]
    return np.empty(0, np.uint8) if data is None else np.frombuffer(data, np.uint8)


def is_valid(array: pa.Array) -> NDArray[np.bool_]:
    """Return which values are not null, one bool each."""
    valid: NDArray[np.bool_] = array.is_valid().to_numpy(zero_copy_only=False)
    return valid


def _fixed_bytes(array: pa.Array, width: int) -> Bytes:
    data = value_bytes(array, width)
    if array.null_count:
        data = data.copy()
        data.reshape(-1, width)[~is_valid(array)] = 0
    return data


def _variable_bytes(array: pa.Array, width: int) -> list[Bytes]:
    offsets = offsets_of(array, width)
    if array.null_count and np.diff(offsets)[~is_valid(array)].any():
        # Building it anew leaves no content under nulls.
        array = pc.if_else(array.is_valid(), array, pa.scalar(None, array.type))
        offsets = offsets_of(array, width)
    rebased = offsets - offsets[0] if offsets[0] else offsets
    return [
        np.ascontiguousarray(rebased).view(np.uint8),
        content_of(array)[int(offsets[0]) : int(offsets[-1])],
    ]


def _bitmap(array: pa.Array, index: int) -> Bytes:
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


def _join(parts: Sequence[Bytes]) -> memoryview:
    """Return the parts, each at the next multiple of 64."""
    if len(parts) == 1:
        return parts[0].data
    starts = [0]
    for part in parts[:-1]:
        starts.append(_aligned(starts[-1] + len(part)))
    joined = np.empty(starts[-1] + len(parts[-1]), np.uint8)
    for part, start, stop in zip(parts, starts, [*starts[1:], len(joined)], strict=True):
        joined[start : start + len(part)] = part
        joined[start + len(part) : stop] = 0
    return joined.data


def _slice_buffers(
    data: pa.Buffer, layout: Layout, rows: int, nulls: int
) -> list[pa.Buffer | None]:
    bitmap_size = (rows + 7) // 8
    start = _aligned(bitmap_size) if nulls else 0
    validity = data.slice(0, bitmap_size) if nulls else None
    if layout.shape == "variable":
        return [validity, *_slice_variable(data, start, rows, layout.width)]
    expected = bitmap_size if layout.shape == "bits" else rows * layout.width
    if data.size - start != expected:
        raise ValueError(f"{data.size - start} bytes of values, not {expected}")
    return [validity, data.slice(start)]


def _slice_variable(data: pa.Buffer, start: int, rows: int, width: int) -> list[pa.Buffer]:
    size = (rows + 1) * width
    content_at = _aligned(start + size)
    if content_at > data.size and not (start + size <= data.size):
        raise ValueError("its offsets are cut short")
    offsets: Offsets = np.frombuffer(data, _OFFSETS[width], rows + 1, start)
    content = max(data.size - content_at, 0)
    # Offsets that run backwards would read outside the buffer, whatever the last one says.
    if offsets[0] != 0 or offsets[-1] != content or (offsets[1:] < offsets[:-1]).any():
        raise ValueError("its offsets do not fit its content")
    return [data.slice(start, size), data.slice(min(content_at, data.size))]


def _aligned(size: int) -> int:
    return -(-size // _ALIGNMENT) * _ALIGNMENT
