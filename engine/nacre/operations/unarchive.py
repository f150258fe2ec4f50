"""A vault from one file that may come from anywhere: unpacked beside its place, verified, renamed.

Nothing of an archive is believed: which names there are is known beforehand, how much it may
become is limited, every page of the LMDB file is checked before LMDB opens it, and the vault is
verified before it has its name. A run that was cut short leaves `NAME.unarchiving`, which the next
one clears.
"""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from nacre.errors import CorruptionError, DiskFull, FormatError, InvalidInput, NotFound
from nacre.files import Files, OsFiles, create_folder, refuse_network_storage, storage_errors
from nacre.frames import FrameVersions
from nacre.lmdb_file import lock_path
from nacre.opening import current_user, open_store
from nacre.operations.beside import beside, clear, is_free
from nacre.operations.report import Progress, no_progress
from nacre.operations.squeezed import open_source
from nacre.operations.tar import Contents, TarReader
from nacre.operations.verify import VerifyReport, verify
from nacre.rows import Rows
from nacre.store import Options, Store

_SUFFIX = ".unarchiving"
# What is stored shrinks to a fifth as a rule; pages of LMDB that are nearly empty to far less.
_MOST_TIMES = 100
_ALWAYS_BYTES = 256 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class UnarchiveReport:
    """What came out of an archive."""

    file: str
    destination: str
    vault_id: str
    head: int
    root: str
    events: int
    blobs: int
    size_bytes: int
    views: tuple[str, ...]
    """Those that were compared with their replay."""


def unarchive(
    path: Path,
    destination: Path,
    *,
    max_bytes: int | None = None,
    files: Files | None = None,
    progress: Progress = no_progress,
) -> UnarchiveReport:
    """Unpack the archive of a vault to *destination* and verify it.

    Args:
        path: the archive.
        destination: where nothing, or an empty directory, is.
        max_bytes: what it may become at most; a hundred times its size unless told.
        files: how files are written.
        progress: told how far it has come.

    Raises:
        NotFound: there is no such file.
        InvalidInput: something is at *destination*.
        FormatError: it is no archive of a vault, or would become too large.
        CorruptionError: what is in it does not verify.
        DiskFull: there is no room for it.
    """
    files = files or OsFiles()
    _refuse_existing(destination)
    refuse_network_storage(destination)
    with storage_errors(f"unarchive to {destination}"):
        with beside(destination, _SUFFIX) as place:
            clear(place)
            # One deeper: whoever opens a single file makes LMDB's lock file beside it.
            folder = place / "new"
            contents = _unpack(path, folder, max_bytes, files, progress)
            vault = folder / contents.files[0][0].partition("/")[0]
            report = _verified(vault, contents, path, progress)
            _refuse_existing(destination)
            _take_place(vault, destination, files)
    return UnarchiveReport(
        file=str(path),
        destination=str(destination),
        vault_id=contents.vault_id,
        head=report.head,
        root=report.root,
        events=report.events,
        blobs=report.blobs,
        size_bytes=contents.size_bytes,
        views=report.views,
    )


def _refuse_existing(destination: Path) -> None:
    if not is_free(destination):
        raise InvalidInput(f"{destination} exists: unarchive to another place")


def _take_place(vault: Path, destination: Path, files: Files) -> None:
    if destination.exists():
        destination.rmdir()  # it is empty, or this raises
    lock_path(destination).unlink(missing_ok=True)  # of a single file that is gone
    files.replace(vault, destination)


def _unpack(
    path: Path, folder: Path, max_bytes: int | None, files: Files, progress: Progress
) -> Contents:
    try:
        file = path.open("rb")
    except (FileNotFoundError, IsADirectoryError):
        raise NotFound(f"there is no file {path}: correct the path") from None
    with file:
        reader = TarReader(open_source(file, str(path)), str(path))
        contents = reader.contents()
        archived = os.fstat(file.fileno()).st_size
        _check_size(contents.size_bytes, archived, max_bytes, folder.parent)
        create_folder(folder)
        done = 0
        for name, size in contents.files:
            progress("unarchive", done, contents.size_bytes)
            create_folder((folder / name).parent)
            _write(folder / name, reader.file(name, size), files)
            done += size
        reader.end()
    progress("unarchive", done, done)
    return contents


def _check_size(size: int, archived: int, max_bytes: int | None, place: Path) -> None:
    most = max(_ALWAYS_BYTES, _MOST_TIMES * archived) if max_bytes is None else max_bytes
    if size > most:
        raise FormatError(
            f"the archive of {archived:,} bytes would become {size:,}, and {most:,} are allowed: "
            "raise that with --max-bytes if you trust it"
        )
    free = shutil.disk_usage(place).free
    if size > free:
        raise DiskFull(f"the archive becomes {size:,} bytes, and {free:,} are free: free some")


def _write(path: Path, chunks: Iterator[bytes], files: Files) -> None:
    descriptor = files.open_append(path, create=True)
    try:
        for chunk in chunks:
            files.append(descriptor, [chunk])
        files.sync(descriptor)
    finally:
        os.close(descriptor)


def _verified(vault: Path, contents: Contents, archive: Path, progress: Progress) -> VerifyReport:
    options = Options(actor=current_user(), read_only=True)
    store = open_store(
        vault,
        options,
        _no_face,
        create=False,
        single_file=None,
        untrusted=True,
        views=(FrameVersions, Rows),
    )
    try:
        report = verify(store, progress)
        vault_id = store.identity.vault_id.hex()
    finally:
        store.close()
    said = (contents.vault_id, contents.head, contents.root)
    problems = list(map(str, report.problems))
    if (vault_id, report.head, report.root) != said:
        problems.append("its log is not the one that the archive speaks of")
    if problems:
        raise CorruptionError(
            f"what is in {archive} does not verify ({len(problems)} problems; the first: "
            f"{problems[0]}): nothing was kept; copy or make the archive again"
        )
    return report


def _no_face(_: object, __: Store) -> object:
    raise AssertionError("what was unpacked is only read")
