"""What is damaged, or made to look like a frame, is reported and never crashes the reader."""

import contextlib
import fractions
import os

import msgpack
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from frames.payloads import CountingPayloads
from hypothesis import given, settings
from hypothesis import strategies as st

from nacre import codec
from nacre.errors import CorruptionError, FormatError, InvalidInput, NotFound, Unstorable
from nacre.frames import (
    append_frame,
    decode_cell,
    describe_frame,
    diff_frames,
    encode_cell,
    get_frame,
    put_frame,
)
from nacre.hashing import Digest

ROWS = 3000
FRAMES = {
    "plain": pd.DataFrame(
        {"i": np.arange(ROWS), "f": np.arange(ROWS) / 7, "s": [f"text {n}" for n in range(ROWS)]}
    ),
    "odd": pd.DataFrame(
        {
            "c": pd.Categorical(["a", None] * 30),
            "o": pd.Series([(1, 2), {"k": 1}] * 30, dtype=object),
            "p": pd.period_range("2026", periods=60, freq="M"),
            "v": pd.interval_range(0, 60),
            "z": pd.date_range("2026", periods=60, tz="Europe/Berlin"),
            "m": pd.array([1, None] * 30, "Int8"),
            "n": pd.Series([[1], None] * 30, dtype=pd.ArrowDtype(pa.list_(pa.int8()))),
            "w": pd.arrays.SparseArray([0, 1] * 30),
        },
        index=pd.MultiIndex.from_product([list("abcdef"), range(10)]),
    ),
    "table": pa.table({"d": pa.array(["a", "b"] * 30).dictionary_encode(), "l": [[1]] * 60}),
    "polars": pl.DataFrame({"e": pl.Series(["a"], dtype=pl.Enum(["a"])), "s": ["x"]}),
}
REPORTED = (CorruptionError, FormatError, NotFound, InvalidInput)


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES.keys())
@settings(max_examples=120, deadline=None)
@given(data=st.data())
def test_a_manifest_with_changed_bytes_is_reported(frame: object, data: st.DataObject) -> None:
    payloads = CountingPayloads()
    digest = put_frame(payloads, frame)
    manifest = bytearray(payloads.blobs[digest])
    for _ in range(data.draw(st.integers(1, 3))):
        manifest[data.draw(st.integers(0, len(manifest) - 1))] = data.draw(st.integers(0, 255))
    hostile = payloads.put_blob(bytes(manifest))

    for use in (get_frame, describe_frame):
        with contextlib.suppress(REPORTED):
            use(payloads, hostile)


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES.keys())
@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_a_manifest_with_another_value_is_reported(frame: object, data: st.DataObject) -> None:
    payloads = CountingPayloads()
    digest = put_frame(payloads, frame)
    manifest = codec.unpack(payloads.blobs[digest])
    value = data.draw(st.sampled_from([None, -1, 0, 1, 2**40, "", "x", b"", b"\x00" * 9, [], {}]))
    _replace_one(manifest, value, data)
    hostile = payloads.put_blob(codec.pack(manifest))

    try:
        back = get_frame(payloads, hostile)
        assert len(str(back)) < 1 << 20
    except REPORTED:
        pass


def _replace_one(node: object, value: object, data: st.DataObject) -> None:
    """Put *value* somewhere inside *node*."""
    while True:
        keys = list(node) if isinstance(node, dict) else list(range(len(node)))
        key = data.draw(st.sampled_from(keys))
        inner = node[key]
        if not isinstance(inner, dict | list) or not inner or data.draw(st.integers(0, 9)) == 0:
            node[key] = value
            return
        node = inner


@pytest.mark.parametrize("size", [0, 1, 63, 1000])
def test_a_chunk_cut_short_is_reported(size: int) -> None:
    payloads = CountingPayloads()
    digest = put_frame(payloads, FRAMES["plain"])
    for name, blob in payloads.blobs.items():
        if name != digest:
            payloads.blobs[name] = blob[:size]

    for column in FRAMES["plain"]:
        with pytest.raises(CorruptionError, match="run `nacre verify`"):
            get_frame(payloads, digest, columns=[column])


@pytest.mark.parametrize("kind", [pa.large_string(), pa.string(), pa.binary()])
def test_lengths_that_reach_outside_are_reported(kind: pa.DataType) -> None:
    payloads = CountingPayloads()
    digest = put_frame(payloads, pa.table({"a": pa.array(["abc"] * 500, kind)}))
    for name, blob in payloads.blobs.items():
        if name != digest:
            payloads.blobs[name] = b"\xff" * 500 + blob[500:]

    with pytest.raises(CorruptionError):
        get_frame(payloads, digest)


def test_nested_offsets_that_reach_outside_are_reported() -> None:
    payloads = CountingPayloads()
    digest = put_frame(payloads, pa.table({"a": [[n] for n in range(500)]}))
    (name, blob), *_ = [item for item in payloads.blobs.items() if item[0] != digest]
    offsets = np.arange(10, 30, dtype="<i4").tobytes()
    payloads.blobs[name] = blob.replace(offsets, np.full(20, 2**30, "<i4").tobytes())
    assert payloads.blobs[name] != blob

    with pytest.raises(CorruptionError):
        get_frame(payloads, digest)


