"""Let old backups go, and in the end the packs that nothing needs any more.

Safe against backups that run at the same time, and against second thoughts. A backup is first
only marked, and a pack only condemned: both are deleted by a later run, when the window is over,
and only if they are still not wanted then. A backup that is being made does not rely on a pack
that will be deleted within half an hour, and looks again before and after it is written: so a
pack that is needed always has a backup that says so by the time that its window is over.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta

from nacre import codec
from nacre.backups.contents import (
    Contents,
    load_contents,
    read_condemned,
    read_index,
    write_condemned,
)
from nacre.backups.fetch import Fetcher
from nacre.backups.listing import Listed, Listing, read_listing, read_mark
from nacre.backups.sealed import CONDEMNED, FORGOTTEN, INDEXES, SealedTarget
from nacre.clock import now_ns
from nacre.errors import CorruptionError, InvalidInput, NotFound
from nacre.hashing import Digest
from nacre.operations.backups import BackupInfo, info_of
from nacre.operations.choose import blobs_of
from nacre.operations.report import Progress, no_progress
from nacre.operations.retention import Rules, kept
from nacre.operations.verify_backup import verified_notes

SHORTEST_WINDOW = timedelta(hours=1)
"""Twice the time that a backup being made keeps away from what will be deleted."""

DEFAULT_WINDOW = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A backup that stays, and the rules that keep it."""

    backup: BackupInfo
    because: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetReport:
    """What was let go, or would be."""

    kept: tuple[Kept, ...]
    forgotten: tuple[BackupInfo, ...]
    """Marked now; they can be taken back until the window is over."""

    deleted: tuple[BackupInfo, ...]
    """Forgotten before; their window is over."""

    condemned_packs: int
    condemned_bytes: int
    """Needed by no backup that stays; deleted when the window is over."""

    deleted_packs: int
    deleted_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """What is to be done at a target."""

    kept: tuple[tuple[Listed, tuple[str, ...]], ...]
    forgotten: tuple[Listed, ...]
    deleted: tuple[Listed, ...]
    condemned: tuple[str, ...]
    dead: tuple[str, ...]
    """Packs that were condemned, are due, and are not needed."""

    due_lists: tuple[str, ...]
    sizes: dict[str, int]


def plan_forget(
    target: SealedTarget, rules: Rules, *, vault: str | None = None, time_ns: int | None = None
) -> Sweep:
    """Return what `forget` will do; nothing is changed.

    Args:
        target: where the backups are.
        rules: which backups of each vault stay.
        vault: the beginning of the id of the only vault that they are applied to.
        time_ns: now.

    Raises:
        InvalidInput: no backup of a vault would be left.
        CorruptionError: a backup cannot be read: what it needs is not known.
    """
    time_ns = now_ns() if time_ns is None else time_ns
    listing = read_listing(target)
    if listing.problems:
        raise CorruptionError(
            f"{listing.problems[0]}: nothing is forgotten while it is not known what backups need; "
            "bring the file back from a copy, or run `nacre repair-backup`"
        )
    chosen = [e for e in listing.live() if vault is None or _is_of(e, vault)]
    if vault is not None and not chosen:
        raise NotFound(f"there is no backup of a vault {vault!r}: list them with `nacre backups`")
    because = kept(chosen, rules)
    _refuse_to_empty(chosen, because)
    forgotten = [each for each in chosen if each.name not in because]
    deleted = [e for e in listing.backups if listing.forgotten.get(e.name, time_ns) < time_ns]
    try:
        packs = _plan_packs(target, listing, forgotten, deleted, time_ns)
    except CorruptionError as error:
        raise CorruptionError(
            f"{error}: nothing is forgotten while a backup is not whole; run `nacre repair-backup`"
        ) from error
    return Sweep(
        kept=tuple((each, because[each.name]) for each in chosen if each.name in because),
        forgotten=tuple(forgotten),
        deleted=tuple(deleted),
        condemned=tuple(sorted(packs.condemned)),
        dead=tuple(sorted(packs.dead)),
        due_lists=packs.due_lists,
        sizes=packs.sizes,
    )


def forget(
    target: SealedTarget,
    sweep: Sweep,
    *,
    window: timedelta = DEFAULT_WINDOW,
    time_ns: int | None = None,
    progress: Progress = no_progress,
) -> ForgetReport:
    """Do what `plan_forget` returned. What is marked now can be taken back for a *window*.

    Raises:
        InvalidInput: the window is shorter than a running backup needs.
    """
    if window < SHORTEST_WINDOW:
        raise InvalidInput(f"the window is {window}: give an hour at least, backups may be running")
    time_ns = now_ns() if time_ns is None else time_ns
    after_ns = time_ns + window // timedelta(microseconds=1) * 1000
    # What is due goes first, backups before what they need, and last the file that says what is
    # to be deleted: a run that is cut short is finished by the next one.
    delete_backups(target, [each.name for each in sweep.deleted])
    for done, pack in enumerate(sweep.dead, 1):
        target.delete(pack)
        progress("packs", done, len(sweep.dead))
    for name in sweep.due_lists:
        target.delete(name)
    for each in sweep.forgotten:
        target.put(FORGOTTEN, [codec.pack({"backup": each.name, "after_ns": after_ns})])
    if sweep.condemned:
        write_condemned(target, sweep.condemned, after_ns=after_ns)
    delete_dead_indexes(target)
    return report_of(sweep)


