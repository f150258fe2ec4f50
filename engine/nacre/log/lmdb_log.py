"""The log in an LMDB environment: one row an entry, in order, behind everything else.

Inside a write transaction of its environment it joins that one, so that a commit puts events
and views down together; outside, an append is a transaction of its own.

    key    06, position (8 bytes, big-endian)
    value  the entry

    key    06, position (8 bytes, big-endian), "s"
    value  a segment, which holds the entries from the position on

    key    01, "dictionary", id (8 bytes)
    value  what some segments were compressed with

The newest commits are never in a segment, so that the last key says where the head is.
"""

import struct
from collections.abc import Iterator, Sequence

from nacre.environment import Environment, Read
from nacre.errors import Closed, Conflict, CorruptionError
from nacre.files import Files, OsFiles
from nacre.hashing import Buffer
from nacre.lmdb_handle import Cursor, Transaction
from nacre.log.segment import (
    MOST_COMMITS,
    NO_DICTIONARY,
    Dictionary,
    commits_in,
    dictionary_id,
    open_segment,
)
from nacre.log.segment import (
    seal as sealed,
)
from nacre.prefixes import LOG, META

_KEY = struct.Struct(">BQ")  # big-endian, so key order is position order
_DICTIONARY_KEY = bytes([META]) + b"dictionary"
_SEGMENT = b"s"
_PAGE_ENTRIES = 64
_OPEN_SEGMENTS = 4
_PAGE_BYTES = 4 << 20


