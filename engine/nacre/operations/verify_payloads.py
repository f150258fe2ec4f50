"""Read payloads, and check that each has the digest that it is named by."""

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from nacre.blobs import compression, index
from nacre.blobs.packs import pack_path
from nacre.blobs.record import ALIGNMENT, Description
from nacre.errors import CorruptionError
from nacre.hashing import checksum, digest_of
from nacre.operations.report import Progress
from nacre.operations.verify_blobs import Damage, Stored, check_index
from nacre.store import Store

Enough = Callable[[], bool]
"""Says whether to stop; asked between payloads."""

_BATCH_BYTES = 8 << 20
_BATCH_COUNT = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class PayloadFindings:
    """Which payloads were read, and what is wrong with them."""

    checked: tuple[Stored, ...]
    damages: tuple[Damage, ...]


def never() -> bool:
    """Go on until all is read."""
    return False


def check_payloads(
    store: Store,
    stored: Sequence[Stored],
    packs: dict[bytes, memoryview],
    progress: Progress,
    *,
    enough: Enough = never,
) -> PayloadFindings:
    """Check payloads in order, on every processor, until all are read or it is *enough*."""
    checker = _Checker(store, packs, progress, sum(s.description.stored_size for s in stored))
    checked: list[Stored] = []
    damages: list[Damage] = []
    # Hashing and decompressing leave the interpreter lock alone.
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        for done in pool.map(lambda batch: list(checker.check(batch, enough)), _batches(stored)):
            for one, damage in done:
                checked.append(one)
                if damage is not None:
                    damages.append(damage)
    return PayloadFindings(checked=tuple(checked), damages=tuple(damages))


def check_blobs(store: Store, progress: Progress) -> tuple[Damage, ...]:
    """Check the index, and every payload; return what is wrong."""
    findings = check_index(store, progress)
    read = check_payloads(store, findings.stored, findings.packs, progress)
    return (*findings.damages, *read.damages)


def wrong_with(description: Description, payload: memoryview) -> str | None:
    """Say what is wrong with a stored payload, or return None."""
    if len(payload) != description.stored_size:
        return f"it has {len(payload)} stored bytes instead of {description.stored_size}"
    if checksum(payload) != description.stored_checksum:
        return "its stored bytes were altered"
    try:
        content = compression.restored(payload, size=description.size, is_zstd=description.is_zstd)
    except CorruptionError as error:
        return str(error)
    if digest_of(content) != description.digest:
        return "its content has another digest"
    return None


class _Checker:
    """Reads payloads from where they lie. Several threads share it."""

    def __init__(
        self, store: Store, packs: dict[bytes, memoryview], progress: Progress, total: int
    ) -> None:
        self._store = store
        self._packs = packs
        self._progress = progress
        self._total = total
        self._done = 0
        self._lock = threading.Lock()

    def check(
        self, batch: Iterable[Stored], enough: Enough
    ) -> Iterator[tuple[Stored, Damage | None]]:
        """Yield the payloads that were checked, and what is wrong with each."""
        for stored in batch:
            if enough():
                return
            payload = self._payload(stored)
            if payload is not None:
                wrong = wrong_with(stored.description, payload)
                yield stored, None if wrong is None else self._damage(stored, wrong)
            self._report(stored)

    def _payload(self, stored: Stored) -> memoryview | None:
        """Return a payload; None for one that was moved or dropped meanwhile."""
        if stored.place is not None:
            start = stored.place.offset + ALIGNMENT
            pack = self._packs[stored.place.pack_id]
            return pack[start : start + stored.description.stored_size]
        with self._store.environment.read() as transaction:
            row = index.get_row(transaction, stored.description.digest)
        return memoryview(row.payload) if row and isinstance(row.payload, bytes) else None

    def _damage(self, stored: Stored, wrong: str) -> Damage:
        digest = stored.description.digest
        if stored.is_used:
            pack_id = stored.place.pack_id if stored.place is not None else None
            what = f"{digest}: {wrong}"
            return Damage(where="blob", what=what, digests=(digest,), pack_id=pack_id)
        assert stored.place is not None
        assert self._store.layout.packs is not None
        name = pack_path(self._store.layout.packs, stored.place.pack_id).name
        what = f"{name}: unused record at {stored.place.offset}: {wrong}"
        return Damage(where="pack", what=what, pack_id=stored.place.pack_id)

    def _report(self, stored: Stored) -> None:
        with self._lock:
            self._done += stored.description.stored_size
            self._progress("payloads", self._done, self._total)


def _batches(stored: Sequence[Stored]) -> Iterator[list[Stored]]:
    batch: list[Stored] = []
    size = 0
    for one in stored:
        batch.append(one)
        size += one.description.stored_size
        if size >= _BATCH_BYTES or len(batch) == _BATCH_COUNT:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
