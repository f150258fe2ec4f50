"""Outputs of a running attempt that wait to be committed together.

Nobody sees them before the attempt ends, and of an attempt that dies nobody ever does; so they
need no commit of their own. They are committed when the attempt ends, when something else of it
is, when the step itself reads them, and when they become many or old.
"""

import threading
import time
from collections.abc import Callable
from typing import NamedTuple

MOST = 500
MOST_BYTES = 4 << 20
OLDEST_SECONDS = 1.0


class Saved(NamedTuple):
    """An output that was saved."""

    name: str
    value: dict[str, object]


Commit = Callable[[list[Saved], int], None]
"""Commits outputs, and the first so many of the reads that are not in the log yet."""


class Pending:
    """What waits; threads may share it."""

    def __init__(self, commit: Commit) -> None:
        self._commit = commit
        self._lock = threading.RLock()
        self._waiting: list[Saved] = []
        self._size_bytes = 0
        self._reads = 0
        self._since = 0.0
        self.is_over = False
        """Whether the attempt has ended: what is saved now is none of it."""

    def save(self, saved: Saved, reads: int) -> None:
        """Let an output wait that was made from the first *reads* of what was read."""
        size_bytes = saved.value["size_bytes"]
        assert isinstance(size_bytes, int)
        with self._lock:
            if self._waiting and reads != self._reads:
                self.flush()
            if not self._waiting:
                self._since = time.monotonic()
            self._waiting.append(saved)
            self._size_bytes += size_bytes
            self._reads = reads
            if self._is_due():
                self.flush()

    def flush(self) -> bool:
        """Commit what waits; return whether anything did."""
        with self._lock:
            if not self._waiting:
                return False
            self._commit(self._waiting, self._reads)
            self._waiting, self._size_bytes, self._reads = [], 0, 0
            return True

    def close(self) -> None:
        """Commit what waits, for the last time."""
        with self._lock:
            self.flush()
            self.is_over = True

    def _is_due(self) -> bool:
        many = len(self._waiting) >= MOST or self._size_bytes >= MOST_BYTES
        return many or time.monotonic() - self._since >= OLDEST_SECONDS
