"""Hashes are the published functions, and digests are written in one way only."""

import os

import pytest
from blake3 import blake3
from hypothesis import given
from hypothesis import strategies as st
from xxhash import xxh3_64_digest

from nacre.errors import InvalidInput
from nacre.hashing import Digest, checksum, digest_of, event_hash, flat, leaf_hash


def test_digests_are_blake3() -> None:
    # From the test vectors of BLAKE3.
    assert digest_of(b"").raw.hex() == (
        "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"
    )
    assert digest_of(bytes(i % 251 for i in range(1024))).raw.hex() == (
        "42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7"
    )


def test_large_content_has_the_same_digest_from_several_threads() -> None:
    content = os.urandom((4 << 20) + 17)

    assert digest_of(content).raw == blake3(content).digest()


def test_checksums_are_xxh3() -> None:
    assert checksum(b"").hex() == "2d06800538d394c2"
    assert checksum(b"nacre") == xxh3_64_digest(b"nacre")


def test_the_hash_of_an_event_is_sha256() -> None:
    assert event_hash(b"abc").hex() == (
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )


@given(st.binary(max_size=50), st.lists(st.binary(min_size=32, max_size=32), max_size=3))
def test_a_leaf_tells_header_and_events_apart(header: bytes, hashes: list[bytes]) -> None:
    moved = leaf_hash(header + b"".join(hashes), [])

    assert (leaf_hash(header, hashes) == moved) == (not hashes)


@given(st.binary(min_size=32, max_size=32))
def test_a_digest_is_read_as_it_is_written(raw: bytes) -> None:
    digest = Digest(raw)

    assert str(digest) == "b3:" + raw.hex()
    assert Digest.parse(str(digest)) == digest
    assert eval(repr(digest)) == digest


@pytest.mark.parametrize(
    "text",
    [
        "",
        "b3:",
        "00" * 32,
        "b3:" + "00" * 31,
        "b3:" + "00" * 33,
        "b3:" + "zz" * 32,
        "b3:" + "00 " * 32,
        "b3: " + "00" * 31 + "0",
        "sha256:" + "00" * 32,
        "B3:" + "00" * 32,
    ],
)
def test_what_is_no_digest_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="64 hexadecimal digits"):
        Digest.parse(text)


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_digest_has_32_bytes(size: int) -> None:
    with pytest.raises(InvalidInput, match="32 bytes"):
        Digest(bytes(size))


def test_a_contiguous_buffer_is_not_copied() -> None:
    content = bytearray(b"01234567")
    view = flat(memoryview(content).cast("Q"))

    content[0] = 0x39

    assert bytes(view) == b"91234567"
