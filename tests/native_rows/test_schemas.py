"""Schemas and types: every value comes back exactly, and what does not fit is refused."""

import dataclasses
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from uuid import UUID

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nacre
from nacre.errors import InvalidInput, NotFound
from nacre.rows.declared import schema_of
from nacre.rows.layout import Layout
from nacre.rows.together import taken_together


@pytest.fixture
def vault(tmp_path):
    with nacre.open(tmp_path / "v") as opened:
        yield opened


VALUES = {
    "bool": True,
    "int64": -(1 << 63),
    "uint64": (1 << 64) - 1,
    "float64": 1e-300,
    "string": "a\x00ü€😀",
    "bytes": b"\x00\xff\x00",
    "uuid": UUID(int=7),
    "timestamp": datetime(2026, 3, 29, 1, 59, 59, 999_999, tzinfo=UTC),
    "datetime": datetime(1, 1, 1, 0, 0, 0, 1),
    "date": date(9999, 12, 31),
    "decimal": Decimal("-0.10"),
    "json": {"a": [1, None, {"b": b"x"}]},
}


@pytest.mark.parametrize("kind", sorted(VALUES))
def test_every_type_comes_back_exactly(vault, kind):
    kept = vault.rows.create("kept", {"id": "int64", "v": f"{kind}?"}, key="id")
    kept.insert_many([{"id": 1, "v": VALUES[kind]}, {"id": 2, "v": None}])
    kept.bulk_load([{"id": 3, "v": VALUES[kind]}, {"id": 4}])

    back = [row["v"] for row in kept.all()]

    assert back == [VALUES[kind], None, VALUES[kind], None]
    assert [type(value) for value in back[::2]] == [type(VALUES[kind])] * 2
    assert str(back[0]) == str(VALUES[kind])


def test_lists_and_objects_nest_and_their_parts_are_checked(vault):
    order = {
        "id": "int64",
        "lines": {"list": {"object": {"sku": "string", "count": "int64?"}}},
        "to": {"type": {"object": {"city": "string", "since": "date?"}}, "nullable": True},
    }
    orders = vault.rows.create("orders", order, key="id", indexes=["to.city"])
    row = {
        "id": 1,
        "lines": [{"sku": "a", "count": 2}, {"sku": "b", "count": None}],
        "to": {"city": "Oslo", "since": date(2020, 1, 2)},
    }
    orders.insert(row)
    orders.bulk_load([{"id": 2, "lines": [], "to": None}])

    assert orders[1] == row
    assert orders.where("to.city", "=", "Oslo").all() == [row]
    assert "'to.city'" in orders.where("to.city", "=", "Oslo").explain()
    assert orders.where("to.city", "is null").count() == 1
    for wrong in ({"lines": [{"sku": 1}]}, {"lines": "ab"}, {"to": {"city": None}}, {"to": {}}):
        with pytest.raises(InvalidInput):
            orders.update(1, wrong)


def test_none_for_a_list_or_an_object_is_allowed_in_one_way_everywhere(vault):
    parts = {"nullable": {"list": {"nullable": {"object": {"n": "int64"}}}}}
    kept = vault.rows.create("kept", {"id": "int64", "parts": parts}, key="id")
    rows = [{"id": 1, "parts": None}, {"id": 2, "parts": [None, {"n": 1}]}]

    kept.bulk_load(rows)

    assert kept.all() == rows


def test_an_instant_is_the_same_in_every_zone(vault):
    kept = vault.rows.create("kept", {"at": "timestamp"}, key="at")
    noon = datetime(2026, 1, 1, 12, tzinfo=timezone(timedelta(hours=5)))
    kept.insert({"at": noon})

    assert kept[noon.astimezone(UTC)] == {"at": noon}
    for wrong in (datetime(2026, 1, 1), date(2026, 1, 1), 17):
        with pytest.raises(InvalidInput, match="with a time zone"):
            kept.insert({"at": wrong})


def test_dataclasses_are_schemas_and_rows(vault):
    @dataclasses.dataclass
    class Person:
        id: str
        age: int | None = None
        tags: list[str] = dataclasses.field(default_factory=list)

    kept = vault.rows.create("kept", Person, key="id")
    kept.insert(Person("a", 3, ["x"]))
    kept.bulk_load([Person("b")])

    assert kept.all() == [
        {"id": "a", "age": 3, "tags": ["x"]},
        {"id": "b", "age": None, "tags": []},
    ]


BAD_SCHEMAS = [
    ({}, "id", "0 fields"),
    ({"id": "int32"}, "id", "is no type of a field"),
    ({"id": "int64"}, None, "a collection has a key"),
    ({"id": "int64"}, "nope", "there is no field 'nope'"),
    ({"id": "int64?"}, "id", "may be None"),
    ({"id": "json"}, "id", "without an order"),
    ({"id": {"list": "int64"}}, "id", "without an order"),
    ({"id": {"type": "int64", "minimum": 3}}, "id", "is no constraint"),
    ({"id": {"type": "int64", "min": "3"}}, "id", "takes an integer"),
    ({"id": {"type": "string", "regex": "("}}, "id", "does not compile"),
    ({"id": {"type": "int64", "min_length": 3}}, "id", "is for strings"),
    ({3: "int64"}, "id", "is a int"),
    ("int64", "id", "is no schema"),
]


