"""The log in an LMDB environment: one row an entry, in order, behind everything else.

Inside a write transaction of its environment it joins that one, so that a commit puts events
and views down together; outside, an append is a transaction of its own.

    key    06, position (8 bytes, big-endian)
    value  the entry
"""

import struct
from collections.abc import Iterator

from nacre.environment import Cursor, Environment, Read, Transaction
from nacre.errors import Closed, Conflict, CorruptionError
from nacre.files import Files, OsFiles
from nacre.hashing import Buffer
from nacre.prefixes import LOG

_KEY = struct.Struct(">BQ")  # big-endian, so key order is position order
_PAGE_ENTRIES = 64
_PAGE_BYTES = 4 << 20


class LmdbLog:
    """`Log` over an environment."""

    def __init__(self, environment: Environment, files: Files | None = None) -> None:
        self._environment = environment
        self._files = files or OsFiles()
        self._closed = False
        self._seen: tuple[Transaction | None, int] = (None, 0)

    def head(self) -> int:
        with self._read() as transaction:
            return _head(transaction)

    def row_limit(self) -> int:
        """Return how many rows the environment has: an intact log has no more entries."""
        with self._read() as transaction:
            return int(transaction.stat(None)["entries"])

    def append(self, entry: Buffer, *, expect: int) -> None:
        if not self._environment.is_writing:
            with self._environment.write(self._files):
                self.append(entry, expect=expect)
            return
        with self._read() as transaction:
            head = self._head_in(transaction)
            if head != expect:
                raise Conflict(expected=expect, actual=head)
            if not transaction.put(_KEY.pack(LOG, head), entry, append=True):
                raise CorruptionError(f"rows lie behind the head {head}: run `nacre verify`")
            self._seen = (transaction, head + 1)

    def read(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        position = start
        while stop is None or position < stop:
            # Short transactions: a long one would keep every page that is freed meanwhile.
            with self._read() as transaction:
                page = _entries(transaction.cursor(), position, stop)
            yield from page
            position += len(page)
            if not page:
                return

    def close(self) -> None:
        self._closed = True

    def _head_in(self, transaction: Transaction) -> int:
        # Many entries may go into one transaction: only the first looks for the head.
        seen, head = self._seen
        return head if seen is transaction else _head(transaction)

    def _read(self) -> Read:
        if self._closed:
            raise Closed("the log was closed: open the vault again")
        return self._environment.read()


def _head(transaction: Transaction) -> int:
    cursor = transaction.cursor()
    if not cursor.last():
        return 0
    prefix, position = cursor.key()[0], cursor.key()[1:]
    return int.from_bytes(position, "big") + 1 if prefix == LOG else 0


def _entries(cursor: Cursor, start: int, stop: int | None) -> list[bytes]:
    entries: list[bytes] = []
    size = 0
    if not cursor.set_range(_KEY.pack(LOG, start)):
        return entries
    for expected, (key, entry) in enumerate(cursor.iternext(), start):
        if len(entries) == _PAGE_ENTRIES or size >= _PAGE_BYTES or expected == stop:
            break
        if key != _KEY.pack(LOG, expected):
            raise CorruptionError(f"the log has no entry {expected}: run `nacre verify`")
        entries.append(entry)
        size += len(entry)
    return entries
