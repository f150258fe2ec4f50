"""Fetch from backups what verification finds missing or damaged in a vault.

The log is not mended: an entry that was altered is a matter for `restore`. Blobs are looked up by
their digests, so that a backup of any vault will do.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

from nacre.backups.contents import Contents, load_contents
from nacre.backups.fetch import Fetcher
from nacre.backups.sealed import SealedTarget
from nacre.blobs import index
from nacre.blobs.index import Place
from nacre.blobs.moving import Packs, move_pack, remove_emptied
from nacre.blobs.packs import pack_path
from nacre.codec import digests_in, unpack
from nacre.decision import Transaction as Tx
from nacre.errors import CorruptionError, NotFound
from nacre.files import storage_errors
from nacre.hashing import Digest
from nacre.lmdb_handle import Transaction
from nacre.operations.affected import Naming
from nacre.operations.epitaphs import Epitaphs
from nacre.operations.report import Progress, no_progress
from nacre.operations.verify_blobs import Damage, readable_rows
from nacre.operations.verify_log import check_log
from nacre.operations.verify_payloads import check_blobs
from nacre.store import Store

REPAIRED = "nacre.repaired"
SUBJECT = "nacre"
_MOST_NAMED = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairReport:
    """What was mended, or could be."""

    target: str
    damaged: int
    missing: int
    repaired: tuple[str, ...]
    beyond_repair: tuple[str, ...]
    """Blobs that no backup has."""

    log_problems: tuple[str, ...]
    """What only a restore can mend."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ailing:
    """What is wrong with the blobs of a vault."""

    damages: tuple[Damage, ...]
    missing: tuple[Digest, ...]
    log_problems: tuple[str, ...]

    @property
    def digests(self) -> tuple[Digest, ...]:
        """All blobs that are to be fetched."""
        damaged = {digest for damage in self.damages for digest in damage.digests}
        return tuple(sorted({*damaged, *self.missing}))


def find_ailing(store: Store, progress: Progress = no_progress) -> Ailing:
    """Return what verification finds wrong with blobs, what a restore left out included."""
    log = check_log(store, progress)
    damages = check_blobs(store, progress)
    naming = Naming(store, log.names)
    missing = Epitaphs(store).unexplained({*log.names, *naming.children})
    return Ailing(
        damages=damages,
        missing=tuple(missing),
        log_problems=tuple(map(str, log.problems)),
    )


def plan_repair(target: SealedTarget, ailing: Ailing) -> RepairReport:
    """Return what `repair` would do."""
    contents = load_contents(target)
    there = [d for d in ailing.digests if contents.places_of(d) is not None]
    return _report(target, ailing, there)


def repair(
    store: Store, target: SealedTarget, ailing: Ailing, progress: Progress = no_progress
) -> RepairReport:
    """Put what the backups have of the ailing blobs, and record that in an event.

    A manifest that is fetched may name blobs that are missing too: these are fetched with it.
    """
    contents = load_contents(target)
    fetcher = Fetcher(target, contents, lenient=True)
    mended: dict[Digest, None] = {}
    _drop_damaged(store, ailing, contents)
    for pack_id in _replaceable(ailing, contents):
        with storage_errors(f"replace the pack {pack_id.hex()}"):
            _empty_pack(store, pack_id, frozenset(ailing.digests))
    wanted = list(ailing.digests)
    for done, digest in enumerate(wanted, 1):
        _mend(store, fetcher, digest, mended)
        progress("blobs", done, len(wanted))
    if mended:
        store.commit(partial(_record, target=target, mended=list(mended)), message="repair")
    return _report(target, ailing, mended)


def _mend(store: Store, fetcher: Fetcher, digest: Digest, mended: dict[Digest, None]) -> bool:
    """Put one blob, and what it names before it; tell whether that could be done."""
    place = fetcher.place(digest)
    if digest in mended or place is None:
        return digest in mended
    try:
        content = fetcher.content(digest)
        is_manifest = place.chunk.description.is_manifest
        for child in digests_in(unpack(content)) if is_manifest else ():
            if not store.blobs.has_blob(child) and not _mend(store, fetcher, child, mended):
                return False
        store.blobs.put_blob(content, manifest=is_manifest)
    except (CorruptionError, NotFound):
        return False
    mended[digest] = None
    return True


def _record(tx: Tx, *, target: SealedTarget, mended: list[Digest]) -> None:
    tx.record_own(
        REPAIRED,
        subject=SUBJECT,
        data={
            "target": target.config.target_id,
            "count": len(mended),
            "blobs": mended[:_MOST_NAMED],
        },
    )


def _drop_damaged(store: Store, ailing: Ailing, contents: Contents) -> None:
    """Take damaged blobs that can be fetched out of the index: until then they are missing.

    A row that was altered could not be replaced, and a payload that is sound in a damaged record
    would be taken for stored.
    """
    damaged = {digest for damage in ailing.damages for digest in damage.digests}
    there = sorted(digest for digest in damaged if contents.places_of(digest) is not None)
    if there:
        store.environment.run(store.files, partial(_drop_rows, digests=there))


def _drop_rows(transaction: Transaction, digests: Iterable[Digest]) -> None:
    for digest in digests:
        index.drop_row(transaction, digest, None)


def _replaceable(ailing: Ailing, contents: Contents) -> list[bytes]:
    """Return the damaged packs of which nothing would be lost."""
    packs: dict[bytes, bool] = {}
    for damage in ailing.damages:
        if damage.pack_id is not None:
            there = all(contents.places_of(digest) is not None for digest in damage.digests)
            packs[damage.pack_id] = packs.get(damage.pack_id, True) and there
    return [pack_id for pack_id, is_whole in packs.items() if is_whole]


def _empty_pack(store: Store, pack_id: bytes, ailing: frozenset[Digest]) -> None:
    """Move what is sound out of a damaged pack, and remove it: what was damaged is fetched next."""
    assert store.layout.packs is not None
    packs = Packs(store.environment, store.layout.packs, store.files)
    if not pack_path(packs.folder, pack_id).exists():
        store.environment.run(store.files, lambda t: index.put_emptied(t, pack_id))
        remove_emptied(packs)
        return
    sound = [
        row.description.digest
        for row in readable_rows(store)
        if isinstance(row.payload, Place)
        and row.payload.pack_id == pack_id
        and row.description.digest not in ailing
    ]
    move_pack(packs, pack_id, packs.committed_size(pack_id), sound)


def _report(target: SealedTarget, ailing: Ailing, mended: Iterable[Digest]) -> RepairReport:
    mended = tuple(mended)
    damaged = {digest for damage in ailing.damages for digest in damage.digests}
    return RepairReport(
        target=str(target.target),
        damaged=len(damaged),
        missing=len(ailing.missing),
        repaired=tuple(map(str, mended)),
        beyond_repair=tuple(str(d) for d in ailing.digests if d not in set(mended)),
        log_problems=ailing.log_problems,
    )