class LmdbLog:
    """`Log` over an environment."""

    def __init__(self, environment: Environment, files: Files | None = None) -> None:
        self._environment = environment
        self._files = files or OsFiles()
        self._closed = False
        self._seen: tuple[Transaction | None, int] = (None, 0)
        self._segments: list[tuple[bytes, list[bytes]]] = []

    def head(self) -> int:
        with self._read() as transaction:
            return _head(transaction)

    def row_limit(self) -> int:
        """Return how many entries the rows of the environment could hold at the most."""
        with self._read() as transaction:
            rows = int(transaction.stat(None)["entries"])
            cursor = transaction.cursor()
            is_sealed = cursor.set_range(_KEY.pack(LOG, 0)) and _is_segment(cursor.key())
            return rows * MOST_COMMITS if is_sealed else rows

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
                page = self._page(transaction, position, stop)
            yield from page
            position += len(page)
            if not page:
                return

    def close(self) -> None:
        self._closed = True

    def seal(self, start: int, entries: Sequence[bytes], segment: bytes) -> bool:
        """Put a segment in the place of entries, inside a write transaction.

        False, changing nothing, when they are not what stands there.
        """
        with self._read() as transaction:
            keys = [_KEY.pack(LOG, position) for position in range(start, start + len(entries))]
            if any(transaction.get(k) != e for k, e in zip(keys, entries, strict=True)):
                return False
            for key in keys:
                transaction.delete(key)
            return transaction.put(keys[0] + _SEGMENT, segment)

    def rewrite(self, position: int, entry: bytes) -> None:
        """Put another entry in the place of one, inside a write transaction.

        Only for an entry of the same leaf, in which events were purged.
        """
        with self._read() as transaction:
            key, row = next(iter(_rows_from(transaction.cursor(), position)))
            if not _is_segment(key):
                transaction.put(_KEY.pack(LOG, position), entry)
                return
            first = _position(key)
            entries = list(self._opened(transaction, first, row))
            entries[position - first] = entry
            segment = sealed(entries, self._dictionary(transaction, row))
            if segment is None:
                raise CorruptionError(f"the segment at commit {first} cannot be written again")
            transaction.put(key, segment)

    def forget_dictionaries(self, start: int, most: int) -> int | None:
        """Seal up to *most* segments from *start* on again without one, in a write transaction.

        Return where to go on; None when there are no more, and the dictionaries are gone.
        """
        with self._read() as transaction:
            for number, first in enumerate(self._with_dictionary(transaction, start)):
                if number == most:
                    return first
                key = _KEY.pack(LOG, first) + _SEGMENT
                entries = self._opened(transaction, first, transaction.get(key) or b"")
                segment = sealed(entries, None)
                if segment is None:
                    raise CorruptionError(f"the segment at commit {first} cannot be written again")
                transaction.put(key, segment)
            cursor = transaction.cursor()
            while cursor.set_range(_DICTIONARY_KEY) and cursor.key().startswith(_DICTIONARY_KEY):
                cursor.delete()
        return None

    @staticmethod
    def _with_dictionary(transaction: Transaction, start: int) -> list[int]:
        """Return the first positions of segments that need a dictionary."""
        cursor = transaction.cursor()
        found = []
        more = cursor.set_range(_KEY.pack(LOG, start))
        while more and _is_segment(cursor.key()):
            if dictionary_id(cursor.value()) != NO_DICTIONARY:
                found.append(_position(cursor.key()))
            more = cursor.next()
        return found

    def keep_dictionary(self, dictionary: Dictionary) -> None:
        """Keep what segments are compressed with, inside a write transaction."""
        with self._read() as transaction:
            transaction.put(_DICTIONARY_KEY + dictionary.id, dictionary.content)

    def unsealed(self, start: int) -> int:
        """Return the first position from *start* on that is in no segment."""
        with self._read() as transaction:
            cursor = transaction.cursor()
            position = start
            found = cursor.set_range(_KEY.pack(LOG, start))
            while found and _is_segment(cursor.key()):
                position = _position(cursor.key()) + commits_in(cursor.value())
                found = cursor.set_range(_KEY.pack(LOG, position))
            return position

    def _page(self, transaction: Transaction, start: int, stop: int | None) -> list[bytes]:
        """Return the first entries of a range; none when it is empty."""
        entries: list[bytes] = []
        size, expected = 0, start
        for key, row in _rows_from(transaction.cursor(), start):
            if len(entries) >= _PAGE_ENTRIES or size >= _PAGE_BYTES or expected == stop:
                break
            position = _position(key)
            run = self._opened(transaction, position, row) if _is_segment(key) else [row]
            if not position <= expected < position + len(run):
                raise CorruptionError(f"the log has no entry {expected}: run `nacre verify`")
            end = len(run) if stop is None else min(len(run), stop - position)
            entries += run[expected - position : end]
            size += len(row)
            expected = position + end
        return entries

    def _opened(self, transaction: Transaction, position: int, row: bytes) -> list[bytes]:
        """Return the entries of a segment, opened again only if others were since."""
        for known, entries in self._segments:
            if known == row:
                return entries
        entries = open_segment(row, position, self._dictionary(transaction, row))
        # In one step: threads share it.
        self._segments = [(row, entries), *self._segments[: _OPEN_SEGMENTS - 1]]
        return entries

    @staticmethod
    def _dictionary(transaction: Transaction, row: bytes) -> Dictionary | None:
        name = dictionary_id(row)
        content = None if name == NO_DICTIONARY else transaction.get(_DICTIONARY_KEY + name)
        return None if content is None else Dictionary(content)

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
    return _position(cursor.key()) + 1 if cursor.key()[0] == LOG else 0


def _rows_from(cursor: Cursor, start: int) -> Iterator[tuple[bytes, bytes]]:
    """Yield key and row from the one on that holds *start*."""
    if not cursor.set_range(_KEY.pack(LOG, start)):
        found = cursor.last()
    elif _position(cursor.key()) == start:
        found = True
    else:
        # It may lie inside a segment, whose row has the position of its first commit.
        found = cursor.prev()
    if not found:
        return
    if not _holds(cursor, start) and not cursor.set_range(_KEY.pack(LOG, start)):
        return
    yield from cursor.iternext()


def _holds(cursor: Cursor, position: int) -> bool:
    if cursor.key()[0] != LOG:
        return False
    first = _position(cursor.key())
    return first == position or (
        _is_segment(cursor.key()) and position < first + commits_in(cursor.value())
    )


def _position(key: bytes) -> int:
    return int.from_bytes(key[1 : _KEY.size], "big")


def _is_segment(key: bytes) -> bool:
    return len(key) > _KEY.size
