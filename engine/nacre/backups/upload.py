"""Putting blobs into packs at a target: compressed, packed and sealed by several threads.

What is in flight is bounded, so that memory does not depend on how much there is to store.
"""

import os
import threading
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self

from nacre.backups.contents import Contents, write_indexes
from nacre.backups.pack import PACK_BYTES, Packed, pack_part, pack_parts, part_count, table_of
from nacre.backups.sealed import PACKS, SealedTarget
from nacre.blobs import record
from nacre.blobs.record import Description
from nacre.hashing import Buffer, checksum, digest_of

_BATCH_BYTES = 1 << 20
_BATCH_BLOBS = 256
_WAITING_BATCHES = 24
_WAITING_PACKS = 2
_INDEX_EVERY_PACKS = 64
_NICE = 10

Work = tuple[Description, int, memoryview]


def give_way() -> None:
    """Let this thread run when no reader or writer of the vault wants its processor."""
    # Linux has a priority for each thread; lowering it is always allowed.
    thread = threading.get_native_id()
    nice = max(_NICE, os.getpriority(os.PRIO_PROCESS, thread))
    os.setpriority(os.PRIO_PROCESS, thread, nice)


class Uploader:
    """Stores blobs in new packs; `finish` makes them known. For one thread."""

    def __init__(self, target: SealedTarget, contents: Contents) -> None:
        self.added_bytes = 0
        self.damaged: list[Description] = []
        self._target = target
        self._contents = contents
        self._pool = ThreadPoolExecutor(min(4, (os.cpu_count() or 1) + 1), initializer=give_way)
        self._batch: list[Work] = []
        self._batch_bytes = 0
        self._batches: deque[Future[list[Packed | Description]]] = deque()
        self._pack: list[Packed] = []
        self._pack_bytes = 0
        self._packs: deque[Future[tuple[str, bytes, int]]] = deque()
        self._tables = dict(contents.unindexed)

    def add(self, description: Description, payload: memoryview) -> None:
        """Store a blob's payload, unless its checksum says that it was damaged."""
        for part in range(part_count(description.stored_size)):
            self._batch.append((description, part, payload))
        self._batch_bytes += description.stored_size
        if self._batch_bytes >= _BATCH_BYTES or len(self._batch) >= _BATCH_BLOBS:
            self._submit()

    def add_content(self, content: Buffer) -> Description:
        """Store bytes of our own as a blob, and return its description."""
        description = record.describe(
            digest_of(content), content, content, is_zstd=False, is_manifest=False
        )
        if self._contents.places_of(description.digest) is None:
            self.add(description, memoryview(content))
        return description

    def drain(self) -> None:
        """Return when all that was added has been read: `damaged` is then complete."""
        self._submit()
        while self._batches:
            self._collect()

    def finish(self) -> None:
        """Return when all that was added can be found at the target."""
        self.drain()
        self._put_pack()
        while self._packs:
            self._note_pack()
        self._write_indexes()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.shutdown(cancel_futures=True)

    def _submit(self) -> None:
        if self._batch:
            self._batches.append(self._pool.submit(_pack_batch, self._batch))
        self._batch = []
        self._batch_bytes = 0
        while len(self._batches) > _WAITING_BATCHES:
            self._collect()

    def _collect(self) -> None:
        """Take the chunks of the oldest batch into the pack that is being filled."""
        for packed in self._batches.popleft().result():
            if isinstance(packed, Description):
                self.damaged.append(packed)
                continue
            self._pack.append(packed)
            self._pack_bytes += packed.chunk.packed_size
            if self._pack_bytes >= PACK_BYTES:
                self._put_pack()

    def _put_pack(self) -> None:
        if not self._pack:
            return
        self._packs.append(self._pool.submit(put_pack, self._target, self._pack))
        self._pack = []
        self._pack_bytes = 0
        while len(self._packs) > _WAITING_PACKS:
            self._note_pack()

    def _note_pack(self) -> None:
        name, table, size = self._packs.popleft().result()
        self._contents.packs[name] = size
        self._contents.add(name, table)
        self._tables[name] = table
        self.added_bytes += size
        if len(self._tables) >= _INDEX_EVERY_PACKS:
            self._write_indexes()

    def _write_indexes(self) -> None:
        self.added_bytes += write_indexes(self._target, self._tables)
        self._contents.indexed.update(self._tables)
        self._tables = {}


def put_pack(target: SealedTarget, packed: Sequence[Packed]) -> tuple[str, bytes, int]:
    """Store chunks as one pack; return its name, its table and its size."""
    parts = pack_parts(packed)
    name, sealed = target.seal(PACKS, parts)
    target.target.put(name, sealed)
    return name, table_of([each.chunk for each in packed]), sum(map(len, sealed))


def _pack_batch(works: Sequence[Work]) -> list[Packed | Description]:
    """Return the chunks of some blobs; of a damaged one, its description."""
    return [
        pack_part(description, part, payload)
        if part or checksum(payload) == description.stored_checksum
        else description
        for description, part, payload in works
    ]
