"""The bytes of a pack at a target: chunks, then a table that says what they are.

    n bytes   chunks, one after the other
    72 each   a row of the table for each chunk, in the same order
    4         how many chunks there are

A row of the table:

    offset  size  what
    0       32    digest of the blob that it is a part of
    32      1     flags: as in a record of a vault's pack
    33      1     codec: 0 a slice of the stored payload, 1 such a slice as a zstd frame
    34      2     zeros
    36      8     size of the blob's content
    44      8     size of its payload, as the vault stores it
    52      8     xxh3-64 of the payload
    60      4     number of the part: a payload is cut into slices of 8 MiB
    64      4     how many bytes of the payload it holds
    68      4     how many bytes it takes here

All integers are big-endian. Indexes hold copies of tables (`indexes.py`).
"""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from nacre import codec
from nacre.blobs.record import Description, from_flags
from nacre.errors import CorruptionError
from nacre.hashing import Buffer, Digest

PART_BYTES = 8 << 20
PACK_BYTES = 16 << 20

_ROW = struct.Struct(">32sBBHQQ8sIII")
_COUNT = struct.Struct(">I")
_RAW, _ZSTD = 0, 1
_LEVEL = 3
_SMALLEST_BYTES = 128
_WORTHWHILE = 0.98
_SAMPLED_FROM_BYTES = 256 << 10
_SAMPLE_BYTES = 32 << 10


@dataclass(frozen=True, slots=True)
class Chunk:
    """A part of a blob, as a pack holds it."""

    description: Description
    part: int
    raw_size: int
    packed_size: int
    codec: int

    @property
    def key(self) -> bytes:
        """What tells it from all other chunks."""
        return chunk_key(self.description.digest, self.part)


@dataclass(frozen=True, slots=True)
class Packed:
    """A chunk and its bytes."""

    chunk: Chunk
    data: Buffer


def chunk_key(digest: Digest, part: int) -> bytes:
    """Return what tells a part of a blob from all other chunks."""
    return digest.raw + part.to_bytes(4, "big")


def part_count(stored_size: int) -> int:
    """Return how many parts a payload is cut into."""
    return max(1, -(-stored_size // PART_BYTES))


def pack_part(description: Description, part: int, payload: memoryview) -> Packed:
    """Return one part of a payload, compressed if that pays and the vault has not done it."""
    raw = payload[part * PART_BYTES : (part + 1) * PART_BYTES]
    packed = None if description.is_zstd else _compressed(raw)
    data = raw if packed is None else packed
    used = _RAW if packed is None else _ZSTD
    return Packed(Chunk(description, part, len(raw), len(data), used), data)


def unpack_part(chunk: Chunk, data: memoryview) -> Buffer:
    """Return the slice of the payload that a chunk holds.

    Raises:
        CorruptionError: it does not decompress to that.
    """
    if chunk.raw_size > PART_BYTES:
        raise CorruptionError(f"a part of {chunk.description.digest} claims {chunk.raw_size} bytes")
    if chunk.codec == _ZSTD:
        return codec.decompress(data, size=chunk.raw_size)
    return data


def pack_parts(packed: Sequence[Packed]) -> list[Buffer]:
    """Return the content of a pack, in parts."""
    rows = table_of([each.chunk for each in packed])
    return [*(each.data for each in packed), rows, _COUNT.pack(len(packed))]


def content_size(chunks: Sequence[Chunk]) -> int:
    """Return how many bytes the content of a pack of these chunks takes."""
    return sum(each.packed_size for each in chunks) + _ROW.size * len(chunks) + _COUNT.size


def table_of(chunks: Sequence[Chunk]) -> bytes:
    """Return the table of a pack."""
    return b"".join(map(_row, chunks))


def read_table(table: Buffer) -> Iterator[Chunk]:
    """Yield the chunks of a table, in order."""
    try:
        for row in _ROW.iter_unpack(table):
            yield _chunk(row)
    except struct.error as error:
        raise CorruptionError(f"the table of a pack does not decode: {error}") from error


def table_in(content: memoryview) -> memoryview:
    """Return the table at the end of a pack."""
    count = _COUNT.unpack(content[-_COUNT.size :])[0] if len(content) >= _COUNT.size else 0
    start = len(content) - _COUNT.size - count * _ROW.size
    if start < 0:
        raise CorruptionError("a pack is shorter than its table")
    return content[start : len(content) - _COUNT.size]


def _row(chunk: Chunk) -> bytes:
    description = chunk.description
    return _ROW.pack(
        description.digest.raw,
        description.flags,
        chunk.codec,
        0,
        description.size,
        description.stored_size,
        description.stored_checksum,
        chunk.part,
        chunk.raw_size,
        chunk.packed_size,
    )


def _chunk(row: tuple) -> Chunk:  # type: ignore[type-arg]
    raw, flags, used, _, size, stored_size, stored_checksum, part, raw_size, packed_size = row
    description = from_flags(
        flags,
        digest=Digest(raw),
        size=size,
        stored_size=stored_size,
        stored_checksum=stored_checksum,
    )
    return Chunk(description, part, raw_size, packed_size, used)


def _compressed(raw: memoryview) -> bytes | None:
    size = len(raw)
    if size < _SMALLEST_BYTES:
        return None
    if size >= _SAMPLED_FROM_BYTES and not _pays(raw):
        return None
    packed = codec.compress(raw, level=_LEVEL)
    return packed if len(packed) <= size * _WORTHWHILE else None


def _pays(raw: memoryview) -> bool:
    """Tell by samples from the beginning, the middle and the end."""
    starts = (0, (len(raw) - _SAMPLE_BYTES) // 2, len(raw) - _SAMPLE_BYTES)
    sample = b"".join(raw[start : start + _SAMPLE_BYTES] for start in starts)
    return len(codec.compress(sample, level=1)) <= len(sample) * _WORTHWHILE
