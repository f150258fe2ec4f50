"""A vault as one file, to be carried elsewhere: what it was at one moment, while writers go on.

The vault is verified first, so that what is carried is sound. One read transaction then says what
goes in: the rows, and how far each pack is named. Both only grow or go, and what is mapped stays.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from nacre import swap
from nacre.blobs import index
from nacre.blobs.packs import pack_path
from nacre.clock import now_ns
from nacre.errors import CorruptionError, InvalidInput, NacreError, StateError
from nacre.files import Files, OsFiles, map_file, storage_error
from nacre.hashing import Buffer
from nacre.lmdb_handle import Transaction
from nacre.log.tree import LmdbTree
from nacre.operations.beside import beside, clear
from nacre.operations.report import Progress, no_progress
from nacre.operations.squeezed import Compressor, compressor_for, squeezed
from nacre.operations.tar import ENVIRONMENT, SINGLE_FILE, Contents, pack_name, tar_parts
from nacre.operations.verify import verify
from nacre.store import Store

_SUFFIX = ".archiving"
_MOST_TRIES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveReport:
    """What was put into one file."""

    file: str
    vault_id: str
    head: int
    root: str
    files: int
    size_bytes: int
    """What they take when they are unpacked."""

    archive_bytes: int


@dataclass(frozen=True, slots=True)
class _Picture:
    """A vault at one moment."""

    contents: Contents
    payloads: tuple[memoryview, ...]


def archive(
    store: Store, path: Path, *, files: Files | None = None, progress: Progress = no_progress
) -> ArchiveReport:
    """Verify a vault, and write it to one file, by whose name it is compressed.

    Args:
        store: the vault; others may write to it meanwhile.
        path: where nothing is yet; it ends in .tar.zst or .tar.xz.
        files: how files are written.
        progress: told how far it has come.

    Raises:
        InvalidInput: the name ends otherwise, or something is there.
        CorruptionError: the vault is damaged; nothing was written.
        DiskFull: there is no room for the archive and a copy of the LMDB file beside it.
    """
    store.refuse_past("archive")
    compressor = compressor_for(path)
    _refuse_existing(path)
    files = files or OsFiles()
    _check(store, progress)
    try:
        with beside(path, _SUFFIX) as place:
            clear(place)
            picture = _picture(store, place / "rows")
            size = _write(picture, place / "archive", compressor, files, progress)
            _refuse_existing(path)
            files.link(place / "archive", path)
    except NacreError:
        raise
    except FileExistsError:
        _refuse_existing(path)
        raise
    except OSError as error:
        raise storage_error(f"write {path}", error) from error
    contents = picture.contents
    return ArchiveReport(
        file=str(path),
        vault_id=contents.vault_id,
        head=contents.head,
        root=contents.root,
        files=len(contents.files),
        size_bytes=contents.size_bytes,
        archive_bytes=size,
    )


def _refuse_existing(path: Path) -> None:
    if path.exists() or path.is_symlink():
        raise InvalidInput(f"{path} exists: archive to another name")


def _check(store: Store, progress: Progress) -> None:
    problems = verify(store, progress).problems
    if problems:
        raise CorruptionError(
            f"{store.layout.path} does not verify ({len(problems)} problems; the first: "
            f"{problems[0]}): nothing was written; run `nacre repair` or `nacre rebuild` first"
        )


def _picture(store: Store, rows: Path) -> _Picture:
    """Copy the rows, and map the packs, of one moment."""
    for _ in range(_MOST_TRIES):
        rows.unlink(missing_ok=True)
        try:
            with store.environment.read() as transaction:
                return _picture_in(store, transaction, rows)
        except FileNotFoundError:
            continue  # a compaction has removed a pack since the transaction began
    raise StateError(f"packs of {store.layout.path} vanish again and again: who removes them?")


def _picture_in(store: Store, transaction: Transaction, rows: Path) -> _Picture:
    packs = store.layout.packs
    sizes = {} if packs is None else index.committed_packs(transaction)
    mapped = [
        map_file(pack_path(packs, pack_id))[:size] for pack_id, size in sizes.items() if packs
    ]
    swap.write_copy(transaction, rows, store.environment.handle.map_size())
    head = store.log.head()
    payloads = (map_file(rows), *mapped)
    names = [SINGLE_FILE if packs is None else ENVIRONMENT, *map(pack_name, sizes)]
    contents = Contents(
        vault_id=store.identity.vault_id.hex(),
        head=head,
        root=LmdbTree(transaction).root(head).hex(),
        files=tuple(zip(names, map(len, payloads), strict=True)),
    )
    return _Picture(contents, payloads)


def _write(
    picture: _Picture, path: Path, compressor: Compressor, files: Files, progress: Progress
) -> int:
    """Write the archive durably and return its size."""
    descriptor = files.open_append(path, create=True)
    try:
        parts = tar_parts(picture.contents, picture.payloads, time_ns=now_ns())
        for part in squeezed(compressor, _told(parts, picture.contents.size_bytes, progress)):
            files.append(descriptor, [part])
        files.sync(descriptor)
        return os.fstat(descriptor).st_size
    finally:
        os.close(descriptor)


def _told(parts: Iterator[Buffer], total: int, progress: Progress) -> Iterator[Buffer]:
    done = 0
    for part in parts:
        progress("archive", min(done, total), total)
        yield part
        done += len(part)
    progress("archive", total, total)
