"""Copy the log and the blobs of a vault to a target: what is there already is not copied again.

Writers go on: one read transaction says what the backup is complete to. The file that makes it a
backup is written last, when all that it names is durable; a run that was cut short leaves packs,
which the next one uses.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from nacre.backups.backup import (
    Backup,
    LogPart,
    encode_backup,
    encode_entries,
    encode_epitaphs,
    encode_list,
)
from nacre.backups.config import Secret, complete_config, create_config, read_config
from nacre.backups.contents import condemned_packs, load_contents
from nacre.backups.fetch import Fetcher
from nacre.backups.listing import Listed, read_listing
from nacre.backups.sealed import BACKUPS, PACKS, SealedTarget
from nacre.backups.target import Target
from nacre.backups.upload import Uploader
from nacre.blobs import index
from nacre.blobs.absence import absences
from nacre.blobs.index import Epitaph, Place
from nacre.clock import now_ns
from nacre.errors import CorruptionError, NotFound, StateError
from nacre.event import checked_name
from nacre.hashing import Digest, digest_of
from nacre.lmdb_handle import Transaction
from nacre.log.tree import LmdbTree
from nacre.operations.backup_base import find_base, tail_start
from nacre.operations.hidden import lines_of, restored_places
from nacre.operations.purge_backups import PurgedBackups, purge_backups
from nacre.operations.purged import purge_leaves
from nacre.operations.report import Progress, no_progress
from nacre.operations.view_digests import ViewDigest, view_digests
from nacre.store import Store

# A pack that may be deleted within this time is not relied upon; see `forget`.
MARGIN_NS = 30 * 60 * 10**9

_LOG_PART_BYTES = 4 << 20
_PAGE_BLOBS = 256
_SLAB_BLOBS = 50_000
_MOST_TRIES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupReport:
    """What was backed up."""

    name: str
    target: str
    vault_id: str
    head: int
    root: str
    commits: int
    """How many commits the last backup did not have."""

    blobs: int
    new_blobs: int
    added_bytes: int
    damaged: tuple[str, ...]
    """Blobs that could not be read, so that the backup lacks them: run `nacre repair`."""

    forked_from: str | None
    """A backup of the same vault with another history: the vault went on from an earlier state."""

    purged_backups: int
    """Older backups that were replaced by ones without what the vault has purged since."""

    purged_bytes: int
    """What was removed from the target for that."""

    unpurged: tuple[str, ...]
    """Backups and packs that cannot be read, and may still hold what was purged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a backup is of: a vault at one moment."""

    head: int
    root: bytes
    blobs: frozenset[Digest]
    epitaphs: dict[Digest, Epitaph]
    views: tuple[ViewDigest, ...]
    purges: tuple[bytes, ...]
    hidden: tuple[tuple[int, ...], ...]


def open_target(
    target: Target, secret: Secret | None = None, *, create: bool = False
) -> SealedTarget:
    """Return a target with its key; make it one first, if it may be created.

    Raises:
        NotFound: there are no backups.
        WrongKey: the secret is missing or another.
    """
    try:
        return SealedTarget(target, read_config(target, secret))
    except NotFound:
        if not create:
            raise
        return SealedTarget(target, create_config(target, secret))


def backup(
    store: Store,
    target: SealedTarget,
    *,
    tags: Sequence[str] = (),
    progress: Progress = no_progress,
    time_ns: int | None = None,
) -> BackupReport:
    """Back a vault up to *target*, complete to its head.

    Raises:
        DiskFull: the target is full; the backups before are as they were.
    """
    tags = tuple(checked_name("tag", tag) for tag in tags)
    time_ns = now_ns() if time_ns is None else time_ns
    complete_config(target.target, target.config)
    for _ in range(_MOST_TRIES):
        purged = purge_backups(store, target, time_ns=time_ns, progress=progress)
        run = _Run(store, target, _scope(store), time_ns, progress)
        made = run.upload(tags)
        if run.is_outdated or purge_leaves(store) != made.purges or run.is_lost():
            continue  # another process dropped, purged or deleted what this one relied upon
        name = target.put(BACKUPS, [encode_backup(made)])
        if run.is_lost():
            target.delete(name)
            continue
        return run.report(Listed(name=name, backup=made), purged)
    raise StateError(f"packs at {target.target} vanish again and again: who deletes them?")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stored:
    """What a target has of a vault."""

    log: tuple[LogPart, ...]
    lists: tuple[Digest, ...]
    epitaphs: Digest | None
    held: frozenset[Digest]


class _Run:
    """One attempt at a backup."""

    def __init__(
        self, store: Store, target: SealedTarget, scope: Scope, time_ns: int, progress: Progress
    ) -> None:
        self._store = store
        self._target = target
        self._scope = scope
        self._time_ns = time_ns
        self._ahead_ns = time_ns - now_ns()
        self._progress = progress
        self._contents = load_contents(target)
        self._contents.drop({p for p in self._contents.packs if self._is_dying(p)})
        self._fetcher = Fetcher(target, self._contents)
        self._listed = read_listing(target).of_vault(store.identity.vault_id)
        self._base = find_base(store, self._listed, self._contents, self._fetcher)
        self.is_outdated = False
        self._wanted: list[Digest] = []
        self._damaged: set[Digest] = set()
        self._sizes = 0

    def upload(self, tags: tuple[str, ...]) -> Backup:
        """Store what the target lacks, and return what the backup will be."""
        lacking = self._lacking()
        with Uploader(self._target, self._contents) as uploader:
            stored = self._upload_blobs(uploader, lacking)
            log = self._upload_log(uploader)
            self._upload_lost_log(uploader)
            uploader.drain()
            self._damaged |= {each.digest for each in uploader.damaged}
            self._wanted = [digest for digest in stored if digest not in self._damaged]
            held = (self._scope.blobs - lacking) | set(self._wanted)
            stores = _Stored(
                log=log,
                lists=self._upload_lists(uploader, frozenset(held)),
                epitaphs=self._upload_epitaphs(uploader),
                held=frozenset(held),
            )
            uploader.finish()
        return self._backup(tags, stores, uploader.added_bytes)

    def is_lost(self) -> bool:
        """Tell whether a pack that the backup relies upon is gone, or soon may be."""
        self._contents.dying = condemned_packs(self._target)
        there = self._target.list(PACKS)
        return any(pack not in there or self._is_dying(pack) for pack in self._contents.packs)

    def report(self, listed: Listed, purged: PurgedBackups) -> BackupReport:
        """Return what was done."""
        made = listed.backup
        base = self._base.listed
        return BackupReport(
            name=listed.short,
            target=str(self._target.target),
            vault_id=made.vault_id.hex(),
            head=made.head,
            root=made.root.hex(),
            commits=made.head - (base.backup.head if base else 0),
            blobs=made.blobs,
            new_blobs=len(self._wanted),
            added_bytes=made.added_bytes,
            damaged=tuple(map(str, made.damaged)),
            forked_from=self._base.forked_at.short if self._base.forked_at else None,
            purged_backups=purged.backups,
            purged_bytes=purged.removed_bytes,
            unpurged=purged.left,
        )

    def _is_dying(self, pack: str) -> bool:
        after_ns = self._contents.dying.get(pack)
        return after_ns is not None and now_ns() + self._ahead_ns + MARGIN_NS >= after_ns

    def _lacking(self) -> set[Digest]:
        """Return the blobs of the vault that the target lacks."""
        return {digest for digest in self._scope.blobs if self._contents.places_of(digest) is None}

    def _upload_blobs(self, uploader: Uploader, lacking: set[Digest]) -> list[Digest]:
        """Store blobs in the order in which they lie in the vault; return which were found."""
        ordered = sorted(lacking)
        stored: list[Digest] = []
        for start in range(0, len(ordered), _SLAB_BLOBS):
            slab = self._in_order_of_place(ordered[start : start + _SLAB_BLOBS])
            for page in range(0, len(slab), _PAGE_BLOBS):
                self._progress("blobs", len(stored), len(ordered))
                with self._store.environment.read():
                    stored += self._add_blobs(uploader, slab[page : page + _PAGE_BLOBS])
        self._progress("blobs", len(ordered), len(ordered))
        return stored

    def _add_blobs(self, uploader: Uploader, digests: list[Digest]) -> Iterator[Digest]:
        for digest in digests:
            try:
                found = self._store.blobs.stored(digest)
            except CorruptionError:
                self._damaged.add(digest)
                continue
            if found is None:
                self.is_outdated = True  # it was dropped since the backup began
                continue
            uploader.add(*found)
            yield digest

    def _in_order_of_place(self, digests: list[Digest]) -> list[Digest]:
        keyed: list[tuple[bytes, int, Digest]] = []
        with self._store.environment.read() as transaction:
            for digest in digests:
                try:
                    row = index.get_row(transaction, digest)
                except CorruptionError:
                    self._damaged.add(digest)
                    continue
                if row is not None and isinstance(row.payload, Place):
                    keyed.append((row.payload.pack_id, row.payload.offset, digest))
                else:
                    keyed.append((b"", 0, digest))
        return [digest for _, _, digest in sorted(keyed)]

    def _upload_log(self, uploader: Uploader) -> tuple[LogPart, ...]:
        """Store the entries that the base lacks, in parts of a few MiB."""
        log = list(self._base.log)
        head = self._scope.head
        start = tail_start(log, head, self._contents)
        entries: list[bytes] = []
        size = 0
        for position, entry in enumerate(self._store.log.read(start, head), start + 1):
            entries.append(entry)
            size += len(entry)
            if size >= _LOG_PART_BYTES or position == head:
                self._progress("log", position, head)
                description = uploader.add_content(encode_entries(entries))
                log.append(LogPart(start=start, stop=position, digest=description.digest))
                start, entries, size = position, [], 0
        return tuple(log)

    def _upload_lost_log(self, uploader: Uploader) -> None:
        """Store parts of the log that earlier backups lack, where the vault has the same ones."""
        for part in {part for each in self._listed for part in each.backup.log}:
            if part.stop > self._scope.head or self._contents.places_of(part.digest) is not None:
                continue
            content = encode_entries(list(self._store.log.read(part.start, part.stop)))
            if digest_of(content) == part.digest:
                uploader.add_content(content)

    def _upload_lists(self, uploader: Uploader, held: frozenset[Digest]) -> tuple[Digest, ...]:
        """Store which blobs the backup has, sharing the lists of the base where nothing went."""
        lists = list(self._base.lists)
        fresh = set(held - self._base.blobs)
        if self._base.blobs - held or not self._contents_have(lists):
            lists, fresh = [], set(held)
        # As with the log: few lists, and each digest is written again only now and then.
        while fresh and lists and len(lists[-1][1]) <= 2 * len(fresh):
            fresh |= lists.pop()[1]
        digests = [digest for digest, _ in lists]
        if fresh:
            digests.append(uploader.add_content(encode_list(sorted(fresh))).digest)
        return tuple(digests)

    def _contents_have(self, lists: Sequence[tuple[Digest, frozenset[Digest]]]) -> bool:
        return all(self._contents.places_of(digest) is not None for digest, _ in lists)

    def _upload_epitaphs(self, uploader: Uploader) -> Digest | None:
        epitaphs = self._scope.epitaphs
        return uploader.add_content(encode_epitaphs(epitaphs)).digest if epitaphs else None

    def _backup(self, tags: tuple[str, ...], stored: _Stored, added_bytes: int) -> Backup:
        descriptions = (self._contents.find(digest) for digest in stored.held)
        identity = self._store.identity
        return Backup(
            vault_id=identity.vault_id,
            created_ns=identity.created_ns,
            single_file=self._store.layout.is_single_file,
            head=self._scope.head,
            root=self._scope.root,
            time_ns=self._time_ns,
            label=str(self._store.layout.path),
            tags=tags,
            log=stored.log,
            lists=stored.lists,
            epitaphs=stored.epitaphs,
            blobs=len(stored.held),
            size_bytes=sum(p.chunk.description.stored_size for p in descriptions if p),
            added_bytes=added_bytes,
            damaged=tuple(sorted(self._damaged)),
            views=self._scope.views,
            purges=self._scope.purges,
            hidden=self._scope.hidden,
        )


def _scope(store: Store) -> Scope:
    """Look at the vault once, in one transaction."""
    with store.environment.read() as transaction:
        head = store.log.head()
        return Scope(
            head=head,
            root=LmdbTree(transaction).root(head),
            blobs=frozenset(index.digests(transaction)),
            epitaphs=_epitaphs(transaction, head),
            views=view_digests(transaction),
            purges=purge_leaves(store),
            hidden=lines_of(restored_places(transaction)),
        )


def _epitaphs(transaction: Transaction, head: int) -> dict[Digest, Epitaph]:
    """Return why blobs are not there: commits dropped them, or a restore left them out."""
    left_out = {
        digest: Epitaph(head, absence.why)
        for digest, absence in absences(transaction)
        if not index.has_row(transaction, digest)
    }
    return left_out | dict(index.epitaphs(transaction))
