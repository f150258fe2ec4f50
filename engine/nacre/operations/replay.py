"""Derive every view again from the log, beside the live ones, and compare.

The live rows are not touched. A replay up to the head is compared with them; one up to an earlier
position with every snapshot of that position, and where there is none, with a second derivation
in batches of another size.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from nacre import codec
from nacre.errors import CorruptionError, Dropped, InvalidInput, NotFound, StateError
from nacre.hashing import digest_of
from nacre.moment import When, find_snapshots, position_at
from nacre.operations.divergence import Divergence, divergence_of, first_difference
from nacre.operations.missing import missing_blobs
from nacre.operations.report import Problem, Progress, no_progress
from nacre.operations.workers import derive_all
from nacre.past import SnapshotContent
from nacre.past.cache import Cache
from nacre.past.derive import BATCH_EVENTS
from nacre.past.runs import rows_in
from nacre.past.snapshots import get_content
from nacre.past.work import Source, Task, Work
from nacre.store import Store
from nacre.views.history import History
from nacre.views.pairs import Pair, TransactionPairs
from nacre.views.view import View

LIVE = "live rows"
SECOND = "a second derivation"

_OTHER_BATCH_EVENTS = 977
_BUSY_SHARE = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewReplay:
    """One view, derived again."""

    name: str
    version: int
    start: int
    """How many commits the rows had seen that it began with."""

    compared_with: tuple[str, ...]
    """What its rows were compared with; nothing when the stored ones claim nothing."""

    divergence: Divergence | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayReport:
    """What was derived again, and what differs."""

    position: int
    views: tuple[ViewReplay, ...]
    problems: tuple[Problem, ...]

    @property
    def is_equal(self) -> bool:
        """Whether nothing differs and nothing is missing."""
        return not self.problems


def replay(
    store: Store,
    *,
    to: When | None = None,
    start: str | None = None,
    views: Collection[str] | None = None,
    progress: Progress = no_progress,
) -> ReplayReport:
    """Derive the named views, or all, from commit 0 or the snapshot *start*, and compare.

    One that was killed goes on where it was. Blobs that the commits name must be there too,
    unless only some views are asked for.

    Raises:
        NotFound: a name is no installed view, or no snapshot.
        InvalidInput: *to* is not understood, or before *start*.
    """
    store.refuse_past("replay")
    if store.environment.transaction is not None:
        raise StateError("a replay forks: leave the transaction or the read of the vault first")
    position = store.head if to is None else position_at(store, to)
    begun = _content(store, start, position)
    job = _Job(store, position, begun, is_live=to is None)
    chosen = _chosen(store, views)
    with job.derived(chosen, progress) as works:
        found = tuple(sorted(job.compared(works), key=lambda replayed: replayed.name))
    problems = [
        Problem(where="view", what=str(replayed.divergence), affects=(replayed.name,))
        for replayed in found
        if replayed.divergence is not None
    ]
    if views is None:
        problems += missing_blobs(store, begun.position if begun else 0, position, progress)
    return ReplayReport(position=job.position, views=found, problems=tuple(problems))


def _chosen(store: Store, names: Collection[str] | None) -> list[type[View]]:
    installed = store.maintenance.views
    for name in names or ():
        if name not in installed:
            raise NotFound(f"no view {name!r} is installed: choose of {', '.join(installed)}")
    return [installed[name] for name in sorted(installed if names is None else set(names))]


def _content(store: Store, name: str | None, position: int) -> SnapshotContent | None:
    if name is None:
        return None
    snapshots = find_snapshots(store)
    snapshot = None if snapshots is None else snapshots.get(name)
    if snapshot is None:
        raise NotFound(f"there is no snapshot {name!r}: look at `nacre snapshot list`")
    if snapshot.position > position:
        raise InvalidInput(
            f"the snapshot {name!r} is of position {snapshot.position}, after {position}: "
            "begin with an earlier one"
        )
    try:
        return get_content(store.blobs, snapshot.manifest)
    except Dropped:
        return None  # a purge took its rows: every view begins with commit 0


class _Job:
    """A replay up to a position."""

    def __init__(
        self, store: Store, position: int, begun: SnapshotContent | None, *, is_live: bool
    ) -> None:
        self.position = position
        self._store = store
        self._begun = begun
        self._is_live = is_live
        self._source = Source(
            environment=store.environment,
            log=store.log,
            upcasts=store.maintenance.upcasts,
            get_blob=store.blobs.get_blob,
            files=store.files,
        )
        self._contents = [] if is_live else _contents_at(store, position)

    @contextmanager
    def derived(self, views: Sequence[type[View]], progress: Progress) -> Iterator[list[Work]]:
        """Give the works in which the views are derived up to the position."""
        tasks = self._tasks(views)
        with ExitStack() as stack:
            cache = Cache(self._store.identity.vault_id, self._store.files)
            folder = stack.enter_context(cache.working(self._name(views)))
            derive_all(folder, tasks, self._work, self.position, progress)
            works = [self._work(folder, number, task) for number, task in enumerate(tasks)]
            for work in works:
                stack.callback(work.close)
            yield works

    def compared(self, works: Sequence[Work]) -> Iterator[ViewReplay]:
        """Yield what the comparison of each view found."""
        if self._is_live:
            yield from self._compared_live(works)
            return
        firsts = [work for work in works if work.task.batch_events == BATCH_EVENTS]
        seconds = {v: w for w in works if w not in firsts for v in w.task.views}
        for work in firsts:
            for view in work.task.views:
                stored = self._stored(view)
                if view in seconds:
                    stored[SECOND] = seconds[view].rows(view)
                yield self._compare(work, view, stored)

    def _compared_live(self, works: Sequence[Work]) -> Iterator[ViewReplay]:
        with self._store.environment.read() as live:
            # What was committed meanwhile; this read now holds the head where it is.
            self.position = self._store.head
            for work in works:
                while work.position < self.position:
                    work.advance(self.position)
                for view in work.task.views:
                    build = self._store.maintenance.live_build(view, live)
                    rows = TransactionPairs(live, build.prefix).scan(b"", None) if build else None
                    yield self._compare(work, view, {LIVE: rows} if rows is not None else {})

    def _compare(
        self, work: Work, view: type[View], stored: dict[str, Iterator[Pair]]
    ) -> ViewReplay:
        divergence = None
        for rows in stored.values():
            difference = first_difference(view, rows, work.rows(view))
            if difference is not None:
                divergence = divergence_of(self._source, view, difference, self.position)
                break
        return ViewReplay(
            name=view.name,
            version=view.version,
            start=work.task.start,
            compared_with=tuple(stored),
            divergence=divergence,
        )

    def _stored(self, view: type[View]) -> dict[str, Iterator[Pair]]:
        """Return the rows of a view in the snapshots of the position."""
        rows = {}
        for name, content in self._contents:
            found = content.view(view.name, view.version)
            if found is not None:
                rows[f"snapshot {name!r}"] = rows_in(self._store.blobs, found.runs)
        return rows

    def _tasks(self, views: Sequence[type[View]]) -> list[Task]:
        """Return what to derive together: views that begin at one position, in two parts."""
        by_start: dict[int, list[type[View]]] = {}
        for view in views:
            found = self._begun.view(view.name, view.version) if self._begun else None
            by_start.setdefault(found.position if found else 0, []).append(view)
        tasks = []
        for start, together in by_start.items():
            for part in self._parts(together):
                tasks.append(self._task(part, start, BATCH_EVENTS))
                alone = [] if self._is_live else [v for v in part if not self._stored(v)]
                if alone:
                    tasks.append(self._task(alone, start, _OTHER_BATCH_EVENTS))
        return tasks

    def _parts(self, views: list[type[View]]) -> list[list[type[View]]]:
        """Return the views in two parts, if two processes would both have much to do.

        Each process decodes every event, so that a view that wants few of them is no work.
        """
        busy = [view for view in views if self._is_busy(view)]
        apart = busy[1::2]
        return [part for part in ([v for v in views if v not in apart], apart) if part]

    def _is_busy(self, view: type[View]) -> bool:
        kinds = getattr(view, "kinds", None)
        if kinds is None or hasattr(view, "end_commit"):
            return True
        history = self._store.view(History)
        wanted = history.positions_of_kinds(kinds, start=0, stop=self.position)
        return len(wanted) > _BUSY_SHARE * self.position

    def _task(self, views: Sequence[type[View]], start: int, batch_events: int) -> Task:
        bases = []
        for view in views:
            found = self._begun.view(view.name, view.version) if self._begun and start else None
            bases.append(tuple(run.raw for run in found.runs) if found else ())
        return Task(views=tuple(views), start=start, bases=tuple(bases), batch_events=batch_events)

    def _work(self, folder: Path, number: int, task: Task) -> Work:
        work = Work(folder / f"{number}.mdb", task, self._source)
        try:
            work.begin({view.name: self._base(task, view) for view in task.views})
        except BaseException:
            work.close()
            raise
        return work

    def _base(self, task: Task, view: type[View]) -> Iterator[Pair]:
        found = self._begun.view(view.name, view.version) if self._begun and task.start else None
        return rows_in(self._store.blobs, found.runs) if found else iter(())

    def _name(self, views: Sequence[type[View]]) -> str:
        """Return what names the same replay, so that it goes on where it was killed."""
        begun = [self._begun.position, self._begun.leaf] if self._begun else []
        asked = [[view.name for view in views], begun, -1 if self._is_live else self.position]
        return digest_of(codec.pack(asked)).raw.hex()[:16]


def _contents_at(store: Store, position: int) -> list[tuple[str, SnapshotContent]]:
    """Return the snapshots of a position."""
    snapshots = find_snapshots(store)
    contents = []
    for snapshot in [] if snapshots is None else snapshots.all():
        if snapshot.position == position:
            # One that is damaged is told of by `missing_blobs`, or by `verify`.
            with suppress(CorruptionError, NotFound):
                contents.append((snapshot.name, get_content(store.blobs, snapshot.manifest)))
    return contents
