"""A vault whose rows were kept before there were blocks opens, and keeps them in blocks now."""

import shutil
from pathlib import Path

import pytest
from old_people import LOADED

import nacre

FROZEN = Path(__file__).parent.parent / "fixtures" / "rows-1" / "people.nacre"
PEOPLE = {row["id"]: row for row in LOADED} | {
    "one": {"id": "one", "age": 1, "city": "Oslo", "tags": []},
    "p0001": LOADED[1] | {"age": 99},
    "p0003": {"id": "p0003", "age": 98, "city": "Rome", "tags": ["b", "c"]},
}
del PEOPLE["p0002"]


@pytest.fixture
def old(tmp_path) -> Path:
    return Path(shutil.copy(FROZEN, tmp_path / "people.nacre"))


@pytest.mark.parametrize("read_only", [False, True])
def test_the_rows_of_an_old_vault_are_there(old, read_only):
    with nacre.open(old, read_only=read_only) as vault:
        people = vault.rows["people"]

        assert {row["id"]: row for row in people} == PEOPLE
        assert people.where("age", ">=", 98).count() == 2
        assert people.get("p0002") is None
        assert people.get("p0001", as_of=2) == LOADED[1]


def test_an_old_vault_is_written_on(old):
    with nacre.open(old, actor="bo") as vault:
        people = vault.rows["people"]

        people.update("p0100", city="Paris")
        people.delete("p0101")
        people.insert({"id": "p0002", "age": 2, "city": "Oslo", "tags": []})

        assert len(people) == len(PEOPLE)
        assert vault.verify().is_clean
