"""Files of a target, sealed: named by their content, and encrypted if the target is.

    offset  size  what
    0       6     "nacre" and 01, the format
    6       1     the folder that it belongs to: p packs, i indexes, b backups, ...
    7       1     0 plain, 1 AES-256-GCM
    8       24    salt, random
    32      n     the content; encrypted: its length (8), itself, zeros, as one, and a tag (16)

The name is the folder and a BLAKE3 over all of it, keyed by the target, in hexadecimal digits:
a file that was altered, cut off or renamed is noticed whenever it is read, and no name tells
what is in it. Zeros fill an encrypted file up to one of few sizes.
"""

import os
from collections.abc import Sequence

from blake3 import blake3

from nacre.backups import encryption
from nacre.backups.config import Config
from nacre.backups.target import Target
from nacre.errors import CorruptionError, FormatError
from nacre.hashing import Buffer

PACKS, INDEXES, BACKUPS = "packs", "indexes", "backups"
FORGOTTEN, CONDEMNED, VERIFIED, READ = "forgotten", "condemned", "verified", "read"
FOLDERS = (PACKS, INDEXES, BACKUPS, FORGOTTEN, CONDEMNED, VERIFIED, READ)

HEAD_BYTES = 32

_MAGIC = b"nacre\x01"
_SALT_BYTES = 24
_NAME_BYTES = 16
_LENGTH_BYTES = 8
_NAMING_CONTEXT = "nacre 2026 names of the files of a backup target"
_SEALING_CONTEXT = "nacre 2026 content of the files of a backup target"
_PARALLEL_FROM_BYTES = 1 << 20


class SealedTarget:
    """A target whose key is known: contents in, names out."""

    def __init__(self, target: Target, config: Config) -> None:
        self.target = target
        self.config = config
        root = config.master or config.target_id
        self._naming = blake3(root, derive_key_context=_NAMING_CONTEXT).digest()
        self._sealing = blake3(root, derive_key_context=_SEALING_CONTEXT).digest()

    @property
    def is_encrypted(self) -> bool:
        """Whether its files tell nothing to those without the key."""
        return self.config.master is not None

    def seal(self, folder: str, parts: Sequence[Buffer]) -> tuple[str, list[Buffer]]:
        """Return the name and the bytes of a new file."""
        head = b"".join(
            [_MAGIC, folder[:1].encode(), bytes([self.is_encrypted]), os.urandom(_SALT_BYTES)]
        )
        sealed: list[Buffer] = [head, *parts]
        if self.is_encrypted:
            content = b"".join([_length(parts), *parts])
            padding = bytes(padded_size(len(content)) - len(content))
            key = encryption.derived(self._sealing, head)
            sealed = [head, encryption.encrypt(key, content + padding, bound_to=head)]
        return self._name(folder, sealed), sealed

    def put(self, folder: str, parts: Sequence[Buffer]) -> str:
        """Store a new file durably and return its name."""
        name, sealed = self.seal(folder, parts)
        self.target.put(name, sealed)
        return name

    def get(self, name: str) -> memoryview:
        """Return the content of a file.

        Raises:
            NotFound: there is none.
            CorruptionError: it is not what was put under that name.
        """
        sealed = memoryview(self.target.get(name))
        folder = name.partition("/")[0]
        if self._name(folder, [sealed]) != name:
            raise CorruptionError(f"{name} at {self.target} was altered or cut off")
        head = bytes(sealed[:HEAD_BYTES])
        if head[:5] != _MAGIC[:5] or head[6:7] != folder[:1].encode():
            raise CorruptionError(f"{name} at {self.target} is no file of nacre's")
        if head[:6] != _MAGIC:
            raise FormatError(f"{name} at {self.target} is of a newer nacre: upgrade")
        if not self.is_encrypted:
            return sealed[HEAD_BYTES:]
        key = encryption.derived(self._sealing, head)
        content = memoryview(encryption.decrypt(key, sealed[HEAD_BYTES:], bound_to=head))
        length = int.from_bytes(content[:_LENGTH_BYTES], "big")
        return content[_LENGTH_BYTES : _LENGTH_BYTES + length]

    def get_damaged(self, name: str) -> memoryview:
        """Return what may be left of the content of a file: all of it is to be checked.

        Raises:
            NotFound: there is none.
        """
        sealed = memoryview(self.target.get(name))
        if not self.is_encrypted:
            return sealed[HEAD_BYTES:]
        key = encryption.derived(self._sealing, bytes(sealed[:HEAD_BYTES]))
        return memoryview(encryption.decrypt_unproven(key, sealed[HEAD_BYTES:]))[_LENGTH_BYTES:]

    def list(self, folder: str) -> dict[str, int]:
        """Return the names in a folder, and the sizes of their files."""
        return self.target.list(folder)

    def delete(self, name: str) -> None:
        """Remove a file."""
        self.target.delete(name)

    def _name(self, folder: str, sealed: Sequence[Buffer]) -> str:
        hasher = blake3(key=self._naming, max_threads=1)
        for part in sealed:
            hasher.update(part)
        return f"{folder}/{hasher.hexdigest()[: 2 * _NAME_BYTES]}"


def sealed_size(size: int, *, is_encrypted: bool) -> int:
    """Return the size of the file that seals a content of *size* bytes."""
    if not is_encrypted:
        return HEAD_BYTES + size
    return HEAD_BYTES + padded_size(_LENGTH_BYTES + size) + encryption.TAG_BYTES


def padded_size(size: int) -> int:
    """Return the size that an encrypted file of *size* bytes is filled up to.

    Only the highest bits of a padded size differ from zero (Padmé), so that it tells little
    more than its order of magnitude, and at most 12 % are added; of a full pack, 3 %.
    """
    if size < 2:
        return size
    exponent = size.bit_length() - 1
    low_bits = exponent - exponent.bit_length()
    mask = (1 << low_bits) - 1
    return (size + mask) & ~mask


def _length(parts: Sequence[Buffer]) -> bytes:
    return sum(map(len, parts)).to_bytes(_LENGTH_BYTES, "big")
