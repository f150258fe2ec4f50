"""SQLite in WAL mode with full sync, as a log: one connection a thread, one commit an insert."""

import sqlite3
import threading
import time
from pathlib import Path


class SqliteWal:
    """A table of entries in one file."""

    def open(self, path: str) -> None:
        self._path = str(Path(path) / "log.sqlite")
        # Kept open, so that no thread is the last to close and has to clean up.
        self._main = self._connect()
        self._main.execute("CREATE TABLE log (position INTEGER PRIMARY KEY, entry BLOB)")

    def commit_from_threads(self, threads: int, each: int, entry_bytes: int) -> float:
        """Insert from *threads* at once, and return the seconds until the last is done."""
        entry = bytes(range(256)) * (entry_bytes // 256 + 1)
        entry = entry[:entry_bytes]
        barrier = threading.Barrier(threads + 1)

        def work() -> None:
            connection = self._connect()
            barrier.wait()
            for _ in range(each):
                connection.execute("INSERT INTO log (entry) VALUES (?)", (entry,))
            connection.close()

        workers = [threading.Thread(target=work) for _ in range(threads)]
        for worker in workers:
            worker.start()
        barrier.wait()
        start = time.perf_counter()
        for worker in workers:
            worker.join()
        return time.perf_counter() - start

    def count(self) -> int:
        return self._main.execute("SELECT count(*) FROM log").fetchone()[0]

    def close(self) -> None:
        self._main.close()

    def _connect(self) -> sqlite3.Connection:
        # Every statement commits by itself.
        connection = sqlite3.connect(self._path, isolation_level=None, timeout=60)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        return connection
