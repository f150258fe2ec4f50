"""Is a target still what was put there, and can every backup be restored from it?

Tiers: *structure* reads all but the packs, and compares their sizes; *sample* reads some of
the packs, too; *full* reads every byte and checks every blob against its digest. With a *budget*,
what was read longest ago is read until the time is over.
"""

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from nacre import codec
from nacre.backups.backup import short_name
from nacre.backups.config import altered_configs
from nacre.backups.contents import Contents, Place, load_contents, missing_of
from nacre.backups.fetch import Fetcher, check_payload, part_in
from nacre.backups.listing import Listed, read_listing
from nacre.backups.pack import content_size, table_in
from nacre.backups.sealed import BACKUPS, VERIFIED, SealedTarget, sealed_size
from nacre.blobs import compression
from nacre.clock import monotonic_seconds, now_ns
from nacre.errors import CorruptionError, NotFound
from nacre.hashing import Digest, digest_of
from nacre.operations.choose import LogReading, blobs_of, entries_of, epitaphs_of
from nacre.operations.read_packs import note_read, oldest_first
from nacre.operations.report import Progress, no_progress
from nacre.operations.verify_payloads import Enough, never

Tier = Literal["structure", "sample", "full"]
TIERS: tuple[Tier, ...] = ("structure", "sample", "full")

DEFAULT_SHARE = 0.1
"""Of the packs, in a sample."""

_FEWEST_SAMPLED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyBackupReport:
    """What was checked, and what was found."""

    target: str
    tier: str
    backups: int
    packs: int
    packs_read: int
    problems: tuple[str, ...]
    broken: tuple[str, ...]
    """Backups that cannot be restored whole."""

    @property
    def is_clean(self) -> bool:
        """Whether nothing was found."""
        return not self.problems


def verify_backups(
    target: SealedTarget,
    tier: Tier = "structure",
    *,
    share: float = DEFAULT_SHARE,
    seed: int | None = None,
    progress: Progress = no_progress,
    time_ns: int | None = None,
) -> VerifyBackupReport:
    """Check a target; when nothing is found, note there that its newest backups were verified.

    Args:
        target: where the backups are.
        tier: how much is read.
        share: of the packs that a sample reads, three at least.
        seed: which of them; others each time by default.
        progress: told how far it has come.
        time_ns: now.
    """
    check = _Check(target, tier, progress)
    check.read(_chosen(tier, sorted(check.contents.packs), share, random.Random(seed)))
    if tier == "full":
        check.problems += _wrong_in_parts(Fetcher(target, check.contents), check.contents)
    return check.report(now_ns() if time_ns is None else time_ns)


def verify_backups_within(
    target: SealedTarget,
    seconds: float,
    *,
    progress: Progress = no_progress,
    time_ns: int | None = None,
    clock: Callable[[], float] = monotonic_seconds,
) -> VerifyBackupReport:
    """Check all but the packs, all logs, and in the time that is left the packs read longest ago.

    What was read is noted at the target. One pack is read in any case, so that every run goes on.
    """
    deadline = clock() + seconds
    time_ns = now_ns() if time_ns is None else time_ns
    check = _Check(target, "budget", progress)
    packs = oldest_first(target, check.contents.packs, time_ns=time_ns)
    whole = check.read(packs, enough=lambda: clock() >= deadline)
    note_read(target, whole, there=check.contents.packs, time_ns=time_ns)
    return check.report(time_ns)


class _Check:
    """A check in which all but the packs has been read, and of them as many as is asked for."""

    def __init__(self, target: SealedTarget, tier: str, progress: Progress) -> None:
        self._target = target
        self._tier = tier
        self._progress = progress
        self.contents = load_contents(target)
        self._by_pack = self.contents.by_pack()
        self._listing = read_listing(target)
        self._broken: list[str] = []
        self._read = 0
        self.problems = [
            *_altered_configs(target),
            *self._listing.problems,
            *_vanished(target),
            *self.contents.problems,
            *_wrong_sizes(target, self.contents, self._by_pack),
        ]
        self._check_backups()
        self.problems += _damaged_before(self.contents, self._listing.live())

    def read(self, packs: Sequence[str], *, enough: Enough = never) -> list[str]:
        """Read packs, one at least, until it is *enough*; return which were whole."""
        whole = []
        for done, pack in enumerate(packs, 1):
            found = list(wrong_in_pack(self._target, pack, self._by_pack.get(pack, ())))
            self.problems += found
            whole += [] if found else [pack]
            self._read = done
            self._progress("packs", done, len(packs))
            if enough():
                break
        return whole

    def report(self, time_ns: int) -> VerifyBackupReport:
        """Return what was found; when it is nothing, note that at the target."""
        if not self.problems:
            note_verified(self._target, self._listing.live(), self._tier, time_ns)
        return VerifyBackupReport(
            target=str(self._target.target),
            tier=self._tier,
            backups=len(self._listing.backups),
            packs=len(self.contents.packs),
            packs_read=self._read,
            problems=tuple(dict.fromkeys(self.problems)),
            broken=tuple(self._broken),
        )

    def _check_backups(self) -> None:
        fetcher = Fetcher(self._target, self.contents)
        with_logs = self._tier != "structure"
        for done, listed in enumerate(self._listing.backups, 1):
            found = list(wrong_in_backup(fetcher, self.contents, listed, with_logs=with_logs))
            self.problems += found
            self._broken += [listed.short] if found else []
            self._progress("backups", done, len(self._listing.backups))


