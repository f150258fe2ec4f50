"""Let what a vault has purged go from its backups, too, when the next one is made.

The order keeps every backup whole, wherever a run is cut short: log parts without what was purged,
and all else that lies in packs with it, are stored anew; those packs are condemned, so that nobody
relies on them any more; each backup is replaced by one that names the new parts; then the packs go,
and last the list of them. What other vaults' backups need stays. A run that finds one of these
things undone begins again: all that it does can be done twice.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from nacre import codec
from nacre.backups.backup import Backup, encode_backup
from nacre.backups.contents import (
    Place,
    condemned_by_purges,
    load_contents,
    write_condemned,
    write_indexes,
)
from nacre.backups.fetch import Fetcher
from nacre.backups.listing import Listed, read_listing
from nacre.backups.pack import PACK_BYTES, Packed
from nacre.backups.sealed import BACKUPS, FORGOTTEN, SealedTarget
from nacre.backups.upload import Uploader, put_pack
from nacre.blobs import index
from nacre.errors import CorruptionError, FormatError, NotFound, StateError
from nacre.hashing import Digest
from nacre.operations.choose import blobs_of
from nacre.operations.clean_backup import BackupCleaner
from nacre.operations.forget import marks_of
from nacre.operations.purged import purge_leaves, purged_by
from nacre.operations.report import Progress
from nacre.operations.verify_backup import verified_notes
from nacre.store import Store

_MOST_TRIES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class PurgedBackups:
    """What purges have reached."""

    backups: int = 0
    """Older backups that were replaced by ones without what was purged."""

    removed_bytes: int = 0
    """As they lay in packs."""

    left: tuple[str, ...] = ()
    """Backups and packs that may still hold it, because they cannot be read."""


def purge_backups(
    store: Store, target: SealedTarget, *, time_ns: int, progress: Progress
) -> PurgedBackups:
    """Remove from the backups of a vault what it has purged; nothing as a rule.

    Raises:
        StateError: backups are made meanwhile, again and again.
    """
    if not purge_leaves(store):
        return PurgedBackups()
    done = PurgedBackups()
    for _ in range(_MOST_TRIES):
        purging = _Purging(store, target, time_ns, progress)
        if not purging.is_needed():
            return done
        try:
            finished = purging.run()
        except NotFound:
            continue  # another run has replaced what this one was reading
        done = PurgedBackups(
            backups=done.backups + purging.replaced,
            removed_bytes=purging.removed_bytes,
            left=tuple(purging.left),
        )
        if finished:
            return done
    raise StateError(f"backups at {target.target} come again and again: run it again later")


class _Purging:
    """One attempt."""

    def __init__(
        self, store: Store, target: SealedTarget, time_ns: int, progress: Progress
    ) -> None:
        self.removed_bytes = 0
        self.replaced = 0
        self.left: list[str] = []
        self._store = store
        self._target = target
        self._time_ns = time_ns
        self._progress = progress
        self._vault_id = store.identity.vault_id
        self._pending = condemned_by_purges(target, self._vault_id)
        self._known = set(target.list(BACKUPS))
        self._listing = read_listing(target)
        self._contents = load_contents(target)
        self._fetcher = Fetcher(target, self._contents)
        self._purged = purged_by(store)
        self._cleaner = BackupCleaner(store, self._purged, self._contents, self._fetcher)
        self._clean: dict[str, Backup] = {}

    def is_needed(self) -> bool:
        """Tell whether anything may be left of what was purged."""
        own = self._own()
        behind = any(set(self._purged.leaves) - set(each.backup.purges) for each in own)
        # Packs without an index are what a backup left behind that was killed.
        return bool(behind or not own or self._pending or self._contents.unindexed)

    def run(self) -> bool:
        """Do it; False when backups have come meanwhile, so that it must be done again."""
        with Uploader(self._target, self._contents) as uploader:
            self._clean_backups(uploader)
            uploader.finish()
        dirty = self._leave_behind(self._removed())
        if dirty:
            self._pending.append(self._condemn(dirty))
        for listed in self._own():
            self._replace(listed)
        # Who makes a backup meanwhile sees the list, and starts over; unless it came before that.
        if set(self._target.list(BACKUPS)) - self._known:
            return False
        for name in (*dirty, *self._pending):
            self._target.delete(name)
        return True

    def _own(self) -> list[Listed]:
        """Return the backups of the vault, forgotten ones too."""
        return [e for e in self._listing.backups if e.backup.vault_id == self._vault_id]

    def _clean_backups(self, uploader: Uploader) -> None:
        own = self._own()
        for done, listed in enumerate(own):
            self._progress("purge", done, len(own))
            try:
                self._clean[listed.name] = self._cleaner.clean(listed.backup, uploader)
            except CorruptionError as error:
                self.left.append(f"the backup {listed.short}: {error}")
        self._progress("purge", len(own), len(own))

    # What goes

    def _removed(self) -> set[Digest]:
        """Return the blobs and parts of logs that must not be there any more."""
        needed = self._needed()
        removed = (self._cleaner.gone | self._purged.blobs.keys()) - needed
        # What no backup is made of may be a part of the log that a killed run had stored.
        known = needed | removed
        chunks = {p.chunk.description.digest for ps in self._contents.places.values() for p in ps}
        return removed | {digest for digest in chunks - known if self._is_orphan(digest)}

    def _needed(self) -> set[Digest]:
        """Return what the vault has, and what all backups are made of, as they will be."""
        with self._store.environment.read() as transaction:
            needed = set(index.digests(transaction))
        for listed in self._listing.backups:
            if listed.backup.vault_id == self._vault_id and listed.name not in self._clean:
                continue  # it cannot be read, and so not restored
            backup = self._clean.get(listed.name, listed.backup)
            needed.update(part.digest for part in backup.log)
            needed.update(backup.lists)
            needed.update(() if backup.epitaphs is None else (backup.epitaphs,))
            try:
                needed |= blobs_of(self._fetcher, backup)
            except CorruptionError:
                continue  # `verify-backup` tells that
        return needed

    def _is_orphan(self, digest: Digest) -> bool:
        try:
            return self._cleaner.holds_purged(digest, self._vault_id)
        except (CorruptionError, FormatError):
            return False

    # Packs without it

    def _leave_behind(self, removed: set[Digest]) -> list[str]:
        """Store what else lies in packs with what must go anew; return those packs."""
        by_pack = self._contents.by_pack()
        dirty = {
            pack
            for digest_places in self._contents.places.values()
            for pack in (place.pack for place in digest_places)
            if digest_places[0].chunk.description.digest in removed
        }
        readable = [pack for pack in sorted(dirty) if self._is_readable(pack)]
        packed: list[Packed] = []
        tables: dict[str, bytes] = {}
        size = 0
        for each in self._rest(readable, by_pack, removed, dirty):
            packed.append(each)
            size += each.chunk.packed_size
            if size >= PACK_BYTES:
                tables |= self._put(packed)
                packed, size = [], 0
        tables |= self._put(packed) if packed else {}
        write_indexes(self._target, tables)
        return readable

    def _is_readable(self, pack: str) -> bool:
        try:
            self._fetcher.pack(pack)
        except CorruptionError as error:
            self.left.append(str(error))
            return False
        return True

    def _rest(
        self,
        packs: Iterable[str],
        by_pack: dict[str, list[Place]],
        removed: set[Digest],
        dirty: set[str],
    ) -> Iterator[Packed]:
        """Yield the chunks of packs that stay, and that lie in no other."""
        seen: set[bytes] = set()
        leaving = dirty | self._contents.dying.keys()
        for pack in packs:
            content = self._fetcher.pack(pack)
            for place in by_pack[pack]:
                chunk = place.chunk
                if chunk.description.digest in removed:
                    self.removed_bytes += chunk.packed_size
                elif chunk.key not in seen and not self._is_elsewhere(chunk.key, leaving):
                    seen.add(chunk.key)
                    data = content[place.offset : place.offset + chunk.packed_size]
                    yield Packed(chunk, data)

    def _is_elsewhere(self, key: bytes, leaving: set[str]) -> bool:
        return any(place.pack not in leaving for place in self._contents.places[key])

    def _put(self, packed: list[Packed]) -> dict[str, bytes]:
        name, table, _ = put_pack(self._target, packed)
        return {name: table}

    def _condemn(self, packs: list[str]) -> str:
        return write_condemned(
            self._target, packs, after_ns=self._time_ns, purged_by=self._vault_id
        )

    # Backups that name the new parts

    def _replace(self, listed: Listed) -> None:
        clean = self._clean.get(listed.name)
        if clean is None or clean == listed.backup:
            return
        if not any(other.backup == clean for other in self._listing.backups):
            self._known.add(self._put_backup(clean, self._listing.forgotten.get(listed.name)))
        # Its notes first: one without its backup says that somebody removed that.
        for name, note in verified_notes(self._target).items():
            if note.get("backup") == listed.name:
                self._target.delete(name)
        self._target.delete(listed.name)
        for name in marks_of(self._target, lambda backup: backup == listed.name):
            self._target.delete(name)
        self.replaced += 1

    def _put_backup(self, backup: Backup, forgotten_ns: int | None) -> str:
        name, sealed = self._target.seal(BACKUPS, [encode_backup(backup)])
        if forgotten_ns is not None:  # before it is there: it must not come back to life
            mark = {"backup": name, "after_ns": forgotten_ns}
            self._target.put(FORGOTTEN, [codec.pack(mark)])
        self._target.target.put(name, sealed)
        return name
