"""The first commits of a log: what it was before the others were made."""

from collections.abc import Iterator

from nacre.errors import ReadOnly
from nacre.hashing import Buffer
from nacre.log.lmdb_log import LmdbLog


class LogUntil:
    """`Log` that shows the first *head* entries of another, and takes none."""

    def __init__(self, log: "LmdbLog | LogUntil", head: int) -> None:
        self._log = log
        self._head = head

    def head(self) -> int:
        return self._head

    def row_limit(self) -> int:
        """Return how many rows the environment has: an intact log has no more entries."""
        return self._log.row_limit()

    def append(self, entry: Buffer, *, expect: int) -> None:
        raise ReadOnly(f"the log up to position {self._head} is the past: append to the whole log")

    def read(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        return self._log.read(start, self._head if stop is None else min(stop, self._head))

    def close(self) -> None:
        self._log.close()
