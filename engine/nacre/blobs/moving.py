"""Moving what is alive out of a pack, so that the pack can be removed.

Guards I1 and I7: the copies are synced before the index points to them, and the old file goes
only after that. A reader that has the old file mapped goes on reading it; one that comes later
looks the blob up again.
"""

import os
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from nacre.blobs import index, record
from nacre.blobs.index import Place, Row
from nacre.blobs.packs import PackWriter, open_writer, pack_path
from nacre.blobs.record import Description
from nacre.environment import Environment
from nacre.errors import CorruptionError
from nacre.files import Files, map_file
from nacre.hashing import Buffer, Digest, checksum
from nacre.lmdb_handle import Transaction


@dataclass(frozen=True, slots=True)
class Packs:
    """The packs of a vault, and how to change them."""

    environment: Environment
    folder: Path
    files: Files

    def committed_size(self, pack_id: bytes) -> int:
        """Return how far commits name a pack, in bytes."""
        with self.environment.read() as transaction:
            return index.committed_size(transaction, pack_id)


Recode = Callable[[Description, memoryview], tuple[Description, Buffer]]
"""Gives another form of a stored payload, or the same."""


def as_it_is(description: Description, payload: memoryview) -> tuple[Description, Buffer]:
    """Return a stored payload in the form that it has."""
    return description, payload


def move_pack(
    packs: Packs,
    pack_id: bytes,
    size: int,
    digests: Collection[Digest],
    *,
    recode: Recode = as_it_is,
) -> bool:
    """Move the blobs of a pack, which were all of them when it had *size* bytes, and remove it.

    False when somebody is appending to it, or has since, so that it must wait. *recode* says in
    which form each is stored from now on.

    Raises:
        CorruptionError: a blob in it was damaged; nothing has changed.
        StorageError: the disk refused; nothing has changed, but for unused bytes.
    """
    try:
        descriptor = packs.files.open_append(pack_path(packs.folder, pack_id), create=False)
    except BlockingIOError:
        return False
    try:
        if packs.committed_size(pack_id) != size:
            return False
        _move_rows(packs, pack_id, digests, recode)
    finally:
        os.close(descriptor)
    remove_emptied(packs)
    return True


def remove_emptied(packs: Packs) -> None:
    """Remove the files of packs whose blobs were moved, also by who died before doing so."""
    with packs.environment.read() as transaction:
        emptied = index.emptied_packs(transaction)
    for pack_id in emptied:
        packs.files.remove(pack_path(packs.folder, pack_id))
    if emptied:
        packs.environment.run(packs.files, lambda t: _forget(t, emptied))


def _forget(transaction: Transaction, emptied: Iterable[bytes]) -> None:
    for pack_id in emptied:
        index.forget_pack(transaction, pack_id)


def _move_rows(packs: Packs, pack_id: bytes, digests: Collection[Digest], recode: Recode) -> None:
    rows = _rows_in(packs.environment, pack_id, digests)
    if not rows:
        packs.environment.run(packs.files, lambda t: index.put_emptied(t, pack_id))
        return
    writer = open_writer(packs.folder, packs.files, packs.committed_size)
    try:
        moved = _copy(rows, map_file(pack_path(packs.folder, pack_id)), writer, recode)
        writer.sync()
        packs.environment.run(packs.files, lambda t: _switch(t, pack_id, moved, writer))
    finally:
        writer.close()


def _rows_in(environment: Environment, pack_id: bytes, digests: Iterable[Digest]) -> list[Row]:
    with environment.read() as transaction:
        found = [row for d in digests if (row := index.get_row(transaction, d)) is not None]
    placed = {
        row.payload.offset: row
        for row in found
        if isinstance(row.payload, Place) and row.payload.pack_id == pack_id
    }
    return [placed[offset] for offset in sorted(placed)]


def _copy(
    rows: Iterable[Row], pack: memoryview, writer: PackWriter, recode: Recode
) -> list[tuple[Row, Row]]:
    """Append the payloads to another pack; return the rows, and what they will be."""
    moved: list[tuple[Row, Row]] = []
    for row in rows:
        assert isinstance(row.payload, Place)
        start = row.payload.offset + record.ALIGNMENT
        payload = pack[start : start + row.description.stored_size]
        if checksum(payload) != row.description.stored_checksum:
            raise CorruptionError(
                f"the blob {row.description.digest} was damaged on disk: run `nacre verify`"
            )
        description, stored = recode(row.description, payload)
        offset = writer.append(record.record_parts(description, stored))
        place = Place(writer.pack_id, offset)
        moved.append((row, replace(row, description=description, payload=place)))
    return moved


def _switch(
    transaction: Transaction, pack_id: bytes, moved: Iterable[tuple[Row, Row]], writer: PackWriter
) -> None:
    for old, new in moved:
        # It may have been dropped, condemned or acquitted since.
        now = index.get_row(transaction, old.description.digest)
        if now is not None and now.payload == old.payload:
            kept = replace(new, is_condemned=now.is_condemned)
            index.put_row(transaction, kept, overwrite=True)
    index.put_committed_size(transaction, writer.pack_id, writer.size)
    index.put_emptied(transaction, pack_id)
