"""Values come back equal or are refused, and stored bytes never do harm."""

import collections
import enum
import os
import threading
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal

import msgpack
import numpy as np
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from nacre import codec
from nacre.errors import CorruptionError, Unstorable
from nacre.hashing import Digest

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(1 << 63), (1 << 64) - 1)
    | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=["Cs"]))
    | st.binary()
    | st.binary(min_size=32, max_size=32).map(Digest)
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=5), inner)
)


class Text(str):
    """A subclass, which would come back as its base."""


class Colour(enum.IntEnum):
    RED = 1


@given(VALUES)
def test_a_value_comes_back_as_it_was(value: object) -> None:
    back = codec.unpack(codec.pack(value))

    assert repr(back) == repr(value)  # also tells 1 from True and 0.0 from -0.0


@given(VALUES)
def test_equal_values_have_equal_bytes(value: object) -> None:
    assert codec.pack(value) == codec.pack(codec.unpack(codec.pack(value)))


@pytest.mark.parametrize(
    "value",
    [
        (1, 2),
        {1, 2},
        frozenset(),
        Text("a"),
        Colour.RED,
        collections.OrderedDict(a=1),
        collections.Counter("a"),
        Decimal("1.5"),
        datetime(2026, 1, 1, tzinfo=UTC),
        1 + 2j,
        np.float64(1.5),
        np.int64(1),
        np.bool_(True),
        object(),
        1 << 64,
        -(1 << 63) - 1,
        "\ud800",
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_would_not_come_back_is_refused_by_its_place(value: object) -> None:
    with pytest.raises(Unstorable, match=r"value\['list'\]\[1\]") as raised:
        codec.pack({"fine": 1, "list": [0, value]})

    assert raised.value.code == "unstorable"


def test_a_key_that_would_not_come_back_is_refused() -> None:
    with pytest.raises(Unstorable, match=r"the key .1, 2. of value is a tuple"):
        codec.pack({(1, 2): "a"})


def test_a_value_that_holds_itself_is_refused() -> None:
    value: list[object] = []
    value.append(value)

    with pytest.raises(Unstorable, match="nested deeper"):
        codec.pack(value)


def test_a_refused_value_does_no_harm_to_the_next() -> None:
    packer = codec.Packer()
    with pytest.raises(Unstorable):
        packer.pack(["half", "written", object()])

    assert codec.unpack(packer.pack(["whole"])) == ["whole"]


def test_digests_are_found_wherever_they_are() -> None:
    digests = [Digest(bytes([number]) * 32) for number in range(5)]
    value = {"a": digests[0], "b": [1, {"c": [digests[1], digests[0]]}], "d": {"e": digests[2]}}

    packer = codec.Packer()
    packer.named = []
    found = list(codec.digests_in(codec.unpack(packer.pack(value))))

    assert found == packer.named == [digests[0], digests[1], digests[0], digests[2]]


def test_a_digest_that_is_a_key_is_found() -> None:
    digest = Digest(bytes(32))

    assert list(codec.digests_in(codec.unpack(codec.pack({digest: 1})))) == [digest]


@given(st.binary(max_size=200))
def test_any_bytes_decode_or_are_reported(data: bytes) -> None:
    with suppress(CorruptionError):
        codec.unpack(data)


@pytest.mark.parametrize("value", [msgpack.ExtType(9, b"mine"), msgpack.Timestamp(3, 4)])
def test_values_that_only_msgpack_knows_come_back(value: object) -> None:
    packed = codec.pack({"it": value})

    assert codec.unpack(packed) == {"it": value}


@given(VALUES, st.data())
def test_cut_bytes_are_reported(value: object, data: st.DataObject) -> None:
    packed = codec.pack(value)
    size = data.draw(st.integers(0, len(packed) - 1))

    with pytest.raises(CorruptionError):
        codec.unpack(packed[:size])
    with pytest.raises(CorruptionError):
        codec.unpack(packed + b"\x00")


@pytest.mark.parametrize(
    "data",
    [
        msgpack.packb(msgpack.ExtType(1, b"\x01" + bytes(31))),
        msgpack.packb(msgpack.ExtType(1, b"\x02" + bytes(32))),
        b"\x81\x90\x00",  # a map whose key is a list
        b"\xdd\xff\xff\xff\xff",  # a list of four thousand million
        b"\x91" * 5000,
        b"\xa1\xff",
        b"",
    ],
)
def test_hostile_bytes_are_reported(data: bytes) -> None:
    with pytest.raises(CorruptionError):
        codec.unpack(data)


@given(st.binary(max_size=5000))
def test_compressed_bytes_come_back(content: bytes) -> None:
    assert codec.decompress(codec.compress(content), size=len(content)) == content


@pytest.mark.parametrize("size", [0, 99, 101, 1 << 40])
def test_a_frame_of_another_size_is_reported(size: int) -> None:
    frame = codec.compress(bytes(100))

    with pytest.raises(CorruptionError):
        codec.decompress(frame, size=size)


def test_a_frame_that_hides_its_size_is_reported() -> None:
    frame = zstandard.ZstdCompressor(write_content_size=False).compress(bytes(100))

    with pytest.raises(CorruptionError):
        codec.decompress(frame, size=100)


@given(st.data())
def test_a_damaged_frame_never_grows(data: st.DataObject) -> None:
    content = os.urandom(300) + bytes(300)
    frame = bytearray(codec.compress(content))
    frame[data.draw(st.integers(0, len(frame) - 1))] ^= data.draw(st.integers(1, 255))

    with suppress(CorruptionError):
        assert len(codec.decompress(frame, size=len(content))) == len(content)


def test_threads_pack_and_compress_at_once() -> None:
    wrong: list[int] = []

    def work(number: int) -> None:
        for turn in range(300):
            value = {"number": number, "turn": turn, "pad": "x" * number}
            packed = codec.pack(value)
            frame = codec.compress(packed)
            if codec.unpack(codec.decompress(frame, size=len(packed))) != value:
                wrong.append(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert not wrong


def test_digests_are_found_at_any_depth_in_order() -> None:
    first, second = (Digest(bytes([number]) * 32) for number in (1, 2))
    value: object = {second: first}
    for _ in range(5000):
        value = [value]

    assert list(codec.digests_in(value)) == [second, first]


@given(st.lists(st.one_of(st.none(), st.integers(0, 1 << 40), st.text(), st.lists(st.text()))))
def test_values_unpacked_together_are_those_unpacked_one_by_one(values):
    packed = [codec.pack(value) for value in values]

    assert codec.unpack_all(packed) == [codec.unpack(each) for each in packed] == values


def test_values_that_do_not_decode_together_are_damage():
    packed = [codec.pack("abc")] * 8

    with pytest.raises(CorruptionError):
        codec.unpack_all([*packed, packed[0][:-1]])


def test_parts_are_counted_while_they_are_read() -> None:
    data = codec.pack([[1, 2], {"a": []}])

    assert codec.unpack(data, most_parts=9) == [[1, 2], {"a": []}]
    with pytest.raises(CorruptionError, match="more than 8 parts"):
        codec.unpack(data, most_parts=8)
