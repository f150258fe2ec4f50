"""The gate before a database: many write, or one transaction, in the order in which they came.

Without the order, threads that come back at once would keep others waiting for as long as they
like. Whoever leaves lets in those whose turn it is, so that nobody overtakes them.
"""

import os
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from nacre_adapters.modelvault.errors import Blocked

PATIENCE_SECONDS = 60.0

_BLOCKED = (
    "operation blocked: a transaction is open on this database handle; "
    "finish or roll back the transaction first"
)


class _Waiting:
    """Somebody before the gate."""

    __slots__ = ("is_alone", "let_in")

    def __init__(self, *, is_alone: bool) -> None:
        self.is_alone = is_alone
        self.let_in = threading.Lock()
        self.let_in.acquire()


class Gate:
    """Lets many write, or one transaction."""

    def __init__(self, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self._patience_seconds = patience_seconds
        self._reset()

    @property
    def is_shut(self) -> bool:
        """Whether a transaction is open."""
        return self._is_shut

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Write for a moment, beside others.

        Raises:
            Blocked: somebody keeps a transaction open for longer than anyone should wait.
        """
        self._enter(is_alone=False)
        try:
            yield
        finally:
            with self._lock:
                self._writers -= 1
                self._let_in()

    def shut(self) -> None:
        """Begin a transaction: wait until nobody writes.

        Raises:
            Blocked: somebody keeps a transaction open for longer than anyone should wait.
        """
        self._enter(is_alone=True)

    def open(self) -> None:
        """End a transaction."""
        with self._lock:
            self._is_shut = False
            self._let_in()

    def _reset(self) -> None:
        self._process = os.getpid()
        self._lock = threading.Lock()
        self._writers = 0
        self._is_shut = False
        self._waiting: deque[_Waiting] = deque()

    def _enter(self, *, is_alone: bool) -> None:
        if self._process != os.getpid():
            self._reset()  # a forked child: those who were inside or waited are not in it
        with self._lock:
            if not self._waiting and self._take(is_alone=is_alone):
                return
            waiting = _Waiting(is_alone=is_alone)
            self._waiting.append(waiting)
        try:
            if waiting.let_in.acquire(timeout=self._patience_seconds):
                return
        except BaseException:  # an interrupt: whoever was let in meanwhile goes out again
            self._give_up(waiting)
            raise
        if self._withdraw(waiting):
            raise blocked()

    def _take(self, *, is_alone: bool) -> bool:
        """Go in, if there is room."""
        if self._is_shut or (is_alone and self._writers):
            return False
        if is_alone:
            self._is_shut = True
        else:
            self._writers += 1
        return True

    def _let_in(self) -> None:
        while self._waiting and self._take(is_alone=self._waiting[0].is_alone):
            self._waiting.popleft().let_in.release()

    def _withdraw(self, waiting: _Waiting) -> bool:
        """Wait no longer; tell whether the turn had not come yet."""
        with self._lock:
            if waiting not in self._waiting:
                return False
            self._waiting.remove(waiting)
            # Those behind may have waited for this one alone.
            self._let_in()
            return True

    def _give_up(self, waiting: _Waiting) -> None:
        if self._withdraw(waiting):
            return
        with self._lock:
            if waiting.is_alone:
                self._is_shut = False
            else:
                self._writers -= 1
            self._let_in()


def blocked() -> Blocked:
    """Return the error for who has waited too long for somebody's transaction."""
    return Blocked(_BLOCKED)
