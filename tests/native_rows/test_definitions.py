"""Rows are read by the definition that their collection has now."""

import pytest

import nacre
from nacre.errors import InvalidInput, NotFound


@pytest.fixture
def vault(tmp_path):
    with nacre.open(tmp_path / "v") as opened:
        yield opened


def test_a_row_is_got_by_what_the_collection_is_now(vault):
    held = vault.rows.create("things", {"id": "int64", "n": "int64"}, key="id")
    held.insert({"id": 1, "n": 2})
    assert held.get(1) == {"id": 1, "n": 2}

    held.alter({"id": "int64", "m": "int64", "o": "int64?"}, renames={"n": "m"})
    assert held.get(1) == {"id": 1, "m": 2, "o": None}
    vault.rows.drop("things")
    with pytest.raises(NotFound):
        held.get(1)
    vault.rows.create("things", {"id": "string"}, key="id").insert({"id": "one"})
    assert held.get("one") == {"id": "one"}
    with pytest.raises(InvalidInput):
        held.get(1)


def test_a_row_is_got_by_a_definition_that_was_undone(vault):
    held = vault.rows.create("things", {"id": "int64"}, key="id")
    held.insert({"id": 1})

    def act(tx):
        tx.rows["things"].alter({"id": "int64", "m": "int64?"})
        assert held.get(1) == tx.rows["things"].get(1) == {"id": 1, "m": None}
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        vault.commit(act)
    assert held.get(1) == {"id": 1}


def test_fields_may_be_called_anything(vault):
    row = {"n0": 1, "rows": 2, "a'b\"}": 3, "{v1}": 4, "_": 5}
    held = vault.rows.create("odd", dict.fromkeys(row, "int64"), key="n0")
    held.insert(row)

    assert held.get(1) == row
    assert held.all() == list(held) == [row]