@pytest.mark.parametrize(("schema", "key", "message"), BAD_SCHEMAS)
def test_a_bad_schema_is_refused_with_the_reason(vault, schema, key, message):
    with pytest.raises((InvalidInput, NotFound), match=message):
        vault.rows.create("bad", schema, key=key)

    assert vault.rows.names() == []


def test_a_type_that_holds_itself_is_refused(vault):
    deep: object = "int64"
    for _ in range(50):
        deep = {"list": deep}

    with pytest.raises(InvalidInput, match="nested deeper"):
        vault.rows.create("deep", {"id": "int64", "v": deep}, key="id")


def test_an_arrow_schema_makes_a_collection(vault):
    pa = pytest.importorskip("pyarrow")
    table = pa.table(
        {
            "id": pa.array([1, 2], pa.int32()),
            "at": pa.array([1, None], pa.timestamp("ms", "UTC")),
            "tag": pa.array(["a", "b"]).dictionary_encode(),
            "parts": pa.array([[1], []], pa.list_(pa.int64())),
        }
    )
    kept = vault.rows.create("kept", table.schema, key="id")
    kept.bulk_load(table)

    assert kept[1] == {
        "id": 1,
        "at": datetime(1970, 1, 1, 0, 0, 0, 1000, tzinfo=UTC),
        "tag": "a",
        "parts": [1],
    }
    assert kept.to_frame("arrow").num_rows == 2


VALUE = st.one_of(
    st.none(),
    st.integers(-(1 << 64), 1 << 64),
    st.integers(0, 3),
    st.booleans(),
    st.floats(),
    st.text(st.characters(), max_size=3),
    st.binary(max_size=3),
)
KINDS = st.sampled_from(["int64", "int64?", "float64", "string", "string?", "bytes", "bool"])


@given(st.lists(KINDS, min_size=1, max_size=3), st.data())
def test_rows_taken_together_are_those_taken_one_by_one(kinds, data):
    fields = {"id": "int64", **{f"f{n}": kind for n, kind in enumerate(kinds)}}
    layout = Layout(schema_of(fields, key="id", indexes=[]).numbered())
    rows = data.draw(st.lists(st.fixed_dictionaries(dict.fromkeys(fields, VALUE)), max_size=4))

    found = taken_together(layout, rows)

    if found is not None:
        assert repr(found) == repr([layout.take(row) for row in rows])


@pytest.mark.parametrize(
    "field", [{"min": 2, "default": 1}, {"one_of": [1], "default": 2}, {"max": 1, "default": 2}]
)
def test_a_default_or_a_filling_keeps_the_constraints(vault, field):
    with pytest.raises(InvalidInput, match=r"the default of the field 'v' .* is refused"):
        vault.rows.create("kept", {"id": "int64", "v": {"type": "int64", **field}}, key="id")

    kept = vault.rows.create("kept", {"id": "int64"}, key="id")
    wider = {"id": "int64", "v": {"type": "int64", **field}}
    wrong = wider["v"].pop("default")
    with pytest.raises(InvalidInput, match=r"the filling of 'v' .* is refused"):
        kept.alter(wider, fill={"v": wrong})


def test_defaults_of_every_type_stand_in_every_way_to_write(vault):
    defaults = {"l": ({"list": "int64"}, [1]), "j": ("json", {"a": [1]}), **{
        kind: (kind, value) for kind, value in VALUES.items()
    }}  # fmt: skip
    fields = {name: {"type": kind, "default": value} for name, (kind, value) in defaults.items()}
    kept = vault.rows.create("kept", {"id": "int64", **fields}, key="id")

    kept.insert({"id": 1})
    kept.bulk_load([{"id": 2}])
    kept.bulk_load(pa.table({"id": [3]}))

    wanted = {name: value for name, (_, value) in defaults.items()}
    assert kept.all() == [{"id": n, **wanted} for n in (1, 2, 3)]


def test_arguments_of_wrong_types_are_named(vault):
    kept = vault.rows.create("kept", {"id": "int64", "v": "int64"}, key="id")
    kept.insert({"id": 1, "v": 1})
    fields = {"id": "int64"}

    for wrong in (
        lambda: vault.rows.create("x", fields, key=5),
        lambda: vault.rows.create("x", fields, key="id", indexes=5),
        lambda: vault.rows.create("x", fields, key="id", indexes=[5]),
        lambda: kept.order_by(5).all(),
        lambda: kept.select(5).all(),
        lambda: kept.aggregate(n=5),
        lambda: kept.aggregate(n=("sum",)),
        lambda: kept.update(1, 5),
        lambda: kept.where(id=1).update(5),
        lambda: kept.update(1, v=2, expect=5),
        lambda: vault.sql(5),
        lambda: vault.sql("select 1", parameters=5),
    ):
        with pytest.raises(InvalidInput):
            wrong()
    assert vault.sql("select $a as a", parameters={"a": 7})["a"][0] == 7
