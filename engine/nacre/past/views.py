"""Views as they were at a position: each derived when it is first read, then kept sealed.

Guards I4 for the past: a file is named by the view, its version, and the leaf of the last commit
that it has seen, which vouches for all before it. So no other log, and no other code, finds it.
"""

import os
import threading
from collections.abc import Callable
from pathlib import Path

from nacre import codec
from nacre.environment import Environment
from nacre.errors import Closed, CorruptionError, FormatError, NacreError, StorageError
from nacre.files import OsFiles
from nacre.hashing import digest_of
from nacre.log import LogUntil
from nacre.past.cache import Cache
from nacre.registry import REGISTRY
from nacre.views.maintenance import Maintenance
from nacre.views.pairs import MemoryPairs, Pairs, ReadPairs
from nacre.views.view import Upcasts, View

_ATTEMPTS = 3


class PastViews:
    """The rows of every view at the head of a log that ends there."""

    def __init__(
        self, log: LogUntil, leaf: Callable[[int], bytes], cache: Cache, upcasts: Upcasts
    ) -> None:
        self._log = log
        self._leaf = leaf
        self._cache = cache
        self._upcasts = upcasts
        self._lock = threading.Lock()
        self._process = os.getpid()
        self._opened: dict[str, Environment] = {}

    def pairs(self, view: type[View]) -> Pairs:
        """Return the rows of *view*, derived first if they are not in the cache."""
        head = self._log.head()
        if head == 0:
            return MemoryPairs()
        upcasts = self._upcasts.with_those_of([view])
        name = f"{head:020d}-{code_of(view, upcasts)}-{self._leaf(head - 1).hex()[:32]}"
        if self._process != os.getpid():  # forked: another thread may have held the lock
            self._process, self._lock = os.getpid(), threading.Lock()
        with self._lock:
            environment = self._opened.get(name)
            if environment is None:
                environment = self._opened[name] = self._sealed(name, view, upcasts)
        return self._rows(environment, view)

    @property
    def environments(self) -> list[Environment]:
        """The files that are open."""
        return list(self._opened.values())

    def close(self) -> None:
        """Let go of the files; they stay in the cache."""
        while self._opened:
            REGISTRY.release(self._opened.popitem()[1])

    def _sealed(self, name: str, view: type[View], upcasts: Upcasts) -> Environment:
        missing: Exception | None = None
        for _ in range(_ATTEMPTS):
            path = self._cache.find(name)
            try:
                if path is None:
                    path = self._made(name, view, upcasts)
                return self._open(path, view)
            except (FileNotFoundError, Closed, StorageError) as error:
                # Somebody has deleted it between two steps, which is allowed at any time.
                missing = error
            except (CorruptionError, FormatError) as error:
                self._cache.drop(name)
                missing = error
        raise StorageError(
            f"the rows of {view.name!r} do not stay in the cache ({missing}): "
            "look at the folder, or set XDG_CACHE_HOME to another"
        ) from missing

    def _made(self, name: str, view: type[View], upcasts: Upcasts) -> Path:
        with self._cache.making(name) as path:
            scratch = Environment(path, read_only=False, relaxed=True)
            try:
                maintenance = Maintenance(scratch, self._log, OsFiles(), upcasts)
                maintenance.install(view)
                maintenance.catch_up()
            finally:
                scratch.close()
        found = self._cache.find(name)
        if found is None:
            raise FileNotFoundError(name)
        return found

    def _open(self, path: Path, view: type[View]) -> Environment:
        environment = REGISTRY.acquire(path, read_only=True, relaxed=True, sealed=True)
        try:
            self._rows(environment, view)
        except NacreError:
            REGISTRY.release(environment)
            raise
        return environment

    def _rows(self, environment: Environment, view: type[View]) -> Pairs:
        maintenance = Maintenance(environment, self._log, OsFiles(), self._upcasts)
        with environment.read() as transaction:
            build = maintenance.live_build(view, transaction)
        if build is None:
            raise CorruptionError(f"{environment.path} does not hold the view {view.name!r}")
        return ReadPairs(environment, build.prefix)


def code_of(view: type[View], upcasts: Upcasts) -> str:
    """Return what names the code that derives a view's rows: other code, other name."""
    said = [view.name, view.version, view.__module__, view.__qualname__, *upcasts.names()]
    return digest_of(codec.pack(said)).raw.hex()[:16]
