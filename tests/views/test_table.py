"""Tables: sorted maps from tuples to rows."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nacre.errors import InvalidInput, Unstorable
from nacre.hashing import Digest
from nacre.views import MemoryPairs, State

WORDS = st.text(alphabet="ab\x00ä", max_size=2)
KEYS = st.tuples(WORDS, st.integers(-300, 300))
ROWS = st.none() | st.integers(-5, 5) | st.lists(WORDS, max_size=2)


@settings(max_examples=100, deadline=None)
@given(rows=st.dictionaries(KEYS, ROWS), gone=st.sets(KEYS), word=WORDS, low=KEYS, high=KEYS)
def test_a_table_is_a_sorted_map(rows: dict, gone: set, word: str, low: tuple, high: tuple) -> None:
    state = State(MemoryPairs())
    table, neighbour = state.table("t"), state.table("tt")
    neighbour["x"] = 1
    for key, row in rows.items():
        table[key] = row
    for key in gone & rows.keys():
        del table[key]
        del rows[key]

    ordered = sorted(rows.items())

    assert list(table.scan()) == ordered
    assert list(table.scan(reverse=True)) == ordered[::-1]
    assert list(table.scan((word,))) == [(k, row) for k, row in ordered if k[0] == word]
    assert list(table.rows()) == [row for _, row in ordered]
    assert list(table.rows((word,))) == [row for k, row in ordered if k[0] == word]
    assert list(table.scan(start=low, stop=high)) == [
        (k, row) for k, row in ordered if low <= k < high
    ]
    assert all(key in table and table[key] == table.get(key) == row for key, row in ordered)
    assert list(neighbour.scan()) == [(("x",), 1)]


def test_a_key_that_is_no_tuple_stands_for_one() -> None:
    table = State(MemoryPairs()).table("t")

    table["ana"] = 1

    assert table[("ana",)] == table["ana"] == 1
    assert list(table.scan()) == [(("ana",), 1)]


def test_a_missing_key_is_said() -> None:
    table = State(MemoryPairs()).table("t")

    with pytest.raises(KeyError, match="ana"):
        table["ana"]
    with pytest.raises(KeyError, match="ana"):
        del table["ana"]

    assert table.get("ana") is None
    assert table.get("ana", 5) == 5
    assert "ana" not in table


def test_a_row_of_none_is_a_row() -> None:
    table = State(MemoryPairs()).table("t")

    table["ana"] = None

    assert "ana" in table
    assert table.get("ana", 5) is None


def test_rows_come_back_as_they_were() -> None:
    table = State(MemoryPairs()).table("t")
    row = {"digest": Digest(bytes(32)), "list": [1, 2.5, "x", b"y", None, True]}

    table["ana", 1] = row

    assert table["ana", 1] == row


def test_keys_and_rows_that_cannot_be_kept_are_refused() -> None:
    table = State(MemoryPairs()).table("t")

    with pytest.raises(InvalidInput, match="is no key"):
        table[{"a": 1}, "b"] = 1
    with pytest.raises(InvalidInput, match="shorten it"):
        table["x" * 600] = 1
    with pytest.raises(Unstorable, match="is a set"):
        table["ana"] = {1}

    assert list(table.scan()) == []
