"""The `eventsourcing` library on its SQLite recorder, which is durable by default."""

import time
from pathlib import Path
from uuid import NAMESPACE_OID, uuid5

import msgpack
from eventsourcing.persistence import StoredEvent
from eventsourcing.sqlite import SQLiteApplicationRecorder, SQLiteDatastore

from bench import data


class Recorder:
    """Stored events, ready to be inserted."""

    def prepare(self, events: int, accounts: int) -> None:
        self._events = [
            StoredEvent(
                originator_id=uuid5(NAMESPACE_OID, subject),
                originator_version=fields["number"],
                topic="bank:Account.Deposited",
                state=msgpack.packb(fields),
            )
            for subject, fields in data.make_deposits(events, accounts)
        ]

    def commit_batches(self, path: str, each: int) -> float:
        """Insert all events, *each* in one transaction."""
        datastore = SQLiteDatastore(str(Path(path) / "events.sqlite"))
        recorder = SQLiteApplicationRecorder(datastore)
        recorder.create_table()
        start = time.perf_counter()
        for first in range(0, len(self._events), each):
            recorder.insert_events(self._events[first : first + each])
        taken = time.perf_counter() - start
        datastore.close()
        return taken
