"""The environments of this process: one for each file, shared, and safe across fork().

LMDB forbids two environments of one process on one file, and an environment used across fork().
Hooks around fork() hold the parent's transactions back until the child has closed what it
inherited, because closing frees the reader slots which the parent's reads are protected by.
"""

import os
import select
import threading
from collections import deque
from contextlib import suppress
from pathlib import Path

from nacre.environment import Environment
from nacre.errors import NacreError, StateError
from nacre.lmdb_file import file_id

_FORK_PATIENCE_SECONDS = 30.0


class Registry:
    """The environments of this process, one for each file."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._environments: list[Environment] = []
        self._dropped: deque[Environment] = deque()
        self._forking: tuple[list[tuple[Environment, bool]], int, int] | None = None

    def acquire(
        self, path: Path, *, read_only: bool, relaxed: bool, sealed: bool = False
    ) -> Environment:
        """Return the environment of *path*, opened if need be; `release` it later.

        One whose file was unlinked or replaced is closed first: the new file would share its
        lock file, whose reader table speaks of the old one.
        """
        self._release_dropped()
        with self._lock:
            shared = [e for e in self._environments if e.path == path and not e.sealed]
            for environment in [e for e in shared if _is_lost(e)]:
                environment.close()
                self._environments.remove(environment)
            found = [e for e in self._environments if e.file_id == file_id(path)]
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
        with self._lock:
            environment.users += 1
        return environment

    def release_later(self, environment: Environment) -> None:
        """Release when the registry is next used: the collector may run where its lock is held."""
        self._dropped.append(environment)

    def release(self, environment: Environment) -> None:
        """Give back what `acquire` returned; the last user closes it."""
        with self._lock:
            environment.users -= 1
            if environment.users == 0 and environment in self._environments:
                self._environments.remove(environment)
                environment.close()

    def _release_dropped(self) -> None:
        while self._dropped:
            with suppress(IndexError):  # another thread took the last one
                self.release(self._dropped.popleft())

    def before_fork(self) -> None:
        """Quiet every environment, and make a pipe that tells when the child is done."""
        self._lock.acquire()
        drained = [(e, e.before_fork()) for e in self._environments]
        self._forking = (drained, *os.pipe()) if drained else None

    def after_fork_in_parent(self) -> None:
        """Wait until the child has let go, then go on."""
        if self._forking is not None:
            drained, reader, writer = self._forking
            os.close(writer)
            select.select([reader], [], [], _FORK_PATIENCE_SECONDS)
            os.close(reader)
            for environment, _ in drained:
                environment.after_fork_in_parent()
        self._forking = None
        self._lock.release()

    def after_fork_in_child(self) -> None:
        """Let go of every inherited environment, then tell the parent."""
        if self._forking is not None:
            drained, reader, writer = self._forking
            for environment, quiet in drained:
                environment.after_fork_in_child(drained=quiet)
            os.close(reader)
            os.close(writer)
        self._forking = None
        self._lock = threading.Lock()


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
