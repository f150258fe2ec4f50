"""Blocks hold what was put in, find it again, and damaged ones are told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nacre.errors import CorruptionError
from nacre.rows.blocks import (
    Block,
    cut_blocks,
    encode_block,
    find_in_block,
    may_start_in,
    spliced,
)

SIZED = st.integers(1, 6).flatmap(
    lambda size: st.dictionaries(
        st.binary(min_size=size, max_size=size), st.binary(max_size=40), min_size=1
    )
)
ANY = st.dictionaries(st.binary(min_size=1, max_size=12), st.binary(max_size=40), min_size=1)
ALIKE = st.sets(st.binary(min_size=1, max_size=9), min_size=1).map(
    lambda keys: dict.fromkeys(keys, b"\x09")
)
PAIRS = st.one_of(SIZED, ANY, ALIKE).map(lambda pairs: dict(sorted(pairs.items())))


@given(PAIRS)
def test_a_block_gives_back_its_pairs(pairs):
    block = Block(encode_block(list(pairs), list(pairs.values())))

    assert dict(block.pairs()) == pairs


@given(PAIRS, st.binary(max_size=12))
def test_a_block_finds_what_it_has_and_nothing_else(pairs, other):
    raw = encode_block(list(pairs), list(pairs.values()))
    block = Block(raw)

    for key in [*pairs, other]:
        assert find_in_block(raw, key) == pairs.get(key)
        assert block.place(key) == sum(each < key for each in pairs)


@given(PAIRS, st.integers(0, 20), st.integers(0, 20))
def test_a_part_of_a_block_is_that_part_of_its_pairs(pairs, one, other):
    block = Block(encode_block(list(pairs), list(pairs.values())))
    start, stop = sorted((min(one, block.count), min(other, block.count)))

    assert block.keys(start, stop, b"p") == [b"p" + key for key in pairs][start:stop]
    assert block.values(start, stop) == list(pairs.values())[start:stop]


@given(PAIRS, st.binary(min_size=1, max_size=6), st.one_of(st.none(), st.binary(max_size=40)))
def test_what_is_spliced_is_what_would_be_made_anew(pairs, other, value):
    raw = encode_block(list(pairs), list(pairs.values()))

    for key in [*pairs, other]:
        changed = spliced(raw, key, value)
        wanted = pairs | {key: value} if value is not None else dict(pairs)
        if value is None:
            wanted.pop(key, None)
        assert changed is None or dict(Block(changed).pairs()) == wanted


def test_a_row_of_many_is_spliced():
    keys = [b"%04d" % number for number in range(100)]
    raw = encode_block(keys, [b"row" + key for key in keys])

    for key in (keys[0], keys[50], keys[-1]):
        assert find_in_block(spliced(raw, key, b"longer than before"), key) == b"longer than before"
        assert find_in_block(spliced(raw, key, None), key) is None


def test_bytes_that_are_found_across_two_keys_are_no_key():
    raw = encode_block([b"aab", b"bba"], [b"1", b"2"])

    assert find_in_block(raw, b"abb") is None
    assert find_in_block(raw, b"bba") == b"2"


@given(PAIRS, st.integers(30, 400))
def test_blocks_are_cut_in_order_and_to_size(pairs, most_bytes):
    keys, values = list(pairs), list(pairs.values())

    cut = list(cut_blocks(keys, values, most_bytes))

    assert [pair for _, raw in cut for pair in Block(raw).pairs()] == list(pairs.items())
    for last, raw in cut:
        block = Block(raw)
        assert block.keys(block.count - 1, block.count) == [last]
        assert len(raw) <= most_bytes or block.count == 1 or len({*map(len, keys)}) > 1


def test_a_page_is_used_up_by_a_block():
    keys = [b"person %06d" % number for number in range(1000)]

    *full, _ = cut_blocks(keys, [b"row %06d" % n for n in range(1000)], 4080)

    assert all(len(raw) > 4000 for _, raw in full)


@given(PAIRS, st.data())
def test_a_block_that_is_cut_off_is_damage(pairs, data):
    raw = encode_block(list(pairs), list(pairs.values()))
    size = data.draw(st.integers(0, 6))

    with pytest.raises(CorruptionError, match="cut off"):
        Block(raw[:size])


@given(st.binary(max_size=80), st.binary(max_size=6))
def test_whatever_bytes_are_taken_for_a_block_nothing_but_damage_is_told(raw, key):
    try:
        block = Block(raw)
        find_in_block(raw, key)
        may_start_in(raw, key)
        block.place(key)
        list(block.pairs())
        for each in [key, *block.keys(0, block.count)]:
            spliced(raw, each, None)
            spliced(raw, each, b"another")
    except CorruptionError:
        pass
