"""Bring a vault back from a backup: built beside its place, verified, then renamed.

Nothing stands at the place before it is whole, and what stood there is kept until then. A run
that was cut short leaves `NAME.restoring`, which the next one clears.
"""

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

from nacre.backups.contents import Place
from nacre.backups.fetch import checked_part, read_pack
from nacre.blobs.absence import Absence
from nacre.blobs.index import Epitaph
from nacre.clock import now_ns
from nacre.errors import CorruptionError, InvalidInput, NotFound
from nacre.event import decode_commit
from nacre.files import Files, OsFiles, refuse_network_storage, storage_errors
from nacre.frames import FrameVersions
from nacre.hashing import Buffer, Digest, checksum
from nacre.lmdb_file import lock_path
from nacre.opening import create_environment, current_user, open_store
from nacre.operations.beside import beside, clear, is_free
from nacre.operations.choose import Plan, entries_of
from nacre.operations.hidden import HiddenEvents, note_restored, places_in
from nacre.operations.hidden import Place as HiddenPlace
from nacre.operations.rebuilding import VaultWriter, joined
from nacre.operations.report import Problem, Progress, no_progress
from nacre.operations.verify_log import check_log
from nacre.operations.verify_payloads import check_blobs
from nacre.past import SnapshotsView
from nacre.registry import REGISTRY
from nacre.rows import Rows
from nacre.store import Identity, Options, Store

_SUFFIX = ".restoring"
# One deeper, because whoever makes a single file locks the directory that it lies in.
_NEW, _OLD = "new/vault", "old"
_AHEAD = 3
_MOST_SHOWN = 3
_ABSENT = "was "

PackResult = list[tuple[Place, Buffer | None]]
"""Chunks and their bytes; None for what is damaged, in a plan that allows that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreOptions:
    """What a restore is allowed to do."""

    replace: bool = False
    """Take the place of a vault, which is removed when the new one is whole."""

    incomplete: bool = False
    """Restore what is whole, when a part of the backup is not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreReport:
    """What was restored, or would be."""

    backup: str
    destination: str
    vault_id: str
    head: int
    root: str
    blobs: int
    size_bytes: int
    left_out: int
    """Blobs of other subjects: reading one says that it was not restored."""

    lost: tuple[str, ...]
    """Blobs that the backup no longer has whole."""

    damaged: tuple[str, ...]
    """Blobs that were damaged when the vault was backed up."""


def restore(
    plan: Plan,
    destination: Path,
    options: RestoreOptions | None = None,
    *,
    files: Files | None = None,
    progress: Progress = no_progress,
) -> RestoreReport:
    """Restore a vault to *destination* and verify it.

    Args:
        plan: what `plan_restore` returned.
        destination: where nothing, or an empty directory, is.
        options: what else is allowed.
        files: how files are written.
        progress: told how far it has come.

    Raises:
        CorruptionError: the backup is not whole; nothing was changed.
        InvalidInput: something is at *destination*.
    """
    options = options or RestoreOptions()
    if plan.lost and not options.incomplete:
        raise CorruptionError(
            f"the backup {plan.listed.short} lacks {_named(plan.lost)}: restore another backup, "
            "or this one with --incomplete"
        )
    files = files or OsFiles()
    with storage_errors(f"restore to {destination}"):
        refuse_network_storage(destination)
        with _beside(destination, files) as place:
            if not options.replace:
                _refuse_existing(destination)
            building = _Building(plan, options, files, progress)
            root, lost = building.build(place / _NEW)
            _take_place(place, destination, files)
    return report_of(plan, destination, root=root, lost=lost)


def report_of(
    plan: Plan,
    destination: Path,
    *,
    root: bytes | None = None,
    lost: Sequence[Digest] | None = None,
) -> RestoreReport:
    """Return the report of a restore that is done, or of one that is planned."""
    backup = plan.listed.backup
    lost = plan.lost if lost is None else lost
    places = (plan.contents.find(digest) for digest in plan.blobs)
    return RestoreReport(
        backup=plan.listed.short,
        destination=str(destination),
        vault_id=backup.vault_id.hex(),
        head=plan.position,
        root=(root or (backup.root if plan.position == backup.head else b"")).hex(),
        blobs=len(plan.blobs) - len(lost),
        size_bytes=sum(p.chunk.description.stored_size for p in places if p),
        left_out=len(plan.left_out),
        lost=tuple(map(str, lost)),
        damaged=tuple(map(str, plan.damaged)),
    )


