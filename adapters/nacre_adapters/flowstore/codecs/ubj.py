"""Universal Binary JSON, as xgboost writes it, read with a bound on all that it says of itself.

Every byte belongs to one value, or the text is refused; so what reads it next finds the same.
"""

import struct
from collections.abc import Mapping
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

Tree: TypeAlias = (
    "dict[str, Tree] | list[Tree] | npt.NDArray[np.generic] | str | int | float | bool | None"
)

_DEPTH = 32
_NUMBERS: Final = {
    b"i": "b",
    b"U": "B",
    b"I": ">h",
    b"l": ">i",
    b"L": ">q",
    b"d": ">f",
    b"D": ">d",
}
_CONSTANTS: Final[Mapping[bytes, bool | None]] = {b"T": True, b"F": False, b"Z": None}


def read(data: bytes) -> Tree:
    """Return what a document says; arrays of one type as those of numpy.

    Raises:
        ValueError: it is none, or there is more behind it.
    """
    reader = _Reader(data)
    value = reader.value(reader.take(1), 0)
    if reader.position != len(data):
        raise ValueError("there is more behind the document")
    return value


class _Reader:
    """Where in the text the reader is."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.position = 0

    def take(self, size: int) -> bytes:
        start, self.position = self.position, self.position + size
        if size < 0 or self.position > len(self.data):
            raise ValueError("the document ends too early")
        return self.data[start : self.position]

    def value(self, marker: bytes, depth: int) -> Tree:
        if depth > _DEPTH:
            raise ValueError(f"the document is nested deeper than {_DEPTH}")
        if marker in _CONSTANTS:
            return _CONSTANTS[marker]
        if marker == b"S":
            return self.text()
        if marker == b"{":
            return self.members(depth)
        if marker == b"[":
            return self.items(depth)
        return self.number(marker)

    def number(self, marker: bytes) -> int | float:
        form = _form(marker)
        (number,) = struct.unpack(form, self.take(struct.calcsize(form)))
        assert isinstance(number, int | float)
        return number

    def length(self) -> int:
        self.expect(b"L")
        return int(self.number(b"L"))

    def expect(self, marker: bytes) -> None:
        if self.take(1) != marker:
            raise ValueError(f"there is no {marker.decode()} where one should be")

    def text(self) -> str:
        return self.take(self.length()).decode()

    def members(self, depth: int) -> dict[str, Tree]:
        found: dict[str, Tree] = {}
        while self.data[self.position : self.position + 1] != b"}":
            name = self.text()
            if name in found:
                raise ValueError(f"{name!r:.40} is there twice")
            found[name] = self.value(self.take(1), depth + 1)
        self.expect(b"}")
        return found

    def items(self, depth: int) -> Tree:
        marker = self.take(1)
        if marker == b"$":
            form = np.dtype(_form(self.take(1)))
            self.expect(b"#")
            return np.frombuffer(self.take(self.length() * form.itemsize), form)
        if marker != b"#":
            raise ValueError("an array does not say how long it is")
        count = self.length()
        if not 0 <= count <= len(self.data) - self.position:
            raise ValueError("an array is longer than the document")
        return [self.value(self.take(1), depth + 1) for _ in range(count)]


def _form(marker: bytes) -> str:
    if marker not in _NUMBERS:
        raise ValueError(f"{marker!r} marks nothing")
    return _NUMBERS[marker]
