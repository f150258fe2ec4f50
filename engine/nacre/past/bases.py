"""What the rows of a view at a position can be begun with, instead of with commit 0.

The nearest of: the live rows, when no commit has followed; a snapshot; a file of the cache, of
this position or an earlier one. A version that differs is never believed.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from nacre.blobs import Payloads
from nacre.environment import Environment
from nacre.errors import CorruptionError, NacreError
from nacre.log import LmdbLog
from nacre.log.tree import LmdbTree
from nacre.past.cache import Cache
from nacre.past.code import code_of
from nacre.past.derive import Base
from nacre.past.runs import rows_in
from nacre.past.sealed import open_sealed, sealed_rows
from nacre.past.snapshots import SnapshotsView, StoredView, get_content
from nacre.registry import REGISTRY
from nacre.views import State
from nacre.views.maintenance import Maintenance
from nacre.views.pairs import TransactionPairs
from nacre.views.reading import ViewPairs
from nacre.views.view import View


class Bases:
    """Where a derivation up to *head* can begin."""

    def __init__(self, maintenance: Maintenance, blobs: Payloads, cache: Cache, head: int) -> None:
        self._maintenance = maintenance
        self._environment = maintenance.environment
        self._blobs = blobs
        self._cache = cache
        self._head = head

    def name_at(self, position: int, view: type[View]) -> str:
        """Return what the rows of *view* at a position are called in the cache."""
        with self._environment.read() as transaction:
            leaf = LmdbTree(transaction).leaf(position - 1)
        return f"{position:020d}-{leaf.hex()[:32]}-{self._code_of(view)}"

    @contextmanager
    def nearest(self, view: type[View]) -> Iterator[Base]:
        """Give the base that leaves the fewest commits to apply."""
        with self._environment.read() as transaction:
            build = self._maintenance.live_build(view, transaction)
            if build is not None and LmdbLog(self._environment).head() == self._head:
                # One read transaction for all of the rows: they must be of one head.
                rows = TransactionPairs(transaction, build.prefix).scan(b"", None)
                yield Base(position=self._head, rows=rows)
                return
        stored = self._in_snapshot(view)
        cached = self._in_cache(view, after=stored.position if stored else 0)
        if cached is not None:
            position, environment = cached
            try:
                yield Base(position=position, rows=sealed_rows(environment, view).scan(b"", None))
            finally:
                REGISTRY.release(environment)
        elif stored is not None:
            yield Base(position=stored.position, rows=rows_in(self._blobs, stored.runs))
        else:
            yield Base(position=0)

    def _in_snapshot(self, view: type[View]) -> StoredView | None:
        with self._environment.read() as transaction:
            if SnapshotsView.name not in self._maintenance.catalogue(transaction).entries:
                return None
        pairs = ViewPairs(self._maintenance, SnapshotsView, read_only=True)
        for snapshot in SnapshotsView(State(pairs)).until(self._head):
            # One that is damaged is of no use here; `verify` tells of it.
            with suppress(CorruptionError, KeyError):
                found = get_content(self._blobs, snapshot.manifest).view(view.name, view.version)
                if found is not None and found.position:
                    return found
        return None

    def _in_cache(self, view: type[View], after: int) -> tuple[int, Environment] | None:
        """Return the latest file of the cache that is of this log and later than *after*."""
        code = self._code_of(view)
        for name in sorted(self._cache.names(), reverse=True):
            number, _, rest = name.partition("-")
            if not (rest.endswith(code) and number.isdecimal()):
                continue
            position = int(number)
            if position <= after:
                break
            if position > self._head or name != self.name_at(position, view):
                continue
            path = self._cache.find(name)
            with suppress(NacreError, FileNotFoundError):
                if path is not None:
                    return position, open_sealed(path, view)
        return None

    def _code_of(self, view: type[View]) -> str:
        return code_of(view, self._maintenance.upcasts.with_those_of([view]))
