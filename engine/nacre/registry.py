"""The environments of this process: one for each file, shared, and safe across fork().

LMDB forbids two environments of one process on one file, and an environment used across fork().
Hooks around fork() hold the parent's transactions back until the child has closed what it
inherited, because closing frees the reader slots which the parent's reads are protected by.
"""

import os
import select
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from nacre.environment import Environment
from nacre.errors import NacreError, StateError
from nacre.lmdb_file import file_id

_FORK_PATIENCE_SECONDS = 30.0


Forking = tuple[list[tuple[Environment, bool]], int | None, int | None]
"""The environments, whether each was quiet, and the ends of a pipe."""


class Registry:
    """The environments of this process, one for each file."""

    def __init__(self) -> None:
        # The collector may close a vault in a thread that is inside: that must not wait for itself.
        self._lock = threading.RLock()
        self._busy = False
        self._environments: list[Environment] = []
        self._dropped: deque[Environment] = deque()
        self._forking: Forking | None = None

    def acquire(
        self, path: Path, *, read_only: bool, relaxed: bool, sealed: bool = False
    ) -> Environment:
        """Return the environment of *path*, opened if need be; `release` it later.

        One whose file was unlinked or replaced is closed first: the new file would share its
        lock file, whose reader table speaks of the old one.
        """
        self._release_dropped()
        with self._alone():
            shared = [e for e in self._environments if e.path == path and not e.sealed]
            for environment in [e for e in shared if _is_lost(e)]:
                environment.close()
                self._environments.remove(environment)
            found = [e for e in self._environments if e.handle.file_id == file_id(path)]
            if not found:
                found = [Environment(path, read_only=read_only, relaxed=relaxed, sealed=sealed)]
                self._environments += found
            environment = found[0]
            if environment.read_only and not read_only:
                raise StateError(
                    f"{path} is open in this process from a place where it cannot be written: "
                    "close that handle first"
                )
            environment.users += 1
            return environment

    def share(self, environment: Environment) -> Environment:
        """Return an environment that is in use, for one more user, who releases it too."""
        self._release_dropped()
        with self._alone():
            environment.users += 1
        return environment

    def release_later(self, environment: Environment) -> None:
        """Release when the registry is next used: the collector may run where its lock is held."""
        self._dropped.append(environment)

    def release(self, environment: Environment) -> None:
        """Give back what `acquire` returned; the last user closes it."""
        with self._lock:
            if self._busy:
                self._dropped.append(environment)
                return
        with self._alone():
            if environment.users == 1 and environment in self._environments:
                environment.close()  # first: it raises while another thread is inside
                self._environments.remove(environment)
            environment.users -= 1

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with self._lock:
            self._busy = True
            try:
                yield
            finally:
                self._busy = False

    def _release_dropped(self) -> None:
        for _ in range(len(self._dropped)):
            with suppress(IndexError):  # another thread took the last one
                self.release(self._dropped.popleft())

    def before_fork(self) -> None:
        """Quiet every environment, and make a pipe that tells when the child is done."""
        self._lock.acquire()
        self._busy = True
        self._forking = None
        if self._environments:
            pipe = _pipe()
            self._forking = ([(e, e.before_fork()) for e in self._environments], *pipe)

    def after_fork_in_parent(self) -> None:
        """Wait until the child has let go, then go on."""
        if self._forking is not None:
            drained, reader, writer = self._forking
            try:
                _wait_until_closed(reader, writer)
            finally:
                for environment, _ in drained:
                    environment.after_fork_in_parent()
        self._forking = None
        self._busy = False
        self._lock.release()

    def after_fork_in_child(self) -> None:
        """Let go of every inherited environment, then tell the parent."""
        if self._forking is not None:
            drained, reader, writer = self._forking
            for environment, quiet in drained:
                # Without a pipe the parent does not wait: what it reads must stay protected.
                environment.after_fork_in_child(drained=quiet and reader is not None)
            for descriptor in (reader, writer):
                if descriptor is not None:
                    os.close(descriptor)
        self._forking = None
        self._busy = False
        self._lock = threading.RLock()


def _pipe() -> tuple[int | None, int | None]:
    """Return the ends of a pipe; none when the process has no descriptor left for them."""
    try:
        return os.pipe()
    except OSError:
        return None, None


def _wait_until_closed(reader: int | None, writer: int | None) -> None:
    """Wait until a child has closed its end of a pipe; without a pipe, do not wait."""
    if reader is None or writer is None:
        return
    os.close(writer)
    try:
        waiting = select.poll()  # unlike select, it takes any descriptor
        waiting.register(reader, select.POLLIN)
        waiting.poll(_FORK_PATIENCE_SECONDS * 1000)
    finally:
        os.close(reader)


def _is_lost(environment: Environment) -> bool:
    """Tell whether the file was unlinked or replaced, other than by a compact copy of itself."""
    if not environment.is_gone():
        return False
    with suppress(NacreError), environment.read():
        pass  # a read follows to the copy
    return environment.is_gone()


# The one piece of module state: LMDB itself demands one environment a file and process.
REGISTRY = Registry()
os.register_at_fork(
    before=REGISTRY.before_fork,
    after_in_parent=REGISTRY.after_fork_in_parent,
    after_in_child=REGISTRY.after_fork_in_child,
)
