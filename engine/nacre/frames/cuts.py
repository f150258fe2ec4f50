"""Where a column is cut into chunks: at rows that its own values choose.

A row is a candidate when the hash of its value is small, so that equal runs of values are cut
alike wherever they stand, and versions or tables that were written apart still share chunks.
A column with too few distinct values to choose by is cut at equal distances.
"""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from nacre.frames.buffers import content_of, offsets_of, value_bytes
from nacre.frames.chunks import encode_chunk
from nacre.frames.layout import layout_of

# A chunk is this large on average: large enough that mapping a column takes few look-ups,
# small enough that a few rows can be read without the rest.
TARGET_BYTES = 512 << 10
_SAMPLE_ROWS = 1000
_BLOCK_ROWS = 1 << 15  # hashed at a time, so that intermediate values stay in the cache
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
_HALF = np.uint64(32)
_MAX_HASH = 1 << 64

Hashes = NDArray[np.uint64]


def cut_rows(array: pa.Array) -> list[int]:
    """Return the rows at which the chunks of *array* end; the last is its length."""
    rows = len(array)
    target = _target_rows(array)
    if rows <= 2 * target:
        return [rows]
    candidates = list(_candidates(array, target))
    expected = rows / target * 2
    if not expected / 4 <= len(candidates) <= expected * 4:
        return [*range(target, rows - target // 2, target), rows]
    return _spaced(candidates, rows, target)


def row_hashes(array: pa.Array) -> Hashes | None:
    """Return a hash of each value; None when the layout has no quick one."""
    blocks = list(_hash_blocks(array))
    return np.concatenate(blocks) if blocks else None


def stored_bytes(array: pa.Array) -> int:
    """Return about how many bytes the chunks of *array* will take."""
    layout = layout_of(array.type)
    rows = len(array)
    if layout.shape == "fixed":
        return rows * layout.width
    if layout.shape == "variable":
        offsets = offsets_of(array, layout.width)
        return rows + int(offsets[-1] - offsets[0])
    if layout.shape == "nested":
        # What Arrow says of its size depends on the buffers that it was cut from.
        sample = array.slice(0, _SAMPLE_ROWS)
        return len(encode_chunk(sample).data) * rows // max(len(sample), 1)
    return rows // 8


def _target_rows(array: pa.Array) -> int:
    """Return a power of two, which grows a column without moving its cuts."""
    row_bytes = max(stored_bytes(array) / max(len(array), 1), 1 / 8)
    return 1 << max(int(TARGET_BYTES / row_bytes).bit_length() - 1, 0)


def _candidates(array: pa.Array, target: int) -> Iterator[int]:
    threshold = np.uint64(_MAX_HASH // target * 2 if target > 2 else _MAX_HASH - 1)
    start = 0
    for block in _hash_blocks(array):
        for row in np.flatnonzero(block < threshold):
            yield start + int(row)
        start += len(block)


def _spaced(candidates: list[int], rows: int, target: int) -> list[int]:
    """Return the candidates that leave chunks of half to twice the target."""
    cuts = [0]
    for candidate in [*candidates, rows]:
        while candidate - cuts[-1] > 2 * target:
            cuts.append(cuts[-1] + 2 * target)
        if candidate - cuts[-1] >= target // 2:
            cuts.append(candidate)
    if cuts[-1] == rows:
        return cuts[1:]
    # What is left is too short for a chunk of its own, so the last one takes it.
    return [*cuts[1:-1], rows]


def _hash_blocks(array: pa.Array) -> Iterator[Hashes]:
    layout = layout_of(array.type)
    if layout.shape == "fixed" and layout.width in (1, 2, 4, 8):
        values = value_bytes(array, layout.width).view(f"u{layout.width}")
        for start in range(0, len(values), _BLOCK_ROWS):
            yield _mix(values[start : start + _BLOCK_ROWS].astype(np.uint64, copy=False))
    elif layout.shape == "fixed" and layout.width % 8 == 0 and layout.width:
        words = value_bytes(array, layout.width).view(np.uint64).reshape(len(array), -1)
        for start in range(0, len(words), _BLOCK_ROWS):
            yield _mix_words(words[start : start + _BLOCK_ROWS])
    elif layout.shape == "variable":
        yield from _hash_texts(array, layout.width)


def _hash_texts(array: pa.Array, width: int) -> Iterator[Hashes]:
    """Hash the last eight bytes up to the end of each value: numbered names differ there."""
    offsets = offsets_of(array, width)
    content = content_of(array)[int(offsets[0]) : int(offsets[-1])]
    if len(content) < 8:
        return
    words = np.ndarray((len(content) - 7,), np.dtype("<u8"), content.data, 0, (1,))
    for start in range(0, len(array), _BLOCK_ROWS):
        stops = offsets[start + 1 : start + 1 + _BLOCK_ROWS].astype(np.int64) - int(offsets[0])
        lengths = np.diff(offsets[start : start + 1 + _BLOCK_ROWS]).view()
        tails = words[np.maximum(stops - 8, 0)]
        short = np.clip(8 - lengths.astype(np.int64), 0, 7).astype(np.uint64)
        yield _mix((tails >> (short * np.uint64(8))) + lengths.astype(np.uint64))


def _mix_words(words: Hashes) -> Hashes:
    mixed = _mix(words[:, 0])
    for column in range(1, words.shape[1]):
        mixed = _mix(mixed ^ words[:, column])
    return mixed


def _mix(values: Hashes) -> Hashes:
    # A bijection, so that different values of eight bytes never share a hash.
    mixed = values >> _HALF
    mixed ^= values
    mixed *= _MULTIPLIER
    return mixed
