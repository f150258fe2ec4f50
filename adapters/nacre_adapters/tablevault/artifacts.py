"""Files of instances: a folder to write into while one is temporary, read-only ones afterwards.

    <files>/<table number>/TEMP_<version>.<commit>/artifacts   of a temporary instance
    <files>/<table number>/<instance id>/artifacts             of a materialized one
    <files>/content/<digest>                                   each content once

The vault has every file of a materialized instance; what lies here is put there when somebody
asks for it, can be removed at any time, and is put there again.
"""

import fcntl
import filecmp
import os
import shutil
import stat
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path, PurePosixPath

import nacre
from nacre import Digest
from nacre.trees import TreeEntry, put_entries, tree_entries
from nacre_adapters.tablevault.errors import FilesUnnamed, TVArtifactError, TVTableError
from nacre_adapters.tablevault.names import temporary_id
from nacre_adapters.tablevault.state import Instance, Temporary

_FOLDER = "artifacts"
_CONTENT = "content"
_FILE = stat.S_IFREG | 0o644
_READ_ONLY_FILE, _READ_ONLY_FOLDER, _FOLDER_MODE = 0o444, 0o555, 0o755
_ABANDONED_SECONDS = 86_400
_FICLONE = 0x40049409
"""The request of Linux that lets a file share the extents of another."""

Kept = Mapping[PurePosixPath, Digest]
"""The files of an instance."""


def temporary_folder(files: Path, temporary: Temporary, *, create: bool = True) -> Path:
    """Return the folder of a temporary instance, which its owner may write into."""
    name = f"{temporary_id(temporary.version)}.{temporary.begun}"
    folder = files / str(temporary.table) / name / _FOLDER
    if create:
        folder.mkdir(parents=True, exist_ok=True)
    return folder


def forget_temporary(files: Path, temporary: Temporary) -> None:
    """Remove the folder of a temporary instance that is none any more."""
    name = f"{temporary_id(temporary.version)}.{temporary.begun}"
    shutil.rmtree(files / str(temporary.table) / name, ignore_errors=True)


def forget_left_behind(files: Path, still_begun: Callable[[], Iterable[Temporary]]) -> None:
    """Remove the folders of temporary instances that ended when nobody could remove them.

    The folders are listed first: one that is listed and not begun any more has ended for good.
    """
    folders = list(files.glob(f"*/{temporary_id('*')}.*"))
    kept = {temporary_folder(files, each, create=False).parent for each in still_begun()}
    for folder in folders:
        if folder not in kept:
            shutil.rmtree(folder, ignore_errors=True)


def forget_partial(files: Path) -> None:
    """Remove what was being put into place when its process was killed.

    Only what nobody has touched for a day: somebody may be putting something there now.
    """
    before = time.time() - _ABANDONED_SECONDS
    for partial in (*files.glob(f"{_CONTENT}/.*.partial"), *files.glob("*/*/.*.partial")):
        with suppress(OSError):
            if partial.lstat().st_mtime < before:
                _open_folders(partial)
                shutil.rmtree(partial) if partial.is_dir() else partial.unlink()


def instance_folder(files: Path, vault: nacre.Vault, instance: Instance) -> Path:
    """Return the folder of a materialized instance, whose files are there, read-only."""
    folder = files / str(instance.table) / instance.id / _FOLDER
    if not folder.is_dir():
        kept = kept_files(vault, instance)
        partial = folder.with_name(f".{uuid.uuid4()}.partial")
        partial.mkdir(parents=True)
        for path, digest in kept.items():
            _place(files, vault, digest, partial / path)
        _close_folders(partial)
        _rename_once(partial, folder)
    return folder


def forget_instance(files: Path, vault: nacre.Vault, instance: Instance) -> None:
    """Remove the folder of an instance that was deleted, and contents that no other has."""
    folder = files / str(instance.table) / instance.id
    _open_folders(folder)
    shutil.rmtree(folder, ignore_errors=True)
    for digest in set(kept_files(vault, instance).values()):
        content = files / _CONTENT / digest.raw.hex()
        with suppress(OSError):
            if content.stat().st_nlink == 1:
                content.unlink()


def kept_files(vault: nacre.Vault, instance: Instance | None) -> dict[PurePosixPath, Digest]:
    """Return the files that the vault has of an instance."""
    if instance is None or instance.artifacts is None:
        return {}
    entries = tree_entries(vault, instance.artifacts)
    return {path: content for path, _, content in entries if isinstance(content, Digest)}


def collected(vault: nacre.Vault, folder: Path) -> dict[PurePosixPath, Digest]:
    """Store every file below the folder of a temporary instance.

    Raises:
        TVArtifactError: something there is no file.
    """
    found: dict[PurePosixPath, Digest] = {}
    for path in _files_below(folder):
        name = PurePosixPath(path.relative_to(folder).as_posix())
        found[name] = vault.put(path)
    return found


