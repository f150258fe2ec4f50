"""Collections as they were, and what a rule of retention leaves of them."""

import pytest
from people_rows import create_people, crowd, is_whole, person

import nacre
from nacre.errors import InvalidInput, NotFound, ReadOnly, StateError
from nacre.operations.compact import compact
from nacre.operations.retain import Retention, set_retention


@pytest.fixture
def vault(tmp_path):
    with nacre.open(tmp_path / "v") as opened:
        yield opened


@pytest.fixture
def people(vault):
    return create_people(vault)


def test_a_collection_is_read_as_it_was(vault, people):
    people.insert(person("p1", 1))
    then = vault.head
    people.update("p1", age=2)
    people.bulk_load(crowd(1000))

    assert people.get("p1", as_of=then) == person("p1", 1)
    assert people.at(then).all() == [person("p1", 1)]
    assert people.query(as_of=then).where("age", "<", 2).count() == 1
    assert people.to_frame("arrow", as_of=then).to_pylist() == [person("p1", 1)]
    assert vault.sql("select age from people", to="arrow", as_of=then).to_pylist() == [{"age": 1}]
    assert [change.action for change in people.at(then).history("p1")] == ["insert"]


def test_the_past_is_not_written_and_not_made_up(vault, people):
    with pytest.raises((ReadOnly, StateError)):
        people.at(vault.head).insert(person("p1"))
    with pytest.raises(NotFound, match="no collection"):
        people.at(0).all()
    with pytest.raises(InvalidInput):
        people.at(vault.head + 1)


def test_what_a_transaction_writes_has_no_past_yet(vault, people):
    with vault.transaction() as tx, pytest.raises(StateError, match="ask the vault"):
        tx.rows["people"].at(1)


def test_a_rule_of_retention_keeps_what_rows_and_replays_need(vault):
    kept = vault.rows.create("kept", {"id": "int64", "file": "json?"}, key="id")
    files = [vault.put(f"file {n}".encode() * 3000) for n in range(4)]
    kept.bulk_load([{"id": n, "file": files[n]} for n in range(3)])
    kept.insert({"id": 3, "file": files[3]})
    kept.delete(0)
    kept.update(1, file=None)
    set_retention(vault.store, Retention(seconds=0))

    compact(vault.store, min_gain=0)

    assert vault.get(files[2]) == b"file 2" * 3000
    assert vault.get(files[3]) == b"file 3" * 3000
    for gone in files[:2]:
        with pytest.raises(nacre.errors.NacreError, match="history"):
            vault.get(gone)
    assert is_whole(vault)
    vault.rebuild()
    assert kept.count() == 3
    assert [change.action for change in kept.history(0)] == ["delete", "insert"]
