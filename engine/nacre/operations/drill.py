"""A rehearsal: restore a backup into a scratch directory, and see that it is the vault."""

import random
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from nacre.backups.backup import Backup
from nacre.backups.fetch import Fetcher
from nacre.clock import now_ns
from nacre.errors import CorruptionError, NotFound
from nacre.files import Files
from nacre.frames import FrameVersions
from nacre.log.tree import LmdbTree
from nacre.opening import current_user, open_store, views_named
from nacre.operations.choose import Plan, closure
from nacre.operations.report import Progress, no_progress
from nacre.operations.restore import restore
from nacre.operations.verify import verify
from nacre.operations.verify_backup import note_verified
from nacre.operations.view_digests import ViewDigest, view_digests
from nacre.rows import Rows
from nacre.stage import Stage
from nacre.store import Options, Store
from nacre.views import View


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillReport:
    """What was restored, and whether it is the vault that was backed up."""

    backup: str
    head: int
    root: str
    blobs: int
    left_out: int
    views: tuple[str, ...]
    """Those whose rows were compared with what they were when the vault was backed up."""

    seconds: float
    problems: tuple[str, ...]

    @property
    def is_clean(self) -> bool:
        """Whether nothing was found."""
        return not self.problems


def drill(
    plan: Plan,
    *,
    share: float = 1.0,
    original: Store | None = None,
    scratch: Path | None = None,
    files: Files | None = None,
    progress: Progress = no_progress,
) -> DrillReport:
    """Restore *plan* into a scratch directory, verify it, compare it, and remove it.

    Args:
        plan: what `plan_restore` returned.
        share: of the blobs, chosen at random; the log and the views are always whole.
        original: the vault, whose log must still begin with that of the backup.
        scratch: where to make the scratch directory.
        files: how files are written there.
        progress: told how far it has come.
    """
    started = now_ns()
    plan = plan if share >= 1 else _sampled(plan, share)
    with tempfile.TemporaryDirectory(prefix="nacre-drill-", dir=scratch) as folder:
        place = Path(folder) / "vault"
        try:
            report = restore(plan, place, files=files, progress=progress)
            views, problems = _compared(plan, place, original, progress)
        except (CorruptionError, NotFound) as error:
            return _report(plan, (), (str(error),), started)
    if not problems:
        note_verified(plan.target, [plan.listed], "drill", now_ns())
    assert report.head == plan.position
    return _report(plan, views, problems, started)


def not_begun(problem: str) -> DrillReport:
    """Return the report of a rehearsal of a backup that cannot even be read."""
    return DrillReport(
        backup="",
        head=0,
        root="",
        blobs=0,
        left_out=0,
        views=(),
        seconds=0.0,
        problems=(problem,),
    )


def _sampled(plan: Plan, share: float) -> Plan:
    count = round(len(plan.blobs) * share)
    chosen = random.sample(plan.blobs, min(max(count, 1), len(plan.blobs)))
    whole = closure(Fetcher(plan.target, plan.contents), chosen, frozenset(plan.blobs))
    rest = set(plan.blobs) - whole
    return replace(
        plan,
        blobs=tuple(sorted(whole)),
        left_out=tuple(sorted({*plan.left_out, *rest})),
        lost=tuple(digest for digest in plan.lost if digest in whole),
    )


def _compared(
    plan: Plan, place: Path, original: Store | None, progress: Progress
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the views that were compared, and what is wrong."""
    store = _open_with_views(place, plan.listed.backup)
    try:
        problems = [str(problem) for problem in verify(store, progress).problems]
        compared: list[str] = []
        backup = plan.listed.backup
        if plan.damaged:
            lacking = f"lacks {len(plan.damaged)} blobs that were damaged in the vault"
            problems.append(f"blob: the backup {lacking}, such as {plan.damaged[0]}")
        if plan.position == backup.head:
            with store.environment.read() as transaction:
                compared, wrong = _compare_views(backup, view_digests(transaction))
            problems += wrong
        if original is not None:
            problems += _parted(original, plan, store.checkpoint().root)
        return tuple(compared), tuple(problems)
    finally:
        store.close()


def _open_with_views(place: Path, backup: Backup) -> Store:
    """Open what was restored, and derive the views that the vault had: a restore leaves that."""
    names = {name for name, _, _ in backup.views}
    options = Options(actor=current_user())
    views: tuple[type[View], ...] = (FrameVersions, Rows, *views_named(names))
    return open_store(place, options, _no_face, create=False, single_file=None, views=views)


def _compare_views(backup: Backup, found: Iterable[ViewDigest]) -> tuple[list[str], list[str]]:
    derived = {name: (version, digest) for name, version, digest in found}
    compared: list[str] = []
    wrong: list[str] = []
    for name, version, digest in backup.views:
        if name not in derived or derived[name][0] != version:
            continue  # its code is not installed here, or is another version
        compared.append(name)
        if derived[name][1] != digest:
            wrong.append(f"view: {name} has other rows than when the vault was backed up")
    return compared, wrong


def _parted(original: Store, plan: Plan, root: bytes) -> list[str]:
    with original.environment.read() as transaction:
        if original.log.head() < plan.position:
            return [f"log: the vault ends at {original.log.head()}, before {plan.position}"]
        if LmdbTree(transaction).root(plan.position) != root:
            return ["log: the vault has another history than the backup"]
    return []


def _report(
    plan: Plan, views: tuple[str, ...], problems: tuple[str, ...], started_ns: int
) -> DrillReport:
    return DrillReport(
        backup=plan.listed.short,
        head=plan.position,
        root=plan.listed.backup.root.hex() if plan.position == plan.listed.backup.head else "",
        blobs=len(plan.blobs),
        left_out=len(plan.left_out),
        views=views,
        seconds=(now_ns() - started_ns) / 1e9,
        problems=problems,
    )


def _no_face(_: Stage, __: Store) -> object:
    raise AssertionError("a rehearsal commits nothing")
