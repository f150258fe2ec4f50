"""Files as a vault needs them: append, make durable, map; the only fsync in the code.

Every operation that can fail or be cut short passes through `Files`, so that the tests can fail
each one, or kill the process before and after it.
"""

import errno
import fcntl
import mmap
import os
import re
import resource
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import lmdb

from nacre.errors import DiskFull, FormatError, NacreError, NotFound, ReadOnly, StorageError
from nacre.hashing import Buffer

_NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_NO_ROOM_BYTES = 1 << 20
_NO_LINKS = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})
_NO_PERMISSION = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
_ESCAPED = re.compile(r"\\([0-7]{3})")  # blanks and backslashes, in /proc/self/mounts
_NETWORK = frozenset(
    {"9p", "afs", "ceph", "cifs", "coda", "glusterfs", "lustre", "ncpfs", "nfs", "nfs4", "smb3"}
    | {"smbfs", "fuse.glusterfs", "fuse.s3fs", "fuse.sshfs"}
)


class Files(Protocol):
    """The operations on files that commits, backups and restores are made of.

    Each raises OSError when the system does; `lmdb.Error` in the case of `commit`.
    """

    def open_append(self, path: Path, *, create: bool) -> int:
        """Open a file to append to and keep other handles from doing so; return its descriptor.

        A created file has a durable name. Raises BlockingIOError when another handle has it.
        """

    def append(self, descriptor: int, parts: Sequence[Buffer]) -> None:
        """Write all of *parts* at the end of the file."""

    def truncate(self, descriptor: int, size: int) -> None:
        """Cut off what lies behind *size* bytes."""

    def sync(self, descriptor: int) -> None:
        """Make the file's content durable."""

    def sync_file(self, path: Path) -> None:
        """Make the content of a file that somebody else wrote durable."""

    def replace(self, source: Path, target: Path) -> None:
        """Give a file or directory another name, durably; a file that has it is replaced."""

    def remove(self, path: Path) -> None:
        """Unlink a file, durably; one that is not there is no error."""

    def link(self, source: Path, path: Path) -> None:
        """Give a file a second name, durably. Raises FileExistsError when something has it."""

    def commit(self, transaction: lmdb.Transaction) -> None:
        """Commit an LMDB write transaction; durable on return unless its vault is relaxed."""


class OsFiles:
    """`Files` of the operating system."""

    def open_append(self, path: Path, *, create: bool) -> int:
        flags = os.O_RDWR | os.O_APPEND | os.O_CLOEXEC
        if create:
            flags |= os.O_CREAT | os.O_EXCL
        descriptor = os.open(path, flags, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if create:
                sync_folder(path.parent)
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor

    def append(self, descriptor: int, parts: Sequence[Buffer]) -> None:
        written = os.writev(descriptor, parts)
        for part in parts:
            if written >= len(part):
                written -= len(part)
                continue
            rest = memoryview(part)[written:]
            written = 0
            while rest:
                rest = rest[os.write(descriptor, rest) :]

    def truncate(self, descriptor: int, size: int) -> None:
        if os.fstat(descriptor).st_size > size:
            os.ftruncate(descriptor, size)

    def sync(self, descriptor: int) -> None:
        os.fdatasync(descriptor)

    def sync_file(self, path: Path) -> None:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def replace(self, source: Path, target: Path) -> None:
        source.replace(target)
        sync_folder(target.parent)

    def remove(self, path: Path) -> None:
        path.unlink(missing_ok=True)
        sync_folder(path.parent)

    def link(self, source: Path, path: Path) -> None:
        try:
            path.hardlink_to(source)
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            # Not in one step, but what is put without links has a name that nobody else uses.
            if path.exists():
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), path) from error
            source.rename(path)
        sync_folder(path.parent)

    def commit(self, transaction: lmdb.Transaction) -> None:
        transaction.commit()