def referenced(
    cells: Iterable[object], folder: Path, own: Kept, others: Iterable[Kept]
) -> tuple[dict[str, str], dict[PurePosixPath, Digest]]:
    """Return the cells that are to be written otherwise, and the files to take from *others*.

    A cell that names a file of the folder by its full path becomes relative, as the folder will
    not stay.

    Raises:
        TVTableError: a cell names a file that is nowhere.
    """
    changed: dict[str, str] = {}
    taken: dict[PurePosixPath, Digest] = {}
    for cell in dict.fromkeys(cell for cell in cells if isinstance(cell, str) and cell):
        path = _inside(cell, folder)
        if path is None:
            if not Path(cell).exists():
                raise TVTableError(f"Artifact {cell} not found: no file has that path")
            continue
        if path.as_posix() != cell:
            changed[cell] = path.as_posix()
        if path not in own:
            digest = next((kept[path] for kept in others if path in kept), None)
            if digest is None:
                raise TVTableError(f"Artifact {cell} not found: put the file into {folder}")
            taken[path] = digest
    return changed, taken


def check_named(cells: Iterable[str], folder: Path, own: Kept) -> None:
    """Refuse files of a temporary instance that no cell names.

    Raises:
        FilesUnnamed: there are some.
    """
    unnamed = sorted(map(str, own.keys() - set(map(PurePosixPath, cells))))
    if unnamed:
        raise FilesUnnamed(
            f"no cell names {', '.join(unnamed[:5])}, {len(unnamed)} of the files in {folder}: "
            "remove them, or name them in a column of the type artifact_string"
        )


def file_differs(folder: Path, before: Path, cell: str) -> bool:
    """Tell whether a cell names a file of a temporary instance that was another one before."""
    now, old = folder / cell, before / cell
    if now == old or not now.is_file():
        return False  # it is elsewhere, or will be taken over
    return not old.is_file() or not filecmp.cmp(now, old, shallow=False)


def put_files(vault: nacre.Vault, files: Kept) -> Digest | None:
    """Store which files an instance has; None when it has none."""
    if not files:
        return None
    entries: list[TreeEntry] = [(path, _FILE, digest) for path, digest in files.items()]
    return put_entries(vault, entries)


def _files_below(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        links = [name for name in folders if Path(parent, name).is_symlink()]
        for name in [*links, *names]:
            path = Path(parent, name)
            if not path.is_file():
                raise TVArtifactError(f"{path} is no file that could be kept: remove it")
            yield path


def _inside(cell: str, folder: Path) -> PurePosixPath | None:
    """Return the path of a cell inside the folder; None when it is one of elsewhere."""
    path = PurePosixPath(cell)
    if path.is_absolute() or cell.startswith(f"{folder}/"):
        for base in (folder, folder.absolute()):
            with suppress(ValueError):
                return PurePosixPath(path.relative_to(base.as_posix()))
        return None
    if ".." in path.parts:
        raise TVArtifactError(f"Artifact {cell} leads out of the folder: give a path inside it")
    return path


def _place(files: Path, vault: nacre.Vault, digest: Digest, target: Path) -> None:
    """Put a file where it is wanted: shared, if the file system can, and never to be written."""
    content = files / _CONTENT / digest.raw.hex()
    kept = vault.get_blob(digest)
    target.parent.mkdir(parents=True, exist_ok=True)
    while True:
        # A machine that lost power may have left a content behind that is cut off.
        if not content.exists() or content.stat().st_size != len(kept):
            _write_once(content, kept)
        try:
            if not _clone(content, target):
                _link(content, target)
            return
        except FileNotFoundError:
            continue  # somebody has just deleted the last instance that had it


def _link(content: Path, target: Path) -> None:
    try:
        target.hardlink_to(content)
    except FileNotFoundError:
        raise
    except OSError:  # another file system, or too many links
        shutil.copyfile(content, target)
        target.chmod(_READ_ONLY_FILE)


def _write_once(path: Path, content: memoryview) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{uuid.uuid4()}.partial")
    with partial.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.chmod(_READ_ONLY_FILE)
    partial.rename(path)


def _clone(source: Path, target: Path) -> bool:
    """Make a copy that shares its extents; tell whether the file system can."""
    with source.open("rb") as file, target.open("xb") as copy:
        try:
            fcntl.ioctl(copy.fileno(), _FICLONE, file.fileno())
        except OSError:
            copy.close()
            target.unlink()
            return False
    target.chmod(_READ_ONLY_FILE)
    return True


def _rename_once(partial: Path, folder: Path) -> None:
    """Give a complete folder its name, unless another process was first."""
    partial.chmod(_FOLDER_MODE)  # a folder that is moved must be writable
    try:
        partial.rename(folder)
    except OSError:
        if not folder.is_dir():
            raise
        _open_folders(partial)
        shutil.rmtree(partial, ignore_errors=True)
        return
    folder.chmod(_READ_ONLY_FOLDER)


def _close_folders(folder: Path) -> None:
    for parent, _, _ in os.walk(folder, topdown=False):
        Path(parent).chmod(_READ_ONLY_FOLDER)


def _open_folders(folder: Path) -> None:
    for parent, _, _ in os.walk(folder):
        Path(parent).chmod(_FOLDER_MODE)
