"""The blob index: digest to where the blob lies, as rows of the vault's environment.

    key    02, digest (32 bytes)
    value  flags (1), size (6), size of the payload (6), xxh3-64 of the payload (8),
           first half of the xxh3-64 of the digest, what stands before and the place (4), then
           of a small blob the payload; of one in a pack the pack's id (8) and the offset (8)

    key    03, pack id (8)
    value  committed size (8): how far commits name the pack

Flags are those of a pack record, and bit 7 says that the blob lies in a pack. It can be rebuilt
from the packs, but for the small blobs, which it holds.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from nacre.blobs.record import PACK_ID_BYTES, Description, from_flags
from nacre.environment import Transaction
from nacre.errors import CorruptionError
from nacre.hashing import Digest, checksum
from nacre.prefixes import BLOBS, PACKS

_IN_PACK = 0x80
_VALUE = struct.Struct(">BHIHI8s")
_PLACE = struct.Struct(f">{PACK_ID_BYTES}sQ")
_SIZE = struct.Struct(">Q")
_CHECK_BYTES = 4
_BLOB_PREFIX = bytes([BLOBS])
_PACK_PREFIX = bytes([PACKS])


@dataclass(frozen=True, slots=True)
class Place:
    """Where a payload lies in a pack."""

    pack_id: bytes
    offset: int


@dataclass(frozen=True, slots=True)
class Row:
    """One blob of the index: its payload, or the place of it."""

    description: Description
    payload: bytes | Place


def get_row(transaction: Transaction, digest: Digest) -> Row | None:
    """Return the row of a blob, or None."""
    value = transaction.get(_BLOB_PREFIX + digest.raw)
    return None if value is None else _decode(digest, value)


def has_row(transaction: Transaction, digest: Digest) -> bool:
    """Tell whether a blob is published."""
    return transaction.get(_BLOB_PREFIX + digest.raw) is not None


def put_row(transaction: Transaction, row: Row, *, overwrite: bool = False) -> bool:
    """Store a row, unless the blob has one that is not to be replaced; tell whether it was."""
    key = _BLOB_PREFIX + row.description.digest.raw
    return transaction.put(key, _encode(row), overwrite=overwrite)


def rows(
    transaction: Transaction, after: Digest | None = None
) -> Iterator[tuple[Digest, Row | None]]:
    """Yield the rows behind *after*, in the order of their digests; None for an altered one."""
    cursor = transaction.cursor()
    start = _BLOB_PREFIX + (after.raw + b"\x00" if after else b"")
    if cursor.set_range(start):
        for key, value in cursor.iternext():
            if key[0] != BLOBS:
                return
            digest = Digest(key[1:])
            try:
                row = _decode(digest, value)
            except CorruptionError:
                row = None
            yield digest, row


def committed_size(transaction: Transaction, pack_id: bytes) -> int:
    """Return how far commits name a pack, in bytes; 0 when none does."""
    value = transaction.get(_PACK_PREFIX + pack_id)
    return 0 if value is None else int(_SIZE.unpack(value)[0])


def put_committed_size(transaction: Transaction, pack_id: bytes, size: int) -> None:
    """Record how far commits name a pack, in bytes."""
    transaction.put(_PACK_PREFIX + pack_id, _SIZE.pack(size))


def committed_packs(transaction: Transaction) -> dict[bytes, int]:
    """Return the committed size of every pack."""
    sizes: dict[bytes, int] = {}
    cursor = transaction.cursor()
    if cursor.set_range(_PACK_PREFIX):
        for key, value in cursor.iternext():
            if key[0] != PACKS:
                break
            sizes[key[1:]] = _SIZE.unpack(value)[0]
    return sizes


def _encode(row: Row) -> bytes:
    description = row.description
    in_pack = isinstance(row.payload, Place)
    value = _VALUE.pack(
        description.flags | _IN_PACK * in_pack,
        description.size >> 32,
        description.size & 0xFFFFFFFF,
        description.stored_size >> 32,
        description.stored_size & 0xFFFFFFFF,
        description.stored_checksum,
    )
    digest = description.digest
    if isinstance(row.payload, Place):
        place = _PLACE.pack(row.payload.pack_id, row.payload.offset)
        return value + _check(digest, value, place) + place
    return value + _check(digest, value, b"") + row.payload


def _check(digest: Digest, head: bytes, place: bytes) -> bytes:
    return checksum(digest.raw + head + place)[:_CHECK_BYTES]


def _decode(digest: Digest, value: bytes) -> Row:
    head, check = value[: _VALUE.size], value[_VALUE.size : _VALUE.size + _CHECK_BYTES]
    rest = value[_VALUE.size + _CHECK_BYTES :]
    is_in_pack = bool(value[0] & _IN_PACK) if value else False
    if check != _check(digest, head, rest if is_in_pack else b"") or not value:
        raise CorruptionError(f"the index row of {digest} was altered: run `nacre verify`")
    flags, *sizes, stored_checksum = _VALUE.unpack(head)
    payload = Place(*_PLACE.unpack(rest)) if is_in_pack else rest
    description = from_flags(
        flags & ~_IN_PACK,
        digest=digest,
        size=sizes[0] << 32 | sizes[1],
        stored_size=sizes[2] << 32 | sizes[3],
        stored_checksum=stored_checksum,
    )
    return Row(description, payload)
