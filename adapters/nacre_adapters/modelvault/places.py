"""From a path to an open vault that nobody else writes: the file, and the lock beside it.

One process writes. Readers take no lock: LMDB shows each of them a state of one moment.
"""

import fcntl
import os
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

import nacre
from nacre.errors import CorruptionError, FormatError, NacreError, StateError
from nacre_adapters.modelvault.errors import CannotOpen, ModelVaultFormatError, no_instance
from nacre_adapters.modelvault.views import Catalogue

MEMORY = ":memory:"
_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - memory, and a folder of its own is made in it
_ORIGINAL = b"TDB0"

Source = str | os.PathLike[str] | nacre.Vault


@dataclass(frozen=True, slots=True)
class Place:
    """An open vault, and what is let go with it."""

    vault: nacre.Vault
    shown: str
    """The path as it was given."""

    path: Path | None = None
    is_own: bool = True
    """Whether nobody else closes the vault."""

    lock: int | None = None
    folder: Path | None = None
    """What is removed with it, by the process that made it."""

    maker: int = 0

    def close(self) -> None:
        """Close the vault, unless someone else does; free the lock; remove what lay in memory."""
        if self.is_own:
            self.vault.close()
        # Not by LOCK_UN: a forked child that closes its copy must not free its parent's lock.
        if self.lock is not None and self.maker == os.getpid():
            os.close(self.lock)
        if self.folder is not None and self.maker == os.getpid():
            shutil.rmtree(self.folder, ignore_errors=True)

    def drop(self) -> None:
        """Close, when the collector finds nobody who uses it."""
        try:
            self.close()
        except StateError:
            return  # inside a transaction of the same file: it ends with the process


def open_vault(path: Source, *, read_only: bool, strict: bool) -> Place:
    """Open a database at a path, or the one in a vault that is open.

    Raises:
        CannotOpen: it cannot be opened or made there, or another one writes it.
        ModelVaultFormatError: something else is there, or it is damaged.
    """
    if not isinstance(path, nacre.Vault):
        place = open_file(path, read_only=read_only, strict=strict)
        if strict:
            _check_all(place)
        return place
    path.register(Catalogue)
    return Place(path, str(path.path), is_own=False)


def open_file(path: object, *, read_only: bool, strict: bool = False) -> Place:
    """Open the database at a path; create it unless *read_only*.

    With *strict* its pages are looked at first: LMDB ends the process when it meets some that are
    damaged. Pages that somebody writes meanwhile cannot be looked at in this way.

    Raises:
        CannotOpen: it cannot be opened or made there, or another one writes it.
        ModelVaultFormatError: something else is there, or it is damaged.
    """
    shown = os.fspath(checked_path("path", path))
    if not shown or "\0" in shown:
        raise CannotOpen("No such file or directory (os error 2)")
    place = Path(os.path.abspath(shown))  # noqa: PTH100 - resolve() would follow links
    is_new = _check_file(place, read_only=read_only)
    if read_only and is_new:
        return _in_memory(shown)
    lock = None if read_only else take_lock(place, shown)
    try:
        untrusted = strict and not is_new and not (read_only and is_written(place))
        vault = _open_vault(place, read_only=read_only, untrusted=untrusted)
    except BaseException:
        if lock is not None:
            os.close(lock)
        raise
    return Place(vault, shown, path=place, lock=lock, maker=os.getpid())


def open_in_memory() -> Place:
    """Open a database of one's own that is gone when it is closed."""
    return _in_memory(MEMORY)


def checked_path(argument: str, path: object) -> str | os.PathLike[str]:
    """Return an argument that is a path.

    Raises:
        WrongType: it is something else.
    """
    if not isinstance(path, str | os.PathLike):
        raise no_instance(path, "str", argument=argument)
    return path


def check_parent(argument: str, path: object) -> Path:
    """Return an argument as a place for a file.

    Raises:
        CannotOpen: its folder is not there, or it is a folder itself.
    """
    shown = checked_path(argument, path)
    place = Path(os.path.abspath(shown))  # noqa: PTH100 - resolve() would follow links
    if not os.fspath(shown) or not place.parent.is_dir():
        raise CannotOpen("No such file or directory (os error 2)")
    if place.is_dir():
        raise CannotOpen("Is a directory (os error 21)")
    return place