def test_a_blob_that_is_no_frame_is_told_from_damage() -> None:
    payloads = CountingPayloads()
    text, other = payloads.put_blob(b"\xc1text"), payloads.put_blob(codec.pack({"a": 1}))

    for digest in (text, other):
        with pytest.raises(InvalidInput, match="is no frame"):
            get_frame(payloads, digest)


def test_a_newer_format_is_told_from_damage() -> None:
    payloads = CountingPayloads()
    manifest = codec.unpack(payloads.blobs[put_frame(payloads, FRAMES["plain"])])
    assert isinstance(manifest, dict)
    manifest["frame"] = 2

    with pytest.raises(FormatError, match="format 2"):
        get_frame(payloads, payloads.put_blob(codec.pack(manifest)))


def test_a_missing_frame_is_not_found() -> None:
    payloads, nothing = CountingPayloads(), Digest(bytes(32))
    frame = pd.DataFrame({"a": [1]})

    for use in (
        lambda: get_frame(payloads, nothing),
        lambda: describe_frame(payloads, nothing),
        lambda: diff_frames(payloads, nothing, nothing),
        lambda: append_frame(payloads, nothing, frame),
        lambda: put_frame(payloads, frame, nothing),
    ):
        with pytest.raises(NotFound):
            use()


def test_a_fraction_with_an_exponent_is_damage() -> None:
    cell = encode_cell(fractions.Fraction(1, 3))
    assert decode_cell(cell) == fractions.Fraction(1, 3)
    bomb = msgpack.packb(msgpack.ExtType(2, msgpack.packb(["fraction", "1e9999999999"])))

    with pytest.raises(CorruptionError):
        decode_cell(bomb)


def cell(tag: object, *parts: object) -> msgpack.ExtType:
    return msgpack.ExtType(2, msgpack.packb([tag, *parts]))


HOSTILE_CELLS = {
    "an array of eight terabytes": cell("array", "O", [1 << 40], "C", [1]),
    "one cell for 268 million": cell("array", "O", [1 << 28], "C", [1]),
    "an array of letters": cell("array", "O", [3], "C", "abc"),
    "an array without bytes": cell("array", "f8", [2], "C", "xx"),
    "an array of nothing": cell("array", "V0", [1 << 40], "C", b""),
    "an array beyond Unicode": cell("array", "<U1", [1], "C", b"\xff" * 4),
    "an array beyond Unicode, swapped": cell("array", ">U1", [1], "C", b"\xff" * 4),
    "a scalar beyond Unicode": cell("scalar", "<U1", b"\xff" * 4),
    "a scalar of too few bytes": cell("scalar", "f8", b"123"),
    "a scalar of many": cell("scalar", "f8", bytes(16)),
    "a scalar without bytes": cell("scalar", "S", "a"),
    "a scalar that is an address": cell("scalar", "O", b"\0" * 8),
    "a terabyte of zeros": cell("bytearray", 1 << 40),
    "a fraction of a number": cell("fraction", 5),
    "a path of another system": cell("windowspath" if os.name != "nt" else "posixpath", "a"),
    "a zone in a file": cell("datetime", 2026, 1, 1, 0, 0, 0, 0, 0, "../../etc/passwd"),
    "a list in a set": cell("set", [1]),
    "half a pair": cell("dict", 1),
    "a type that is a list": cell([1]),
    "a type that is nothing": msgpack.ExtType(2, b"\xc0"),
    "no type": msgpack.ExtType(2, b"\x90"),
    "another extension": msgpack.ExtType(5, b"x"),
}


@pytest.mark.parametrize("hostile", HOSTILE_CELLS.values(), ids=HOSTILE_CELLS.keys())
def test_a_hostile_cell_is_damage(hostile) -> None:
    with pytest.raises(CorruptionError):
        decode_cell(msgpack.packb(hostile))


@pytest.mark.parametrize("levels", [60, 300, 5000])
def test_a_cell_of_many_levels_does_not_end_the_process(levels: int) -> None:
    data = msgpack.packb(["tuple"])
    for _ in range(levels):
        data = msgpack.packb(["tuple", msgpack.ExtType(2, data)])

    with pytest.raises(CorruptionError, match="deeper than 50 levels"):
        decode_cell(msgpack.packb(msgpack.ExtType(2, data)))


TEXTS = [
    np.str_(""),
    np.str_("a\0"),
    np.str_("\0"),
    np.bytes_(b""),
    np.bytes_(b"a\0"),
    np.void(b""),
]


@pytest.mark.parametrize("value", TEXTS, ids=repr)
def test_a_scalar_of_text_keeps_its_last_zeros(value) -> None:
    back = decode_cell(encode_cell(value))

    assert (type(back), back.dtype, back.item()) == (type(value), value.dtype, value.item())


def test_a_cell_as_deep_as_can_be_written_is_read() -> None:
    value: tuple = ()
    for _ in range(50):
        value = (value,)

    assert decode_cell(encode_cell(value)) == value


@pytest.mark.parametrize(
    "value", [10**5000, fractions.Fraction(10**5000, 3)], ids=["int", "fraction"]
)
def test_a_number_of_too_many_digits_is_refused(value) -> None:
    frame = pd.DataFrame({"a": pd.Series([value], dtype=object)})

    with pytest.raises(Unstorable, match=r"the column 'a'.*more than 4300 digits"):
        put_frame(CountingPayloads(), frame)
