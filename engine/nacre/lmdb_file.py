"""What can be told of an LMDB file without opening it."""

import fcntl
import os
from contextlib import suppress
from pathlib import Path

from lmdb.verify import VerifyError
from lmdb.verify import verify as find_lmdb_problems

from nacre.errors import CorruptionError

_MAGIC = b"\xde\xc0\xef\xbe"
_MAGIC_AT = 16
_SECTOR_BYTES = 512  # what st_blocks counts


def is_lmdb_file(path: Path) -> bool:
    """Tell whether a file starts as LMDB's do; one that is empty or missing does not."""
    try:
        with path.open("rb") as file:
            start = file.read(_MAGIC_AT + len(_MAGIC))
    except FileNotFoundError:
        return False
    return start[_MAGIC_AT:] == _MAGIC


def check_untrusted(path: Path) -> None:
    """Check every page of an LMDB file before LMDB itself, which trusts its files, maps it.

    Raises:
        CorruptionError: something in it could make the process crash, or read what is not there.
    """
    try:
        problems = find_lmdb_problems(str(path), subdir=False)  # type: ignore[no-untyped-call]
    except VerifyError as error:
        problems = [str(error)]
    if problems:
        raise CorruptionError(
            f"{path} is damaged or was tampered with ({len(problems)} problems; the first: "
            f"{problems[0]}): do not open it, restore it from a backup"
        )


def lock_path(path: Path) -> Path:
    """Return where LMDB keeps the lock file of a data file."""
    return path.with_name(path.name + "-lock")


def reserve_lock(path: Path, size: int) -> None:
    """Give the lock file of a data file its place on the disk, and create it if need be.

    LMDB writes to it through memory: on a full disk a hole in it would end the process with a
    signal. Nobody in this process may have it open: closing it here would end LMDB's locks.

    Raises:
        OSError: the disk is full, or it cannot be written here.
    """
    lock = lock_path(path)
    with suppress(FileNotFoundError):
        if lock.stat().st_blocks * _SECTOR_BYTES >= size:
            return
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        os.posix_fallocate(descriptor, 0, size)
    finally:
        os.close(descriptor)


def drop_lock(path: Path, lock_id: tuple[int, int] | None) -> None:
    """Unlink the lock file of a data file, unless it is another one by now.

    Nobody in this process may have it open: closing it here would end LMDB's locks.
    """
    lock = lock_path(path)
    try:
        descriptor = os.open(lock, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        # Of several processes that want it gone only the first may unlink: the next one is new.
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if file_id(lock) == lock_id:
            lock.unlink()
    finally:
        os.close(descriptor)


def file_id(path: Path) -> tuple[int, int] | None:
    """Return device and inode of a file, or None when there is none."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino


def descriptor_id(descriptor: int) -> tuple[int, int]:
    """Return device and inode of an open file."""
    status = os.fstat(descriptor)
    return status.st_dev, status.st_ino
