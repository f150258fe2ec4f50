"""The records of packs say their format, so that one of a newer nacre is not taken for damage."""

import pytest

from nacre.blobs.record import describe, read_record, record_parts
from nacre.errors import CorruptionError, FormatError
from nacre.hashing import checksum, digest_of

CONTENT = b"content"


def record_of_format(number: int, *, is_whole: bool) -> memoryview:
    described = describe(digest_of(CONTENT), CONTENT, CONTENT, is_zstd=False, is_manifest=False)
    stored = bytearray(b"".join(map(bytes, record_parts(described, CONTENT))))
    stored[3] = number
    if is_whole:
        stored[60:64] = checksum(bytes(stored[:60]))[:4]
    return memoryview(bytes(stored))


def test_a_record_is_read_back() -> None:
    assert read_record(record_of_format(1, is_whole=True), 0).digest == digest_of(CONTENT)


def test_a_record_of_a_newer_nacre_asks_for_an_upgrade() -> None:
    with pytest.raises(FormatError, match="has format 2, and this nacre reads 1: upgrade nacre"):
        read_record(record_of_format(2, is_whole=True), 0)


@pytest.mark.parametrize(("number", "is_whole"), [(2, False), (0, True)])
def test_a_format_that_was_altered_is_damage(number: int, is_whole: bool) -> None:
    with pytest.raises(CorruptionError, match="no record starts at offset 0"):
        read_record(record_of_format(number, is_whole=is_whole), 0)
