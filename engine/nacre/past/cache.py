"""A folder of derived files, one for each user: bounded, and safe to delete at any time.

    nacre/<vault id>/<name>.mdb    sealed: complete, and never changed again
    nacre/<vault id>/part-*/       one that is being made
    nacre/<vault id>/work-*/       what a replay has derived so far

A file is made under another name, synced, then renamed: what has its name is whole. It lies in
`$XDG_CACHE_HOME` (or `~/.cache`), and where that cannot be written in the temporary folder.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from nacre.errors import FormatError, StorageError
from nacre.files import Files, refuse_network_storage

_MOST_BYTES = 4 << 30
_ENDING = ".mdb"
_PART = "part-"
_WORK = "work-"


class Cache:
    """The sealed files of one vault."""

    def __init__(self, vault_id: bytes, files: Files) -> None:
        self._vault_id = vault_id.hex()
        self._files = files

    def find(self, name: str) -> Path | None:
        """Return where the file *name* lies, and note that it was used; None when it is not."""
        path = self._folder() / (name + _ENDING)
        try:
            os.utime(path)
        except FileNotFoundError:
            return None
        return path

    def names(self) -> list[str]:
        """Return the names of all files that are there."""
        return [path.name.removesuffix(_ENDING) for path in self._folder().glob(f"*{_ENDING}")]

    def drop(self, name: str) -> None:
        """Delete a file that is not what it should be."""
        (self._folder() / (name + _ENDING)).unlink(missing_ok=True)

    def clear(self) -> None:
        """Delete everything that is kept of the vault; who has a file open goes on reading it."""
        shutil.rmtree(self._folder(), ignore_errors=True)

    @contextmanager
    def making(self, name: str) -> Iterator[Path]:
        """Give a path to write the file *name* to; it gets its name unless the block raises.

        Raises:
            FileNotFoundError: somebody has deleted the folder meanwhile; make it again.
        """
        part = Path(tempfile.mkdtemp(prefix=_PART, dir=self._folder()))
        descriptor = os.open(part, os.O_RDONLY | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)  # tells others that its maker lives
            path = part / "rows"
            yield path
            self._files.sync_file(path)
            self._files.replace(path, part.parent / (name + _ENDING))
        finally:
            os.close(descriptor)
            shutil.rmtree(part, ignore_errors=True)
        _sweep(part.parent.parent, part.parent / (name + _ENDING))

    @contextmanager
    def working(self, name: str) -> Iterator[Path]:
        """Give a folder that keeps what is in it until a block has ended without an exception.

        Whoever asks for the same while another one is at work gets an empty folder of his own.
        """
        folder = self._folder() / (_WORK + name)
        folder.mkdir(exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
        try:
            if not _locks(descriptor):
                with tempfile.TemporaryDirectory(prefix="nacre-work-") as own:
                    yield Path(own)
                return
            yield folder
            shutil.rmtree(folder, ignore_errors=True)
        finally:
            os.close(descriptor)

    def _folder(self) -> Path:
        folder = _root() / self._vault_id
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder


def _root() -> Path:
    for root in _roots():
        if _is_ours(root):
            return root
    tried = " or ".join(map(str, _roots()))
    raise StorageError(f"{tried} cannot be written: set XDG_CACHE_HOME to a folder that can")


def _roots() -> Iterator[Path]:
    folder = os.environ.get("XDG_CACHE_HOME", "")
    if folder.startswith("/"):
        yield Path(folder) / "nacre"
    else:
        yield Path(os.path.expanduser("~")) / ".cache" / "nacre"  # noqa: PTH111 - never raises
    yield Path(tempfile.gettempdir()) / f"nacre-{os.getuid()}"


def _is_ours(root: Path) -> bool:
    """Tell whether only this user can write there: others could slip in rows of their own."""
    try:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        refuse_network_storage(root)
        status = root.lstat()
    except (OSError, FormatError):
        return False
    is_private = status.st_uid == os.geteuid() and not status.st_mode & 0o022
    return is_private and root.is_dir() and not root.is_symlink() and os.access(root, os.W_OK)


def _sweep(root: Path, kept: Path) -> None:
    """Delete what dead makers have left, and what was not used for longest."""
    for part in root.glob(f"*/{_PART}*"):
        if _is_abandoned(part):
            shutil.rmtree(part, ignore_errors=True)
    found = []
    for path in (*root.glob(f"*/*{_ENDING}"), *root.glob(f"*/{_WORK}*/*")):
        with suppress(FileNotFoundError):
            status = path.stat()
            found.append((status.st_mtime_ns, status.st_blocks * 512, path))
    total = sum(size for _, size, _ in found)
    for _, size, path in sorted(found):
        if total <= _MOST_BYTES:
            break
        if path != kept and not (path.parent.name.startswith(_WORK) and _is_used(path.parent)):
            path.unlink(missing_ok=True)
            total -= size


def _is_used(folder: Path) -> bool:
    return folder.exists() and not _is_abandoned(folder)


def _is_abandoned(folder: Path) -> bool:
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        return _locks(descriptor)
    finally:
        os.close(descriptor)


def _locks(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
