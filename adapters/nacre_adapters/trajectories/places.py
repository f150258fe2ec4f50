"""From what `SQLFile` is given to an open vault: a file, one in memory, or a vault that is open."""

import os
import shutil
import stat
import tempfile
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import nacre
from nacre.errors import FormatError, StateError, StorageError
from nacre_adapters.trajectories.errors import DatabaseError, OperationalError, as_interface
from nacre_adapters.trajectories.events import Fact
from nacre_adapters.trajectories.views import Ensemble

_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - memory, and a folder of its own is made in it
_SQLITE = b"SQLite format 3\x00"

FileId = tuple[int, int]


Decide = Callable[[Ensemble], list[Fact]]


@dataclass(frozen=True, slots=True)
class Place:
    """An open vault, and the file that it must still be when it is written."""

    vault: nacre.Vault
    is_own: bool = True
    """Whether nobody else closes the vault."""

    path: Path | None = None
    file_id: FileId | None = None
    folder: Path | None = None
    """What is removed with it, by the process that made it."""

    maker: int = 0

    @property
    def ensemble(self) -> Ensemble:
        """The view to read from: each call on it sees every write made before."""
        with as_interface:
            return self.vault.view(Ensemble)

    def commit(self, decide: Decide) -> list[Fact]:
        """Commit what *decide* returns, and return it."""
        facts: list[Fact] = []

        def run(transaction: nacre.Transaction) -> None:
            facts[:] = decide(transaction.view(Ensemble))
            for kind, subject, data in facts:
                transaction.record(kind, subject=subject, data=data)

        with as_interface:
            self.vault.commit(run)
        return facts

    def drop(self) -> None:
        """Close; later, when the collector calls this inside a transaction of the same file."""
        try:
            self.close()
        except StateError:
            _DROPPED.append(self)

    def close(self) -> None:
        """Close the vault, unless someone else does, and remove what lay in memory."""
        if self.is_own:
            self.vault.close()
        if self.folder is not None and self.maker == os.getpid():
            shutil.rmtree(self.folder, ignore_errors=True)

    def check(self) -> None:
        """Raise unless the file is still the one that was opened.

        Raises:
            StorageError: it was moved, unlinked or replaced.
        """
        if self.path is not None and _file_id(self.path) != self.file_id:
            raise StorageError(
                f"attempt to write a readonly database: {self.path} was moved, unlinked or "
                "replaced while it was open; open it again"
            )


# Handles that the collector met inside a transaction, which alone knows when it ends.
_DROPPED: deque[Place] = deque()


def open_place(
    file_name: str | os.PathLike[str] | nacre.Vault, *, in_memory: bool, read_only: bool
) -> Place:
    """Open what `SQLFile` is given.

    Raises:
        OperationalError: it cannot be opened or made there.
        DatabaseError: the file is something else.
    """
    for _ in range(len(_DROPPED)):
        _DROPPED.popleft().drop()
    if isinstance(file_name, nacre.Vault):
        file_name.register(Ensemble)
        return Place(file_name, is_own=False)
    return _open_in_memory() if in_memory else _open_file(file_name, read_only=read_only)


def name_of(
    file_name: str | os.PathLike[str] | nacre.Vault, *, in_memory: bool
) -> str | os.PathLike[str]:
    """Return the name of the database: as it was given, and empty in memory."""
    if isinstance(file_name, nacre.Vault):
        return file_name.path
    return "" if in_memory else file_name


def _open_file(file_name: str | os.PathLike[str], *, read_only: bool) -> Place:
    """Open the single-file vault at a path; create it unless *read_only*."""
    # As SQLite does: a later chdir changes nothing.
    path = Path(os.path.abspath(file_name))  # noqa: PTH100 - resolve() would follow links
    _check_can_open(path, read_only=read_only)
    with as_interface:
        try:
            vault = nacre.open(path, single_file=True, read_only=read_only)
        except FormatError as error:
            raise DatabaseError(f"file is not a database: {error}") from error
        try:
            vault.register(Ensemble)
        except BaseException:
            vault.close()
            raise
    return Place(vault, path=path, file_id=_file_id(path))


def _open_in_memory() -> Place:
    """Open a vault of one's own, in memory where the system has a folder for that.

    It is gone when it is closed, and not shared with anyone but forked children.
    """
    parent = _SHARED_MEMORY if os.access(_SHARED_MEMORY, os.W_OK) else None
    folder = Path(tempfile.mkdtemp(prefix="nacre-trajectories-", dir=parent))
    vault = nacre.open(folder / "memory.nacre", single_file=True, durability="relaxed")
    vault.register(Ensemble)
    return Place(vault, folder=folder, maker=os.getpid())


def _check_can_open(path: Path, *, read_only: bool) -> None:
    try:
        start = _start_of(path)
    except (OSError, ValueError, RuntimeError) as error:
        # Not allowed, or a name that no file can have, or links in a circle.
        raise OperationalError(f"unable to open database file: {str(path)!r} ({error})") from error
    if read_only and start is None:
        raise OperationalError(f"unable to open database file: there is none at {path}")
    if read_only and not start:
        raise OperationalError(
            f"attempt to write a readonly database: {path} is empty; open it for writing once"
        )
    if start == _SQLITE:
        raise DatabaseError(
            f"file is not a database of nacre: {path} is one of SQLite; bring it over with "
            f"`nacre-trajectories import {path} NEW.nacre`"
        )


def _start_of(path: Path) -> bytes | None:
    """Return how a file begins; None when there is none, in a directory that there is.

    Raises:
        OSError: the directory is missing, what stands there is no file, or it cannot be read.
        ValueError: no file can have that name.
    """
    str(path).encode()  # LMDB knows no other names
    target = path.resolve()
    if not stat.S_ISDIR(target.parent.stat().st_mode):
        raise NotADirectoryError(f"{target.parent} is no directory")
    try:
        mode = target.stat().st_mode
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(mode):
        # Never opened: a pipe would wait for someone to write into it.
        raise OSError("it is no regular file")
    with target.open("rb") as file:
        return file.read(len(_SQLITE))


def _file_id(path: Path) -> FileId | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
