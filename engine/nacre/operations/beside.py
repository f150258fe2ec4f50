"""A directory beside the place where something is built, so that one rename brings it there."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nacre.errors import StateError
from nacre.files import create_folder


@contextmanager
def beside(destination: Path, suffix: str) -> Iterator[Path]:
    """Give the directory `NAME + suffix` beside *destination*, to one process at a time.

    What another process has left in it is still there. It is removed in the end.

    Raises:
        StateError: another process uses it.
    """
    place = destination.with_name(destination.name + suffix)
    create_folder(place.parent)
    place.mkdir(exist_ok=True)
    folder = os.open(place, os.O_RDONLY | os.O_CLOEXEC)
    try:
        _lock(folder, destination)
        try:
            yield place
        finally:
            shutil.rmtree(place)
    finally:
        os.close(folder)


def clear(folder: Path) -> None:
    """Remove what is in a folder."""
    for entry in list(folder.iterdir()):
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()


def is_free(destination: Path) -> bool:
    """Tell whether nothing, or an empty directory, is at a place."""
    if destination.is_dir() and not destination.is_symlink():
        return not any(destination.iterdir())
    return not destination.exists() and not destination.is_symlink()


def _lock(folder: int, destination: Path) -> None:
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise StateError(f"another process is writing {destination}: wait for it") from error
