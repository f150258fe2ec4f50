"""Which backup, which position and which blobs a restore takes."""

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from nacre.backups.backup import Backup, decode_entries, decode_epitaphs, decode_list
from nacre.backups.contents import Contents, load_contents, missing_of
from nacre.backups.fetch import Fetcher
from nacre.backups.listing import Listed, Listing, read_listing
from nacre.backups.sealed import SealedTarget
from nacre.blobs.index import Epitaph
from nacre.codec import digests_in, unpack
from nacre.errors import CorruptionError, InvalidInput, NotFound
from nacre.event import Event, decode_commit
from nacre.hashing import Digest
from nacre.log.tree import root_of
from nacre.moment import When, read_moment
from nacre.operations.report import Progress, no_progress

_REPORT_EVERY = 1_000
_EPOCH = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What is asked for; the newest backup of the only vault, and all of it, by default."""

    backup: str | None = None
    """The beginning of a backup's name."""

    vault: str | None = None
    """The beginning of a vault's id, in hexadecimal digits."""

    at: When | None = None
    only: tuple[str, ...] = ()
    """Subjects whose payloads are wanted; of all when empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a restore will do."""

    target: SealedTarget
    contents: Contents = field(repr=False)
    listed: Listed
    position: int
    """How many commits."""

    blobs: tuple[Digest, ...] = field(repr=False)
    left_out: tuple[Digest, ...] = field(repr=False)
    """Named by events, and not wanted."""

    lost: tuple[Digest, ...]
    """Wanted, and not whole at the target."""

    damaged: tuple[Digest, ...]
    """Damaged in the vault when it was backed up, and not at the target."""

    epitaphs: Mapping[Digest, Epitaph] = field(repr=False)
    """Blobs that had been dropped before the position."""

    dropped: Mapping[Digest, Epitaph] = field(repr=False)
    """Blobs that were dropped after the position, and that the backup lacks for that."""

    is_lenient: bool
    """Whether what is whole may come out of packs that are damaged."""

    def fetcher(self) -> Fetcher:
        """Return what reads the blobs of the plan."""
        return Fetcher(self.target, self.contents, lenient=self.is_lenient)


def plan_restore(
    target: SealedTarget,
    choice: Choice,
    *,
    incomplete: bool = False,
    progress: Progress = no_progress,
) -> Plan:
    """Return what a restore will do, after reading the whole log of the backup.

    Args:
        target: where the backups are.
        choice: what is asked for.
        incomplete: take what is whole out of packs that are damaged.
        progress: told how far it has come.

    Raises:
        NotFound: no backup, vault or position is as chosen.
        CorruptionError: the log is not what was backed up.
    """
    at = _moment_of(choice)
    contents = load_contents(target)
    listed = choose_backup(read_listing(target), choice, at)
    fetcher = Fetcher(target, contents, lenient=incomplete)
    reading = LogReading(choice.only)
    try:
        _read_log(fetcher, listed.backup, reading, progress)
        damaged = missing_of(contents, listed.backup.damaged)
        epitaphs = epitaphs_of(fetcher, listed.backup)
        # What was damaged in the vault another backup may have brought to the target.
        held = _held(fetcher, listed.backup, reading, absent=frozenset(epitaphs) | {*damaged})
        held |= set(listed.backup.damaged) - set(damaged)
        position = reading.position(at, listed)
        wanted, left_out = reading.blobs(fetcher, held, position)
    except CorruptionError as error:
        raise CorruptionError(_damaged(listed, error, incomplete=incomplete)) from error
    wanted_and_held = [digest for digest in wanted if digest in held]
    return Plan(
        target=target,
        contents=contents,
        listed=listed,
        position=position,
        blobs=tuple(sorted(wanted_and_held)),
        left_out=tuple(sorted(left_out)),
        lost=tuple(missing_of(contents, sorted(wanted_and_held))),
        damaged=tuple(damaged),
        epitaphs={d: each for d, each in epitaphs.items() if each.position < position},
        dropped={d: each for d, each in epitaphs.items() if each.position >= position},
        is_lenient=incomplete,
    )


