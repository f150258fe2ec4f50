"""Remove what must not be kept: the payloads of a subject, and what its events say.

Events become their hashes, so that leaves, checkpoints and proofs stay valid. One transaction
replaces them, drops the blobs that nothing else names, and records who did it, when and why. After
it the views are derived again, packs are rewritten without the blobs, and the LMDB file is swapped
for a copy without its free pages, because all of these still hold bytes of what was purged. A purge
that was killed in between is finished by running it again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

from nacre.blobs import index
from nacre.blobs.index import Epitaph
from nacre.blobs.moving import Packs, move_pack, remove_emptied
from nacre.blobs.packs import pack_path
from nacre.blobs.record import read_records
from nacre.codec import digests_in
from nacre.decision import Transaction
from nacre.errors import InvalidInput, NacreError, NotFound, ReadOnly, StateError
from nacre.event import checked_name, checked_text
from nacre.files import map_file
from nacre.hashing import Digest
from nacre.log import LmdbLog
from nacre.operations.collect import all_rows, stored_bytes
from nacre.operations.compact import free_bytes, packs_of, swap_file
from nacre.operations.hidden import as_listed
from nacre.operations.rehearsal import LogWithout, Purged, entry_without
from nacre.operations.report import Progress, no_progress
from nacre.operations.roots import mark_since, named_by_events, no_marks, with_children
from nacre.operations.scratch import Scratch, open_scratch
from nacre.operations.snapshots import Snapshots
from nacre.past.cache import Cache
from nacre.past.snapshots import CREATED
from nacre.purged import PURGED
from nacre.store import Store

OWN = "nacre."
_SEGMENTS_A_COMMIT = 32
WHY = "purged: "


@dataclass(frozen=True, slots=True, kw_only=True)
class PurgeReport:
    """What was removed, or would be."""

    subject: str
    position: int | None
    """The commit that records the purge; None when nothing was done."""

    events: int
    blobs: int
    size_bytes: int
    snapshots: tuple[str, ...]
    """Their copies of the views are gone; they pin their positions as before."""

    waiting_packs: int
    """Still hold bytes of it, because somebody is appending to them: run it again."""

    finished: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    subject: str
    reason: str
    head: int
    events: Purged
    blobs: frozenset[bytes]
    size_bytes: int
    snapshots: tuple[str, ...]


def purge(
    store: Store,
    subject: str,
    *,
    reason: str,
    actor: str | None = None,
    until: int | None = None,
    dry_run: bool = False,
    progress: Progress = no_progress,
) -> PurgeReport:
    """Remove the payloads of a subject and what its events say, in the vault and its snapshots.

    What other subjects name too is kept. Backups are cleaned when they are next made.

    Args:
        store: the vault.
        subject: whose events and payloads are to go, such as the name of a frame.
        reason: recorded, and told to whoever reads what was purged.
        actor: who does it; who opened the vault when None.
        until: the position up to which its events go, all when None. Where others write
            meanwhile, give that of the commit that removed the noun of that name, plus one: views
            could not be derived from the changes of what is made anew without its creation.
        dry_run: only say what would be removed.
        progress: told how far it has come.

    Raises:
        InvalidInput: the subject or the reason cannot be used.
        NotFound: no event has that subject.
        ReadOnly: the vault was opened read-only.
        StateError: the code of a view that the vault keeps is not installed here, so that its
            rows could not be derived again; or they cannot be without these events, because
            others are made of them.
    """
    _check_words(subject, reason)
    if store.read_only and not dry_run:
        raise ReadOnly(f"{store.layout.path} was opened read-only: open it for writing")
    _check_views(store)
    progress("purge", 0, 3)
    plan = _plan(store, subject, reason, until)
    position = None
    if plan.events:
        with open_scratch(store) as scratch:
            _rehearse(store, scratch, plan, progress)
            if not dry_run:
                decide = partial(_decide, store, scratch, plan)
                position = store.commit(decide, message=reason, actor=actor).position
    if dry_run:
        return _report(plan, None, 0, finished=False)
    waiting, swapped = _finish(store, progress)
    return _report(plan, position, waiting, finished=not waiting and swapped)


def _check_words(subject: str, reason: str) -> None:
    checked_name("subject", subject)
    if not checked_text("the reason", reason).strip():
        raise InvalidInput("the reason is empty: say why, it is kept for ever")


def _check_views(store: Store) -> None:
    with store.environment.read() as transaction:
        kept = set(store.maintenance.catalogue(transaction).entries)
    unknown = sorted(kept - set(store.maintenance.views))
    if unknown:
        raise StateError(
            f"the vault keeps views whose code is not installed here ({', '.join(unknown)}), and "
            "their rows may hold what is to be purged: install it, or register them, then run again"
        )


def _plan(store: Store, subject: str, reason: str, until: int | None) -> _Plan:
    """Decide what goes; changes nothing."""
    head = store.head
    stop = head if until is None else min(until, head)
    events: dict[int, set[int]] = {}
    named: set[bytes] = set()
    was_purged = False
    for event in store.events(subject=subject, kind=None, start=0, stop=stop, reverse=False):
        was_purged = was_purged or event.kind == PURGED
        if event.kind.startswith(OWN):
            continue
        events.setdefault(event.position, set()).add(event.ordinal)
        named.update(digest.raw for digest in digests_in(dict(event.data)))
    if not events and not was_purged:
        raise NotFound(f"no event has the subject {subject!r}: `nacre log` shows the subjects")
    found = {position: frozenset(ordinals) for position, ordinals in events.items()}
    snapshots = _snapshots_after(store, min(found, default=head))
    kept = with_children(store, named_by_events(store, {**found, **_creations(store, snapshots)}))
    manifests = {snapshots[name].raw for name in snapshots}
    gone = frozenset(with_children(store, named | manifests) - kept)
    size = sum(stored_bytes(row) for row in all_rows(store) if row.description.digest.raw in gone)
    return _Plan(
        subject=subject,
        reason=reason,
        head=head,
        events=found,
        blobs=gone,
        size_bytes=size,
        snapshots=tuple(sorted(snapshots)),
    )


def _snapshots_after(store: Store, position: int) -> dict[str, Digest]:
    """Return the manifests of the snapshots that may hold rows made of a commit."""
    return {s.name: s.manifest for s in Snapshots(store).all() if s.position > position}


def _creations(store: Store, snapshots: Mapping[str, Digest]) -> Purged:
    """Return the events that name the manifests of snapshots: they keep nothing alive."""
    found: dict[int, set[int]] = {}
    for event in store.events(subject=None, kind=CREATED, start=0, stop=None, reverse=False):
        if event.data.get("manifest") in snapshots.values():
            found.setdefault(event.position, set()).add(event.ordinal)
    return {position: frozenset(ordinals) for position, ordinals in found.items()}


def _decide(store: Store, scratch: Scratch, plan: _Plan, tx: Transaction) -> None:
    # Others have committed meanwhile, perhaps what is made of the events that go.
    scratch.stop(plan.head)
    _rehearse(store, scratch, replace(plan, head=tx.position), no_progress)
    _apply(store, tx, plan)


def _rehearse(store: Store, scratch: Scratch, plan: _Plan, progress: Progress) -> None:
    """Derive the views as if the events were purged: afterwards it is too late to find that out."""
    try:
        scratch.derive(LogWithout(store.log, plan.events, plan.head), progress)
    except NacreError:
        raise
    except Exception as error:
        where = "; ".join(getattr(error, "__notes__", ())) or type(error).__name__
        raise StateError(
            f"others are made of the events of {plan.subject!r}, and could not be derived "
            f"without them ({where}): purge those first"
        ) from error


def _apply(store: Store, tx: Transaction, plan: _Plan) -> None:
    """Replace the events, drop the blobs and record it: in one transaction."""
    log, transaction = store.log, store.environment.transaction
    assert isinstance(log, LmdbLog)
    assert transaction is not None
    for position, ordinals in plan.events.items():
        (entry,) = log.read(position, position + 1)
        log.rewrite(position, entry_without(entry, ordinals))
    # What commits have named since the plan was made stays.
    fresh = mark_since(store, no_marks(plan.head)).needed
    epitaph = Epitaph(tx.position, WHY + plan.reason)
    gone = plan.blobs - fresh
    for raw in gone:
        index.drop_row(transaction, Digest(raw), epitaph)
    store.maintenance.begin_again(transaction)
    count = sum(map(len, plan.events.values()))
    data = {
        "reason": plan.reason,
        "events": count,
        "hidden": as_listed(plan.events),
        "blobs": len(gone),
        "snapshots": list(plan.snapshots),
    }
    tx.record_own(PURGED, subject=plan.subject, data=data)


def _finish(store: Store, progress: Progress) -> tuple[int, bool]:
    """Remove the bytes that are left of anything purged; return packs that wait, and if swapped."""
    store.maintenance.catch_up(lambda done, total: progress("views", done, total))
    _forget_dictionaries(store)
    progress("purge", 1, 3)
    waiting = _clean_packs(store)
    progress("purge", 2, 3)
    Cache(store.identity.vault_id, store.files).clear()
    swapped = swap_file(store) or free_bytes(store) == 0
    progress("purge", 3, 3)
    return waiting, swapped


def _forget_dictionaries(store: Store) -> None:
    """Let no segment need a dictionary: those were made of events, and hold pieces of them."""
    log = store.log
    assert isinstance(log, LmdbLog)
    start: int | None = 0
    while start is not None:
        start = store.environment.run(store.files, partial(_seal_some_again, log, start))


def _seal_some_again(log: LmdbLog, start: int, _: object) -> int | None:
    return log.forget_dictionaries(start, _SEGMENTS_A_COMMIT)


def _clean_packs(store: Store) -> int:
    """Rewrite the packs that hold bytes of purged blobs; return how many could not be."""
    if store.layout.packs is None:
        return 0
    packs = Packs(store.environment, store.layout.packs, store.files)
    remove_emptied(packs)
    waiting = 0
    for pack in packs_of(store):
        if _holds_purged(store, packs, pack.pack_id, pack.size_bytes):
            moved = move_pack(packs, pack.pack_id, pack.size_bytes, pack.digests)
            waiting += not moved
    return waiting


def _holds_purged(store: Store, packs: Packs, pack_id: bytes, size: int) -> bool:
    pack = map_file(pack_path(packs.folder, pack_id))[:size]
    with store.environment.read() as transaction:
        for _, description in read_records(pack, pack_id):
            epitaph = index.get_epitaph(transaction, description.digest)
            if epitaph is not None and epitaph.reason.startswith(WHY):
                return True
    return False


def _report(plan: _Plan, position: int | None, waiting: int, *, finished: bool) -> PurgeReport:
    return PurgeReport(
        subject=plan.subject,
        position=position,
        events=sum(map(len, plan.events.values())),
        blobs=len(plan.blobs),
        size_bytes=plan.size_bytes,
        snapshots=plan.snapshots,
        waiting_packs=waiting,
        finished=finished,
    )
