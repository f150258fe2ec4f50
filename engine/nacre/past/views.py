"""Views as they were at a position: each derived when it is first read, then kept sealed.

Guards I4 for the past: a file is named by the view, its version, and the leaf of the last commit
that it has seen, which vouches for all before it. So no other log, and no other code, finds it.
"""

import os
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from nacre.blobs import Payloads
from nacre.environment import Environment
from nacre.errors import Closed, CorruptionError, FormatError, StorageError
from nacre.files import Files
from nacre.log import LogUntil
from nacre.past.bases import Bases
from nacre.past.cache import Cache
from nacre.past.derive import load, replay, seal, selected
from nacre.past.sealed import LastingPairs, SealedRows, open_sealed, sealed_rows
from nacre.registry import REGISTRY
from nacre.views import State
from nacre.views.history import History
from nacre.views.maintenance import Maintenance
from nacre.views.pairs import MemoryPairs, Pairs
from nacre.views.reading import ViewPairs
from nacre.views.view import View

_ATTEMPTS = 3
# Reading commits one by one costs more than reading all of them, unless most can be left out.
_SELECT_UP_TO = 0.3


class PastViews:
    """The rows of every view at the head of a log that ends there.

    *maintenance* knows the live rows, over the log that is cut off.
    """

    def __init__(
        self, log: LogUntil, maintenance: Maintenance, blobs: Payloads, cache: Cache, files: Files
    ) -> None:
        self._log = log
        self._files = files
        self._maintenance = maintenance
        self._bases = Bases(maintenance, blobs, cache, log.head())
        self._cache = cache
        self._lock = threading.Lock()
        self._process = os.getpid()
        self._opened: dict[str, Environment] = {}

    @property
    def environments(self) -> list[Environment]:
        """The files that are open."""
        return list(self._opened.values())

    def pairs(self, view: type[View]) -> Pairs:
        """Return the rows of *view*, derived first if they are not in the cache."""
        if self._log.head() == 0:
            return MemoryPairs()
        return LastingPairs(partial(self._rows, view))

    def history(self) -> History:
        """Return the history of now: what it knows of a commit never changes."""
        return History(State(ViewPairs(self._maintenance, History, read_only=True)))

    def close(self) -> None:
        """Let go of the files; they stay in the cache."""
        while self._opened:
            REGISTRY.release(self._opened.popitem()[1])

    def _rows(self, view: type[View], lost: Environment | None) -> SealedRows:
        """Return the rows in a file, another one than what was *lost*."""
        name = self._bases.name_at(self._log.head(), view)
        if self._process != os.getpid():  # forked: another thread may have held the lock
            self._process, self._lock = os.getpid(), threading.Lock()
        with self._lock:
            environment = self._opened.get(name)
            if environment is None or environment is lost:
                environment = self._opened[name] = self._sealed(name, view)
        return SealedRows(environment, sealed_rows(environment, view))

    def _sealed(self, name: str, view: type[View]) -> Environment:
        missing: Exception | None = None
        for _ in range(_ATTEMPTS):
            path = self._cache.find(name)
            try:
                if path is None:
                    path = self._made(name, view)
                return open_sealed(path, view)
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

    def _made(self, name: str, view: type[View]) -> Path:
        with self._cache.making(name) as path:
            scratch = Environment(path, read_only=False, relaxed=True)
            try:
                self._derive(scratch, view)
            finally:
                scratch.close()
        found = self._cache.find(name)
        if found is None:
            raise FileNotFoundError(name)
        return found

    def _derive(self, scratch: Environment, view: type[View]) -> None:
        with self._bases.nearest(view) as base:
            load(scratch, self._files, 0, base.rows)
        left = self._log.head() - base.position
        entries = self._entries(view, base.position)
        while left > 0:
            upcasts = self._maintenance.upcasts.with_those_of([view])
            with scratch.write(self._files) as transaction:
                taken = replay(
                    transaction,
                    {0: view},
                    entries,
                    upcasts,
                    get_blob=self._maintenance.get_blob,
                )
            left = left - taken if taken else 0
        with scratch.write(self._files) as transaction:
            seal(transaction, view)

    def _entries(self, view: type[View], start: int) -> Iterator[bytes]:
        """Yield the entries from *start* on that the view may want."""
        kinds = getattr(view, "kinds", None)
        if kinds is None or hasattr(view, "end_commit"):
            return self._log.read(start)
        head = self._log.head()
        positions = self.history().positions_of_kinds(kinds, start=start, stop=head)
        if len(positions) > _SELECT_UP_TO * (head - start):
            return self._log.read(start)
        return selected(self._log, positions)