def note_verified(target: SealedTarget, listed: Iterable[Listed], how: str, time_ns: int) -> None:
    """Note at a target that the newest backup of each vault was verified."""
    newest = {each.backup.vault_id: each for each in listed}  # they come oldest first
    before = verified_notes(target)
    for vault_id, each in newest.items():
        fields = {
            "vault_id": vault_id,
            "backup": each.name,
            "backup_time_ns": each.backup.time_ns,
            "how": how,
            "time_ns": time_ns,
        }
        target.put(VERIFIED, [codec.pack(fields)])
    for name, note in before.items():
        if note["vault_id"] in newest:
            target.delete(name)


def read_verified(target: SealedTarget, name: str) -> dict[str, object]:
    """Return what is noted of a verification."""
    fields = codec.unpack(target.get(name))
    if not isinstance(fields, dict) or not isinstance(fields.get("time_ns"), int):
        raise CorruptionError(f"{name} is no note of a verification")
    return fields


def verified_notes(target: SealedTarget) -> dict[str, dict[str, object]]:
    """Return what is noted of verifications, as far as it can be read, by file."""
    notes: dict[str, dict[str, object]] = {}
    for name in target.list(VERIFIED):
        try:
            notes[name] = read_verified(target, name)
        except (CorruptionError, NotFound):
            continue
    return notes


def _altered_configs(target: SealedTarget) -> Iterable[str]:
    """Yield which of the copies of the config is damaged, while another is whole."""
    for name in altered_configs(target.target, target.config):
        yield f"{name} is missing or was altered: `nacre repair-backup` writes it from its copy"


def _vanished(target: SealedTarget) -> Iterable[str]:
    """Yield the backups that were verified once, and that nobody let go."""
    there = target.list(BACKUPS)
    for note in verified_notes(target).values():
        name = str(note.get("backup"))
        if name not in there:
            short = short_name(name)
            yield f"the backup {short} was verified before, and is not there any more"


def _damaged_before(contents: Contents, listed: Iterable[Listed]) -> Iterable[str]:
    """Yield which newest backups lack blobs that were damaged in their vault."""
    newest = {each.backup.vault_id: each for each in listed}  # they come oldest first
    for each in newest.values():
        lacking = missing_of(contents, each.backup.damaged)
        if lacking:
            yield (
                f"the backup {each.short} lacks {len(lacking)} blobs that were damaged in its "
                f"vault, such as {lacking[0]}: run `nacre repair` there"
            )


def _chosen(tier: Tier, packs: list[str], share: float, choose: random.Random) -> list[str]:
    if tier == "structure":
        return []
    if tier == "full":
        return packs
    count = max(_FEWEST_SAMPLED, round(len(packs) * share))
    return choose.sample(packs, min(count, len(packs)))


def _wrong_sizes(
    target: SealedTarget, contents: Contents, by_pack: Mapping[str, Sequence[Place]]
) -> Iterable[str]:
    """Yield the packs that are shorter or longer than their tables say."""
    for pack, places in by_pack.items():
        size = content_size([place.chunk for place in places])
        expected = sealed_size(size, is_encrypted=target.is_encrypted)
        if contents.packs[pack] != expected:
            yield f"{pack} has {contents.packs[pack]} bytes instead of {expected}"


def wrong_in_pack(target: SealedTarget, pack: str, places: Sequence[Place]) -> Iterable[str]:
    """Yield what is wrong with a pack, and with the chunks in it that are whole blobs."""
    try:
        content = target.get(pack)
        table_in(content)
    except (CorruptionError, NotFound) as error:
        yield f"{pack}: {error}"
        return
    for place in places:
        description = place.chunk.description
        if place.chunk.raw_size != description.stored_size:
            continue
        try:
            payload = part_in(content, place)
            check_payload(description, payload)
            check_content(payload, place)
        except CorruptionError as error:
            yield f"{pack}: {error}"


def check_content(payload: object, place: Place) -> None:
    """Raise CorruptionError unless a payload has the digest that it is stored under."""
    description = place.chunk.description
    assert isinstance(payload, bytes | memoryview)
    content = compression.restored(
        memoryview(payload), size=description.size, is_zstd=description.is_zstd
    )
    if digest_of(content) != description.digest:
        raise CorruptionError(f"the content of {description.digest} has another digest")


def _wrong_in_parts(fetcher: Fetcher, contents: Contents) -> Iterable[str]:
    """Yield what is wrong with blobs of several parts."""
    parted: set[Digest] = {
        place.chunk.description.digest
        for places in contents.places.values()
        for place in places
        if place.chunk.part
    }
    for digest in sorted(parted):
        try:
            fetcher.content(digest)
        except (CorruptionError, NotFound) as error:
            yield str(error)


def wrong_in_backup(
    fetcher: Fetcher, contents: Contents, listed: Listed, *, with_logs: bool = False
) -> Iterable[str]:
    """Yield why a backup cannot be restored whole; of its log, whether it is there or all of it."""
    backup = listed.backup
    try:
        missing = [d for d in blobs_of(fetcher, backup) if contents.places_of(d) is None]
        epitaphs_of(fetcher, backup)
        missing += [p.digest for p in backup.log if contents.places_of(p.digest) is None]
        if with_logs:
            reading = LogReading()
            for entry in entries_of(fetcher, backup):
                reading.read(entry, backup)
            reading.check(backup)
    except (CorruptionError, NotFound) as error:
        yield f"the backup {listed.short}: {error}"
        return
    if missing:
        yield f"the backup {listed.short} lacks {len(missing)} blobs, such as {missing[0]}"