@contextmanager
def _beside(destination: Path, files: Files) -> Iterator[Path]:
    """Give an empty directory beside *destination*, which no other restore uses."""
    with beside(destination, _SUFFIX) as place:
        old = place / _OLD
        if old.exists() and not destination.exists():
            files.replace(old, destination)  # a run died between the two renames
        clear(place)
        try:
            yield place
        finally:
            if old.exists() and not destination.exists():
                files.replace(old, destination)


def _refuse_existing(destination: Path) -> None:
    if not is_free(destination):
        raise InvalidInput(
            f"{destination} exists: restore to another place, or replace it with --force"
        )


def _take_place(place: Path, destination: Path, files: Files) -> None:
    if destination.exists():
        files.replace(destination, place / _OLD)
        # A single file's lock file stays behind, and speaks of the vault that is gone.
        lock_path(destination).unlink(missing_ok=True)
    files.replace(place / _NEW, destination)


@dataclass(frozen=True, slots=True)
class _Building:
    """One vault being written from a plan."""

    plan: Plan
    options: RestoreOptions
    files: Files
    progress: Progress

    def build(self, path: Path) -> tuple[bytes, tuple[Digest, ...]]:
        """Write the vault and verify it; return its root, and what could not be restored."""
        backup = self.plan.listed.backup
        identity = Identity(vault_id=backup.vault_id, created_ns=backup.created_ns)
        layout, environment = create_environment(
            path, identity, single_file=backup.single_file, files=self.files
        )
        try:
            writer = VaultWriter(layout, environment, self.files)
            try:
                self._write_log(writer)
                lost = self._write_blobs(writer, path.parent)
                self._note_absences(writer, lost)
                writer.note_dropped(self.plan.epitaphs)
                writer.finish()
            finally:
                writer.close()
        finally:
            REGISTRY.release(environment)
        return self._verified(path), tuple(sorted(lost))

    def _write_log(self, writer: VaultWriter) -> None:
        plan = self.plan
        for position, entry in enumerate(entries_of(plan.fetcher(), plan.listed.backup)):
            if position == plan.position:
                break
            writer.add_entry(entry)
            if position % 10_000 == 0:
                self.progress("log", position, plan.position)
        self.progress("log", plan.position, plan.position)

    def _write_blobs(self, writer: VaultWriter, folder: Path) -> set[Digest]:
        """Fetch pack after pack, a few ahead, and write the blobs as they become whole."""
        lost = set(self.plan.lost)
        parts = _Parts(writer, folder)
        by_pack = _by_pack(self.plan)
        for done, (places, result) in enumerate(_fetched(self.plan, by_pack), 1):
            self.progress("packs", done, len(by_pack))
            try:
                fetched = result()
            except (CorruptionError, NotFound) as error:
                if not self.options.incomplete:
                    raise CorruptionError(
                        f"the backup {self.plan.listed.short} is damaged: {error}: restore "
                        "another backup, or this one with --incomplete"
                    ) from error
                lost |= {place.chunk.description.digest for place in places}
                continue
            for place, data in fetched:
                if data is None or not parts.add(place, data):
                    lost.add(self._lost(place))
        return lost

    def _lost(self, place: Place) -> Digest:
        digest = place.chunk.description.digest
        if not self.options.incomplete:
            raise CorruptionError(f"the parts of {digest} are not of one blob: restore another one")
        return digest

    def _note_absences(self, writer: VaultWriter, lost: set[Digest]) -> None:
        time_ns = now_ns()
        reasons: dict[str, list[Digest]] = {
            "was not restored": [*self.plan.left_out],
            "was damaged in the backup, and not restored": sorted(lost),
            "was damaged when it was backed up, and not restored": [*self.plan.damaged],
        }
        for digest, epitaph in sorted(self.plan.dropped.items()):
            reasons.setdefault(_why_absent(epitaph), []).append(digest)
        for why, digests in reasons.items():
            writer.note_absent(digests, Absence(why=why, time_ns=time_ns))

    def _verified(self, path: Path) -> bytes:
        """Derive the views, check every byte that was written, and return the root."""
        plan = self.plan
        how = Options(actor=current_user(), files=self.files)
        views = (FrameVersions, Rows, SnapshotsView)
        store = open_store(path, how, _no_face, create=False, single_file=None, views=views)
        try:
            log = check_log(store, self.progress)
            if self._explains(log.unexplained):
                note = partial(note_restored, places=log.unexplained)
                store.environment.run(self.files, note)
                log = check_log(store, self.progress)
            damages = check_blobs(store, self.progress)
        finally:
            store.close()
        problems = [*log.problems, *(Problem(where=d.where, what=d.what) for d in damages)]
        if plan.position == plan.listed.backup.head and log.root != plan.listed.backup.root:
            problems.append(Problem(where="tree", what="the root is not that of the backup"))
        if problems:
            raise CorruptionError(
                f"what was restored from {plan.listed.short} does not verify "
                f"({len(problems)} problems; the first: {problems[0]}): nothing was replaced; "
                "check the disk, then try again"
            )
        return log.root

    def _explains(self, hidden: Sequence[HiddenPlace]) -> bool:
        """Tell whether commits that the restore leaves out, or the backup lacks, have purged it."""
        plan = self.plan
        if not hidden:
            return False
        later = HiddenEvents()
        later.explain(places_in({"hidden": plan.listed.backup.hidden}))
        entries = islice(entries_of(plan.fetcher(), plan.listed.backup), plan.position, None)
        for entry in entries:
            later.see(decode_commit(entry))
        return later.has_purged(hidden)


