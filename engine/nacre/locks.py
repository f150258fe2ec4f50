"""Who may be inside an environment: many for a short time, or one who keeps the others out."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from nacre.errors import StateError

# Transactions are short. One that outlives this is stuck, or waits for another process.
_PATIENCE_SECONDS = 10.0


class Gate:
    """Counts who is inside, and can be closed until everyone has left."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._inside = 0
        self._closed = False

    def enter(self) -> None:
        """Go in, waiting while the gate is closed."""
        with self._lock:
            while self._closed:
                self._changed.wait()
            self._inside += 1

    def leave(self) -> None:
        """Go out."""
        with self._lock:
            self._inside -= 1
            if self._closed:
                self._changed.notify_all()

    def close(self, *, own: int = 0) -> bool:
        """Close the gate and wait until only *own* are inside; False when that took too long."""
        with self._lock:
            while self._closed:
                self._changed.wait()
            self._closed = True
            return self._changed.wait_for(lambda: self._inside <= own, _PATIENCE_SECONDS)

    def open(self) -> None:
        """Let everyone in again."""
        with self._lock:
            self._closed = False
            self._changed.notify_all()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep everyone out for a while.

        Raises:
            StateError: someone stayed inside for too long.
        """
        drained = self.close()
        try:
            if not drained:
                raise StateError(
                    f"a read has been open for more than {_PATIENCE_SECONDS:.0f} seconds and the "
                    "map must grow: leave `with vault.read()` blocks before writing"
                )
            yield
        finally:
            self.open()
