"""Blob stores as vaults use them."""

from contextlib import nullcontext
from pathlib import Path

from nacre.blobs import Blobs, VaultBlobs
from nacre.environment import Environment
from nacre.files import Files, OsFiles


def commit(blobs: Blobs, environment: Environment | None = None) -> None:
    """Publish what was put, as a commit does."""
    blobs.sync()
    with nullcontext() if environment is None else environment.write(OsFiles()):
        blobs.publish()
    blobs.forget_published()


def open_blobs(
    environment: Environment, folder: Path | None, files: Files | None = None
) -> VaultBlobs:
    return VaultBlobs(environment, folder, files or OsFiles(), read_only=False)