def _moment_of(choice: Choice) -> int | datetime | None:
    at = read_moment(choice.at.strip()) if isinstance(choice.at, str) else choice.at
    if isinstance(at, datetime) and at.tzinfo is None:
        raise InvalidInput(f"{at} has no time zone: give one, such as UTC")
    return at


def _read_log(fetcher: Fetcher, backup: Backup, reading: "LogReading", progress: Progress) -> None:
    for position, entry in enumerate(entries_of(fetcher, backup)):
        if position % _REPORT_EVERY == 0:
            progress("plan", position, backup.head)
        reading.read(entry, backup)
    progress("plan", backup.head, backup.head)
    reading.check(backup)


def _held(
    fetcher: Fetcher, backup: Backup, reading: "LogReading", *, absent: frozenset[Digest]
) -> frozenset[Digest]:
    """Return the blobs that a backup has; those that its log names, if its own list is lost."""
    try:
        return blobs_of(fetcher, backup)
    except CorruptionError:
        if not fetcher.is_lenient:
            raise
        return reading.named(fetcher, absent=absent)


def _damaged(listed: Listed, error: CorruptionError, *, incomplete: bool) -> str:
    what = f"the backup {listed.short} is damaged: {error}: restore another one with --backup"
    return f"{what}, nothing is left of this" if incomplete else f"{what}, or try --incomplete"


def choose_backup(listing: Listing, choice: Choice, at: int | datetime | None = None) -> Listed:
    """Return the backup that a choice means, which must reach *at*.

    Raises:
        NotFound: there is none.
        InvalidInput: it may be one of several vaults.
    """
    if choice.backup is not None:
        return listing.named(choice.backup)
    found = [each for each in listing.live() if _is_of(each, choice.vault)]
    vaults = sorted({each.backup.vault_id.hex() for each in found})
    if len(vaults) > 1:
        raise InvalidInput(
            f"the target holds backups of {len(vaults)} vaults: say which with --vault, one of "
            + ", ".join(vault[:8] for vault in vaults)
        )
    for problem in listing.problems:
        if not found:
            raise CorruptionError(problem)
    if not found and choice.vault is not None:
        raise NotFound(f"no backup is of a vault {choice.vault!r}: list them with `nacre backups`")
    enough = [each for each in found if _reaches(each, at)]
    if not enough:
        wanted = "" if at is None else f" that reaches {at}"
        raise NotFound(f"there is no backup{wanted}: list them with `nacre backups`")
    # The first that reaches it has what later ones may have dropped; without a time, the last.
    return enough[-1] if at is None else enough[0]


def entries_of(fetcher: Fetcher, backup: Backup) -> Iterator[bytes]:
    """Yield the entries of a backup's log.

    Raises:
        CorruptionError: a part is missing, or not what was backed up.
    """
    position = 0
    for part in backup.log:
        entries = decode_entries(fetcher.content(part.digest))
        if part.start != position or len(entries) != part.stop - part.start:
            raise CorruptionError(f"a part of the log does not begin at commit {position}")
        yield from entries
        position = part.stop
    if position != backup.head:
        raise CorruptionError(f"the log ends at commit {position}, and not at {backup.head}")


def blobs_of(fetcher: Fetcher, backup: Backup) -> frozenset[Digest]:
    """Return the blobs that a backup has."""
    return frozenset(
        digest for name in backup.lists for digest in decode_list(fetcher.content(name))
    )


def epitaphs_of(fetcher: Fetcher, backup: Backup) -> dict[Digest, Epitaph]:
    """Return the blobs that the vault had dropped, and why."""
    if backup.epitaphs is None:
        return {}
    return decode_epitaphs(fetcher.content(backup.epitaphs))


