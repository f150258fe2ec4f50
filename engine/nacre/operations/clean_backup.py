"""A backup without what its vault has purged since: other parts of the log, and fewer blobs."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from nacre.backups.backup import (
    Backup,
    LogPart,
    decode_entries,
    decode_list,
    encode_entries,
    encode_epitaphs,
    encode_list,
)
from nacre.backups.contents import Contents
from nacre.backups.fetch import Fetcher
from nacre.backups.upload import Uploader
from nacre.blobs.index import Epitaph
from nacre.codec import digests_in
from nacre.event import Event, decode_events, decode_header
from nacre.hashing import Digest
from nacre.operations.choose import blobs_of, closure, epitaphs_of
from nacre.operations.hidden import lines_of, places_in
from nacre.operations.purged import Cleaning, Hidden, Purged
from nacre.past.snapshots import CREATED
from nacre.store import Store


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a log in which what was purged is hidden."""

    digest: Digest
    hidden: Hidden
    has_parted: bool


@dataclass(slots=True)
class _Names:
    """What the events of a log name."""

    hidden: set[Digest] = field(default_factory=set)
    shown: set[Digest] = field(default_factory=set)
    snapshots: list[tuple[int, set[Digest]]] = field(default_factory=list)
    """The manifest of each, and the position that it pins."""

    first: int | None = None
    """The first commit in which something is hidden."""


class BackupCleaner:
    """Makes backups of a vault anew; what they share is made once."""

    def __init__(self, store: Store, purged: Purged, contents: Contents, fetcher: Fetcher) -> None:
        self.gone: set[Digest] = set()
        """Blobs, and parts of the log, that some backup needs no more."""

        self._purged = purged
        self._contents = contents
        self._fetcher = fetcher
        self._cleaning = Cleaning(store, purged)
        self._parts: dict[Digest, _Part] = {}

    def clean(self, backup: Backup, uploader: Uploader) -> Backup:
        """Return a backup as it may be kept, and store what is new in it.

        Raises:
            CorruptionError: something that it is made of cannot be read.
        """
        parts = [self._part(part, uploader) for part in backup.log]
        held = blobs_of(self._fetcher, backup)
        gone = held & self._purged.blobs.keys()
        if any(part.has_parted for part in parts):
            gone = self._gone_in_another_history(backup, parts, held)
        purges = tuple(dict.fromkeys((*backup.purges, *self._purged.leaves)))
        hidden = {p: ordinals for part in parts for p, ordinals in part.hidden.items()}
        if not gone and not hidden:
            return replace(backup, purges=purges)
        self.gone |= gone
        log = list(zip(backup.log, parts, strict=True))
        self.gone |= {old.digest for old, new in log if old.digest != new.digest}
        return replace(
            backup,
            purges=purges,
            log=tuple(replace(old, digest=new.digest) for old, new in log),
            lists=tuple(self._list(digest, gone, uploader) for digest in backup.lists),
            epitaphs=self._epitaphs(backup, gone, uploader),
            blobs=len(held - gone),
            size_bytes=backup.size_bytes - self._stored_bytes(gone),
            damaged=tuple(digest for digest in backup.damaged if digest not in gone),
            hidden=_lines(backup, hidden),
            views=(),  # other rows are derived from what is left
        )

    def holds_purged(self, digest: Digest, vault_id: bytes) -> bool:
        """Tell whether a chunk is a part of the vault's log that shows what was purged.

        Raises:
            CorruptionError: it is no part of a log, or cannot be read.
        """
        entries = decode_entries(self._fetcher.content(digest))
        header = decode_header(entries[0]) if entries else None
        if header is None or header.vault_id != vault_id:
            return False
        return bool(self._cleaning.part(header.position, entries).hidden)

    def _part(self, part: LogPart, uploader: Uploader) -> _Part:
        if part.digest not in self._parts:
            entries = decode_entries(self._fetcher.content(part.digest))
            clean = self._cleaning.part(part.start, entries)
            digest = part.digest
            if clean.hidden:
                digest = uploader.add_content(encode_entries(list(clean.entries))).digest
            self._parts[part.digest] = _Part(digest, clean.hidden, clean.has_parted)
        return self._parts[part.digest]

    def _gone_in_another_history(
        self, backup: Backup, parts: Sequence[_Part], held: frozenset[Digest]
    ) -> frozenset[Digest]:
        """Return the blobs that nothing names any more: the vault does not know of all of them."""
        names = _Names()
        for old, new in zip(backup.log, parts, strict=True):
            for entry in decode_entries(self._fetcher.content(old.digest)):
                for event in decode_events(entry):
                    _note(names, event, new.hidden)
        shown, wanted = set(names.shown), set(names.hidden)
        for position, manifests in names.snapshots:
            is_after = names.first is not None and position > names.first
            (wanted if is_after else shown).update(manifests)
        kept = closure(self._fetcher, shown, held)
        gone = closure(self._fetcher, wanted, held) | (held & self._purged.blobs.keys())
        return gone - kept

    def _list(self, digest: Digest, gone: frozenset[Digest], uploader: Uploader) -> Digest:
        found = list(decode_list(self._fetcher.content(digest)))
        kept = [each for each in found if each not in gone]
        return digest if kept == found else uploader.add_content(encode_list(kept)).digest

    def _epitaphs(
        self, backup: Backup, gone: frozenset[Digest], uploader: Uploader
    ) -> Digest | None:
        epitaphs = epitaphs_of(self._fetcher, backup)
        for digest in gone:
            found = self._purged.blobs.get(digest, Epitaph(0, self._purged.reason))
            # A restored vault has only the log of the backup: no commit there has purged it.
            epitaphs[digest] = replace(found, position=max(found.position, backup.head))
        return uploader.add_content(encode_epitaphs(epitaphs)).digest if epitaphs else None

    def _stored_bytes(self, digests: frozenset[Digest]) -> int:
        places = (self._contents.find(digest) for digest in digests)
        return sum(place.chunk.description.stored_size for place in places if place)


def _note(names: _Names, event: Event, hidden: Hidden) -> None:
    digests = set(digests_in(dict(event.data)))
    if event.ordinal in hidden.get(event.position, ()):
        names.hidden |= digests
        names.first = event.position if names.first is None else min(names.first, event.position)
    elif event.kind == CREATED:
        pinned = event.data.get("position")
        names.snapshots.append((pinned if isinstance(pinned, int) else event.position, digests))
    else:
        names.shown |= digests


def _lines(backup: Backup, hidden: Hidden) -> tuple[tuple[int, ...], ...]:
    """Return what the backup says is hidden, with what is hidden now."""
    newly = [(position, ordinal) for position in hidden for ordinal in hidden[position]]
    return lines_of([*places_in({"hidden": backup.hidden}), *newly])
