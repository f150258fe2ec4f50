"""One collection: rows written, read, refused."""

import pytest
from people_rows import PEOPLE, create_people, is_whole, person

import nacre
from nacre.errors import InvalidInput, Mismatch, NotFound, ReadOnly, StateError, Unstorable


@pytest.fixture
def vault(tmp_path):
    with nacre.open(tmp_path / "v") as opened:
        yield opened


@pytest.fixture
def people(vault):
    return create_people(vault)


def test_a_row_comes_back_as_it_went_in(people):
    assert people.insert(person("p1")) == "p1"

    assert people.get("p1") == person("p1")
    assert people["p1"] == person("p1")
    assert people.get("p2") is None
    assert "p1" in people
    assert "p2" not in people


def test_a_taken_key_is_refused_and_nothing_of_the_others_is_stored(vault, people):
    people.insert(person("p1"))
    head = vault.head

    with pytest.raises(InvalidInput, match="has a row 'p1' already"):
        people.insert_many([person("p2"), person("p1", 3)])

    assert people.all() == [person("p1")]
    assert vault.head == head


def test_a_key_that_is_there_twice_in_one_call_is_refused(people):
    with pytest.raises(InvalidInput, match="has a row 'p1' already"):
        people.insert_many([person("p1"), person("p1")])

    assert people.count() == 0


def test_upsert_replaces_the_whole_row(people):
    people.upsert(person("p1", 40))
    people.upsert({"id": "p1", "city": "Rome"})

    assert people.all() == [person("p1", None, "Rome")]


def test_update_changes_some_fields(people):
    people.insert(person("p1", 40))

    assert people.update("p1", age=41) == person("p1", 41)
    assert people.update("p1", {"city": "Rome"}) == person("p1", 41, "Rome")
    assert people["p1"] == person("p1", 41, "Rome")


def test_an_update_that_changes_nothing_is_no_commit(vault, people):
    people.insert(person("p1", 40))
    head = vault.head

    people.update("p1", age=40)

    assert vault.head == head


@pytest.mark.parametrize(
    ("before", "after"),
    [(1, True), (True, 1.0), ([1], [True]), ({"n": 1}, {"n": 1.0}), (0.0, -0.0)],
)
def test_what_python_takes_for_the_same_is_stored_all_the_same(vault, before, after):
    kept = vault.rows.create("kept", {"id": "int64", "value": "json"}, key="id")
    kept.insert_many([{"id": 1, "value": before}, {"id": 2, "value": before}])

    kept.update(1, value=after)
    kept.where(id=2).update(value=after)

    assert [repr(row["value"]) for row in kept] == [repr(after)] * 2


def test_the_key_of_a_row_cannot_change(people):
    people.insert(person("p1"))

    with pytest.raises(InvalidInput, match="cannot change"):
        people.update("p1", {"id": "p2"})


def test_compare_and_set_refuses_what_another_changed(people):
    people.insert(person("p1", 40))

    people.update("p1", age=41, expect={"age": 40})
    with pytest.raises(Mismatch, match="age is 41, not 40"):
        people.update("p1", age=42, expect={"age": 40})
    with pytest.raises(Mismatch):
        people.delete("p1", expect={"age": 40})
    with pytest.raises(Mismatch):
        people.replace(person("p1", 1), expect={"age": 40})

    assert people["p1"]["age"] == 41


def test_delete_returns_what_the_row_was(people):
    people.insert(person("p1"))

    assert people.delete("p1") == person("p1")
    assert people.get("p1") is None
    with pytest.raises(NotFound, match="no row 'p1'"):
        people.delete("p1")


@pytest.mark.parametrize("act", ["update", "replace", "delete"])
def test_a_missing_row_is_named(people, act):
    calls = {
        "update": lambda: people.update("p9", age=1),
        "replace": lambda: people.replace(person("p9")),
        "delete": lambda: people.delete("p9"),
    }

    with pytest.raises(NotFound, match="'people' has no row 'p9'"):
        calls[act]()


REFUSED = [
    ({"id": 1, "city": "x"}, "the field 'id' takes a string, not the int 1"),
    ({"id": "a", "city": None}, "the field 'city' must have a value"),
    ({"id": "a"}, "the field 'city' must have a value"),
    ({"id": "a", "city": "x", "shoe": 4}, "there is no field 'shoe'"),
    ({"id": "a", "city": "x", "age": True}, "takes an integer, not the bool True"),
    ({"id": "a", "city": "x", "age": 1.5}, "takes an integer, not the float 1.5"),
    ({"id": "a", "city": "x", "age": 1 << 63}, "takes -9223372036854775808 to"),
    ({"id": "a\ud800", "city": "x"}, "surrogate"),
    ({"id": "a", "city": "\udfff"}, "surrogate"),
    (["id"], "a row is a list"),
]


@pytest.mark.parametrize(("row", "message"), REFUSED)
def test_a_row_that_does_not_fit_is_refused_with_the_reason(vault, people, row, message):
    for write in (people.insert, people.upsert, lambda r: people.bulk_load([r])):
        with pytest.raises(InvalidInput, match=message):
            write(row)

    assert people.count() == 0
    assert is_whole(vault)


