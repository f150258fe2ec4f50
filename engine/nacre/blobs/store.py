"""The blobs of a vault: put without the writer lock, synced before the commit that names them.

Guards I1: a blob is published (indexed) only after the pack that holds it was synced.
"""

import threading
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from nacre import codec
from nacre.blobs import compression, index, record
from nacre.blobs.absence import get_absence
from nacre.blobs.held import HeldBlobs, holds_path
from nacre.blobs.index import Place, Row
from nacre.blobs.packs import PackReader, PackWriter, open_writer
from nacre.blobs.record import Description
from nacre.environment import Environment
from nacre.errors import (
    Closed,
    CorruptionError,
    Dropped,
    InvalidInput,
    NotFound,
    Poisoned,
    ReadOnly,
)
from nacre.files import Files
from nacre.hashing import Buffer, Digest, checksum, digest_of, flat
from nacre.lmdb_handle import Transaction
from nacre.locks import Turn

# Up to a page, a row of LMDB costs less than a record and the sync of a pack.
_SMALL_BYTES = 4096
# Beyond this, small blobs that wait for their commit are written ahead of it.
_WAITING_BYTES = 128 << 20


class VaultBlobs:
    """`Blobs` in an environment and, unless *folder* is None, in the packs of a folder."""

    def __init__(
        self, environment: Environment, folder: Path | None, files: Files, *, read_only: bool
    ) -> None:
        self._environment = environment
        self._folder = folder
        self._files = files
        self._read_only = read_only
        self._reader = PackReader(folder) if folder is not None else None
        self._closed = False
        self._held = HeldBlobs(holds_path(environment, folder))
        self._start()

    def _start(self) -> None:
        """Begin with nothing put: as a new handle, or as one that a fork has copied."""
        self._incarnation = self._environment.incarnation
        self._held.let_go()
        self._held = HeldBlobs(holds_path(self._environment, self._folder))
        self._lock = threading.Lock()
        self._opening = threading.Lock()
        self._syncing = threading.Lock()
        # A blob goes from fresh over in sync to durable, and leaves when it is published.
        self._fresh: dict[Digest, Row] = {}
        self._in_sync: dict[Digest, Row] = {}
        self._durable: dict[Digest, Row] = {}
        self._mended: set[Digest] = set()  # what is published of them was damaged
        self._waiting_bytes = 0
        self._writer: list[PackWriter] = []  # none or one
        # Kept until all that is in them is published: the next writer cuts off the rest.
        self._full: list[PackWriter] = []

    def put_blob(self, data: Buffer, *, manifest: bool = False) -> Digest:
        self._check_writable()
        data = flat(data)
        if len(data) > record.MAX_BLOB_BYTES:
            raise InvalidInput(f"a blob of {len(data)} bytes is too large: split it")
        children = list(codec.digests_in(codec.unpack(data))) if manifest else []
        self._require(children)
        digest = digest_of(data)
        row = self._held_row(digest, children)
        if row is None or row.is_condemned or not self._is_intact(row):
            self._store(digest, data, is_manifest=manifest, mends=row is not None)
        return digest

    def get_blob(self, digest: Digest) -> memoryview:
        if (found := self.stored(digest)) is None:
            raise self._missing(digest)
        description, payload = found
        if checksum(payload) != description.stored_checksum:
            raise CorruptionError(f"the blob {digest} was damaged on disk: run `nacre verify`")
        return compression.restored(payload, size=description.size, is_zstd=description.is_zstd)

    def has_blob(self, digest: Digest) -> bool:
        self._check_open()
        if self._waiting_row(digest) is not None:
            return True
        with self._environment.read() as transaction:
            return index.has_row(transaction, digest)

    def keep_blob(self, digest: Digest) -> bool:
        if self._waiting_row(digest) is None and not self.has_blob(digest):
            return False
        with self._environment.read() as transaction:
            number = index.current_round(transaction)
            if number and not self._held.is_current(digest, number):
                # Collections have begun since it was put, or it was never put here.
                self._acquit(transaction, digest)
        return True

    def is_manifest(self, digest: Digest) -> bool:
        """Tell whether a blob was put as a manifest."""
        row = self._row(digest)
        return row is not None and row.description.is_manifest

    def stored(self, digest: Digest) -> tuple[Description, memoryview] | None:
        """Return a blob as it is stored, not checked; None when there is none.

        Raises:
            CorruptionError: its row or its pack was damaged.
        """
        return None if (row := self._row(digest)) is None else self._stored(row)

    def sync(self) -> None:
        self._check_writable()
        with self._syncing:
            with self._lock:
                # Into the next place before out of the last one: readers take no lock. What is
                # in sync already was left there by an interrupt.
                self._in_sync = fresh = {**self._in_sync, **self._fresh}
                self._fresh = {}
                self._waiting_bytes = 0
                unsynced = _packs_of(fresh)
                writers = [w for w in (*self._full, *self._writer) if w.pack_id in unsynced]
            self._sync_packs(writers)
            with self._lock:
                self._durable |= fresh
                self._in_sync = {}

    def publish(self) -> None:
        with self._lock, self._environment.read() as transaction:
            ends: dict[bytes, int] = {}
            for row in self._durable.values():
                mends = row.description.digest in self._mended
                if index.put_row(transaction, row, overwrite=mends) and isinstance(
                    row.payload, Place
                ):
                    end = row.payload.offset + record.record_size(row.description.stored_size)
                    ends[row.payload.pack_id] = max(end, ends.get(row.payload.pack_id, 0))
            for pack_id, end in ends.items():
                if end > index.committed_size(transaction, pack_id):
                    index.put_committed_size(transaction, pack_id, end)

    def let_go(self, named: Iterable[Digest]) -> None:
        """Called when a commit is durable that names blobs: nothing else need keep them."""
        if self._environment.incarnation != self._incarnation:
            return  # a forked child has put nothing yet, and its copy of the lock may be held
        with self._lock:
            self._held.settle(named)

    def forget_published(self) -> None:
        if not self._durable:
            return
        with self._environment.read() as transaction, self._lock:
            # Not all that is durable: another thread may just be publishing the rest.
            for digest in [d for d in self._durable if self._is_published(transaction, d)]:
                del self._durable[digest]
                self._mended.discard(digest)
            self._close_full()

    @property
    def has_unpublished(self) -> bool:
        """Whether anything was put that no commit has published yet."""
        return bool(self._fresh or self._in_sync or self._durable)

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        if self._environment.incarnation != self._incarnation:
            self._held.let_go()
        else:
            self._held.close()
            for writer in [*self._full, *self._writer]:
                writer.close()

    def _held_row(self, digest: Digest, children: Iterable[Digest]) -> Row | None:
        """Return the row of a blob that is held from now on, so that it stays; or None."""
        while True:
            with self._environment.read() as transaction:
                number = index.current_round(transaction)
            with self._lock:
                self._begin_hold(number)
            with self._environment.read() as transaction:
                # Who collects begins a round, then asks who holds earlier ones.
                if index.current_round(transaction) != number:
                    continue
                row = self._waiting_row(digest) or index.get_row(transaction, digest)
            with self._lock:
                self._held.add(digest, children, number)
            return row

    def _begin_hold(self, number: int) -> None:
        try:
            self._held.begin(number)
        except FileNotFoundError:
            if self._folder is not None:
                holds_path(self._environment, self._folder).touch()
                self._held.begin(number)
            # Or else the vault is gone, which the commit will say.

    def _acquit(self, transaction: Transaction, digest: Digest) -> None:
        """Take back that a blob, or what it names, was condemned.

        Raises:
            NotFound: something that it names was dropped.
        """
        pending, seen = [digest], {digest}
        while pending:
            found = pending.pop()
            row = self._waiting_row(found) or index.get_row(transaction, found)
            if row is None:
                raise self._missing(found)
            if row.is_condemned:
                index.put_row(transaction, replace(row, is_condemned=False), overwrite=True)
            if row.description.is_manifest:
                children = codec.digests_in(codec.unpack(self.get_blob(found)))
                pending += (fresh := set(children) - seen)
                seen |= fresh

    def _missing(self, digest: Digest) -> NotFound:
        with self._environment.read() as transaction:
            epitaph = index.get_epitaph(transaction, digest)
            absence = get_absence(transaction, digest)
        if epitaph is None and absence is not None:
            return NotFound(f"the blob {digest} is not in this vault: it {absence}")
        if epitaph is None:
            return NotFound(f"there is no blob {digest}: put it before naming or reading it")
        return Dropped(
            f"the blob {digest} was dropped by commit {epitaph.position} ({epitaph.reason}): "
            "restore it from a backup that still has it, or put it again"
        )

    def _is_intact(self, row: Row) -> bool:
        """Tell whether a stored payload can be read: no commit may name a damaged one anew."""
        try:
            found, payload = self._stored(row)
            return checksum(payload) == found.stored_checksum
        except CorruptionError:
            return False

    def _store(self, digest: Digest, data: Buffer, *, is_manifest: bool, mends: bool) -> None:
        packed = compression.compressed(data)
        payload = data if packed is None else packed
        description = record.describe(
            digest, data, payload, is_zstd=packed is not None, is_manifest=is_manifest
        )
        if self._folder is None or len(payload) <= _SMALL_BYTES:
            self._store_small(Row(description, bytes(payload)), mends=mends)
            return
        while not self._store_in_pack(description, payload, mends=mends):
            self._open_pack(self._folder)

    def _store_small(self, row: Row, *, mends: bool) -> None:
        with self._lock:
            if not self._is_wanted(row.description.digest, mends=mends):
                return
            self._fresh[row.description.digest] = row
            self._waiting_bytes += row.description.stored_size
            is_much = self._waiting_bytes > _WAITING_BYTES
        if is_much and self._environment.transaction is None:
            self._spill()

    def _store_in_pack(self, description: Description, payload: Buffer, *, mends: bool) -> bool:
        """Store a blob in the pack that is open; False when there is none."""
        with self._lock:
            if not self._writer:
                return False
            if self._is_wanted(description.digest, mends=mends):
                place = self._append(description, payload)
                self._fresh[description.digest] = Row(description, place)
            return True

    def _is_wanted(self, digest: Digest, *, mends: bool) -> bool:
        if self._waiting_row(digest) is not None:
            return False
        if mends:
            self._mended.add(digest)
        return True

    def _open_pack(self, folder: Path) -> None:
        # Not under the lock for what is put: who publishes takes that inside the gate, at which
        # the look for the size of a pack may have to wait.
        with self._opening:
            if self._writer:
                return
            # A read that the thread is inside may be older than what others have committed.
            is_current = self._environment.transaction is None or self._environment.is_writing
            committed_size = self._committed_size if is_current else None
            writer = open_writer(folder, self._files, committed_size)
            with self._lock:
                self._writer = [writer]

    def _append(self, description: Description, payload: Buffer) -> Place:
        (writer,) = self._writer
        offset = writer.append(record.record_parts(description, payload))
        if writer.is_full:
            self._full += self._writer
            self._writer = []
        return Place(writer.pack_id, offset)

    def _spill(self) -> None:
        """Write what waits in memory ahead of its commit; unnamed, it is only dead weight.

        Not while another thread writes: it may be the one that waits for this one.
        """
        turn = Turn(self._environment.writer_lock)
        try:
            if turn.try_to_take():
                self.sync()
                self._environment.run(self._files, lambda _: self.publish())
                self.forget_published()
        finally:
            turn.give_back()

    def _sync_packs(self, writers: list[PackWriter]) -> None:
        try:
            for writer in writers:
                writer.sync()
        except Poisoned as error:
            self._environment.handle.poison(error)
            raise

    def _close_full(self) -> None:
        unpublished = _packs_of(self._fresh) | _packs_of(self._in_sync) | _packs_of(self._durable)
        for writer in [w for w in self._full if w.pack_id not in unpublished]:
            self._full.remove(writer)
            writer.close()

    def _is_published(self, transaction: Transaction, digest: Digest) -> bool:
        if digest in self._mended:
            return index.get_row(transaction, digest) == self._durable[digest]
        return index.has_row(transaction, digest)

    def _committed_size(self, pack_id: bytes) -> int:
        with self._environment.read() as transaction:
            # Of the packs of another vault, which came to this place, nothing is known here.
            self._environment.check_place()
            return index.committed_size(transaction, pack_id)

    def _waiting_row(self, digest: Digest) -> Row | None:
        return self._fresh.get(digest) or self._in_sync.get(digest) or self._durable.get(digest)

    def _row(self, digest: Digest) -> Row | None:
        self._check_open()
        if (row := self._waiting_row(digest)) is not None:
            return row
        with self._environment.read() as transaction:
            return index.get_row(transaction, digest)

    def _stored(self, row: Row) -> tuple[Description, memoryview]:
        place = row.payload
        if isinstance(place, bytes):
            return row.description, memoryview(place)
        if self._reader is None:
            raise CorruptionError(f"no pack holds {row.description.digest}: run `nacre verify`")
        start = place.offset + record.ALIGNMENT
        stop = start + row.description.stored_size
        try:
            return row.description, self._reader.read(place.pack_id, start, stop)
        except CorruptionError:
            # It may have been moved, and compressed anew, since the row was read.
            moved = self._row(row.description.digest)
            if moved is None or moved.payload == place:
                raise
            return self._stored(moved)

    def _require(self, digests: Iterable[Digest]) -> None:
        for digest in digests:
            if not self.has_blob(digest):
                raise NotFound(f"a manifest names {digest}, which was not put: put it first")

    def _check_open(self) -> None:
        if self._closed:
            raise Closed("the vault was closed: open it again")
        if self._environment.incarnation != self._incarnation:
            self._start()

    def _check_writable(self) -> None:
        self._check_open()
        if self._read_only:
            raise ReadOnly("the vault was opened read-only: open it for writing")


def _packs_of(rows: Mapping[Digest, Row]) -> set[bytes]:
    return {row.payload.pack_id for row in rows.values() if isinstance(row.payload, Place)}
