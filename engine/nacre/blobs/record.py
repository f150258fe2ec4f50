r"""The bytes of a pack: a file of self-describing records, so that it needs no index to be read.

A pack starts with 64 bytes: `nacre pack 1\n`, zeros, and the pack's id (8 bytes) at the end.
Every record starts at a multiple of 64, so that Arrow buffers in it are aligned:

    offset  size  what
    0       3     NBR
    3       1     format of the record, 1
    4       1     flags: bit 0, the payload is one zstd frame; bit 1, the blob is a manifest
    5       1     algorithm of the digest: 1, BLAKE3-256
    6       2     zeros
    8       32    digest of the content
    40      6     size of the content
    46      6     size of the payload
    52      8     xxh3-64 of the payload
    60      4     first half of the xxh3-64 of the 60 bytes before
    64      n     payload, then zeros up to a multiple of 64

All integers are big-endian.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from nacre.errors import CorruptionError, FormatError
from nacre.hashing import Buffer, Digest, checksum

ALIGNMENT = 64
MAX_BLOB_BYTES = (1 << 48) - 1
PACK_ID_BYTES = 8

_PACK_MAGIC = b"nacre pack 1\n"
_RECORD_MAGIC = b"NBR\x01"
_RECORD = struct.Struct(">4sBBH32sHIHI8s4s")
_CHECKED_BYTES = 60
_BLAKE3 = 1
_ZSTD, _MANIFEST = 1, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What is known of a blob besides its bytes and where they lie."""

    digest: Digest
    size: int
    stored_size: int
    stored_checksum: bytes
    is_zstd: bool
    is_manifest: bool

    @property
    def flags(self) -> int:
        """The two booleans as they stand in records and in the index."""
        return _ZSTD * self.is_zstd | _MANIFEST * self.is_manifest


def describe(
    digest: Digest, content: Buffer, payload: Buffer, *, is_zstd: bool, is_manifest: bool
) -> Description:
    """Return the description of *content* stored as *payload*."""
    return Description(
        digest=digest,
        size=len(content),
        stored_size=len(payload),
        stored_checksum=checksum(payload),
        is_zstd=is_zstd,
        is_manifest=is_manifest,
    )


def from_flags(
    flags: int, *, digest: Digest, size: int, stored_size: int, stored_checksum: bytes
) -> Description:
    """Return a description from what stands on disk."""
    if flags & ~(_ZSTD | _MANIFEST):
        raise CorruptionError(f"the blob {digest} has unknown flags: run `nacre verify`")
    return Description(
        digest=digest,
        size=size,
        stored_size=stored_size,
        stored_checksum=stored_checksum,
        is_zstd=bool(flags & _ZSTD),
        is_manifest=bool(flags & _MANIFEST),
    )


def pack_header(pack_id: bytes) -> bytes:
    """Return the first bytes of a pack."""
    return _PACK_MAGIC.ljust(ALIGNMENT - PACK_ID_BYTES, b"\x00") + pack_id


def record_parts(description: Description, payload: Buffer) -> list[Buffer]:
    """Return the bytes of a record, in parts so that the payload is not copied."""
    header = _RECORD.pack(
        _RECORD_MAGIC,
        description.flags,
        _BLAKE3,
        0,
        description.digest.raw,
        *_split(description.size),
        *_split(description.stored_size),
        description.stored_checksum,
        b"",
    )
    header = header[:_CHECKED_BYTES] + checksum(header[:_CHECKED_BYTES])[:4]
    return [header, payload, bytes(-len(payload) % ALIGNMENT)]


def record_size(stored_size: int) -> int:
    """Return how many bytes a record takes in a pack."""
    return ALIGNMENT + stored_size + -stored_size % ALIGNMENT


def read_record(pack: memoryview, offset: int) -> Description:
    """Return the description in the record at *offset*.

    Raises:
        CorruptionError: no whole record is there, or its header or padding was altered.
        FormatError: a newer nacre wrote it.
    """
    header = bytes(pack[offset : offset + ALIGNMENT])
    _refuse_newer(header, offset)
    if len(header) < ALIGNMENT or header[:4] != _RECORD_MAGIC:
        raise CorruptionError(f"no record starts at offset {offset}")
    if checksum(header[:_CHECKED_BYTES])[:4] != header[_CHECKED_BYTES:]:
        raise CorruptionError(f"the header of the record at offset {offset} was altered")
    _, flags, algorithm, zeros, raw, *sizes, stored_checksum, _ = _RECORD.unpack(header)
    if algorithm != _BLAKE3 or zeros:
        raise CorruptionError(f"the record at offset {offset} has a digest of another kind")
    stored_size = sizes[2] << 32 | sizes[3]
    stop = offset + ALIGNMENT + stored_size
    if stop > len(pack):
        raise CorruptionError(f"the record at offset {offset} is cut off")
    if any(pack[stop : offset + record_size(stored_size)]):
        raise CorruptionError(f"the padding of the record at offset {offset} was altered")
    return from_flags(
        flags,
        digest=Digest(raw),
        size=sizes[0] << 32 | sizes[1],
        stored_size=stored_size,
        stored_checksum=stored_checksum,
    )


def _refuse_newer(header: bytes, offset: int) -> None:
    """Raise FormatError over a header that is whole, and of a format that is not known yet."""
    if header[:3] != _RECORD_MAGIC[:3] or header[3:4] <= _RECORD_MAGIC[3:]:
        return
    if checksum(header[:_CHECKED_BYTES])[:4] == header[_CHECKED_BYTES:]:
        raise FormatError(
            f"the record at offset {offset} has format {header[3]}, and this nacre reads "
            f"{_RECORD_MAGIC[3]}: upgrade nacre"
        )


def read_records(pack: memoryview, pack_id: bytes) -> Iterator[tuple[int, Description]]:
    """Yield offset and description of every record of a pack, in order.

    Raises:
        CorruptionError: at the first record that was altered.
    """
    if bytes(pack[:ALIGNMENT]) != pack_header(pack_id):
        raise CorruptionError("the first bytes of the pack were altered")
    offset = ALIGNMENT
    while offset < len(pack):
        description = read_record(pack, offset)
        yield offset, description
        offset += record_size(description.stored_size)


def _split(size: int) -> tuple[int, int]:
    return size >> 32, size & 0xFFFFFFFF
