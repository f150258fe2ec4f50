"""A column of numbers as a table: blocks of many, so that all of them are read in a few rows.

table[block] = the bytes of at most 256 numbers, little-endian
"""

import numpy as np
from numpy.typing import NDArray

from nacre import Table

_BLOCK = 256


class Column:
    """A list of numbers, or of short tuples of them, that grows at its end."""

    __slots__ = ("_dtype", "_table", "_width")

    def __init__(self, table: Table, dtype: str, *, width: int = 1) -> None:
        self._table = table
        self._dtype = np.dtype(dtype)
        self._width = width

    def put(self, place: int, *numbers: float) -> None:
        """Set the last entry, or add one behind it."""
        assert len(numbers) == self._width
        block, offset = divmod(place, _BLOCK)
        before = self._table.get(block, b"")
        assert isinstance(before, bytes)
        # A weight below the smallest float32 is 0, as everywhere in NumPy.
        with np.errstate(over="ignore", under="ignore"):
            entry = np.array(numbers, self._dtype).tobytes()
        self._table[block] = before[: offset * len(entry)] + entry

    def all(self) -> NDArray[np.generic]:
        """Return every entry: a row each where they are tuples; one dimension when empty."""
        content = b"".join([_bytes(row) for _, row in self._table.scan()])
        numbers = np.frombuffer(content, self._dtype).copy()
        return numbers.reshape(-1, self._width) if self._width > 1 and content else numbers

    def clear(self) -> None:
        """Remove every entry."""
        for key, _ in list(self._table.scan()):
            del self._table[key]


def _bytes(row: object) -> bytes:
    assert isinstance(row, bytes)
    return row
