"""Give back what is not needed: blobs, packs that are mostly dead, free pages of LMDB."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from nacre.blobs import index
from nacre.blobs.held import holds_path
from nacre.blobs.index import Place
from nacre.blobs.moving import Packs, move_pack, remove_emptied
from nacre.blobs.packs import pack_path
from nacre.errors import InvalidInput, ReadOnly
from nacre.hashing import Digest
from nacre.holds import nobody_holding
from nacre.operations.collect import Unneeded, all_rows, collect, stored_bytes, unneeded
from nacre.operations.report import Progress, no_progress
from nacre.operations.retain import retained_since, rule_text
from nacre.operations.roots import mark
from nacre.store import Store

DEFAULT_GAIN = 0.1

# A pack is written anew only when less than half of it is copied.
_MOSTLY_DEAD = 0.5
_META_PAGES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class CompactReport:
    """What a compaction gave back, or would."""

    size_before_bytes: int
    size_after_bytes: int
    """As predicted, if nothing was done."""

    dropped_blobs: int
    dropped_bytes: int
    waiting_blobs: int
    """Not needed, but kept because a handle has put blobs that no commit names yet."""

    rewritten_packs: int
    waiting_packs: int
    """Mostly dead, but kept because somebody is appending to them."""

    swapped: bool
    """Whether a compact copy has taken the place of the LMDB file."""

    done: bool
    reason: str
    """Why nothing was done, or the empty string."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """How much of a pack is alive."""

    pack_id: bytes
    size_bytes: int
    live_bytes: int
    digests: tuple[Digest, ...]

    @property
    def dead_bytes(self) -> int:
        """What rewriting it would give back."""
        return self.size_bytes - self.live_bytes

    @property
    def is_mostly_dead(self) -> bool:
        """Whether it is to be rewritten."""
        return self.dead_bytes > _MOSTLY_DEAD * self.size_bytes


def compact(
    store: Store,
    *,
    min_gain: float = DEFAULT_GAIN,
    dry_run: bool = False,
    progress: Progress = no_progress,
) -> CompactReport:
    """Drop what nothing needs, rewrite packs that are mostly dead, and give free pages back.

    Args:
        store: the vault.
        min_gain: do nothing unless at least this share of the size would be given back.
        dry_run: only predict.
        progress: told how far the search for needed blobs has come.

    Raises:
        CorruptionError: a manifest or a blob that must be moved is damaged; it stays.
        InvalidInput: *min_gain* is no share.
        ReadOnly: the vault was opened read-only.
    """
    if not 0 <= min_gain < 1:
        raise InvalidInput(f"min_gain is {min_gain}: give a share from 0 to 1, as 0.1 for 10 %")
    if store.read_only and not dry_run:
        raise ReadOnly(f"{store.layout.path} was opened read-only: open it for writing")
    since = retained_since(store)
    marks = mark(store, since, progress)
    before = size_bytes(store)
    predicted = _predicted_gain(store, unneeded(store, marks))
    reason = _reason(before, predicted, min_gain, dry_run=dry_run)
    if reason:
        return _not_done(store, before, predicted, reason, unneeded(store, marks))
    collected = collect(store, marks, rule_text(store))
    rewritten, waiting = _rewrite(store, progress)
    swapped = swap_file(store)
    return CompactReport(
        size_before_bytes=before,
        size_after_bytes=size_bytes(store),
        dropped_blobs=len(collected.dropped.digests),
        dropped_bytes=collected.dropped.size_bytes,
        waiting_blobs=len(collected.waiting.digests),
        rewritten_packs=rewritten,
        waiting_packs=waiting,
        swapped=swapped,
        done=True,
        reason="",
    )


def size_bytes(store: Store) -> int:
    """Return what the files of a vault take."""
    size = store.layout.environment.stat().st_size
    if store.layout.packs is not None and store.layout.packs.is_dir():
        size += sum(path.stat().st_size for path in store.layout.packs.glob("*.pack"))
    return size


def free_bytes(store: Store) -> int:
    """Return how much of the LMDB file is free pages."""
    with store.environment.read() as transaction:
        stat = transaction.stat(None)
    pages = stat["branch_pages"] + stat["leaf_pages"] + stat["overflow_pages"] + _META_PAGES
    in_file = store.layout.environment.stat().st_size
    return max(0, in_file - int(pages * stat["psize"]))


def packs_of(store: Store, *, without: Iterable[Digest] = ()) -> list[Pack]:
    """Return the packs, and what is alive in each when some blobs are gone."""
    if store.layout.packs is None:
        return []
    gone = set(without)
    live: dict[bytes, list[tuple[Digest, int]]] = {}
    for row in all_rows(store):
        digest = row.description.digest
        if isinstance(row.payload, Place) and digest not in gone:
            found = live.setdefault(row.payload.pack_id, [])
            found.append((digest, stored_bytes(row)))
    with store.environment.read() as transaction:
        sizes = index.committed_packs(transaction)
    return [_pack(pack_id, size, live) for pack_id, size in sizes.items()]


def swap_file(store: Store) -> bool:
    """Give free pages back, unless that would end the holds on a single-file vault."""
    if free_bytes(store) == 0:
        return False
    if not store.layout.is_single_file:
        store.environment.swap(store.files)
        return True
    with nobody_holding(holds_path(store.environment, None)) as free:
        if free:
            store.environment.swap(store.files)
        return free


def _pack(pack_id: bytes, size: int, live: Mapping[bytes, list[tuple[Digest, int]]]) -> Pack:
    found = live.get(pack_id, [])
    return Pack(
        pack_id=pack_id,
        size_bytes=size,
        live_bytes=sum(size for _, size in found),
        digests=tuple(digest for digest, _ in found),
    )


def _predicted_gain(store: Store, dead: Unneeded) -> int:
    packs = packs_of(store, without=dead.digests)
    in_packs = sum(pack.dead_bytes for pack in packs if pack.is_mostly_dead)
    gone = set(dead.digests)
    small = sum(
        stored_bytes(row)
        for row in all_rows(store)
        if row.description.digest in gone and not isinstance(row.payload, Place)
    )
    return in_packs + small + free_bytes(store)


def _reason(before: int, gain: int, min_gain: float, *, dry_run: bool) -> str:
    if dry_run:
        return "a dry run changes nothing"
    if gain < min_gain * before:
        return f"it would give back {gain / max(before, 1):.1%}, less than {min_gain:.1%}"
    return ""


def _not_done(store: Store, before: int, gain: int, reason: str, dead: Unneeded) -> CompactReport:
    packs = packs_of(store, without=dead.digests)
    return CompactReport(
        size_before_bytes=before,
        size_after_bytes=before - gain,
        dropped_blobs=len(dead.digests),
        dropped_bytes=dead.size_bytes,
        waiting_blobs=0,
        rewritten_packs=sum(pack.is_mostly_dead for pack in packs),
        waiting_packs=0,
        swapped=False,
        done=False,
        reason=reason,
    )


def _rewrite(store: Store, progress: Progress) -> tuple[int, int]:
    """Move what is alive out of packs that are mostly dead; return how many were, and were not."""
    if store.layout.packs is None:
        return 0, 0
    packs = Packs(store.environment, store.layout.packs, store.files)
    remove_emptied(packs)
    chosen = [
        pack
        for pack in packs_of(store)
        if pack.is_mostly_dead and pack_path(packs.folder, pack.pack_id).exists()
    ]
    moved = 0
    for number, pack in enumerate(chosen):
        progress("packs", number, len(chosen))
        moved += move_pack(packs, pack.pack_id, pack.size_bytes, pack.digests)
    return moved, len(chosen) - moved
