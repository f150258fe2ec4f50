"""Copies of files of which nothing is known: checked as a whole, also when somebody writes them.

A file is never trusted where it lies: its bytes are copied, and the copy is checked. Bytes of a
file that somebody writes may be of different moments; only then it is opened, and copied as it is
at one moment.
"""

import os
import shutil
from contextlib import suppress
from pathlib import Path

import nacre
from nacre_adapters.modelvault.errors import ModelVaultFormatError, as_interface, no_instance
from nacre_adapters.modelvault.places import (
    MEMORY,
    Place,
    checked_vault,
    folder_in_memory,
    is_written,
    open_file,
    os_error,
)


def open_copy(image: Path | bytes) -> Place:
    """Open a copy in memory of a file, or of its bytes.

    Raises:
        CannotOpen: there is no such file.
        ModelVaultFormatError: it is no database, or it is damaged.
    """
    folder = folder_in_memory()
    try:
        return Place(_copy(image, folder), MEMORY, folder=folder, maker=os.getpid())
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def checked_copy(image: Path, folder: Path) -> nacre.Vault:
    """Copy a file into a folder, and open the copy, which was checked.

    Raises:
        CannotOpen: it cannot be read.
        ModelVaultFormatError: it is no database, or it is damaged.
    """
    copy = folder / "copy.nacre"
    has_changed = _copy_bytes(image, copy)
    try:
        return _checked(copy, str(image))
    except ModelVaultFormatError:
        if not has_changed and not is_written(image):
            raise
    if is_written(image):
        copy.unlink()
        _copy_at_one_moment(image, copy)
    else:
        _copy_bytes(image, copy)
    return _checked(copy, str(image))


def _copy(image: Path | bytes, folder: Path) -> nacre.Vault:
    if isinstance(image, Path):
        return checked_copy(image, folder)
    if not isinstance(image, bytes):
        raise no_instance(image, "bytes", argument="data")
    copy = folder / "copy.nacre"
    copy.write_bytes(image)
    return _checked(copy, "the snapshot")


def _copy_bytes(image: Path, copy: Path) -> bool:
    """Copy a file, and tell whether somebody wrote it meanwhile."""
    try:
        before = image.stat()
        shutil.copyfile(image, copy)
        after = image.stat()
    except OSError as error:
        raise os_error(error) from error
    moments = [(found.st_mtime_ns, found.st_size, found.st_ino) for found in (before, after)]
    return moments[0] != moments[1]


def _copy_at_one_moment(image: Path, copy: Path) -> None:
    place = open_file(image, read_only=True)
    try:
        with as_interface:
            place.vault.copy(copy)
    finally:
        place.close()


def _checked(copy: Path, shown: str) -> nacre.Vault:
    try:
        return checked_vault(copy)
    except ModelVaultFormatError as error:
        with suppress(FileNotFoundError):
            copy.with_name(f"{copy.name}-lock").unlink()
        raise ModelVaultFormatError(str(error).replace(str(copy), shown)) from error
