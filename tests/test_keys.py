"""Keys come back as they were, sort as their tuples do, and fit into LMDB."""

import math
import sys
from functools import cmp_to_key

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nacre.errors import CorruptionError, InvalidInput
from nacre.keys import (
    MAX_KEY_BYTES,
    after_prefix,
    decode_key,
    encode_column,
    encode_element,
    encode_key,
    encode_prefix,
)

TEXT = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("\x00\x01\xff"))
INTEGERS = st.integers(-(1 << 64) + 1, (1 << 64) - 1)
ELEMENTS = (
    st.none()
    | st.booleans()
    | INTEGERS
    | st.floats(allow_nan=False)
    | st.binary(max_size=20)
    | TEXT.filter(lambda text: len(text) < 20)
)
KEYS = st.recursive(
    st.lists(ELEMENTS, max_size=4).map(tuple),
    lambda inner: st.lists(ELEMENTS | inner, max_size=4).map(tuple),
    max_leaves=8,
)
RANKS = {type(None): 0, bool: 1, int: 2, float: 3, bytes: 4, str: 5, tuple: 6}


def fits(key: tuple) -> bool:
    try:
        encode_key(key)
    except InvalidInput:
        return False
    return True


def compare(left: object, right: object) -> int:
    """Compare as keys promise to: by type, then by value; -0.0 before 0.0."""
    ranks = RANKS[type(left)], RANKS[type(right)]
    if ranks[0] != ranks[1]:
        return -1 if ranks[0] < ranks[1] else 1
    if isinstance(left, tuple):
        for ours, theirs in zip(left, right, strict=False):
            if (order := compare(ours, theirs)) != 0:
                return order
        return compare(len(left), len(right))
    if isinstance(left, float) and left == right:
        left, right = math.copysign(1, left), math.copysign(1, right)
    if left is None or left == right:
        return 0
    return -1 if left < right else 1


@given(KEYS.filter(fits))
def test_a_key_comes_back_as_it_was(key: tuple) -> None:
    assert repr(decode_key(encode_key(key))) == repr(key)


@settings(max_examples=500)
@given(KEYS.filter(fits), KEYS.filter(fits))
def test_keys_sort_as_their_tuples_do(left: tuple, right: tuple) -> None:
    ours, theirs = encode_key(left), encode_key(right)

    assert (ours > theirs) - (ours < theirs) == compare(left, right)


@pytest.mark.parametrize(
    "values",
    [
        [
            0,
            1,
            -1,
            127,
            128,
            255,
            256,
            257,
            65_535,
            65_536,
            *(s * (1 << 8 * n) + d for n in range(1, 8) for s in (1, -1) for d in (-1, 0, 1)),
        ],
        [(1 << 64) - 1, (1 << 63), -(1 << 63), -(1 << 63) - 1, -(1 << 64) + 1, 0],
        [0.0, -0.0, 1.0, -1.0, math.inf, -math.inf, 5e-324, -5e-324, sys.float_info.max, 1e-300],
        [
            "",
            "\x00",
            "\x00\x00",
            "\x00\x01",
            "\x01",
            "a",
            "a\x00",
            "a\x00b",
            "a\x01",
            "ab",
            "ä",
            "\uffff",
            "\U0001f41a",
            "\x7f",
        ],
        [b"", b"\x00", b"\x00\x00", b"\x00\x01", b"\x00\xff", b"\x01", b"\xff", b"\xff\xff", b"a"],
        [(), ((),), ((), ()), (None,), (0,), ("",), ("", ""), (b"\x00",), (b"", b"")],
        [None, False, True, -5, 5, -5.0, 5.0, b"", b"\xff", "", "z", (), ("z",)],
    ],
    ids=["ints", "edges", "floats", "texts", "bytes", "tuples", "types"],
)
def test_values_at_the_edges_sort_and_come_back(values: list) -> None:
    keys = sorted({encode_key((value,)) for value in values})

    expected = sorted(values, key=cmp_to_key(compare))
    assert [repr(decode_key(key)[0]) for key in keys] == list(dict.fromkeys(map(repr, expected)))


@given(KEYS.filter(fits), KEYS)
def test_a_prefix_of_a_key_is_a_prefix_of_its_bytes(prefix: tuple, rest: tuple) -> None:
    key = prefix + rest
    if not fits(key):
        return

    start, end = encode_prefix(prefix), after_prefix(encode_prefix(prefix))

    assert encode_key(key).startswith(start)
    assert not prefix or start <= encode_key(key) < end


@given(KEYS.filter(fits), KEYS.filter(fits))
def test_a_range_holds_exactly_what_starts_with_its_prefix(prefix: tuple, key: tuple) -> None:
    start, end = encode_prefix(prefix), after_prefix(encode_prefix(prefix))
    encoded = encode_key(key)

    inside = start <= encoded and (end is None or encoded < end)

    assert inside == encoded.startswith(start)
    assert inside == (repr(key[: len(prefix)]) == repr(prefix))


@pytest.mark.parametrize(
    ("prefix", "after"),
    [(b"", None), (b"\xff\xff", None), (b"a", b"b"), (b"a\xff", b"b"), (b"a\xfe\xff", b"a\xff")],
)
def test_the_end_of_a_prefix(prefix: bytes, after: bytes | None) -> None:
    assert after_prefix(prefix) == after


def test_a_key_may_be_as_long_as_lmdb_allows() -> None:
    longest = "x" * (MAX_KEY_BYTES - 3)

    assert len(encode_key((longest,))) == MAX_KEY_BYTES
    with pytest.raises(InvalidInput, match="512 bytes, more than 511: shorten it"):
        encode_key((longest + "x",))


@pytest.mark.parametrize(
    ("element", "message"),
    [
        (1 << 64, "does not fit in 64 bits"),
        (-(1 << 64), "does not fit in 64 bits"),
        ("\ud800", "lone surrogate"),
        ([1], "is a list, which is no key"),
        ({}, "is a dict, which is no key"),
        (bytearray(b"a"), "is a bytearray, which is no key"),
        ((1, [2]), "is a list, which is no key"),
    ],
)
def test_what_is_no_key_is_refused(element: object, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        encode_key((element,))


@given(st.binary(max_size=60))
def test_any_bytes_are_a_key_or_are_reported(data: bytes) -> None:
    try:
        key = decode_key(data)
    except CorruptionError:
        return
    assert isinstance(key, tuple)


@given(KEYS.filter(fits), st.data())
def test_a_key_cut_short_is_reported_or_shorter(key: tuple, data: st.DataObject) -> None:
    encoded = encode_key(key)
    size = data.draw(st.integers(0, max(0, len(encoded) - 1)))

    try:
        decoded = decode_key(encoded[:size])
    except CorruptionError:
        return
    assert encode_key(decoded) == encoded[:size]


@given(
    st.one_of(
        st.lists(st.text(st.characters(exclude_categories=["Cs"]))),
        st.lists(st.integers(-(1 << 63), (1 << 64) - 1)),
        st.lists(st.sampled_from([0.0, -0.0, 1.5, float("nan")])),
        st.lists(st.sampled_from(["a", "b", None])),
        st.lists(st.booleans()),
    )
)
def test_a_column_is_encoded_as_its_elements_are(elements):
    assert encode_column(elements) == [encode_element(element) for element in elements]
