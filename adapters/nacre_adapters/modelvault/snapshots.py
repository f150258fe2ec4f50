"""Copies of a database: to a file, from one, as bytes; each is whole or not there."""

import os
import tempfile
from pathlib import Path

from nacre_adapters.modelvault.copies import checked_copy
from nacre_adapters.modelvault.errors import (
    CannotOpen,
    Malformed,
    ModelVaultTransactionError,
    as_interface,
)
from nacre_adapters.modelvault.handle import Handle
from nacre_adapters.modelvault.places import check_parent, checked_path, take_lock


def export(
    handle: Handle, dest_path: str | os.PathLike[str], *, call: str = "export_snapshot"
) -> None:
    """Write all that was committed to a file; the path of the database itself is left alone.

    Raises:
        CannotOpen: there is no such folder, or no room.
        ModelVaultTransactionError: this thread is in a transaction.
    """
    _refuse_inside(handle, call)
    dest = check_parent("dest_path", dest_path)
    if handle.place.path is not None and dest.exists() and dest.samefile(handle.place.path):
        return
    with as_interface:
        handle.vault.copy(dest)


def image(handle: Handle) -> bytes:
    """Return what a file of a database in memory would be.

    Raises:
        Malformed: the database is a file.
    """
    if handle.place.path is not None or not handle.place.is_own:
        raise Malformed("snapshot_bytes is only supported for in-memory databases")
    _refuse_inside(handle, "snapshot_bytes")
    with tempfile.TemporaryDirectory(dir=handle.place.folder) as folder:
        path = Path(folder) / "image"
        with as_interface:
            handle.vault.copy(path)
        return path.read_bytes()


def restore(snapshot_path: str | os.PathLike[str], dest_path: str | os.PathLike[str]) -> None:
    """Put a snapshot that was verified in the place of a database that nobody has open to write.

    Raises:
        CannotOpen: there is no such file or folder, or somebody writes the database.
        ModelVaultFormatError: the snapshot is damaged; nothing was changed.
    """
    source = Path(checked_path("snapshot_path", snapshot_path))
    dest = check_parent("dest_path", dest_path)
    if not source.is_file():
        raise CannotOpen("No such file or directory (os error 2)")
    lock = take_lock(dest, os.fspath(dest_path))
    try:
        with tempfile.TemporaryDirectory(dir=dest.parent, prefix=".restore-") as folder:
            vault = checked_copy(source, Path(folder))
            try:
                with as_interface:
                    vault.copy(dest)
            finally:
                vault.close()
    finally:
        os.close(lock)


def compact(handle: Handle) -> None:
    """Compress the log, and give back the space that nothing needs.

    Raises:
        Malformed: the database is in memory.
        ModelVaultTransactionError: this thread is in a transaction.
    """
    if handle.place.path is None and handle.place.is_own:
        raise Malformed("compact_in_place is only supported for file-backed databases")
    _refuse_inside(handle, "compact")
    with as_interface:
        handle.vault.compact()


def checkpoint(handle: Handle) -> None:
    """Check that the database can be written; it opens at once without any checkpoint."""
    _refuse_inside(handle, "checkpoint")
    with as_interface:
        handle.write(lambda tx: None)


def _refuse_inside(handle: Handle, call: str) -> None:
    if handle.staged is not None:
        raise ModelVaultTransactionError(
            f"transaction error: {call} is for outside of a transaction: leave it first"
        )
