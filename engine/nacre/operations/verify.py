"""Check that everything is as it was written, by deriving it again.

Checks the invariants I1 to I4: every entry, the chain and the tree; every blob and every byte
of the packs; that no event names what is missing; that every view equals its replay.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from nacre.blobs.absence import get_absence
from nacre.hashing import Digest
from nacre.operations.affected import Naming
from nacre.operations.epitaphs import Epitaphs
from nacre.operations.report import Problem, Progress, no_progress
from nacre.operations.verify_blobs import check_blobs
from nacre.operations.verify_log import check_log
from nacre.operations.verify_views import check_views
from nacre.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyReport:
    """What was checked, and what was found."""

    head: int
    root: str
    """The Merkle root in hexadecimal digits, as derived from the log."""

    events: int
    blobs: int
    views: tuple[str, ...]
    left_out: int
    """Blobs that are not there because a restore left them out, and noted it."""

    problems: tuple[Problem, ...]

    @property
    def is_clean(self) -> bool:
        """Whether nothing was found."""
        return not self.problems


def verify(store: Store, progress: Progress = no_progress) -> VerifyReport:
    """Check log, tree, blobs and views of a vault against each other."""
    log = check_log(store, progress)
    blobs = check_blobs(store, progress)
    naming = Naming(store, log.names)
    missing = Epitaphs(store).unexplained({*log.names, *naming.children})
    lost = [digest for digest in missing if not _is_left_out(store, digest)]
    problems = [
        *log.problems,
        *(
            Problem(where=d.where, what=d.what, affects=naming.affected(d.digests))
            for d in blobs.damages
        ),
        *_missing(lost, naming),
    ]
    views = check_views(store, progress) if not log.problems else ()
    return VerifyReport(
        head=log.head,
        root=log.root.hex(),
        events=log.events,
        blobs=blobs.count,
        views=tuple(sorted(store.maintenance.views)),
        left_out=len(missing) - len(lost),
        problems=(*problems, *views),
    )


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
