"""The blob index: digest to where the blob lies, as rows of the vault's environment.

    key    02, digest (32 bytes)
    value  flags (1), size (6), size of the payload (6), xxh3-64 of the payload (8),
           first half of the xxh3-64 of the digest, what stands before and the place (4), then
           of a small blob the payload; of one in a pack the pack's id (8) and the offset (8)

    key    03, pack id (8)
    value  committed size (8): how far commits name the pack; ff.. when its blobs were moved to
           other packs, and its file is to be removed

    key    02, digest (32 bytes), of a blob that was dropped on purpose
    value  20 (1), position of the commit that dropped it (8), UTF-8 why (rest)

    key    01, "round"
    value  how often blobs were condemned (8)

Flags are those of a pack record. Bit 7 says that the blob lies in a pack, bit 6 that it is
condemned: it will be dropped unless a commit names it first. The index can be rebuilt from the
packs, but for the small blobs, which it holds.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from nacre.blobs.record import PACK_ID_BYTES, Description, from_flags
from nacre.errors import CorruptionError
from nacre.hashing import Digest, checksum
from nacre.lmdb_handle import Transaction
from nacre.prefixes import BLOBS, META, PACKS

_IN_PACK = 0x80
_CONDEMNED = 0x40
_DROPPED = 0x20
_VALUE = struct.Struct(">BHIHI8s")
_PLACE = struct.Struct(f">{PACK_ID_BYTES}sQ")
_SIZE = struct.Struct(">Q")
_EMPTIED = b"\xff" * _SIZE.size
_CHECK_BYTES = 4
_BLOB_PREFIX = bytes([BLOBS])
_PACK_PREFIX = bytes([PACKS])
_ROUND_KEY = bytes([META]) + b"round"


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
    is_condemned: bool = False


@dataclass(frozen=True, slots=True)
class Epitaph:
    """Why a blob is not there any more."""

    position: int
    """The commit that dropped it."""

    reason: str


def get_row(transaction: Transaction, digest: Digest) -> Row | None:
    """Return the row of a blob, or None."""
    value = transaction.get(_BLOB_PREFIX + digest.raw)
    return None if value is None or _is_dropped(value) else _decode(digest, value)


def has_row(transaction: Transaction, digest: Digest) -> bool:
    """Tell whether a blob is published."""
    value = transaction.get(_BLOB_PREFIX + digest.raw)
    return value is not None and not _is_dropped(value)


def put_row(transaction: Transaction, row: Row, *, overwrite: bool = False) -> bool:
    """Store a row, unless the blob has one that is not to be replaced; tell whether it was.

    One that is condemned, or that was dropped, is always replaced.
    """
    key = _BLOB_PREFIX + row.description.digest.raw
    if transaction.put(key, _encode(row), overwrite=overwrite):
        return True
    value = transaction.get(key)
    if value and value[0] & (_CONDEMNED | _DROPPED):
        return transaction.put(key, _encode(row))
    return False


def drop_row(transaction: Transaction, digest: Digest, epitaph: Epitaph | None) -> None:
    """Remove a blob from the index, and leave an epitaph if an event names it."""
    key = _BLOB_PREFIX + digest.raw
    if epitaph is None:
        transaction.delete(key)
    else:
        head = bytes([_DROPPED]) + _SIZE.pack(epitaph.position)
        transaction.put(key, head + epitaph.reason.encode())


def get_epitaph(transaction: Transaction, digest: Digest) -> Epitaph | None:
    """Return why a blob is not there any more, or None."""
    value = transaction.get(_BLOB_PREFIX + digest.raw)
    return None if value is None or not _is_dropped(value) else _epitaph(digest, value)


def current_round(transaction: Transaction) -> int:
    """Return how often blobs were condemned."""
    value = transaction.get(_ROUND_KEY)
    return 0 if value is None else int(_SIZE.unpack(value)[0])


def begin_round(transaction: Transaction) -> int:
    """Return the number of a new round, which tells puts from before it apart."""
    number = current_round(transaction) + 1
    transaction.put(_ROUND_KEY, _SIZE.pack(number))
    return number


def rows(
    transaction: Transaction, after: Digest | None = None
) -> Iterator[tuple[Digest, Row | None]]:
    """Yield the rows behind *after*, in the order of their digests; None for an altered one.

    Those of dropped blobs are left out.
    """
    cursor = transaction.cursor()
    start = _BLOB_PREFIX + (after.raw + b"\x00" if after else b"")
    if cursor.set_range(start):
        for key, value in cursor.iternext():
            if key[0] != BLOBS:
                return
            digest = Digest(key[1:])
            if _is_dropped(value):
                continue
            try:
                row = _decode(digest, value)
            except CorruptionError:
                row = None
            yield digest, row


def digests(transaction: Transaction) -> Iterator[Digest]:
    """Yield the digests of all blobs, in order, without looking closer at the rows."""
    return (digest for digest, value in _values(transaction) if not _is_dropped(value))


def epitaphs(transaction: Transaction) -> Iterator[tuple[Digest, Epitaph]]:
    """Yield the blobs that were dropped, and why."""
    for digest, value in _values(transaction):
        if _is_dropped(value):
            yield digest, _epitaph(digest, value)


def committed_size(transaction: Transaction, pack_id: bytes) -> int:
    """Return how far commits name a pack, in bytes; 0 when none does."""
    value = transaction.get(_PACK_PREFIX + pack_id)
    return 0 if value is None else int(_SIZE.unpack(value)[0])


def put_committed_size(transaction: Transaction, pack_id: bytes, size: int) -> None:
    """Record how far commits name a pack, in bytes."""
    transaction.put(_PACK_PREFIX + pack_id, _SIZE.pack(size))


def put_emptied(transaction: Transaction, pack_id: bytes) -> None:
    """Record that nothing names a pack any more: its file may go, and is not written again."""
    transaction.put(_PACK_PREFIX + pack_id, _EMPTIED)


def forget_pack(transaction: Transaction, pack_id: bytes) -> None:
    """Record that the file of a pack is gone."""
    transaction.delete(_PACK_PREFIX + pack_id)


def committed_packs(transaction: Transaction) -> dict[bytes, int]:
    """Return the committed size of every pack that is in use."""
    return {k: _SIZE.unpack(v)[0] for k, v in _pack_rows(transaction).items() if v != _EMPTIED}


def emptied_packs(transaction: Transaction) -> list[bytes]:
    """Return the packs whose files may be removed."""
    return [pack_id for pack_id, value in _pack_rows(transaction).items() if value == _EMPTIED]


def _pack_rows(transaction: Transaction) -> dict[bytes, bytes]:
    values: dict[bytes, bytes] = {}
    cursor = transaction.cursor()
    if cursor.set_range(_PACK_PREFIX):
        for key, value in cursor.iternext():
            if key[0] != PACKS:
                break
            values[key[1:]] = value
    return values


def _values(transaction: Transaction) -> Iterator[tuple[Digest, bytes]]:
    cursor = transaction.cursor()
    if cursor.set_range(_BLOB_PREFIX):
        for key, value in cursor.iternext():
            if key[0] != BLOBS:
                return
            yield Digest(key[1:]), value


def _epitaph(digest: Digest, value: bytes) -> Epitaph:
    try:
        (position,) = _SIZE.unpack_from(value, 1)
        return Epitaph(position, value[1 + _SIZE.size :].decode())
    except (struct.error, UnicodeDecodeError) as error:
        raise CorruptionError(f"the index row of {digest} was altered") from error


def _encode(row: Row) -> bytes:
    description = row.description
    in_pack = isinstance(row.payload, Place)
    value = _VALUE.pack(
        description.flags | _IN_PACK * in_pack | _CONDEMNED * row.is_condemned,
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


def _is_dropped(value: bytes) -> bool:
    return value[:1] == bytes([_DROPPED])


def _decode(digest: Digest, value: bytes) -> Row:
    head, check = value[: _VALUE.size], value[_VALUE.size : _VALUE.size + _CHECK_BYTES]
    rest = value[_VALUE.size + _CHECK_BYTES :]
    is_in_pack = bool(value[0] & _IN_PACK) if value else False
    if check != _check(digest, head, rest if is_in_pack else b"") or not value:
        raise CorruptionError(f"the index row of {digest} was altered: run `nacre verify`")
    flags, *sizes, stored_checksum = _VALUE.unpack(head)
    payload = Place(*_PLACE.unpack(rest)) if is_in_pack else rest
    description = from_flags(
        flags & ~(_IN_PACK | _CONDEMNED),
        digest=digest,
        size=sizes[0] << 32 | sizes[1],
        stored_size=sizes[2] << 32 | sizes[3],
        stored_checksum=stored_checksum,
    )
    return Row(description, payload, bool(flags & _CONDEMNED))
