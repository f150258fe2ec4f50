"""Check that everything is as it was written, by deriving it again.

Checks the invariants I1 to I4: every entry, the chain and the tree; every blob and every byte
of the packs; that no event names what is missing; that every view equals its replay. The tiers
differ in how many payloads they read. All of them check log, tree, index and framing whole.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from nacre.blobs.absence import get_absence
from nacre.checkpoint import Checkpoint, origin_of
from nacre.clock import monotonic_seconds, now_ns
from nacre.errors import InvalidInput, ReadOnly, StorageError
from nacre.hashing import Digest
from nacre.log.tree import root_of
from nacre.operations.affected import Naming
from nacre.operations.checked import Memory, memory_path
from nacre.operations.epitaphs import Epitaphs
from nacre.operations.report import Problem, Progress, no_progress
from nacre.operations.verify_blobs import BlobFindings, Damage, Stored, check_index
from nacre.operations.verify_log import LogFindings, check_log
from nacre.operations.verify_payloads import Enough, check_payloads, never
from nacre.operations.verify_views import check_views
from nacre.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyReport:
    """What was checked, and what was found."""

    tier: str
    """full, structure, sample or budget."""

    head: int
    root: str
    """The Merkle root in hexadecimal digits, as derived from the log."""

    events: int
    blobs: int
    payloads: int = 0
    """How many payloads were read and hashed."""

    payload_bytes: int = 0
    views: tuple[str, ...] = ()
    """Those that were compared with their replay."""

    left_out: int = 0
    """Blobs that are not there because a restore left them out, and noted it."""

    problems: tuple[Problem, ...] = ()
    not_remembered: str | None = None
    """Why a check within a budget will not know next time what it has checked."""

    @property
    def is_clean(self) -> bool:
        """Whether nothing was found."""
        return not self.problems


def verify(
    store: Store, progress: Progress = no_progress, *, checkpoints: Sequence[Checkpoint] = ()
) -> VerifyReport:
    """Check log, tree, every blob and every view of a vault against each other."""
    check = _Check(store, progress, checkpoints)
    check.read(check.blobs.stored)
    views = check_views(store, progress) if not check.log.problems else ()
    report = check.report("full")
    return replace(
        report,
        views=tuple(sorted(store.maintenance.views)),
        problems=(*report.problems, *views),
    )


def verify_structure(
    store: Store, progress: Progress = no_progress, *, checkpoints: Sequence[Checkpoint] = ()
) -> VerifyReport:
    """Check log, tree, index and framing, and that nothing named is missing; read no payload."""
    return _Check(store, progress, checkpoints).report("structure")


def verify_sample(
    store: Store,
    share: float,
    *,
    seed: int,
    progress: Progress = no_progress,
    checkpoints: Sequence[Checkpoint] = (),
) -> VerifyReport:
    """Check the structure, and a *share* of the payloads that the *seed* chooses.

    A payload is chosen by the SHA-256 of seed and digest, so that anybody can choose again.
    """
    if not 0 < share <= 1:
        raise InvalidInput(f"a sample of {share} is no share: give one above 0, at most 1")
    check = _Check(store, progress, checkpoints)
    check.read([s for s in check.blobs.stored if _is_chosen(s.description.digest, share, seed)])
    return check.report("sample")


def verify_within(
    store: Store,
    seconds: float,
    *,
    memory: Path | None = None,
    progress: Progress = no_progress,
    checkpoints: Sequence[Checkpoint] = (),
    clock: Callable[[], float] = monotonic_seconds,
) -> VerifyReport:
    """Check the structure, and in the time that is left the payloads checked longest ago.

    What was checked is remembered in *memory*, a file beside the vault unless told otherwise.
    The structure is always checked whole, also when it takes longer than *seconds*.
    """
    deadline = clock() + seconds
    check = _Check(store, progress, checkpoints)
    known = Memory(memory or memory_path(store), store.identity.vault_id, now_ns() // 1_000_000_000)
    oldest_first = sorted(
        check.blobs.stored, key=lambda stored: known.last_checked(stored.description.digest)
    )
    for stored in check.read(oldest_first, enough=lambda: clock() >= deadline):
        known.note(stored.description.digest)
    report = check.report("budget")
    try:
        known.write()
    except (StorageError, ReadOnly) as error:
        return replace(report, not_remembered=str(error))
    return report


class _Check:
    """A check whose structure is done, and whose payloads are read as the tier says."""

    def __init__(self, store: Store, progress: Progress, checkpoints: Sequence[Checkpoint]) -> None:
        self._store = store
        self._progress = progress
        self.log: LogFindings = check_log(store, progress)
        self.blobs: BlobFindings = check_index(store, progress)
        self._against = [p for c in checkpoints for p in _differences(store, self.log, c)]
        self._damages: list[Damage] = []
        self._checked: tuple[Stored, ...] = ()

    def read(self, stored: Sequence[Stored], *, enough: Enough = never) -> tuple[Stored, ...]:
        """Read payloads; return which were read."""
        found = check_payloads(self._store, stored, self.blobs.packs, self._progress, enough=enough)
        self._damages += found.damages
        self._checked = found.checked
        return found.checked

    def report(self, tier: str) -> VerifyReport:
        """Return what was found so far."""
        naming = Naming(self._store, self.log.names)
        damages = (
            Problem(where=d.where, what=d.what, affects=naming.affected(d.digests))
            for d in (*self.blobs.damages, *self._damages)
        )
        missing = Epitaphs(self._store).unexplained({*self.log.names, *naming.children})
        lost = [digest for digest in missing if not _is_left_out(self._store, digest)]
        return VerifyReport(
            tier=tier,
            head=self.log.head,
            root=self.log.root.hex(),
            events=self.log.events,
            blobs=self.blobs.count,
            payloads=sum(stored.is_used for stored in self._checked),
            payload_bytes=sum(stored.description.stored_size for stored in self._checked),
            left_out=len(missing) - len(lost),
            problems=(*self.log.problems, *self._against, *damages, *_missing(lost, naming)),
        )


def _differences(store: Store, log: LogFindings, checkpoint: Checkpoint) -> Iterable[Problem]:
    """Yield why the log is not the one that a checkpoint speaks of."""
    origin = origin_of(store.identity.vault_id)
    if checkpoint.origin != origin:
        yield Problem(where="log", what=f"the checkpoint is of {checkpoint.origin}, not {origin}")
    elif checkpoint.head > log.head:
        what = f"commits are missing from {log.head} on: the checkpoint covers {checkpoint.head}"
        yield Problem(where="log", what=what)
    elif len(log.leaves) == log.head and root_of(log.leaves[: checkpoint.head]) != checkpoint.root:
        what = f"the first {checkpoint.head} commits are not those of the checkpoint"
        yield Problem(where="log", what=what)


def _is_chosen(digest: Digest, share: float, seed: int) -> bool:
    drawn = hashlib.sha256(f"{seed} {digest}".encode()).digest()
    return int.from_bytes(drawn[:8], "big") < share * 2**64


def _missing(lost: Iterable[Digest], naming: Naming) -> Iterable[Problem]:
    """Yield a problem for every digest that an event or a manifest names in vain."""
    for digest in lost:
        yield Problem(
            where="blob",
            what=f"{digest} is named, but not there",
            affects=naming.affected([digest]),
        )


def _is_left_out(store: Store, digest: Digest) -> bool:
    with store.environment.read() as transaction:
        return get_absence(transaction, digest) is not None
