"""When each payload was last checked: a file beside the vault, and no part of it.

    offset  size  what
    0       16    "nacre checked 1" and a line break
    16      16    vault id
    32      12 n  for each blob the first 8 bytes of its digest, and seconds since the epoch (4)

It only says what to check first. Whoever alters or removes it changes the order, not a finding.
"""

import struct
from pathlib import Path

from nacre.files import storage_errors
from nacre.hashing import Digest
from nacre.store import Store

_MAGIC = b"nacre checked 1\n"
_ROW = struct.Struct(">8sI")
_PREFIX_BYTES = 8


def memory_path(store: Store) -> Path:
    """Return where the file lies unless the caller says otherwise."""
    layout = store.layout
    if layout.is_single_file:
        return layout.environment.with_name(layout.environment.name + "-checked")
    return layout.path / "checked"


class Memory:
    """When payloads were checked, read from a file and written back."""

    def __init__(self, path: Path, vault_id: bytes, now_seconds: int) -> None:
        self._path = path
        self._head = _MAGIC + vault_id
        self._now = now_seconds
        self._seconds = self._read()

    def last_checked(self, digest: Digest) -> int:
        """Return when a payload was checked, in seconds since the epoch; 0 for never."""
        return self._seconds.get(digest.raw[:_PREFIX_BYTES], 0)

    def note(self, digest: Digest) -> None:
        """Note that a payload was checked now."""
        self._seconds[digest.raw[:_PREFIX_BYTES]] = self._now

    def write(self) -> None:
        """Write the file anew.

        Raises:
            StorageError: it cannot be written.
        """
        rows = b"".join(_ROW.pack(*row) for row in sorted(self._seconds.items()))
        part = self._path.with_name(self._path.name + ".part")
        with storage_errors(f"write {self._path}"):
            part.write_bytes(self._head + rows)
            part.replace(self._path)

    def _read(self) -> dict[bytes, int]:
        try:
            data = self._path.read_bytes()
        except OSError:
            return {}
        rows = data[len(self._head) :]
        if not data.startswith(self._head) or len(rows) % _ROW.size:
            return {}  # of another vault, or cut off: everything counts as never checked
        # What was checked in the future was not.
        return {name: when for name, when in _ROW.iter_unpack(rows) if when <= self._now}
