"""Which backups a target holds."""

from dataclasses import dataclass
from datetime import datetime

from nacre.backups.listing import Listed, read_listing
from nacre.backups.sealed import FOLDERS, SealedTarget


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupInfo:
    """A backup in a few figures."""

    name: str
    time: datetime
    vault: str
    label: str
    """Where the vault lay."""

    head: int
    root: str
    blobs: int
    size_bytes: int
    """Of its payloads, as the vault stored them."""

    added_bytes: int
    """What it added to the target."""

    tags: tuple[str, ...]
    damaged: int
    is_forgotten: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetInfo:
    """What a target holds."""

    target: str
    target_id: str
    is_encrypted: bool
    size_bytes: int
    backups: tuple[BackupInfo, ...]
    problems: tuple[str, ...]


def list_backups(target: SealedTarget) -> TargetInfo:
    """Return all backups of a target, oldest first."""
    listing = read_listing(target)
    return TargetInfo(
        target=str(target.target),
        target_id=target.config.target_id.hex(),
        is_encrypted=target.is_encrypted,
        size_bytes=sum(sum(target.list(folder).values()) for folder in FOLDERS),
        backups=tuple(
            info_of(listed, is_forgotten=listed.name in listing.forgotten)
            for listed in listing.backups
        ),
        problems=listing.problems,
    )


def info_of(listed: Listed, *, is_forgotten: bool = False) -> BackupInfo:
    """Return the figures of a backup."""
    backup = listed.backup
    return BackupInfo(
        name=listed.short,
        time=backup.time,
        vault=backup.vault_id.hex(),
        label=backup.label,
        head=backup.head,
        root=backup.root.hex(),
        blobs=backup.blobs,
        size_bytes=backup.size_bytes,
        added_bytes=backup.added_bytes,
        tags=backup.tags,
        damaged=len(backup.damaged),
        is_forgotten=is_forgotten,
    )
