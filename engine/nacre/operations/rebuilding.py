"""Writing a vault from a backup: the log with its tree, and blobs in the form that they had."""

import mmap
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path

from nacre.blobs import index, record
from nacre.blobs.absence import Absence, put_absence
from nacre.blobs.index import Epitaph, Place, Row
from nacre.blobs.packs import PackWriter, open_writer
from nacre.blobs.record import Description
from nacre.environment import Environment
from nacre.event import decode_commit
from nacre.files import Files
from nacre.hashing import Buffer, Digest
from nacre.layout import Layout
from nacre.lmdb_handle import Transaction
from nacre.log import LmdbLog
from nacre.log.tree import LmdbTree

_SMALL_BYTES = 4096
_BATCH_ROWS = 10_000
_BATCH_BYTES = 32 << 20


class VaultWriter:
    """Fills an empty vault that nobody else has open yet."""

    def __init__(self, layout: Layout, environment: Environment, files: Files) -> None:
        self._layout = layout
        self._environment = environment
        self._files = files
        self._log = LmdbLog(environment, files)
        self._rows: list[Row] = []
        self._rows_bytes = 0
        self._entries: list[bytes] = []
        self._entries_bytes = 0
        self._position = 0
        self._writer: PackWriter | None = None
        self._sizes: dict[bytes, int] = {}

    def add_entry(self, entry: bytes) -> None:
        """Append an entry to the log."""
        self._entries.append(entry)
        self._entries_bytes += len(entry)
        if self._entries_bytes >= _BATCH_BYTES or len(self._entries) >= _BATCH_ROWS:
            self._write_entries()

    def add_blob(self, description: Description, payload: Buffer) -> None:
        """Store a payload as the vault had stored it."""
        if self._layout.packs is None or description.stored_size <= _SMALL_BYTES:
            self._rows.append(Row(description, bytes(payload)))
            self._rows_bytes += len(payload)
        else:
            self._rows.append(Row(description, self._append(description, payload)))
        if self._rows_bytes >= _BATCH_BYTES or len(self._rows) >= _BATCH_ROWS:
            self._write_rows()

    def note_absent(self, digests: Iterable[Digest], absence: Absence) -> None:
        """Say why blobs are not there."""
        wanted = list(digests)
        for start in range(0, len(wanted), _BATCH_ROWS):
            some = wanted[start : start + _BATCH_ROWS]
            self._environment.run(
                self._files, partial(_put_absences, digests=some, absence=absence)
            )

    def note_dropped(self, epitaphs: Mapping[Digest, Epitaph]) -> None:
        """Say which blobs had been dropped already."""
        if epitaphs:
            self._environment.run(self._files, partial(_put_epitaphs, epitaphs=epitaphs))

    def finish(self) -> None:
        """Make all of it durable."""
        self._write_entries()
        self._seal()
        self._write_rows()
        self._environment.sync()

    def close(self) -> None:
        """Let go of the files."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _append(self, description: Description, payload: Buffer) -> Place:
        assert self._layout.packs is not None
        if self._writer is None:
            self._writer = open_writer(self._layout.packs, self._files, None)
        writer = self._writer
        offset = writer.append(record.record_parts(description, payload))
        self._sizes[writer.pack_id] = writer.size
        if writer.is_full:
            self._seal()
        return Place(writer.pack_id, offset)

    def _seal(self) -> None:
        if self._writer is not None:
            self._writer.sync()
            self.close()

    def _write_rows(self) -> None:
        self._environment.run(self._files, self._put_rows)
        self._rows = []
        self._rows_bytes = 0

    def _put_rows(self, transaction: Transaction) -> None:
        for row in sorted(self._rows, key=lambda row: row.description.digest):
            index.put_row(transaction, row)
        for pack_id, size in self._sizes.items():
            index.put_committed_size(transaction, pack_id, size)

    def _write_entries(self) -> None:
        self._environment.run(self._files, self._put_entries)
        self._position += len(self._entries)
        self._entries = []
        self._entries_bytes = 0

    def _put_entries(self, transaction: Transaction) -> None:
        tree = LmdbTree(transaction)
        for position, entry in enumerate(self._entries, self._position):
            self._log.append(entry, expect=position)
            tree.extend(position, decode_commit(entry).leaf)


def joined(parts: Sequence[Buffer], folder: Path) -> Buffer:
    """Return one buffer with all *parts*; a large one in a file without a name in *folder*."""
    if len(parts) == 1:
        return parts[0]
    with tempfile.TemporaryFile(dir=folder) as spool:
        for part in parts:
            spool.write(part)
        spool.flush()
        return memoryview(mmap.mmap(spool.fileno(), 0, prot=mmap.PROT_READ))


def _put_absences(transaction: Transaction, digests: Sequence[Digest], absence: Absence) -> None:
    for digest in digests:
        put_absence(transaction, digest, absence)


def _put_epitaphs(transaction: Transaction, epitaphs: Mapping[Digest, Epitaph]) -> None:
    for digest, epitaph in sorted(epitaphs.items()):
        index.drop_row(transaction, digest, epitaph)