class _Parts:
    """Writes each blob when the last of its parts is there."""

    def __init__(self, writer: VaultWriter, folder: Path) -> None:
        self._writer = writer
        self._folder = folder
        self._waiting: dict[Digest, dict[int, Buffer]] = {}

    def add(self, place: Place, data: Buffer) -> bool:
        """Take a part of a blob; tell whether it is sound, as far as is known by now."""
        description = place.chunk.description
        if place.chunk.raw_size == description.stored_size:
            self._writer.add_blob(description, data)
            return True
        parts = self._waiting.setdefault(description.digest, {})
        parts[place.chunk.part] = data
        if sum(map(len, parts.values())) == description.stored_size:
            whole = joined([parts[number] for number in sorted(parts)], self._folder)
            del self._waiting[description.digest]
            if checksum(whole) != description.stored_checksum:
                return False
            self._writer.add_blob(description, whole)
        return True


def _by_pack(plan: Plan) -> dict[str, list[Place]]:
    """Return the places of all wanted chunks by pack, those of a pack in their order."""
    by_pack: dict[str, list[Place]] = {}
    lost = set(plan.lost)
    for digest in plan.blobs:
        if digest not in lost:
            for place in plan.contents.places_of(digest) or ():
                by_pack.setdefault(place.pack, []).append(place)
    for places in by_pack.values():
        places.sort(key=lambda place: place.offset)
    return by_pack


def _fetched(
    plan: Plan, by_pack: dict[str, list[Place]]
) -> Iterator[tuple[list[Place], Callable[[], PackResult]]]:
    """Yield the places in each pack and what gives their bytes, fetched by several threads."""
    ahead: deque[tuple[list[Place], Future[PackResult]]] = deque()
    with ThreadPoolExecutor(min(4, (os.cpu_count() or 1) + 1)) as pool:
        try:
            for pack, places in by_pack.items():
                ahead.append((places, pool.submit(_fetch, plan, pack, places)))
                if len(ahead) > _AHEAD:
                    first, future = ahead.popleft()
                    yield first, future.result
            for first, future in ahead:
                yield first, future.result
        finally:
            for _, future in ahead:
                future.cancel()


def _fetch(plan: Plan, pack: str, places: Sequence[Place]) -> PackResult:
    content = read_pack(plan.target, pack, lenient=plan.is_lenient)
    fetched: PackResult = []
    for place in places:
        try:
            data: Buffer | None = checked_part(content, place)
        except CorruptionError:
            if not plan.is_lenient:
                raise
            data = None
        fetched.append((place, data))
    return fetched


def _why_absent(epitaph: Epitaph) -> str:
    if epitaph.reason.startswith(_ABSENT):
        return epitaph.reason  # the vault that was backed up had been restored itself
    return f"{_ABSENT}dropped after that moment ({epitaph.reason}), and not restored"


def _no_face(_: object, __: Store) -> object:
    raise AssertionError("a restore commits nothing")


def _named(digests: Sequence[Digest]) -> str:
    shown = ", ".join(map(str, digests[:_MOST_SHOWN]))
    more = len(digests) - _MOST_SHOWN
    return f"{shown} and {more} more" if more > 0 else shown
