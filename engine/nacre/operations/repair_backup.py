"""Mend a target: what is whole in damaged packs is stored anew, and what nobody can read goes.

A damaged file at a target stays in the way of every later backup, which believes that what it
holds is there. When it is gone, the next backup stores again what was lost and the vault still
has. Safe to kill: a pack is deleted when what is whole in it can be found in another.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from nacre.backups.backup import short_name
from nacre.backups.config import altered_configs, mend_config
from nacre.backups.contents import (
    Contents,
    Place,
    load_contents,
    packs_being_purged,
    write_indexes,
)
from nacre.backups.fetch import Fetcher, checked_part
from nacre.backups.listing import Listed, read_listing
from nacre.backups.pack import Packed
from nacre.backups.sealed import (
    BACKUPS,
    CONDEMNED,
    FORGOTTEN,
    INDEXES,
    READ,
    VERIFIED,
    SealedTarget,
)
from nacre.backups.upload import put_pack
from nacre.errors import CorruptionError, NotFound
from nacre.operations.forget import delete_backups, delete_dead_indexes
from nacre.operations.report import Progress, no_progress
from nacre.operations.verify_backup import check_content, wrong_in_backup, wrong_in_pack

_SMALL_FOLDERS = (INDEXES, FORGOTTEN, CONDEMNED, VERIFIED, READ)


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairBackupReport:
    """What was mended, or would be."""

    target: str
    packs: tuple[str, ...]
    """Damaged ones, that were replaced by what is whole in them."""

    saved_chunks: int
    lost_chunks: int
    """What the next backup stores again, if its vault still has it."""

    removed: tuple[str, ...]
    """Indexes, notes and backups that nobody can read."""

    configs: tuple[str, ...]
    """Written again from their copies: without one of them no backup opens."""

    broken: tuple[str, ...]
    """Backups that are not whole, and stay."""

    discarded: tuple[str, ...]
    """Backups that were not whole, and were let go."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetDamage:
    """What is wrong with the files of a target."""

    packs: dict[str, tuple[Packed, ...]]
    """Damaged packs, and the chunks in each that are whole."""

    lost: int
    """How many chunks are not."""

    files: tuple[str, ...]
    """Indexes, and what is noted of backups and packs: nothing is lost with them."""

    backups: tuple[str, ...]
    configs: tuple[str, ...] = ()
    """Copies of what the target is; another one is whole."""


def find_target_damage(target: SealedTarget, progress: Progress = no_progress) -> TargetDamage:
    """Read every byte at a target, and return what is damaged."""
    contents = load_contents(target)
    by_pack = contents.by_pack()
    purged = packs_being_purged(target)
    saved: dict[str, tuple[Packed, ...]] = {}
    lost = 0
    for done, pack in enumerate(sorted(contents.packs), 1):
        places = by_pack.get(pack, [])
        if any(wrong_in_pack(target, pack, places)):
            wanted = [] if pack in purged else places
            saved[pack] = tuple(_whole_chunks(target, contents, pack, wanted))
            lost += len(wanted) - len(saved[pack])
        progress("packs", done, len(contents.packs))
    return TargetDamage(
        packs=saved,
        lost=lost,
        files=tuple(name for folder in _SMALL_FOLDERS for name in _unreadable(target, folder)),
        backups=tuple(_unreadable(target, BACKUPS)),
        configs=tuple(altered_configs(target.target, target.config)),
    )


def repair_backups(
    target: SealedTarget,
    damage: TargetDamage,
    *,
    discard: bool = False,
    progress: Progress = no_progress,
) -> RepairBackupReport:
    """Mend what `find_target_damage` returned.

    Args:
        target: where the backups are.
        damage: what is wrong there.
        discard: let go of the backups that are not whole even so, where a vault has a whole one.
        progress: told how far it has come.
    """
    mend_config(target.target, target.config)
    for done, (pack, chunks) in enumerate(damage.packs.items(), 1):
        if chunks:
            name, table, _ = put_pack(target, chunks)
            write_indexes(target, {name: table})
        target.delete(pack)
        progress("mending", done, len(damage.packs))
    for name in damage.files:
        target.delete(name)
    delete_dead_indexes(target)
    delete_backups(target, damage.backups)
    whole, broken = _sorted_out(target)
    kept_vaults = {each.backup.vault_id for each in whole}
    gone = [each for each in broken if discard and each.backup.vault_id in kept_vaults]
    delete_backups(target, [each.name for each in gone])
    return report_of(target, damage, broken=[b for b in broken if b not in gone], discarded=gone)


def report_of(
    target: SealedTarget,
    damage: TargetDamage,
    *,
    broken: Sequence[Listed] | None = None,
    discarded: Iterable[Listed] = (),
) -> RepairBackupReport:
    """Return the report of a repair that is done, or of one that is planned."""
    broken = _sorted_out(target)[1] if broken is None else broken
    removed = [*damage.files, *(f"the backup {short_name(name)}" for name in damage.backups)]
    return RepairBackupReport(
        target=str(target.target),
        packs=tuple(damage.packs),
        saved_chunks=sum(map(len, damage.packs.values())),
        lost_chunks=damage.lost,
        removed=tuple(removed),
        configs=damage.configs,
        broken=tuple(each.short for each in broken),
        discarded=tuple(each.short for each in discarded),
    )


def _sorted_out(target: SealedTarget) -> tuple[list[Listed], list[Listed]]:
    """Return the backups that are whole, as far as is known without reading packs, and the rest."""
    contents = load_contents(target)
    fetcher = Fetcher(target, contents)
    whole: list[Listed] = []
    broken: list[Listed] = []
    for listed in read_listing(target).backups:
        wrong = any(wrong_in_backup(fetcher, contents, listed))
        (broken if wrong else whole).append(listed)
    return whole, broken


def _whole_chunks(
    target: SealedTarget, contents: Contents, pack: str, places: Sequence[Place]
) -> Iterable[Packed]:
    try:
        content = target.get_damaged(pack)
    except NotFound:
        return
    fetcher = Fetcher(target, contents, lenient=True)
    for place in sorted(places, key=lambda place: place.offset):
        try:
            data = checked_part(content, place)
            if place.chunk.raw_size == place.chunk.description.stored_size:
                check_content(data, place)
            else:
                fetcher.content(place.chunk.description.digest)  # only the whole can be checked
        except (CorruptionError, NotFound):
            continue
        packed = content[place.offset : place.offset + place.chunk.packed_size]
        yield Packed(place.chunk, packed)


def _unreadable(target: SealedTarget, folder: str) -> Iterator[str]:
    """Yield the files of a folder that are not what was put there."""
    for name in target.list(folder):
        try:
            target.get(name)
        except CorruptionError:
            yield name
        except NotFound:
            continue  # removed meanwhile