def checked_vault(path: Path, *, read_only: bool = False) -> nacre.Vault:
    """Open a file of which nothing is known, after a look at everything in it.

    Raises:
        ModelVaultFormatError: it is damaged; the message says where.
    """
    try:
        _check_file(path, read_only=True)
        vault = nacre.open(
            path, single_file=True, untrusted=True, create=False, read_only=read_only
        )
    except ModelVaultFormatError:
        raise
    except (FormatError, CorruptionError) as error:
        raise ModelVaultFormatError(f"format error: {error}") from error
    try:
        vault.register(Catalogue)
        _verify(vault)
    except BaseException:
        vault.close()
        raise
    return vault


def take_lock(path: Path, shown: str) -> int:
    """Return the descriptor that holds the writer's lock of a file.

    Raises:
        CannotOpen: another one holds it.
    """
    # Beside the file itself, wherever links lead: two names of it are one database.
    real = path.resolve()
    try:
        lock = os.open(f"{real}.writer.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise os_error(error) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.ftruncate(lock, 0)
        os.pwrite(lock, str(os.getpid()).encode(), 0)
    except OSError as error:
        holder = os.pread(lock, 32, 0)
        os.close(lock)
        if holder == str(os.getpid()).encode():
            raise CannotOpen(
                f"writable storage already open for this path in this process: {shown}"
            ) from error
        raise CannotOpen(
            "database file is locked by another process: "
            "Resource temporarily unavailable (os error 11)"
        ) from error
    return lock


def is_written(path: Path) -> bool:
    """Tell whether somebody has a file open to write it."""
    try:
        lock = os.open(f"{path.resolve()}.writer.lock", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(lock)
    return False


def _open_vault(path: Path, *, read_only: bool, untrusted: bool) -> nacre.Vault:
    try:
        vault = nacre.open(path, single_file=True, read_only=read_only, untrusted=untrusted)
    except (FormatError, CorruptionError) as error:
        raise ModelVaultFormatError(f"format error: {error}") from error
    except NacreError:
        raise
    except OSError as error:
        raise os_error(error) from error
    try:
        vault.register(Catalogue)
    except BaseException:
        vault.close()
        raise
    return vault


def _check_file(path: Path, *, read_only: bool) -> bool:
    """Return whether there is nothing yet; refuse what is no file of ours."""
    try:
        if not stat.S_ISDIR(path.parent.stat().st_mode):
            raise CannotOpen("Not a directory (os error 20)")
        found = path.stat()
    except FileNotFoundError as error:
        if read_only or not path.parent.exists():
            raise os_error(error) from error
        return True
    except OSError as error:
        raise os_error(error) from error
    if stat.S_ISDIR(found.st_mode):
        raise CannotOpen("Is a directory (os error 21)")
    if not stat.S_ISREG(found.st_mode):
        raise CannotOpen(f"{path} is no regular file")
    if found.st_nlink > 1 and not read_only:
        raise CannotOpen(
            f"{path} has another name (a hard link), under which a writer would not be noticed: "
            "copy it to a file of its own, and open that"
        )
    with path.open("rb") as file:
        start = file.read(32)
    if start:
        _check_start(start, str(path), size=len(start))
    return not start


def _check_start(start: bytes, what: str, size: int = 32) -> None:
    if start[:4] == _ORIGINAL:
        raise ModelVaultFormatError(
            f"format error: {what} is a file of the original; bring it over with "
            "`nacre-modelvault import OLD NEW.nacre`"
        )
    if size < 32:
        raise ModelVaultFormatError(
            f"format error: truncated header: got {size} bytes, expected 32"
        )


def _check_all(place: Place) -> None:
    try:
        _verify(place.vault)
    except BaseException:
        place.close()
        raise


def _verify(vault: nacre.Vault) -> None:
    try:
        report = vault.verify()
    except CorruptionError as error:
        raise ModelVaultFormatError(f"format error: {error}") from error
    if not report.is_clean:
        problem = report.problems[0]
        lost = f" (lost: {', '.join(problem.affects)})" if problem.affects else ""
        raise ModelVaultFormatError(
            f"format error: the {problem.where} is damaged: {problem.what}{lost}"
        )


def _in_memory(shown: str) -> Place:
    folder = folder_in_memory()
    vault = nacre.open(folder / "memory.nacre", single_file=True, durability="relaxed")
    vault.register(Catalogue)
    return Place(vault, shown, folder=folder, maker=os.getpid())


def folder_in_memory() -> Path:
    """Make a folder that lies in memory, where there is such a place."""
    parent = _SHARED_MEMORY if os.access(_SHARED_MEMORY, os.W_OK) else None
    return Path(tempfile.mkdtemp(prefix="nacre-modelvault-", dir=parent))


def os_error(error: OSError) -> CannotOpen:
    """Return an error of the system in the words of the original."""
    return CannotOpen(f"{error.strerror} (os error {error.errno})")
