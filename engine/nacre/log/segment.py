"""The bytes of a segment: a sealed run of old commits, compressed together.

    offset  size  what
    0       1     format of the segment, 1
    1       1     flags: bit 0, the frame was made with a dictionary
    2       8     xxh3-64 of everything after it
    10      4     number of commits
    14      4     size of the content
    18      8     id of the dictionary, or zeros: the xxh3-64 of its bytes
    26      rest  content: one zstd frame of msgpack [vault id, previous, times, actors, messages,
                  write ids, random write ids, sizes of bodies, bodies]

What follows from the rest is left out: positions, vault ids, and the hash of the commit before,
which is the leaf that the commit before it has. Of random write ids, which do not compress, the
bytes stand together. Opening a segment gives every header and every event byte for byte as it was;
sealing one checks that.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

import zstandard

from nacre import codec
from nacre.errors import CorruptionError, FormatError
from nacre.event import (
    Header,
    decode_header,
    encode_header,
    leaf_of,
    open_entry,
    plain_entry,
)
from nacre.hashing import Buffer, checksum

SEGMENT_FORMAT = 1
MOST_COMMITS = 512
MOST_BYTES = 1 << 20
DICTIONARY_ID_BYTES = 8
NO_DICTIONARY = bytes(DICTIONARY_ID_BYTES)

_PREFIX = struct.Struct(f">BB8sII{DICTIONARY_ID_BYTES}s")
_CHECKED_FROM = 10
_WITH_DICTIONARY = 1
_LEVEL = 12
_LARGEST_CONTENT_BYTES = 1 << 30


@dataclass(frozen=True, slots=True)
class Dictionary:
    """What the compressor knows before it begins; made once for many segments."""

    content: bytes

    @property
    def id(self) -> bytes:
        """The name under which a vault keeps it."""
        return checksum(self.content)


def commits_in(row: Buffer) -> int:
    """Return how many commits a segment holds, without opening it."""
    return int(_prefix(row)[3])


def dictionary_id(row: Buffer) -> bytes:
    """Return the name of the dictionary that a segment needs, or zeros."""
    return bytes(_prefix(row)[5])


def seal(entries: Sequence[bytes], dictionary: Dictionary | None) -> bytes | None:
    """Return the segment of consecutive entries; None when it would not give them back exactly."""
    content = _columns(entries)
    row = _row(content, len(entries), dictionary)
    first = decode_header(entries[0]).position
    restored = [open_entry(entry) for entry in open_segment(row, first, dictionary)]
    return row if restored == [open_entry(entry) for entry in entries] else None


def open_segment(row: bytes, first: int, dictionary: Dictionary | None) -> list[bytes]:
    """Return the entries of a segment, whose first commit has the position *first*.

    Raises:
        CorruptionError: the bytes are not what was written.
        FormatError: a newer nacre wrote it.
    """
    content = _content(row, dictionary)
    fields = codec.unpack(content)
    try:
        return _entries(fields, first)
    except (TypeError, ValueError, IndexError, struct.error) as error:
        raise CorruptionError(
            f"the segment at commit {first} does not decode ({error}): run `nacre verify`"
        ) from error


def train(entries: Sequence[bytes]) -> Dictionary | None:
    """Return a dictionary for segments of entries like these; None when there are too few."""
    samples: list[bytes | bytearray | memoryview[int]] = [open_entry(e)[1] for e in entries]
    try:
        return Dictionary(zstandard.train_dictionary(16 << 10, samples).as_bytes())
    except zstandard.ZstdError:
        return None


def _columns(entries: Sequence[bytes]) -> bytes:
    opened = [open_entry(entry) for entry in entries]
    headers = [decode_header(entry) for entry in entries]
    times = [header.time_ns for header in headers]
    random = [header.write_id for header in headers if isinstance(header.write_id, bytes)]
    given = [w if isinstance(w := header.write_id, str) else None for header in headers]
    return codec.pack(
        [
            headers[0].vault_id,
            headers[0].previous,
            [after - before for before, after in zip([0, *times], times, strict=False)],
            [header.actor for header in headers],
            [header.message for header in headers],
            given,
            b"".join(random),
            [len(body) for _, body in opened],
            b"".join(body for _, body in opened),
        ]
    )


def _entries(fields: object, first: int) -> list[bytes]:
    assert isinstance(fields, list)
    vault_id, previous, deltas, actors, messages, given, random, sizes, bodies = fields
    entries: list[bytes] = []
    time_ns = at = used = 0
    for number, delta in enumerate(deltas):
        time_ns += delta
        write_id = given[number]
        if write_id is None:
            write_id = random[used : used + 16]
            used += 16
        header = encode_header(
            Header(
                vault_id=vault_id,
                position=first + number,
                time_ns=time_ns,
                actor=actors[number],
                message=messages[number],
                write_id=write_id,
                previous=previous,
            )
        )
        body = bodies[at : at + sizes[number]]
        at += sizes[number]
        entries.append(plain_entry(header, body))
        previous = leaf_of(header, body)
    return entries


def _row(content: bytes, count: int, dictionary: Dictionary | None) -> bytes:
    frame = _compressor(dictionary).compress(content)
    name = NO_DICTIONARY if dictionary is None else dictionary.id
    rest = struct.pack(f">II{DICTIONARY_ID_BYTES}s", count, len(content), name) + frame
    flags = 0 if dictionary is None else _WITH_DICTIONARY
    return bytes((SEGMENT_FORMAT, flags)) + checksum(rest) + rest


def _content(row: bytes, dictionary: Dictionary | None) -> bytes:
    _, flags, stored_checksum, count, size, name = _prefix(row)
    if checksum(memoryview(row)[_CHECKED_FROM:]) != stored_checksum:
        raise CorruptionError("the checksum of a segment does not match: run `nacre verify`")
    if size > _LARGEST_CONTENT_BYTES or not count:
        raise CorruptionError(f"a segment claims {count} commits in {size} bytes")
    if bool(flags & _WITH_DICTIONARY) != (dictionary is not None) or (
        dictionary is not None and dictionary.id != name
    ):
        raise CorruptionError("the dictionary of a segment is missing: run `nacre verify`")
    try:
        return _decompressor(dictionary).decompress(row[_PREFIX.size :], max_output_size=size)
    except zstandard.ZstdError as error:
        raise CorruptionError(f"a segment does not decompress: {error}") from error


def _prefix(row: Buffer) -> tuple[int, int, bytes, int, int, bytes]:
    try:
        found: tuple[int, int, bytes, int, int, bytes] = _PREFIX.unpack_from(row)
    except struct.error as error:
        raise CorruptionError("a segment is too short: run `nacre verify`") from error
    if found[0] > SEGMENT_FORMAT:
        raise FormatError("a segment is of a newer format: upgrade nacre")
    if found[0] < SEGMENT_FORMAT or found[1] & ~_WITH_DICTIONARY:
        raise CorruptionError("the first bytes of a segment were altered: run `nacre verify`")
    return found


def _compressor(dictionary: Dictionary | None) -> zstandard.ZstdCompressor:
    if dictionary is None:
        return zstandard.ZstdCompressor(level=_LEVEL)
    known = zstandard.ZstdCompressionDict(dictionary.content)
    return zstandard.ZstdCompressor(level=_LEVEL, dict_data=known)


def _decompressor(dictionary: Dictionary | None) -> zstandard.ZstdDecompressor:
    if dictionary is None:
        return zstandard.ZstdDecompressor()
    return zstandard.ZstdDecompressor(zstandard.ZstdCompressionDict(dictionary.content))
