"""Who may be inside an environment: many for a short time, or one who keeps the others out.

An interrupt can strike between any two lines of the main thread. So what a thread holds is noted by
thread, is given back as a whole, and is given back at the latest when its context is dropped.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import get_ident

from nacre.errors import StateError

# Transactions are short. One that outlives this is stuck, or waits for another process.
_PATIENCE_SECONDS = 10.0


class Turn:
    """One thread's turn at a lock; the same thread cannot wait for itself."""

    __slots__ = ("_lock", "_may_be_ours")

    def __init__(self, lock: threading.RLock) -> None:
        self._lock = lock
        self._may_be_ours = False

    def take(self) -> None:
        """Wait for the turn."""
        self._may_be_ours = True
        self._lock.acquire()

    def try_to_take(self) -> bool:
        """Take the turn if nobody has it, and tell whether it is ours."""
        self._may_be_ours = True
        return self._lock.acquire(blocking=False)

    def give_back(self) -> None:
        """End the turn, also one that an interrupt left behind."""
        if self._may_be_ours:
            with suppress(RuntimeError):  # raised when it is not, or no longer, ours
                while True:
                    self._lock.release()
            self._may_be_ours = False

    def __del__(self) -> None:
        self.give_back()


class Gate:
    """Knows which threads are inside, and can be closed until the others have left.

    A thread is inside once, however often it enters: what an interrupt kept from leaving is put
    right when the thread next leaves.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._inside: set[int] = set()
        self._closed = False

    def enter(self) -> None:
        """Go in, waiting while the gate is closed."""
        # Without the lock, which is a third of what a read costs. Whoever enters says so and then
        # looks whether the gate is closed; whoever closes it says so and then looks who is
        # inside: one of the two sees the other.
        self._inside.add(get_ident())
        if self._closed:
            self._enter_later()

    def leave(self) -> None:
        """Go out."""
        self._inside.discard(get_ident())
        if self._closed:
            with self._lock:
                self._changed.notify_all()

    def close(self) -> bool:
        """Close the gate and wait until no other thread is inside; False when it took too long."""
        own = {get_ident()}
        with self._lock:
            while self._closed:
                self._changed.wait()
            self._closed = True
            try:
                return self._changed.wait_for(lambda: self._inside <= own, _PATIENCE_SECONDS)
            except BaseException:
                self._closed = False
                self._changed.notify_all()
                raise

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

    def _enter_later(self) -> None:
        with self._lock:
            while self._closed:
                self._inside.discard(get_ident())
                self._changed.notify_all()
                self._changed.wait()
            self._inside.add(get_ident())
