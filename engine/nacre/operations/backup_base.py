"""The backup that a new one builds upon: the last whose history the vault still has."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from nacre.backups.backup import LogPart, decode_list
from nacre.backups.contents import Contents
from nacre.backups.fetch import Fetcher
from nacre.backups.listing import Listed
from nacre.errors import CorruptionError, NotFound
from nacre.hashing import Digest
from nacre.log.tree import LmdbTree
from nacre.store import Store

# Below this, what comes next is stored together with the last part anew.
_LOG_PART_BYTES = 2 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """What is at the target already, as far as it is really there."""

    listed: Listed | None = None
    log: tuple[LogPart, ...] = ()
    lists: tuple[tuple[Digest, frozenset[Digest]], ...] = ()
    forked_at: Listed | None = None
    """The newest backup of this vault whose history is another than the vault's."""

    blobs: frozenset[Digest] = field(default_factory=frozenset)


def find_base(store: Store, listed: Sequence[Listed], contents: Contents, fetcher: Fetcher) -> Base:
    """Return the base of a new backup; *listed* are those of the vault, oldest first."""
    forked_at = None
    for candidate in sorted(listed, key=lambda each: -each.backup.head):
        if not _is_prefix(store, candidate):
            forked_at = forked_at or candidate
            continue
        lists = _lists(candidate, fetcher)
        return Base(
            listed=candidate,
            log=_sound_log(candidate, contents),
            lists=lists,
            forked_at=forked_at,
            blobs=frozenset().union(*(digests for _, digests in lists)),
        )
    return Base(forked_at=forked_at)


def tail_start(log: list[LogPart], head: int, contents: Contents) -> int:
    """Drop the last parts that are to be stored anew with what follows; return where they began.

    A part is dropped while as much follows, so that there are few of them, and an entry is
    stored again only so often as doubling allows.
    """
    start = log[-1].stop if log else 0
    while log and start < head:
        last = log[-1]
        places = contents.places_of(last.digest)
        size = places[0].chunk.description.stored_size if places else 0
        if size >= _LOG_PART_BYTES or last.stop - last.start > head - start:
            break
        start = log.pop().start
    return start


def _is_prefix(store: Store, candidate: Listed) -> bool:
    head = candidate.backup.head
    with store.environment.read() as transaction:
        if head > store.log.head():
            return False
        return LmdbTree(transaction).root(head) == candidate.backup.root


def _sound_log(candidate: Listed, contents: Contents) -> tuple[LogPart, ...]:
    """Return the parts up to the first that is missing."""
    sound: list[LogPart] = []
    for part in candidate.backup.log:
        if contents.places_of(part.digest) is None:
            break
        sound.append(part)
    return tuple(sound)


def _lists(candidate: Listed, fetcher: Fetcher) -> tuple[tuple[Digest, frozenset[Digest]], ...]:
    """Return the lists with what is in them; none when one cannot be read."""
    try:
        return tuple(
            (digest, frozenset(decode_list(fetcher.content(digest))))
            for digest in candidate.backup.lists
        )
    except (CorruptionError, NotFound):
        return ()
