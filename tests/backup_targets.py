"""What the tests of backups share: targets, and vaults with everything in them."""

import os
from pathlib import Path

from works import WORKS, do, open_over

import nacre
from nacre.backups import DirectoryTarget, MemoryTarget, SealedTarget, Secret, Target
from nacre.files import Files, OsFiles
from nacre.operations.backup import BackupReport, backup, open_target
from nacre.operations.choose import Choice, plan_restore
from nacre.operations.restore import RestoreOptions, RestoreReport, restore

KEY = Secret(key_file=b"k" * 32)
DAY_NS = 24 * 3600 * 10**9


def sealed(target: Target | None = None, secret: Secret | None = None) -> SealedTarget:
    """Return a target, made if need be."""
    return open_target(target or MemoryTarget(), secret, create=True)


def worked(path: Path, *, single_file: bool = False, names=WORKS) -> nacre.Vault:
    """Return an open vault in which the works are done."""
    vault = open_over(path, OsFiles(), single_file=single_file)
    do(vault, names, lambda name: None)
    return vault


def back_up(vault: nacre.Vault, target: SealedTarget, **options) -> BackupReport:
    return backup(vault.store, target, **options)


def bring_back(
    target: SealedTarget, place: Path, *, files: Files | None = None, **choice
) -> RestoreReport:
    allowed = RestoreOptions(
        replace=choice.pop("replace", False), incomplete=choice.pop("incomplete", False)
    )
    plan = plan_restore(target, Choice(**choice), incomplete=allowed.incomplete)
    return restore(plan, place, allowed, files=files)


def content_of(vault: nacre.Vault) -> dict[str, object]:
    """Return all that a vault says: what a restored one must say as well."""
    named = {
        digest for event in vault.events() for digest in nacre.codec.digests_in(dict(event.data))
    }
    return {
        "id": vault.vault_id,
        "checkpoint": vault.checkpoint(),
        "events": [
            (e.position, e.time_ns, e.kind, e.subject, dict(e.data)) for e in vault.events()
        ],
        "blobs": {digest: vault.get(digest) for digest in named},
    }


def directory_target(path: Path, files: Files | None = None) -> DirectoryTarget:
    return DirectoryTarget(path, files)


def noise(size: int) -> bytes:
    return os.urandom(size)
