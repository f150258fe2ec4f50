"""Packs: append-only files that hold many blobs, each written by one process at a time."""

import os
import re
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from nacre.blobs import record
from nacre.errors import CorruptionError, Poisoned
from nacre.files import Files, create_folder, map_file, storage_error, storage_errors, sync_folder
from nacre.hashing import Buffer
from nacre.lmdb_file import descriptor_id, file_id

SUFFIX = ".pack"
_SEAL_AT_BYTES = 256 << 20
_NAME = re.compile(f"[0-9a-f]{{{2 * record.PACK_ID_BYTES}}}")

# How far a pack is named by commits, in bytes; what lies behind was never published.
CommittedSize = Callable[[bytes], int]


def pack_path(folder: Path, pack_id: bytes) -> Path:
    """Return the file of a pack."""
    return folder / (pack_id.hex() + SUFFIX)


def pack_ids(folder: Path) -> list[bytes]:
    """Return the ids of the packs in a folder, in a stable order; other files are let be."""
    names = sorted(path.stem for path in folder.glob("*" + SUFFIX))
    return [bytes.fromhex(name) for name in names if _NAME.fullmatch(name)]


class PackWriter:
    """One pack, open for appending by this process alone."""

    def __init__(self, path: Path, descriptor: int, size: int, files: Files) -> None:
        self.pack_id = bytes.fromhex(path.stem)
        self._path = path
        self.size = size
        self._descriptor = descriptor
        self._files = files
        # Bytes may lie behind `size`: of a write that failed, or that was never published.
        self._has_tail = True

    @property
    def is_full(self) -> bool:
        """Whether the pack is to be sealed."""
        return self.size >= _SEAL_AT_BYTES

    def append(self, parts: Sequence[Buffer]) -> int:
        """Write one record and return its offset; nothing of a failed write stays before it."""
        offset = self.size
        try:
            self._cut_tail()
            self._has_tail = True
            self._files.append(self._descriptor, parts)
        except OSError as error:
            with suppress(OSError):  # the next append tries again, and may not go on without
                self._cut_tail()
            raise storage_error(f"write to pack {self.pack_id.hex()}", error) from error
        # In this order: after an interrupt between the two, the next append cuts nothing off.
        self.size += sum(map(len, parts))
        self._has_tail = False
        return offset

    def sync(self) -> None:
        """Make what was appended durable."""
        try:
            self._files.sync(self._descriptor)
            if file_id(self._path) != descriptor_id(self._descriptor):
                raise FileNotFoundError(f"{self._path} was removed while it was written")
        except OSError as error:
            # The kernel may have dropped the pages: trying again would lie.
            raise Poisoned(
                f"sync of pack {self.pack_id.hex()} failed ({error}): "
                "close the vault, open it again and verify it"
            ) from error

    def close(self) -> None:
        """Let other processes append to the pack."""
        os.close(self._descriptor)

    def _cut_tail(self) -> None:
        if self._has_tail:
            self._files.truncate(self._descriptor, self.size)
            self._has_tail = False


def open_writer(folder: Path, files: Files, committed_size: CommittedSize | None) -> PackWriter:
    """Return a writer of a pack that has room and no other writer, or of a new one.

    Of a new one, too, when *committed_size* is None: it is not known how far packs are named.
    """
    with storage_errors(f"begin a pack in {folder}"):
        if committed_size is not None:
            for pack_id in pack_ids(folder):
                if committed_size(pack_id) < _SEAL_AT_BYTES:
                    writer = _reopen(folder, pack_id, committed_size, files)
                    if writer is not None:
                        return writer
        return _create(folder, files)


class PackReader:
    """The packs of a folder, mapped as they are needed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._maps: dict[bytes, memoryview] = {}
        self._lock = threading.Lock()

    def read(self, pack_id: bytes, start: int, stop: int) -> memoryview:
        """Return bytes of a pack, not copied.

        Raises:
            CorruptionError: the pack is missing or too short.
        """
        pack = self._maps.get(pack_id)
        if pack is None or len(pack) < stop:
            pack = self._map(pack_id, stop)
        return pack[start:stop]

    def _map(self, pack_id: bytes, stop: int) -> memoryview:
        with self._lock:
            path = pack_path(self._folder, pack_id)
            try:
                pack = map_file(path)
            except FileNotFoundError as error:
                raise CorruptionError(f"the pack {path} is missing: run `nacre verify`") from error
            if len(pack) < stop:
                raise CorruptionError(f"the pack {path} is cut off: run `nacre verify`")
            self._maps[pack_id] = pack
            return pack


def _reopen(
    folder: Path, pack_id: bytes, committed_size: CommittedSize, files: Files
) -> PackWriter | None:
    path = pack_path(folder, pack_id)
    try:
        descriptor = files.open_append(path, create=False)
    except BlockingIOError:
        return None
    # Only now: the process that had the pack may have committed since it was listed.
    try:
        size = committed_size(pack_id)
    except BaseException:
        os.close(descriptor)
        raise
    if os.fstat(descriptor).st_size < size:
        os.close(descriptor)  # damaged: leave it to verify
        return None
    writer = PackWriter(path, descriptor, size, files)
    if size == 0:
        # Whoever created it may have died before its name was durable.
        sync_folder(folder)
        _write_header(writer)
    return writer


def _create(folder: Path, files: Files) -> PackWriter:
    create_folder(folder)
    path = pack_path(folder, os.urandom(record.PACK_ID_BYTES))
    descriptor = files.open_append(path, create=True)
    writer = PackWriter(path, descriptor, 0, files)
    _write_header(writer)
    return writer


def _write_header(writer: PackWriter) -> None:
    try:
        writer.append([record.pack_header(writer.pack_id)])
    except BaseException:
        writer.close()
        raise