def test_a_refused_update_names_the_row(people):
    people.insert(person("p1"))

    for change in ({"age": "old"}, {"city": None}, {"shoe": 4}):
        with pytest.raises(InvalidInput, match="id='p1'"):
            people.update("p1", change)


def test_constraints_are_kept_with_the_value_and_the_key_in_the_message(vault):
    limits = {
        "id": "int64",
        "age": {"type": "int64", "min": 0, "max": 150},
        "name": {"type": "string", "min_length": 1, "max_length": 5, "regex": "^[a-z]+$"},
        "size": {"type": "string?", "one_of": ["s", "m"]},
    }
    kept = vault.rows.create("kept", limits, key="id")
    kept.insert({"id": 1, "age": 0, "name": "ana", "size": "s"})

    for changes, message in (
        ({"age": -1}, "'age' is below 0: -1 is refused"),
        ({"age": 151}, "is above 150"),
        ({"name": ""}, "has 0 of 1 at least"),
        ({"name": "abcdef"}, "has 6 of 5 at most"),
        ({"name": "Ana"}, "does not match"),
        ({"size": "l"}, "is none of"),
    ):
        with pytest.raises(InvalidInput, match=message):
            kept.update(1, changes)
        with pytest.raises(InvalidInput, match=message):
            kept.insert({"id": 2, "age": 1, "name": "bob"} | changes)

    assert kept.all() == [{"id": 1, "age": 0, "name": "ana", "size": "s"}]


def test_a_default_stands_for_what_a_row_does_not_give(vault):
    fields = {"id": "int64", "state": {"type": "string", "default": "new"}, "at": "date?"}
    jobs = vault.rows.create("jobs", fields, key="id")

    jobs.insert({"id": 1})

    assert jobs[1] == {"id": 1, "state": "new", "at": None}


def test_a_key_of_several_fields_is_a_tuple(vault):
    fields = {"tenant": "string", "id": "int64", "name": "string"}
    kept = vault.rows.create("kept", fields, key=["tenant", "id"])
    row = {"tenant": "a", "id": 1, "name": "x"}

    assert kept.insert(row) == ("a", 1)
    assert kept.get(("a", 1)) == row
    assert kept.delete(("a", 1)) == row
    with pytest.raises(InvalidInput, match="not a tuple of tenant, id"):
        kept.get("a")


def test_a_unique_value_is_refused_with_field_value_and_key(vault):
    emails = {"id": "int64", "email": "string?"}
    unique = [{"fields": ["email"], "unique": True}]
    users = vault.rows.create("users", emails, key="id", indexes=unique)
    users.insert_many([{"id": 1, "email": "a"}, {"id": 2}, {"id": 3}])

    for write in (
        lambda: users.insert({"id": 4, "email": "a"}),
        lambda: users.upsert({"id": 2, "email": "a"}),
        lambda: users.update(2, email="a"),
        lambda: users.bulk_load([{"id": 5, "email": "b"}, {"id": 6, "email": "b"}]),
        lambda: users.insert_many([{"id": 5, "email": "b"}, {"id": 6, "email": "b"}]),
    ):
        with pytest.raises(InvalidInput, match=r"'users' has email = '[ab]'.* row [2456] is"):
            write()

    users.update(1, email="a")
    users.upsert({"id": 1, "email": "b"})
    users.update(2, email="a")
    assert is_whole(vault)


def test_two_rows_may_exchange_unique_values_in_one_upsert(vault):
    fields = {"id": "int64", "place": "int64"}
    unique = [{"fields": "place", "unique": True}]
    queue = vault.rows.create("queue", fields, key="id", indexes=unique)
    queue.insert_many([{"id": 1, "place": 1}, {"id": 2, "place": 2}])

    queue.upsert_many([{"id": 1, "place": 2}, {"id": 2, "place": 1}])

    assert [row["place"] for row in queue.all()] == [2, 1]
    assert is_whole(vault)


def test_any_number_of_rows_may_exchange_unique_values_in_one_call(vault):
    fields = {"id": "int64", "seat": "int64"}
    index = {"fields": ["seat"], "unique": True}
    seats = vault.rows.create("seats", fields, key="id", indexes=[index])
    seats.bulk_load([{"id": n, "seat": n} for n in range(2500)])

    for step, upsert in enumerate((seats.upsert_many, seats.bulk_upsert), start=1):
        upsert([{"id": n, "seat": (n + step) % 2500} for n in range(2500)])
        assert seats[2499]["seat"] == step - 1
        assert seats.where(seat=0).all() == [{"id": 2500 - step, "seat": 0}]
    keys = seats.upsert_many([{"id": 7, "seat": 9000}, {"id": 7, "seat": 9001}])

    assert keys == [7, 7]
    assert seats[7]["seat"] == 9001
    assert is_whole(vault)


