"""All views, derived from a log in a file of their own: to compare them, or to see if it works."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from nacre.environment import Environment
from nacre.files import OsFiles
from nacre.log import Log
from nacre.operations.report import Progress
from nacre.store import Store
from nacre.views.catalogue import decode_catalogue, put_catalogue, raw_catalogue
from nacre.views.maintenance import Maintenance


class Scratch:
    """Rows of all views that are installed here, as far as they have been derived."""

    def __init__(self, store: Store, environment: Environment) -> None:
        self.environment = environment
        self._store = store

    def derive(self, log: Log, progress: Progress) -> None:
        """Let the views see every commit of *log*, which begins with what they have seen.

        Raises:
            Exception: what the code of a view raises; a note says which view, and where.
        """
        maintenance = self.maintenance(log)
        for view in self._store.maintenance.views.values():
            maintenance.install(view)
        maintenance.catch_up(lambda done, total: progress("views", done, total))

    def stop(self, head: int) -> None:
        """Say that the views have seen *head* commits, and not all that there are."""
        with self.environment.write(OsFiles()) as transaction:
            catalogue = decode_catalogue(raw_catalogue(transaction))
            put_catalogue(transaction, catalogue.stopped_except(frozenset(), head))

    def maintenance(self, log: Log) -> Maintenance:
        """Return what maintains views here from *log*."""
        upcasts, get_blob = self._store.maintenance.upcasts, self._store.blobs.get_blob
        return Maintenance(self.environment, log, OsFiles(), upcasts, get_blob=get_blob)


@contextmanager
def open_scratch(store: Store) -> Iterator[Scratch]:
    """Yield an empty scratch, whose file goes at the end."""
    with TemporaryDirectory(prefix="nacre-replay-") as folder:
        environment = Environment(Path(folder) / "replay.mdb", read_only=False, relaxed=True)
        try:
            yield Scratch(store, environment)
        finally:
            environment.close()