def sync_folder(path: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def create_folder(path: Path) -> None:
    """Create a folder, and its parents, durably; one that exists is kept."""
    if path.is_dir():
        return
    create_folder(path.parent)
    path.mkdir(exist_ok=True)
    sync_folder(path.parent)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give the place of a new file, which takes the place of *path* once it is complete.

    Nothing else is touched, and nothing is left behind by a block that raises.

    Raises:
        NotFound: there is no such folder.
        StorageError: the disk is full, or fails.
        ReadOnly: nothing may be written there.
    """
    part = path.with_name(f".{os.urandom(8).hex()}.part")
    try:
        yield part
        part.replace(path)
    except NacreError:
        raise
    except FileNotFoundError as error:
        if path.parent.is_dir():
            raise
        raise NotFound(f"there is no directory {path.parent}: make it, or correct the path") from (
            error
        )
    except OSError as error:
        if error.errno in _NO_PERMISSION:
            why = os.strerror(error.errno)
            raise ReadOnly(f"{path} cannot be written ({why}): choose another directory") from error
        if error.errno in _NO_SPACE:
            raise DiskFull(
                f"{path} cannot be written, no space is left: free some, then run it again"
            ) from error
        raise storage_error(f"write {path}", error) from error
    finally:
        part.unlink(missing_ok=True)


def map_file(path: Path) -> memoryview:
    """Return the content of a file, mapped, not read."""
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_size == 0:
            return memoryview(b"")
        return memoryview(mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ))


def storage_error(action: str, error: OSError | lmdb.Error) -> StorageError | ReadOnly:
    """Return the error to raise, from *error*, when *action* failed."""
    number = error.errno if isinstance(error, OSError) else getattr(error, "code", None)
    if number in _NO_SPACE:
        return DiskFull(
            f"{action}: no space left ({error}); nothing was committed: "
            "free some space, then run the same call again"
        )
    if number in _NO_PERMISSION:
        return ReadOnly(f"{action}: not allowed ({error}): check the permissions of the vault")
    return StorageError(f"{action}: {error}; check the disk, then open the vault again")


@contextmanager
def storage_errors(action: str) -> Iterator[None]:
    """Raise what the system says in the block as the error of nacre that says what to do."""
    try:
        yield
    except NacreError:
        raise
    except OSError as error:
        raise storage_error(action, error) from error


def is_full(path: Path) -> bool:
    """Tell whether the file at *path* can hardly grow: the disk is full, or it is at its limit."""
    disk = os.statvfs(path)
    limit, _ = resource.getrlimit(resource.RLIMIT_FSIZE)
    room = disk.f_bavail * disk.f_frsize
    if limit != resource.RLIM_INFINITY:
        room = min(room, limit - path.stat().st_size)
    return room < _NO_ROOM_BYTES


def refuse_network_storage(path: Path) -> None:
    """Raise FormatError when *path* lies on a network file system.

    LMDB's locks are shared memory: two machines would not see each other's.
    """
    kind = file_system_of(path.resolve(), _mounts())
    if kind in _NETWORK:
        raise FormatError(
            f"{path} lies on a network file system ({kind}), where LMDB's locks do not work: "
            "keep the vault on a local disk and copy it with a backup"
        )


def file_system_of(path: Path, mounts: str) -> str:
    """Return the kind of file system that *path* lies on, or "" when *mounts* does not tell.

    *mounts* is the text of /proc/self/mounts: device, mount point and kind, a line each.
    """
    # The deepest mount point above the path wins, and of equal ones the last.
    best = ("", "")
    for line in mounts.split("\n"):
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        mount = _ESCAPED.sub(lambda escaped: chr(int(escaped[1], 8)), fields[1])
        if len(mount) >= len(best[0]) and path.is_relative_to(mount):
            best = (mount, fields[2])
    return best[1]


def _mounts() -> str:
    try:
        return Path("/proc/self/mounts").read_text(errors="replace")
    except OSError:
        return ""
