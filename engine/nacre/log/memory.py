"""A log in memory, for tests and for trying things out."""

from collections.abc import Iterator

from nacre.errors import Closed, Conflict
from nacre.hashing import Buffer


class MemoryLog:
    """`Log` in a list."""

    def __init__(self) -> None:
        self._entries: list[bytes] | None = []

    def head(self) -> int:
        return len(self._open())

    def append(self, entry: Buffer, *, expect: int) -> None:
        entries = self._open()
        if len(entries) != expect:
            raise Conflict(expected=expect, actual=len(entries))
        entries.append(bytes(entry))

    def read(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        return iter(self._open()[start:stop])

    def close(self) -> None:
        self._entries = None

    def _open(self) -> list[bytes]:
        if self._entries is None:
            raise Closed("the log was closed: open it again")
        return self._entries
