"""LMDB alone, with the flags of nacre's environment: what the disk and the B-tree allow.

It puts the very bytes that a vault holds, which it reads from the vault's file beforehand.
"""

import struct
import time
from pathlib import Path

import lmdb

from bench import data
from bench.views import row_of
from nacre import codec, keys
from nacre.prefixes import LOG

_KEY = struct.Struct(">Q")
_MAP_BYTES = 64 << 30


class RawLmdb:
    """Entries and rows, ready to be put."""

    def prepare(self, vault: str) -> int:
        """Take the entries of the log in the environment file of a closed vault."""
        with lmdb.open(vault, subdir=False, readonly=True, lock=False, lib_version=None) as source:
            with source.begin() as transaction, transaction.cursor() as cursor:
                cursor.set_range(bytes([LOG]))
                self._entries = [bytes(entry) for _, entry in cursor.iternext()]
        return len(self._entries)

    def prepare_rows(self, events: int, accounts: int, view: str) -> None:
        """Make the rows of a view, as the vault encodes them."""
        deposits = data.make_deposits(events, accounts)
        each = events // len(self._entries)
        rows = [
            (keys.encode_key(key), codec.pack(row))
            for key, row in (
                row_of(view, subject, fields, divmod(number, each))
                for number, (subject, fields) in enumerate(deposits)
            )
        ]
        self._batches = [rows[first : first + each] for first in range(0, events, each)]

    def open(self, path: str) -> None:
        self._environment = lmdb.open(
            str(Path(path) / "raw.mdb"),
            subdir=False,
            map_size=_MAP_BYTES,
            max_dbs=4,
            max_readers=1024,
            max_spare_txns=0,
            lib_version=0,
        )
        self._log = self._environment.open_db(b"log")
        self._view = self._environment.open_db(b"rows")

    def commit_each(self) -> float:
        """Put every entry in a durable transaction of its own."""
        start = time.perf_counter()
        for position, entry in enumerate(self._entries):
            with self._environment.begin(write=True) as transaction:
                transaction.put(_KEY.pack(position), entry, append=True, db=self._log)
        return time.perf_counter() - start

    def commit_with_rows(self) -> float:
        """Put every entry together with the view's rows of its events."""
        start = time.perf_counter()
        pairs = enumerate(zip(self._entries, self._batches, strict=True))
        for position, (entry, rows) in pairs:
            with self._environment.begin(write=True) as transaction:
                transaction.put(_KEY.pack(position), entry, append=True, db=self._log)
                for key, row in rows:
                    transaction.put(key, row, db=self._view)
        return time.perf_counter() - start

    def close(self) -> None:
        self._environment.close()