class LogReading:
    """What one pass over the log finds."""

    def __init__(self, only: Iterable[str] = ()) -> None:
        self._only = frozenset(only)
        self._leaves: list[bytes] = []
        self._times: list[int] = []
        self._named: list[tuple[int, Digest, bool]] = []
        self._subjects: set[str] = set()

    def read(self, entry: bytes, backup: Backup) -> None:
        """Take in the next entry."""
        commit = decode_commit(entry)
        position = len(self._leaves)
        header = commit.header
        if header.position != position or header.vault_id != backup.vault_id:
            raise CorruptionError(f"commit {position} is that of another position or vault")
        if position and header.previous != self._leaves[-1]:
            raise CorruptionError(f"commit {position} does not follow the one before it")
        self._leaves.append(commit.leaf)
        self._times.append(header.time_ns)
        for event in commit.events:
            self._note(position, event)

    def check(self, backup: Backup) -> None:
        """Raise CorruptionError unless the root is that of the backup."""
        if root_of(self._leaves) != backup.root:
            raise CorruptionError("the log of the backup has another root than was backed up")

    def position(self, at: int | datetime | None, listed: Listed) -> int:
        """Return how many commits are wanted."""
        head = len(self._leaves)
        if at is None:
            return head
        if isinstance(at, int):
            if at > head:
                raise NotFound(f"the backup {listed.short} ends at position {head}, before {at}")
            return at
        # Those of the same microsecond are included: no time with a zone says more.
        position = sum(time_ns // 1000 <= _microseconds(at) for time_ns in self._times)
        if head and not position:
            first = _EPOCH + timedelta(microseconds=min(self._times) // 1000)
            raise NotFound(
                f"the first commit of the backup {listed.short} is of {first.isoformat()}, after "
                f"{at.isoformat()}: give a later time, or position 0 for an empty vault"
            )
        return position

    def blobs(
        self, fetcher: Fetcher, held: frozenset[Digest], position: int
    ) -> tuple[frozenset[Digest], frozenset[Digest]]:
        """Return the blobs that are wanted, and those that are left out."""
        unknown = self._only - self._subjects
        if unknown:
            raise NotFound(f"no event has the subject {min(unknown)!r}: look at `nacre log`")
        if position == len(self._leaves) and not self._only:
            return held, frozenset()
        named = [(digest, chosen) for at, digest, chosen in self._named if at < position]
        wanted = closure(fetcher, [digest for digest, chosen in named if chosen], held)
        every = closure(fetcher, [digest for digest, _ in named], held) if self._only else wanted
        return wanted, every - wanted

    def named(self, fetcher: Fetcher, *, absent: frozenset[Digest]) -> frozenset[Digest]:
        """Return all blobs that are named, but for those of which it is known that they went."""
        return closure(fetcher, [digest for _, digest, _ in self._named], _AllBut(absent))

    def _note(self, position: int, event: Event) -> None:
        chosen = not self._only or event.subject in self._only
        self._subjects.add(event.subject)
        for digest in digests_in(event.data):
            self._named.append((position, digest, chosen))


@dataclass(frozen=True, slots=True)
class _AllBut:
    """Everything but a few."""

    few: frozenset[Digest]

    def __contains__(self, digest: object) -> bool:
        return digest not in self.few


def closure(
    fetcher: Fetcher, digests: Iterable[Digest], held: Container[Digest]
) -> frozenset[Digest]:
    """Return blobs and all that the manifests among them name, as far as the backup has them."""
    pending = [digest for digest in digests if digest in held]
    found = set(pending)
    while pending:
        for child in _children(fetcher, pending.pop()):
            if child in held and child not in found:
                found.add(child)
                pending.append(child)
    return frozenset(found)


def _children(fetcher: Fetcher, digest: Digest) -> list[Digest]:
    place = fetcher.place(digest)
    if place is None or not place.chunk.description.is_manifest:
        return []
    try:
        return list(digests_in(unpack(fetcher.content(digest))))
    except CorruptionError:
        if not fetcher.is_lenient:
            raise
        return []  # it is lost, and so is what only it names


def _is_of(listed: Listed, vault: str | None) -> bool:
    return vault is None or listed.backup.vault_id.hex().startswith(vault.lower())


def _reaches(listed: Listed, at: int | datetime | None) -> bool:
    if at is None:
        return True
    if isinstance(at, int):
        return listed.backup.head >= at
    return listed.backup.time_ns // 1000 >= _microseconds(at)


def _microseconds(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(microseconds=1)
