"""Packs: append-only files that hold many blobs, each written by one process at a time."""

import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from nacre.blobs import record
from nacre.errors import CorruptionError, Poisoned
from nacre.files import Files, create_folder, map_file, storage_error
from nacre.hashing import Buffer

SUFFIX = ".pack"
_SEAL_AT_BYTES = 256 << 20

# How far a pack is named by commits, in bytes; what lies behind was never published.
CommittedSize = Callable[[bytes], int]


def pack_path(folder: Path, pack_id: bytes) -> Path:
    """Return the file of a pack."""
    return folder / (pack_id.hex() + SUFFIX)


def pack_ids(folder: Path) -> list[bytes]:
    """Return the ids of the packs in a folder, in a stable order."""
    names = sorted(path.stem for path in folder.glob("*" + SUFFIX))
    return [bytes.fromhex(name) for name in names if len(name) == 2 * record.PACK_ID_BYTES]


class PackWriter:
    """One pack, open for appending by this process alone."""

    def __init__(self, pack_id: bytes, descriptor: int, size: int, files: Files) -> None:
        self.pack_id = pack_id
        self.size = size
        self._descriptor = descriptor
        self._files = files

    @property
    def is_full(self) -> bool:
        """Whether the pack is to be sealed."""
        return self.size >= _SEAL_AT_BYTES

    def append(self, parts: Sequence[Buffer]) -> int:
        """Write one record and return its offset; a failed write leaves the pack as it was."""
        offset = self.size
        try:
            self._files.append(self._descriptor, parts)
        except OSError as error:
            self._files.truncate(self._descriptor, offset)
            raise storage_error(f"write to pack {self.pack_id.hex()}", error) from error
        self.size += sum(map(len, parts))
        return offset

    def sync(self) -> None:
        """Make what was appended durable."""
        try:
            self._files.sync(self._descriptor)
        except OSError as error:
            # The kernel may have dropped the pages: trying again would lie.
            raise Poisoned(
                f"sync of pack {self.pack_id.hex()} failed ({error}): "
                "close the vault, open it again and verify it"
            ) from error

    def close(self) -> None:
        """Let other processes append to the pack."""
        os.close(self._descriptor)


def open_writer(folder: Path, committed_size: CommittedSize, files: Files) -> PackWriter:
    """Return a writer of a pack that has room and no other writer, or of a new one."""
    create_folder(folder)
    for pack_id in pack_ids(folder):
        if committed_size(pack_id) < _SEAL_AT_BYTES:
            writer = _reopen(folder, pack_id, committed_size, files)
            if writer is not None:
                return writer
    pack_id = os.urandom(record.PACK_ID_BYTES)
    descriptor = files.open_append(pack_path(folder, pack_id), create=True)
    return _with_header(PackWriter(pack_id, descriptor, 0, files))


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
    try:
        descriptor = files.open_append(pack_path(folder, pack_id), create=False)
    except BlockingIOError:
        return None
    # Only now: the process that had the pack may have committed since it was listed.
    size = committed_size(pack_id)
    if os.fstat(descriptor).st_size < size:
        os.close(descriptor)  # damaged: leave it to verify
        return None
    files.truncate(descriptor, size)
    writer = PackWriter(pack_id, descriptor, size, files)
    return writer if size else _with_header(writer)


def _with_header(writer: PackWriter) -> PackWriter:
    writer.append([record.pack_header(writer.pack_id)])
    return writer