def test_long_keys_and_values_are_told_apart_behind_lmdbs_limit(vault):
    fields = {"id": "string", "text": "string"}
    texts = vault.rows.create("texts", fields, key="id", indexes=["text"])
    long = "x" * 5000
    rows = [{"id": long + str(n), "text": long + str(n % 2)} for n in range(6)]
    texts.insert_many(rows[:3])
    texts.bulk_load(rows[3:])

    assert [texts[row["id"]] for row in rows] == rows
    assert texts.where(text=long + "1").order_by("id").all() == rows[1::2]
    assert texts.where("text", ">", long + "0").order_by("id desc").all() == rows[1::2][::-1]
    assert texts.where("text", "prefix", long).count() == 6
    assert texts.order_by("text", "id").all() == rows[::2] + rows[1::2]
    assert texts.where("id", "<", long + "3").count() == 3
    texts.delete(rows[0]["id"])
    assert texts.where(text=long + "0").count() == 2
    assert is_whole(vault)


def test_a_value_nested_too_deep_is_refused(vault):
    kept = vault.rows.create("kept", {"id": "int64", "v": "json"}, key="id")
    deep: object = 1
    for _ in range(2000):
        deep = [deep]

    for write in (kept.insert, lambda row: kept.bulk_load([row])):
        with pytest.raises(Unstorable):
            write({"id": 1, "v": deep})

    assert kept.count() == 0


def test_collections_are_listed_created_once_and_dropped(vault):
    create_people(vault)
    vault.rows.create("pets", {"id": "int64"}, key="id")

    assert vault.rows.names() == ["people", "pets"]
    with pytest.raises(InvalidInput, match="already"):
        create_people(vault)
    vault.rows["people"].insert(person("p1"))
    vault.rows.drop("people")

    assert vault.rows.names() == ["pets"]
    with pytest.raises(NotFound, match="no collection 'people'"):
        vault.rows["people"]
    assert create_people(vault).count() == 0
    assert is_whole(vault)


def test_a_transaction_spans_collections_frames_and_events(vault, people):
    pets = vault.rows.create("pets", {"id": "int64", "owner": "string"}, key="id")

    with vault.transaction() as tx:
        tx.rows["people"].insert(person("p1"))
        tx.rows["pets"].insert({"id": 1, "owner": "p1"})
        tx.rows.create("toys", {"id": "int64"}, key="id").insert({"id": 5})
        tx.record("house.bought", subject="p1")
        assert tx.rows["people"].where(city="Oslo").count() == 1
        assert people.name == "people"

    assert (people.count(), pets.count(), vault.rows["toys"].count()) == (1, 1, 1)
    assert is_whole(vault)


def test_a_transaction_that_raises_leaves_nothing(vault, people):
    people.insert(person("p1"))

    def act(tx):
        tx.rows["people"].update("p1", age=1)
        tx.rows["people"].bulk_load([person("p2")])
        tx.rows.create("pets", {"id": "int64"}, key="id")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        vault.commit(act)

    assert people.all() == [person("p1")]
    assert vault.rows.names() == ["people"]
    assert is_whole(vault)


def test_what_was_refused_in_a_transaction_leaves_the_rest_of_it(vault, people):
    with vault.transaction() as tx:
        tx.rows["people"].insert(person("p1"))
        with pytest.raises(InvalidInput):
            tx.rows["people"].insert(person("p1"))
        with pytest.raises(InvalidInput):
            tx.rows["people"].bulk_load([person("p2"), person("p1")])
        tx.rows["people"].insert(person("p3"))

    assert [row["id"] for row in people.all()] == ["p1", "p3"]
    assert is_whole(vault)


def test_a_write_id_makes_every_write_safe_to_repeat(vault, people):
    for _ in range(2):
        assert people.insert(person("p1"), write_id="w1") == "p1"
        assert people.update("p1", age=5, write_id="w2")["age"] == 5
        people.bulk_load([person("p2")], write_id="w3")

    assert people.count() == 2


def test_rows_are_read_as_of_the_past_and_never_written_there(vault, people):
    people.insert(person("p1", 1))
    then = vault.head
    people.update("p1", age=2)
    people.bulk_load([person("p2")])

    past = vault.at(then).rows["people"]

    assert past.all() == [person("p1", 1)]
    assert past.where("age", "<", 5).all() == [person("p1", 1)]
    with pytest.raises((ReadOnly, StateError)):
        past.insert(person("p3"))


def test_another_handle_and_a_read_only_one_see_the_rows(vault, people, tmp_path):
    people.bulk_load([person("p1"), person("p2")])

    with nacre.open(tmp_path / "v", read_only=True) as other:
        assert other.rows["people"].count() == 2
        with pytest.raises(ReadOnly):
            other.rows["people"].insert(person("p3"))
        people.insert(person("p3"))
        assert other.rows["people"].where(city="Oslo").count() == 3


def test_the_fields_of_a_collection_can_be_asked(people):
    assert [field.name for field in people.schema.fields] == list(PEOPLE)
    assert people.schema.key == ("id",)
    assert [index.name for index in people.schema.indexes] == ["age", "city_age"]
