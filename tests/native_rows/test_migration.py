"""Changing the schema of a collection: planned, checked, all or nothing."""

import pyarrow as pa
import pytest
from people_rows import PEOPLE, create_people, crowd, is_whole, person

import nacre
from nacre.errors import InvalidInput


@pytest.fixture
def vault(tmp_path):
    with nacre.open(tmp_path / "v") as opened:
        yield opened


@pytest.fixture
def people(vault):
    made = create_people(vault)
    made.bulk_load(crowd(200))
    return made


def test_an_added_field_is_none_or_its_default_or_its_filling(vault, people):
    wider = {**PEOPLE, "note": "string?", "rank": {"type": "int64", "default": 3}, "team": "string"}

    plan = people.plan(wider, fill={"team": "red"})
    people.alter(wider, fill={"team": "red"}, indexes=["team", ["rank", "age"]])

    assert plan.is_safe is True
    assert people["p00001"] == person("p00001", 1, "Rome") | {
        "note": None,
        "rank": 3,
        "team": "red",
    }
    assert people.where(team="red").count() == 200
    assert "index 'team'" in people.where(team="red").explain()
    assert people.where(team="red").update(team="blue") == 200
    assert people.where(team="red").count() == 0
    assert people.version == 2
    assert is_whole(vault)


def test_a_required_field_without_a_filling_is_refused(people):
    with pytest.raises(InvalidInput, match="add the field 'team', which must have a value"):
        people.alter({**PEOPLE, "team": "string"})


def test_a_field_leaves_only_when_it_is_named(vault, people):
    less = {"id": "string", "city": "string"}

    with pytest.raises(InvalidInput, match="to be named with drop=: drop the field 'age'"):
        people.alter(less)
    people.alter(less, drop=["age"])
    people.alter({**less, "age": "string?"})

    assert people["p00001"] == {"id": "p00001", "city": "Rome", "age": None}
    people.update("p00001", age="old")
    assert people["p00001"]["age"] == "old"
    assert is_whole(vault)


def test_integers_become_floats_with_their_indexes(vault, people):
    people.alter({**PEOPLE, "age": "float64?"}, indexes=["age"])
    people.insert(person("x", 1.5))

    found = people.where("age", ">=", 1).where("age", "<", 2).order_by("age", "id").all()

    assert [row["age"] for row in found][-1] == 1.5
    assert {type(row["age"]) for row in found} == {float}
    assert is_whole(vault)


def test_an_integer_that_a_float_would_round_keeps_the_type(vault, people):
    people.update("p00001", age=(1 << 53) + 1)
    head = vault.head

    with pytest.raises(InvalidInput, match=r"row 'p00001' of 'people'.* would round"):
        people.alter({**PEOPLE, "age": "float64?"})

    assert vault.head == head


@pytest.mark.parametrize(
    ("schema", "indexes", "message"),
    [
        ({**PEOPLE, "age": "int64"}, [], "'age' is None"),
        ({**PEOPLE, "age": {"type": "int64?", "max": 50}}, [], "'age' is above 50"),
        (PEOPLE, [{"fields": ["city"], "unique": True}], "another row has"),
        ({**PEOPLE, "age": "string?"}, [], "change the type of 'age' from int64 to string"),
        ({**PEOPLE, "id": "bytes"}, [], "change the type of 'id'"),
    ],
)
def test_what_a_row_is_against_is_refused(vault, people, schema, indexes, message):
    before = people.all()

    assert not people.plan(schema, indexes=indexes).is_safe
    with pytest.raises(InvalidInput, match=message):
        people.alter(schema, indexes=indexes)

    assert people.all() == before
    assert people.version == 1
    assert is_whole(vault)


def test_an_object_gains_parts_that_may_be_none(vault):
    fields = {"id": "int64", "to": {"type": {"object": {"city": "string"}}, "nullable": True}}
    wider = {"city": "string", "zip": "string?", "at": {"nullable": {"object": {"x": "int64"}}}}
    orders = vault.rows.create("orders", fields, key="id", indexes=["to.city"])
    orders.bulk_load([{"id": n, "to": {"city": "Oslo"}} for n in range(3)])
    orders.insert({"id": 3})

    altered = {**fields, "to": {"type": {"object": wider}, "nullable": True}}
    plan = orders.plan(altered, indexes=["to.city", "to.zip"])
    orders.alter(altered, indexes=["to.city", "to.zip"])
    orders.update(1, to={"city": "Oslo", "zip": "0150"})

    assert plan.is_safe
    assert orders[0]["to"] == {"city": "Oslo", "zip": None, "at": None}
    assert orders.where(to={"city": "Oslo"}).count() == 2
    assert orders.where("to.zip", "=", "0150").all() == [orders[1]]
    assert "'to.zip'" in orders.where("to.zip", "is null").explain()
    assert [change.row["to"] for change in orders.history(0)] == [{"city": "Oslo"}]
    narrower = {**fields, "to": {"object": {"city": "string", "zip": "string"}}}
    with pytest.raises(InvalidInput, match="change the type of 'to'"):
        orders.alter(narrower)
    assert is_whole(vault)


def test_a_field_is_renamed_with_its_values_and_indexes(vault, people):
    renamed = {"id": "string", "age": "int64?", "town": "string"}
    plan = people.plan(renamed, renames={"city": "town"}, indexes=["age", ["town", "age"]])

    people.alter(renamed, renames={"city": "town"}, indexes=["age", ["town", "age"]])

    assert [step.what for step in plan.steps] == ["rename the field 'city' to 'town'"]
    assert people["p00001"]["town"] == "Rome"
    assert people.where(town="Rome").count() == 67
    assert is_whole(vault)


def test_indexes_come_and_go(vault, people):
    people.alter(PEOPLE, indexes=["city"])

    assert [index.name for index in people.schema.indexes] == ["city"]
    assert "index 'city'" in people.where(city="Oslo").explain()
    people.alter(PEOPLE)
    assert "scan all rows" in people.where(city="Oslo").explain()
    assert people.where(city="Oslo").count() == 67
    assert is_whole(vault)


def test_the_past_keeps_its_schema(vault, people):
    head = vault.head
    people.alter({"id": "string", "city": "string"}, drop=["age"])

    assert vault.at(head).rows["people"]["p00001"] == person("p00001", 1, "Rome")


def test_an_alteration_in_a_transaction_that_raises_is_undone(vault, people):
    def act(tx):
        tx.rows["people"].alter({**PEOPLE, "note": "string?"})
        tx.rows["people"].insert(person("x") | {"note": "n"})
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        vault.commit(act)

    assert people.version == 1
    assert people.get("x") is None
    assert is_whole(vault)


def test_rows_are_loaded_after_two_fields_were_dropped(vault):
    kept = vault.rows.create("kept", {"id": "int64", "a": "int64", "b": "int64"}, key="id")
    kept.alter({"id": "int64"}, drop=["a", "b"])

    kept.bulk_load([{"id": 1}])
    kept.bulk_load(pa.table({"id": [2, 3]}))

    assert kept.all() == [{"id": 1}, {"id": 2}, {"id": 3}]
    assert is_whole(vault)
