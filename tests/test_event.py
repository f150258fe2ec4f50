"""Commits come back as they were, every altered byte is noticed, names are checked."""

import struct
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nacre import codec
from nacre.codec import pack
from nacre.errors import CorruptionError, FormatError, InvalidInput
from nacre.event import (
    Header,
    StoredEvent,
    checked_kind,
    checked_name,
    checked_text,
    decode_commit,
    decode_events,
    decode_header,
    encode_commit,
    encode_header,
    event_fields,
    join_entry,
    split_entry,
)
from nacre.hashing import Digest, checksum, event_hash, leaf_hash

HEADER = Header(
    vault_id=bytes(range(16)),
    position=7,
    time_ns=1_767_225_600_123_456_789,
    actor="ana",
    message="why",
    write_id=b"w" * 16,
    previous=bytes([9]) * 32,
)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
HEADERS = st.builds(
    Header,
    vault_id=st.binary(min_size=16, max_size=16),
    position=st.integers(0, 1 << 48),
    time_ns=st.integers(0, 1 << 62),
    actor=TEXT,
    message=TEXT,
    write_id=TEXT | st.binary(min_size=16, max_size=16),
    previous=st.binary(min_size=32, max_size=32),
)
EVENTS = st.lists(
    st.tuples(
        TEXT,
        TEXT,
        st.dictionaries(TEXT, st.integers(-9, 9) | TEXT | st.binary(max_size=9), max_size=3),
        st.integers(1, 3),
    ),
    max_size=5,
)
PLAIN = [("a.b", "s", {"n": 1}, 1), ("a.c", "t", {"digest": Digest(bytes(32))}, 2)]
LARGE = [("a.b", f"subject {number}", {"text": "same " * 9}, 1) for number in range(200)]


def packed(events: list[tuple]) -> list[bytes]:
    return [codec.pack(event_fields(*event)) for event in events]


def entry_of(events: list[tuple]) -> bytes:
    return encode_commit(HEADER, packed(events)).entry


@given(HEADERS, EVENTS)
def test_a_commit_comes_back_as_it_was(header: Header, events: list[tuple]) -> None:
    encoded = encode_commit(header, packed(events))

    commit = decode_commit(encoded.entry)

    assert commit.header == header == decode_header(encoded.entry)
    assert [(e.kind, e.subject, e.data, e.version) for e in commit.events] == events
    assert [event.ordinal for event in commit.events] == list(range(len(events)))
    assert commit.leaf == encoded.leaf
    assert decode_events(encoded.entry) == commit.events


@pytest.mark.parametrize("events", [[], PLAIN, LARGE], ids=["none", "plain", "compressed"])
def test_the_leaf_is_over_the_header_and_the_hashes_of_the_events(events: list[tuple]) -> None:
    encoded = encode_commit(HEADER, packed(events))

    header, stored = split_entry(encoded.entry)
    hashes = [event.hash for event in stored]

    assert header == encode_header(HEADER)
    assert hashes == [event_hash(event) for event in packed(events)]
    assert encoded.leaf == leaf_hash(header, hashes)


def test_a_large_commit_is_compressed() -> None:
    entry = entry_of(LARGE)

    assert entry[1] == 1
    assert len(entry) < sum(map(len, packed(LARGE))) / 4
    assert len(decode_commit(entry).events) == len(LARGE)


def test_a_purged_event_leaves_every_hash_as_it_was() -> None:
    encoded = encode_commit(HEADER, packed(PLAIN))
    first, second = packed(PLAIN)
    body = struct.pack(">III", 2, len(first), 1 << 31 | 32) + first + event_hash(second)
    rest = struct.pack(">II", len(encode_header(HEADER)), len(body)) + encode_header(HEADER) + body
    purged = decode_commit(b"\x01\x00" + checksum(rest) + rest)

    assert purged.leaf == encoded.leaf
    assert purged.events[0] == decode_commit(encoded.entry).events[0]
    assert (purged.events[1].kind, purged.events[1].purged) == ("nacre.purged", event_hash(second))


