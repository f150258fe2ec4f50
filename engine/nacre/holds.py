"""Holds: a handle that has put blobs which no commit names yet keeps them from being collected.

A hold is a shared lock on one byte of a file, numbered by the round of collection in which it was
taken. Who collects asks whether anybody holds a byte of an earlier round. The system ends a hold
with the process, and no byte of the file is ever written.
"""

import fcntl
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nacre.lmdb_file import descriptor_id, file_id

# l_type, l_whence, l_start, l_len, l_pid: the struct flock of fcntl(2)
_ALL = 0  # a length that reaches to the end, however far that is
_FLOCK = struct.Struct("hhqqi4x")


class Holds:
    """The holds of one handle. Not for several threads at once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None
        self._rounds: set[int] = set()

    def take(self, number: int) -> None:
        """Hold what is put in a round, until it is released or the handle closes."""
        if number in self._rounds:
            return
        if self._descriptor is None:
            self._descriptor = _open(self._path)
        # Waits only while somebody asks about the byte, or swaps the file.
        _lock(self._descriptor, fcntl.F_RDLCK, number, 1, fcntl.F_OFD_SETLKW)
        self._rounds.add(number)
        if file_id(self._path) != descriptor_id(self._descriptor):
            # A compact copy has taken the place of the file, and nobody held this one.
            self.let_go()
            self.take(number)

    def release(self, number: int) -> None:
        """Let go of a round."""
        if number in self._rounds and self._descriptor is not None:
            self._rounds.remove(number)
            _lock(self._descriptor, fcntl.F_UNLCK, number, 1, fcntl.F_OFD_SETLK)
            if not self._rounds:
                self.let_go()  # an idle handle has no descriptor open

    def close(self) -> None:
        """Let go of everything. Idempotent."""
        for number in list(self._rounds):
            self.release(number)
        self.let_go()

    def let_go(self) -> None:
        """Close what a forked child has inherited; its parent goes on holding."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
            self._rounds.clear()


def is_held_before(path: Path, number: int) -> bool:
    """Tell whether any handle, of any process, holds a round before *number*."""
    if number == 0 or not path.exists():
        return False
    descriptor = _open(path)
    try:
        _lock(descriptor, fcntl.F_WRLCK, 0, number, fcntl.F_OFD_SETLK)
    except (BlockingIOError, PermissionError):
        return True
    else:
        return False
    finally:
        os.close(descriptor)


@contextmanager
def nobody_holding(path: Path) -> Iterator[bool]:
    """Keep everybody from holding anything for a block; give False when somebody does."""
    descriptor = _open(path)
    try:
        _lock(descriptor, fcntl.F_WRLCK, 0, _ALL, fcntl.F_OFD_SETLK)
    except (BlockingIOError, PermissionError):
        yield False
    else:
        yield True
    finally:
        os.close(descriptor)


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CLOEXEC)


def _lock(descriptor: int, kind: int, start: int, length: int, command: int) -> None:
    fcntl.fcntl(descriptor, command, _FLOCK.pack(kind, os.SEEK_SET, start, length, 0))
