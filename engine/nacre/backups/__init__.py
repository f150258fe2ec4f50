"""Copies of vaults elsewhere: the seam of targets, and the files that backups are made of."""

from nacre.backups.config import Secret, create_config, read_config
from nacre.backups.directory import DirectoryTarget
from nacre.backups.memory import MemoryTarget
from nacre.backups.sealed import SealedTarget
from nacre.backups.target import Target

__all__ = [
    "DirectoryTarget",
    "MemoryTarget",
    "SealedTarget",
    "Secret",
    "Target",
    "create_config",
    "read_config",
]