@pytest.mark.parametrize("events", [[], PLAIN, LARGE], ids=["none", "plain", "compressed"])
def test_every_flipped_bit_of_an_entry_is_reported(events: list[tuple]) -> None:
    entry = entry_of(events)

    for bit in range(8 * len(entry)):
        damaged = bytearray(entry)
        damaged[bit // 8] ^= 1 << bit % 8
        for decode in (decode_commit, decode_header):
            if decode is decode_header and bit == 8:
                continue  # says only how the body is packed, which it does not read
            with pytest.raises((CorruptionError, FormatError)):
                decode(damaged)


@pytest.mark.parametrize("events", [[], PLAIN, LARGE], ids=["none", "plain", "compressed"])
def test_every_entry_cut_short_is_reported(events: list[tuple]) -> None:
    entry = entry_of(events)

    for size in range(len(entry)):
        with pytest.raises(CorruptionError):
            decode_commit(entry[:size])


def test_an_entry_of_a_newer_format_says_so() -> None:
    with pytest.raises(FormatError, match="format 2, and this nacre reads 1: upgrade it"):
        decode_commit(b"\x02" + entry_of(PLAIN)[1:])


@settings(max_examples=300)
@given(st.binary(max_size=200), st.integers(0, 1), st.integers(0, 250), st.integers(0, 1 << 32))
def test_an_entry_made_to_look_right_is_reported(
    rest: bytes, flags: int, header_size: int, body_size: int
) -> None:
    checked = struct.pack(">II", header_size, body_size % (1 << 32)) + rest
    entry = bytes([1, flags]) + checksum(checked) + checked

    for decode in (decode_commit, decode_events, decode_header, split_entry):
        with pytest.raises(CorruptionError):
            decode(entry)


def test_the_time_of_a_commit_is_exact_to_the_microsecond() -> None:
    header = replace(HEADER, time_ns=1_767_225_600_123_456_789)

    assert header.time == datetime(2026, 1, 1, 0, 0, 0, 123_456, UTC)


@given(st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1)))
def test_any_time_is_exact_to_the_microsecond(time: datetime) -> None:
    elapsed = time - datetime(1970, 1, 1)
    microseconds = (elapsed.days * 86_400 + elapsed.seconds) * 1_000_000 + elapsed.microseconds

    assert replace(HEADER, time_ns=microseconds * 1000).time == time.replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "name",
    ["a", "ana", "flights/2013", "a b", "grüße", "..a", "a..", "...", "x" * 255, "\U0001f41a"],
)
def test_a_plain_name_is_allowed(name: str) -> None:
    assert checked_name("subject", name) == name


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "is empty"),
        (" a", "blanks around it"),
        ("a\t", "control character"),
        ("x" * 256, "takes 256 bytes: 255 are allowed"),
        ("ü" * 128, "takes 256 bytes: 255 are allowed"),
        ("a\nb", "control character"),
        ("a\x00b", "control character"),
        ("a\x7fb", "control character"),
        ("a\x85b", "control character"),
        ("a\u2028b", "control character"),
        ("..", "without it"),
        (".", "without it"),
        ("a/../b", "without it"),
        ("ü/..", "without it"),
        ("a\ud800", "lone surrogate"),
        (7, "is a int: give a string"),
        (None, "is a NoneType: give a string"),
        (b"a", "is a bytes: give a string"),
    ],
)
def test_a_name_that_is_not_allowed_says_why(name: object, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        checked_name("subject", name)


@pytest.mark.parametrize("kind", ["a", "a.b", "weather.loaded", "a-b_c.9", "x" * 100])
def test_dotted_words_are_a_kind(kind: str) -> None:
    assert checked_kind(kind) == kind


@pytest.mark.parametrize(
    "kind", ["", ".", "a.", ".a", "a..b", "A", "a b", "ä", "a\n", "x" * 101, "a/b", 7, None]
)
def test_another_kind_is_refused(kind: object) -> None:
    with pytest.raises(InvalidInput, match="is not dotted lower-case words"):
        checked_kind(kind)


def test_a_message_may_have_lines_but_has_an_end() -> None:
    assert checked_text("message", "one\ntwo") == "one\ntwo"
    assert checked_text("message", "x" * 65_535)
    with pytest.raises(InvalidInput, match="65535 are allowed"):
        checked_text("message", "x" * 65_536)
    with pytest.raises(InvalidInput, match="lone surrogate"):
        checked_text("message", "\ud800")
    with pytest.raises(InvalidInput, match="give a string"):
        checked_text("message", b"bytes")


FIELDS = [b"v" * 16, 0, 1, "ana", "", b"w" * 16, bytes(32)]
PACKED = pack(["a.b", "x", {}])


@pytest.mark.parametrize(
    ("number", "value"), [(0, "v"), (1, [1]), (2, "x"), (3, 5), (4, None), (5, [5]), (6, "p")]
)
def test_a_header_of_other_types_is_damage(number: int, value: object) -> None:
    fields = [*FIELDS[:number], value, *FIELDS[number + 1 :]]

    with pytest.raises(CorruptionError, match="header has other fields"):
        join_entry(pack(fields), [StoredEvent(PACKED, False)])


@pytest.mark.parametrize(
    "fields",
    [
        [5, "x", {}],
        ["a.b", {}, {}],
        ["a.b", "x", [1]],
        ["a.b", "x", None],
        ["a.b", "x", {}, "2"],
        ["a.b", "x", {}, True],
    ],
)
def test_an_event_of_other_types_is_damage(fields: list[object]) -> None:
    with pytest.raises(CorruptionError, match="fields of other types"):
        join_entry(pack(FIELDS), [StoredEvent(pack(fields), False)])
