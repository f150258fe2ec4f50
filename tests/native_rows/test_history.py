"""The history of a row, and the feed of changes."""

import pytest
from people_rows import PEOPLE, create_people, person

import nacre
from nacre.errors import NotFound, StateError


@pytest.fixture
def vault(tmp_path):
    with nacre.open(tmp_path / "v", actor="ana") as opened:
        yield opened


@pytest.fixture
def people(vault):
    return create_people(vault)


def told(changes):
    return [(change.action, change.row and change.row["age"]) for change in changes]


def test_a_history_tells_every_change_the_last_first(people):
    people.insert(person("p1", 1), message="born")
    people.insert(person("p2", 5))
    people.update("p1", age=2)
    people.upsert(person("p1", 3))
    people.delete("p1")
    people.insert(person("p1", 4))
    people.bulk_upsert([person("p1", 5), person("p3", 1)])
    people.delete("p1")

    history = list(people.history("p1"))

    assert told(history) == [
        ("delete", None),
        ("update", 5),
        ("insert", 4),
        ("delete", None),
        ("update", 3),
        ("update", 2),
        ("insert", 1),
    ]
    assert (history[-1].message, history[-1].actor, history[-1].key) == ("born", "ana", "p1")
    assert [change.position for change in history] == [8, 7, 6, 5, 4, 3, 1]


def test_changes_of_one_commit_are_told_in_turn(vault, people):
    with vault.transaction() as tx:
        rows = tx.rows["people"]
        rows.insert(person("p1", 1))
        rows.update("p1", age=2)
        rows.delete("p1")
        rows.insert(person("p1", 3))

    assert told(people.history("p1")) == [
        ("insert", 3),
        ("delete", None),
        ("update", 2),
        ("insert", 1),
    ]


def test_a_loaded_row_is_found_in_its_load(people):
    people.bulk_load([person(f"p{n}", n) for n in range(500)])
    people.update("p7", age=70)

    assert told(people.history("p7")) == [("update", 70), ("insert", 7)]
    assert told(people.history("p8")) == [("insert", 8)]
    assert list(people.history("p900")) == []


def test_the_history_of_a_collection_that_was_dropped_is_another_ones(vault, people):
    people.insert(person("p1", 1))
    people.delete("p1")
    vault.rows.drop("people")
    again = create_people(vault)
    again.insert(person("p1", 2))

    assert told(again.history("p1")) == [("insert", 2)]


def test_a_history_reads_rows_by_the_schema_of_their_time(people):
    people.insert(person("p1", 1))
    people.alter({"id": "string", "city": "string", "age": "int64?"}, renames={})
    people.alter({"id": "string", "town": "string"}, renames={"city": "town"}, drop=["age"])
    people.update("p1", town="Rome")

    assert [change.row for change in people.history("p1")] == [
        {"id": "p1", "town": "Rome"},
        {"id": "p1", "age": 1, "city": "Oslo"},
    ]


def test_a_feed_goes_on_where_its_reader_stopped(vault, people):
    people.insert_many([person("p1", 1), person("p2", 2)])
    seen = list(people.changes())
    people.bulk_load([person("p3", 3)])
    people.delete("p1")

    more = list(people.changes(seen[-1].position + 1))

    assert told(seen) == [("insert", 1), ("insert", 2)]
    assert told(more) == [("insert", 3), ("delete", None)]
    assert [change.key for change in more] == ["p3", "p1"]


def test_a_feed_replayed_gives_the_collection(vault, people):
    people.bulk_load([person(f"p{n}", n) for n in range(50)])
    people.where("age", "<", 20).update(city="Rome")
    people.where("age", ">=", 40).delete()
    people.upsert_many([person("p1", 0), person("new", 0)])
    people.alter({**PEOPLE, "note": "string?"}, indexes=["note"])
    people.update("p2", note="n")

    copy = {}
    for change in people.changes():
        if change.row is None:
            del copy[change.key]
        else:
            copy[change.key] = {"note": None} | change.row

    assert copy == {row["id"]: row for row in people}


def test_a_transaction_has_no_history(vault, people):
    with vault.transaction() as tx, pytest.raises(StateError, match="not what was"):
        list(tx.rows["people"].history("p1"))


def test_the_history_of_a_collection_that_is_not_there_is_refused(vault):
    with pytest.raises(NotFound):
        vault.rows["nothing"]


def test_a_load_fills_the_pages_of_its_rows(vault):
    kept = vault.rows.create("kept", {"id": "string", "n": "int64"}, key="id", indexes=["n"])
    kept.bulk_load([{"id": f"row {n:06d}", "n": n} for n in range(20_000)])

    with vault.store.environment.read() as transaction:
        pages = transaction.stat()["leaf_pages"]
        used = sum(len(key) + len(value) + 10 for key, value in transaction.cursor())

    assert used > 0.8 * pages * 4096
