"""A directory as a manifest that names the blob of each file.

    msgpack ["nacre.tree", 1, [[path, mode, content], ...]]

Paths are relative, in parts joined by /, sorted. The mode is that of stat. The content is a
digest for a file, the target for a symbolic link, nil for a directory.
"""

import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from nacre import codec
from nacre.blobs import Payloads
from nacre.errors import CorruptionError, InvalidInput, NotFound, Unstorable
from nacre.hashing import Digest
from nacre.payloads import put_file

_NAME, _VERSION = "nacre.tree", 1
_PERMISSIONS = 0o777
_FOLDER = 0o755

Content = Digest | str | None
TreeEntry = tuple[PurePosixPath, int, Content]


def put_tree(payloads: Payloads, directory: Path) -> Digest:
    """Store every file below *directory* and return the digest of the manifest.

    Raises:
        NotFound: there is no such directory.
        Unstorable: it holds a device, a socket or a pipe, or a name that is no text.
    """
    if not directory.is_dir():
        raise NotFound(f"there is no directory {directory} to put: correct the path")
    entries: list[list[object]] = [
        [path.relative_to(directory).as_posix(), mode, _put_content(payloads, path, mode)]
        for path, mode in sorted(_walk(directory))
    ]
    return _put_manifest(payloads, entries)


def put_entries(payloads: Payloads, entries: Iterable[TreeEntry]) -> Digest:
    """Store a tree of files whose content was put, and return the digest of the manifest.

    Folders that hold something need no entry.

    Raises:
        InvalidInput: a path is absolute, or leads out of the tree.
    """
    found = {path: (mode, content) for path, mode, content in entries}
    for path in list(found):
        if path.is_absolute() or not path.parts or ".." in path.parts:
            raise InvalidInput(f"{path} is no path inside a tree: give a relative one")
        for parent in path.parents[:-1]:
            found.setdefault(parent, (stat.S_IFDIR | _FOLDER, None))
    rows: list[list[object]] = [[path.as_posix(), *found[path]] for path in sorted(found)]
    return _put_manifest(payloads, rows)


def get_tree(payloads: Payloads, digest: Digest, directory: Path) -> None:
    """Restore a stored tree into *directory*, which is created or must be empty.

    Raises:
        InvalidInput: the directory holds files, or the digest names no tree.
        CorruptionError: the manifest was altered, or names files outside the tree.
    """
    entries = tree_entries(payloads, digest)
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise InvalidInput(f"{directory} is not empty: choose a new directory")
    directory.mkdir(parents=True, exist_ok=True)
    # Links last, so that no file is ever written through one; folders close behind their files.
    for path, mode, _ in entries:
        if stat.S_ISDIR(mode):
            (directory / path).mkdir()
    for path, mode, content in entries:
        if isinstance(content, Digest):
            (directory / path).write_bytes(payloads.get_blob(content))
            (directory / path).chmod(mode & _PERMISSIONS)
    for path, _, content in entries:
        if isinstance(content, str):
            (directory / path).symlink_to(content)
    for path, mode, _ in reversed(entries):
        if stat.S_ISDIR(mode):
            (directory / path).chmod(mode & _PERMISSIONS)


def tree_entries(payloads: Payloads, digest: Digest) -> list[TreeEntry]:
    """Return path, mode and content of everything in a stored tree, in order of path."""
    content = payloads.get_blob(digest)
    try:
        manifest = codec.unpack(content)
    except CorruptionError:  # not of the blob, which was checked: it is something else
        manifest = None
    if not isinstance(manifest, list) or manifest[:1] != [_NAME]:
        raise InvalidInput(f"{digest} is no tree: get it as what it was put as")
    if manifest[1:2] != [_VERSION] or len(manifest) != 3:
        raise CorruptionError(f"the tree {digest} has another version or shape: upgrade nacre")
    return [_entry(digest, fields) for fields in manifest[2]]


def _put_manifest(payloads: Payloads, entries: list[list[object]]) -> Digest:
    return payloads.put_blob(codec.pack([_NAME, _VERSION, entries]), manifest=True)


def _walk(directory: Path) -> Iterator[tuple[Path, int]]:
    for folder, folders, files in os.walk(directory, onerror=_raise):
        for name in [*folders, *files]:
            path = Path(folder, name)
            yield path, path.lstat().st_mode


def _raise(error: OSError) -> None:
    # Left to itself, os.walk would leave out a folder that cannot be read.
    raise error


def _put_content(payloads: Payloads, path: Path, mode: int) -> Content:
    try:
        path.name.encode()
    except UnicodeEncodeError:
        raise Unstorable(f"the name {path.name!r} is no UTF-8 text: rename the file") from None
    if stat.S_ISREG(mode):
        return put_file(payloads, path)
    if stat.S_ISLNK(mode):
        return str(path.readlink())
    if stat.S_ISDIR(mode):
        return None
    raise Unstorable(f"{path} is a device, a socket or a pipe: leave it out of the tree")


def _entry(digest: Digest, fields: object) -> TreeEntry:
    try:
        if not isinstance(fields, list):
            raise TypeError(fields)
        name, mode, content = fields
        path = PurePosixPath(name)
        whole = isinstance(content, Digest | str | None) and isinstance(mode, int)
        if not whole or path.is_absolute() or not path.parts or ".." in path.parts:
            raise ValueError(name)
    except (TypeError, ValueError) as error:
        raise CorruptionError(
            f"the tree {digest} has an entry that no put has made ({error}): run `nacre verify`"
        ) from error
    return path, mode, content
