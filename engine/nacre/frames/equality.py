"""Which rows of two arrays of one type hold the same bits: NaN equals itself, 0.0 is not -0.0."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from nacre.frames.buffers import is_valid, value_bytes
from nacre.frames.layout import layout_of

Mask = NDArray[np.bool_]


def equal_rows(old: pa.Array, new: pa.Array) -> Mask | None:
    """Return which rows are equal; None for types that are only compared chunk by chunk."""
    layout = layout_of(new.type)
    if layout.shape == "null":
        return np.ones(len(new), np.bool_)
    if layout.shape == "nested":
        return None
    if layout.shape == "fixed":
        same = _equal_values(old, new, layout.width)
    else:
        same = pc.fill_null(pc.equal(old, new), False).to_numpy(zero_copy_only=False)
    if old.null_count == 0 and new.null_count == 0:
        return same
    old_valid, new_valid = is_valid(old), is_valid(new)
    both: Mask = (old_valid & new_valid & same) | ~(old_valid | new_valid)
    return both


def _equal_values(old: pa.Array, new: pa.Array, width: int) -> Mask:
    word = next(size for size in (8, 4, 2, 1) if width % size == 0)
    same: Mask = value_bytes(old, width).view(f"u{word}") == value_bytes(new, width).view(
        f"u{word}"
    )
    if width == word:
        return same
    joined = same.reshape(len(new), -1).all(axis=1)
    return np.asarray(joined)
