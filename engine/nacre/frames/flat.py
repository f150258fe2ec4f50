"""Flat values as bytes and back: numbers, bits and text, as close to Arrow's buffers as pays.

    fixed     [validity] values, or their distances from `base` in `width` bytes each
    bits      [validity] bitmap
    variable  [validity] the length of each value in `width` bytes, content

Each part starts at a multiple of 64; integers are little-endian, bitmaps start at their lowest
bit. Values, bitmaps and content are used where they lie; distances and lengths are widened on
reading, which is faster than reading the bytes that they save. The bytes depend on the values
alone: a bitmap without nulls is left out, what lies under nulls and behind the last bit is zero.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from nacre.frames.buffers import (
    OFFSETS,
    Bytes,
    bitmap_of,
    content_of,
    is_valid,
    offsets_of,
    value_bytes,
)
from nacre.frames.layout import layout_of
from nacre.hashing import Buffer

_ALIGNMENT = 64
# Fewer values than this are stored as they are: there is little to save.
_NARROW_FROM_ROWS = 1024
_WIDTHS = (1, 2, 4, 8)


class Encoded(NamedTuple):
    """Bytes, and what it takes to read them: see the module."""

    data: Buffer
    width: int = 0
    base: int = 0


def encode_flat(array: pa.Array) -> Encoded:
    """Return the bytes of *array*; a plain run of values is not copied."""
    layout = layout_of(array.type)
    validity = [bitmap_of(array, 0)] if array.null_count else []
    if layout.shape == "bits":
        bits = pc.fill_null(array, False) if array.null_count else array
        return Encoded(_join([*validity, bitmap_of(bits, 1)]))
    if layout.shape == "variable":
        lengths, content = _variable_parts(array, layout.width)
        parts = [*validity, lengths.view(np.uint8), content]
        return Encoded(_join(parts), lengths.itemsize)
    narrow = _narrow(array, layout.width)
    if narrow is not None:
        values, base = narrow
        return Encoded(_join([*validity, values.view(np.uint8)]), values.itemsize, base)
    return Encoded(_join([*validity, _fixed_bytes(array, layout.width)]))


def decode_flat(encoded: Encoded, kind: pa.DataType, *, rows: int, nulls: int) -> pa.Array:
    """Return the array of *rows* values of the type *kind* that was encoded.

    Raises:
        ValueError: the bytes have another length than such values.
    """
    layout = layout_of(kind)
    data = pa.py_buffer(encoded.data)
    bitmap_size = (rows + 7) // 8
    start = _aligned(bitmap_size) if nulls else 0
    buffers = [data.slice(0, bitmap_size) if nulls else None]
    if layout.shape == "variable":
        buffers += _variable_buffers(data, start, rows, (encoded.width, layout.width))
    elif encoded.width:
        buffers.append(_widened(data, start, rows, (encoded.width, encoded.base), kind))
    else:
        size = bitmap_size if layout.shape == "bits" else rows * layout.width
        buffers.append(_rest(data, start, size))
    return pa.Array.from_buffers(kind, rows, buffers, nulls)


def _fixed_bytes(array: pa.Array, width: int) -> Bytes:
    data = value_bytes(array, width)
    if array.null_count:
        data = data.copy()
        data.reshape(-1, width)[~is_valid(array)] = 0
    return data


def _narrow(
    array: pa.Array, width: int
) -> tuple[np.ndarray[tuple[int, ...], np.dtype[np.unsignedinteger]], int] | None:
    """Return integers as distances from the smallest, when half the bytes are enough."""
    if len(array) < _NARROW_FROM_ROWS or not _is_integer(array.type, width):
        return None
    values = value_bytes(array, width).view(_integer_dtype(array.type, width))
    valid = is_valid(array) if array.null_count else None
    known = values if valid is None else values[valid]
    if not len(known):
        return None
    base, most = int(known.min()), int(known.max())
    narrow = next(size for size in _WIDTHS if most - base < 1 << 8 * size)
    if narrow > width // 2:
        return None
    distances = (values - values.dtype.type(base)).astype(f"u{narrow}")
    if valid is not None:
        distances[~valid] = 0
    return distances, base


def _is_integer(kind: pa.DataType, width: int) -> bool:
    is_number = pa.types.is_integer(kind) or pa.types.is_temporal(kind)
    return width in (4, 8) and bool(is_number)


def _integer_dtype(kind: pa.DataType, width: int) -> str:
    return f"u{width}" if pa.types.is_unsigned_integer(kind) else f"i{width}"


def _variable_parts(
    array: pa.Array, width: int
) -> tuple[np.ndarray[tuple[int, ...], np.dtype[np.unsignedinteger]], Bytes]:
    offsets = offsets_of(array, width)
    lengths = np.diff(offsets)
    if array.null_count and lengths[~is_valid(array)].any():
        # Building it anew leaves no content under nulls.
        array = pc.if_else(array.is_valid(), array, pa.scalar(None, array.type))
        offsets = offsets_of(array, width)
        lengths = np.diff(offsets)
    longest = int(lengths.max()) if len(lengths) else 0
    narrow = next(size for size in _WIDTHS if longest < 1 << 8 * size)
    return lengths.astype(f"u{narrow}"), content_of(array)[int(offsets[0]) : int(offsets[-1])]


def _variable_buffers(
    data: pa.Buffer, start: int, rows: int, widths: tuple[int, int]
) -> list[pa.Buffer]:
    narrow, wide = widths
    if narrow not in _WIDTHS:
        raise ValueError(f"lengths of {narrow} bytes")
    lengths = np.frombuffer(data, f"u{narrow}", rows, start)
    offsets = np.empty(rows + 1, np.int64)
    offsets[0] = 0
    # Widened first: a sum that widens as it goes takes half as long again.
    offsets[1:] = lengths
    np.cumsum(offsets[1:], out=offsets[1:])
    size = int(offsets[-1])
    content = _rest(data, min(_aligned(start + rows * narrow), data.size), size)
    if wide == 4 and size >= 1 << 31:
        raise ValueError(f"{size} bytes of content behind offsets of 4 bytes")
    return [pa.py_buffer(offsets.astype(OFFSETS[wide], copy=False)), content]


def _widened(
    data: pa.Buffer, start: int, rows: int, packing: tuple[int, int], kind: pa.DataType
) -> pa.Buffer:
    narrow, base = packing
    wide = layout_of(kind).width
    if narrow not in _WIDTHS or not _is_integer(kind, wide):
        raise ValueError(f"{kind} in {narrow} bytes")
    dtype = np.dtype(_integer_dtype(kind, wide))
    distances = np.frombuffer(_rest(data, start, rows * narrow), f"u{narrow}")
    return pa.py_buffer(np.add(distances, dtype.type(base), dtype=dtype, casting="unsafe"))


def _rest(data: pa.Buffer, start: int, size: int) -> pa.Buffer:
    if data.size - start != size:
        raise ValueError(f"{data.size - start} bytes of values, not {size}")
    return data.slice(start)


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


def _aligned(size: int) -> int:
    return -(-size // _ALIGNMENT) * _ALIGNMENT