def unforget(target: SealedTarget, names: Iterable[str]) -> tuple[BackupInfo, ...]:
    """Take forgotten backups back, by their names or how these begin.

    Raises:
        NotFound: one does not exist any more.
        InvalidInput: one was not forgotten.
    """
    listing = read_listing(target)
    found = [listing.named(name) for name in names]
    for listed in found:
        if listed.name not in listing.forgotten:
            raise InvalidInput(f"the backup {listed.short} was not forgotten: it stays")
    wanted = {listed.name for listed in found}
    for name in marks_of(target, lambda backup: backup in wanted):
        target.delete(name)
    return tuple(info_of(listed) for listed in found)


def report_of(sweep: Sweep) -> ForgetReport:
    """Return the report of what is done, or planned."""
    return ForgetReport(
        kept=tuple(Kept(backup=info_of(each), because=why) for each, why in sweep.kept),
        forgotten=tuple(info_of(each, is_forgotten=True) for each in sweep.forgotten),
        deleted=tuple(info_of(each, is_forgotten=True) for each in sweep.deleted),
        condemned_packs=len(sweep.condemned),
        condemned_bytes=sum(sweep.sizes[pack] for pack in sweep.condemned),
        deleted_packs=len(sweep.dead),
        deleted_bytes=sum(sweep.sizes[pack] for pack in sweep.dead),
    )


def needed_packs(contents: Contents, fetcher: Fetcher, backups: Iterable[Listed]) -> set[str]:
    """Return the packs in which what these backups are made of lies."""
    needed: set[str] = set()
    seen: set[Digest] = set()
    for listed in backups:
        backup = listed.backup
        own = [part.digest for part in backup.log] + list(backup.lists)
        own += [] if backup.epitaphs is None else [backup.epitaphs]
        for digest in {*own, *blobs_of(fetcher, backup)} - seen:
            seen.add(digest)
            needed |= {place.pack for place in contents.places_of(digest) or ()}
    return needed


def marks_of(target: SealedTarget, is_wanted: Callable[[str], bool]) -> list[str]:
    """Return the names of the marks of some backups."""
    found = []
    for name in target.list(FORGOTTEN):
        try:
            backup, _ = read_mark(target, name)
        except NotFound:
            continue
        if is_wanted(backup):
            found.append(name)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Packs:
    condemned: set[str]
    dead: set[str]
    due_lists: tuple[str, ...]
    sizes: dict[str, int]


def _plan_packs(
    target: SealedTarget,
    listing: Listing,
    forgotten: Iterable[Listed],
    deleted: Iterable[Listed],
    time_ns: int,
) -> _Packs:
    contents = load_contents(target)
    fetcher = Fetcher(target, contents)
    gone = {each.name for each in deleted}
    remaining = [each for each in listing.backups if each.name not in gone]
    leaving = {each.name for each in forgotten} | listing.forgotten.keys()
    staying = [each for each in remaining if each.name not in leaving]
    due_lists, due = _due(target, time_ns)
    pending = contents.dying.keys() - due
    # What a forgotten backup needs stays as long as it can be taken back.
    needed = needed_packs(contents, fetcher, remaining)
    needed_to_stay = needed_packs(contents, fetcher, staying)
    dead = (due & contents.packs.keys()) - needed
    return _Packs(
        condemned=contents.packs.keys() - needed_to_stay - pending - dead,
        dead=dead,
        due_lists=due_lists,
        sizes=contents.packs,
    )


def _due(target: SealedTarget, time_ns: int) -> tuple[tuple[str, ...], set[str]]:
    """Return the lists of condemned packs whose window is over, and what is on them."""
    names: list[str] = []
    packs: set[str] = set()
    for name in target.list(CONDEMNED):
        try:
            after_ns, some = read_condemned(target, name)
        except (NotFound, CorruptionError):
            continue
        if after_ns < time_ns:
            names.append(name)
            packs |= set(some)
    return tuple(names), packs


def _refuse_to_empty(chosen: Iterable[Listed], because: dict[str, tuple[str, ...]]) -> None:
    by_vault: dict[str, list[Listed]] = {}
    for each in chosen:
        by_vault.setdefault(each.backup.vault_id.hex(), []).append(each)
    for vault, backups in by_vault.items():
        if not any(each.name in because for each in backups):
            raise InvalidInput(
                f"the rules keep none of the {len(backups)} backups of the vault {vault[:8]}: "
                "add --keep-last 1"
            )


def delete_backups(target: SealedTarget, names: Iterable[str]) -> None:
    """Remove backups with all that is noted of them."""
    names = set(names)
    # Their notes first: one without its backup says that somebody removed that.
    for name, note in verified_notes(target).items():
        if note.get("backup") in names:
            target.delete(name)
    for name in names:
        target.delete(name)
    # Marks last, also those whose backup is gone: a run may have died in between.
    there = target.list("backups")
    for name in marks_of(target, lambda backup: backup not in there):
        target.delete(name)


def delete_dead_indexes(target: SealedTarget) -> None:
    """Remove indexes of which no pack is left."""
    indexes = target.list(INDEXES)
    packs = target.list("packs")
    for name in indexes:
        try:
            tables = read_index(target, name)
        except (NotFound, CorruptionError):
            continue  # one that is damaged is told by verify-backup
        if not packs.keys() & tables.keys():
            target.delete(name)


def _is_of(listed: Listed, vault: str) -> bool:
    return listed.backup.vault_id.hex().startswith(vault.lower())
