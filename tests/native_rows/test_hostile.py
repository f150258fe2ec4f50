"""Hostile values, names and sources: refused with a reason, or found again exactly."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from uuid import UUID

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from people_rows import create_people, is_whole, person

import nacre
from nacre.errors import Altered, InvalidInput, StateError, Unstorable

DECADE = timezone(timedelta(hours=14))
NAN = float("nan")
FAR = 253_402_300_800_000_000  # microseconds: the first moment of the year 10,000


@pytest.fixture
def vault(tmp_path):
    with nacre.open(tmp_path / "v") as opened:
        yield opened


@pytest.mark.parametrize("length", [*range(195, 203), *range(209, 218), 300])
def test_a_range_behind_a_long_value_of_an_index_finds_its_rows(vault, length):
    kept = vault.rows.create("kept", {"id": "int64", "s": "string", "n": "int64"}, key="id",
                             indexes=[["s", "n"]])  # fmt: skip
    text = "x" * length
    kept.insert_many([{"id": n, "s": text, "n": n} for n in range(4)])

    for operator, found in (("<", [0, 1]), ("<=", [0, 1, 2]), (">", [3]), (">=", [2, 3])):
        query = kept.where(s=text).where("n", operator, 2)
        assert [row["n"] for row in query.order_by("n")] == found
        assert query.count() == len(found)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("timestamp", datetime.min.replace(tzinfo=DECADE)),
        ("timestamp", datetime.max.replace(tzinfo=timezone(-timedelta(hours=1)))),
        ("timestamp", datetime(2026, 1, 1)),
        ("datetime", datetime(2026, 1, 1, tzinfo=UTC)),
        ("datetime", pd.NaT),
        ("date", pd.NaT),
        ("decimal", Decimal("1E+6145")),
        ("decimal", Decimal("1E-999999999")),
        ("decimal", Decimal("0E+999999999999")),
        ("decimal", Decimal("sNaN")),
        ("int64", 1 << 63),
        ("uint64", -1),
        ("float64", 1 << 1100),
        ("string", "\ud800"),
        ("int64", pd.NA),
    ],
)
def test_a_value_that_would_not_come_back_is_refused(vault, kind, value):
    kept = vault.rows.create("kept", {"id": "int64", "v": kind}, key="id", indexes=["v"])

    for write in (kept.insert, kept.upsert, lambda row: kept.bulk_load([row])):
        with pytest.raises(InvalidInput, match="the field 'v'"):
            write({"id": 1, "v": value})

    assert kept.count() == 0


def test_an_extreme_decimal_is_found_and_summed_exactly(vault):
    kept = vault.rows.create("kept", {"id": "int64", "v": "decimal"}, key="id", indexes=["v"])
    values = [Decimal("1E+6144"), Decimal("-1E-6144"), Decimal("0E-6144"), Decimal("9" * 6000)]
    kept.insert_many([{"id": n, "v": value} for n, value in enumerate(values)])

    for number, value in enumerate(values):
        assert kept.where(v=value).all() == [{"id": number, "v": value}]
    (total,) = kept.where("v", ">", Decimal("1E+5000")).aggregate(s=("sum", "v"))
    assert total["s"] == Decimal("1" + "0" * 144 + "9" * 6000)
    assert [row["id"] for row in kept.order_by("v")] == [1, 2, 3, 0]


@pytest.mark.parametrize(
    ("kind", "stored", "asked"),
    [
        ("decimal", [Decimal("1.00"), Decimal("2")], Decimal("1.0")),
        ("float64", [NAN, 1.0], NAN),
        ("float64", [0.0, 1.0], -0.0),
        ("string", ["", "a"], ""),
        ("bytes", [b"\x00" * 300, b"\x00" * 301], bytearray(300)),
    ],
)
def test_equal_keys_are_one_key_of_a_row_and_its_history(vault, kind, stored, asked):
    kept = vault.rows.create("kept", {"id": kind}, key="id")
    kept.bulk_load([{"id": value} for value in stored])

    assert repr(kept[asked]) == repr({"id": stored[0]})
    assert len(list(kept.history(asked))) == 1
    with pytest.raises(InvalidInput, match="already"):
        kept.insert({"id": asked})
    kept.delete(asked)
    kept.insert({"id": asked})
    assert [change.action for change in kept.history(asked)] == ["insert", "delete", "insert"]
    assert is_whole(vault)


def test_a_pattern_with_a_lone_surrogate_is_refused_however_rows_are_found(vault):
    people = create_people(vault)
    people.bulk_load([person(f"p{n}") for n in range(600)])
    for _ in range(3):
        for operator in ("prefix", "like", "regex"):
            with pytest.raises(InvalidInput, match="lone surrogate"):
                people.where("city", operator, "\ud800").all()
        assert people.where("city", "prefix", "O").count() == 600


SOURCES = {
    "beyond the calendar": pa.array([FAR], pa.timestamp("us", "UTC")),
    "nanoseconds": pa.array([1], pa.timestamp("ns", "UTC")),
    "no zone": pa.array([1], pa.timestamp("us")),
    "list": pa.array([[FAR]], pa.list_(pa.timestamp("us", "UTC"))),
}


@pytest.mark.parametrize("source", sorted(SOURCES))
def test_moments_of_arrow_that_python_has_not_are_refused(vault, source):
    kind = {"list": "timestamp"} if source == "list" else "timestamp"
    kept = vault.rows.create("kept", {"id": "int64", "v": {"type": kind}}, key="id")

    with pytest.raises(InvalidInput, match="column 'v'"):
        kept.bulk_load(pa.table({"id": [1], "v": SOURCES[source]}))

    assert kept.count() == 0


def test_bytes_that_are_no_text_are_refused(vault):
    offsets = pa.py_buffer(np.array([0, 2], np.int32).tobytes())
    broken = pa.StringArray.from_buffers(1, offsets, pa.py_buffer(b"\xff\xfe"))
    people = create_people(vault)

    with pytest.raises(InvalidInput, match="'city' does not fit string"):
        people.bulk_load(pa.table({"id": ["p1"], "city": broken}))
    twice = pa.Table.from_arrays([pa.array(["a"]), pa.array(["b"])], names=["id", "id"])
    with pytest.raises(InvalidInput, match="'id' is there twice"):
        people.bulk_load(twice)
    with pytest.raises(InvalidInput, match="cannot be read as an Arrow table"):
        people.bulk_load(pd.DataFrame({"id": ["a", 1]}))
    assert people.count() == 0


def test_the_arrow_table_of_a_collection_loads_into_another(vault):
    inside = {"object": {"at": "timestamp", "u": "uuid?"}}
    fields = {"id": "uuid", "d": "decimal", "o": inside, "l": {"list": "uuid"}, "day": "date?"}
    row = {
        "id": UUID(int=7),
        "d": Decimal("1.50"),
        "o": {"at": datetime(2026, 1, 1, tzinfo=UTC), "u": UUID(int=8)},
        "l": [UUID(int=9)],
        "day": None,
    }
    one = vault.rows.create("one", fields, key="id")
    one.insert(row)

    for number, library in enumerate(("arrow", "pandas")):
        other = vault.rows.create(f"other{number}", fields, key="id")
        if library == "arrow":
            other.bulk_load(one.to_frame("arrow"))
            other.bulk_upsert(one.to_frame("arrow").to_batches()[0])
            reader = one.to_frame("arrow").to_reader()
            other.bulk_upsert(reader)
        else:
            other.bulk_load(one.to_frame("pandas"))
        assert other.all() == [row]


def test_json_inside_lists_and_objects_is_text_in_arrow(vault):
    fields = {"id": "int64", "l": {"list": "json?"}, "o": {"object": {"j": "json"}}}
    kept = vault.rows.create("kept", fields, key="id")
    kept.insert({"id": 1, "l": [{"a": 1}, None], "o": {"j": b"\x01"}})

    (found,) = kept.to_frame("arrow").to_pylist()

    assert found == {"id": 1, "l": ['{"a": 1}', None], "o": {"j": '"01"'}}


def test_the_unnamed_index_of_a_filtered_pandas_frame_is_left_out(vault):
    people = create_people(vault)
    frame = pd.DataFrame({"id": ["a", "b", "c"], "age": [1, 2, 3], "city": ["x", "y", "z"]})

    people.bulk_load(frame[frame["age"] > 1])
    people.bulk_upsert(frame.set_index("id").loc[["a"]])

    assert [row["id"] for row in people] == ["a", "b", "c"]


@pytest.mark.parametrize(
    "name", ['a"b; drop table x', "select", "x'y", "a.b", "%s", "information_schema", "--", "ü"]
)
def test_names_are_never_taken_for_sql(vault, name):
    pytest.importorskip("duckdb")
    made = vault.rows.create(name, {"id": "string", 'f"; --': "int64"}, key="id")
    made.insert({"id": name, 'f"; --': 1})
    quoted = name.replace('"', '""')

    found = vault.sql(f'select "f""; --", id from "{quoted}" where id = ?', parameters=[name])

    assert found.to_dict("records") == [{'f"; --': 1, "id": name}]
    assert made.where(("id",), "=", "' or 1=1 --").count() == 0


def test_names_that_differ_in_case_are_never_taken_for_each_other(vault):
    pytest.importorskip("duckdb")
    for name in ("people", "People"):
        vault.rows.create(name, {"id": "string"}, key="id").insert({"id": name})
    vault.rows.create("pets", {"id": "string"}, key="id").insert({"id": "cat"})

    assert vault.sql("select id from people")["id"][0] == "people"
    assert vault.sql('select id from "People"')["id"][0] == "People"
    assert vault.sql("select id from PETS")["id"][0] == "cat"
    for query in ('select * from "People" a, people b', "select * from PEOPLE"):
        with pytest.raises(InvalidInput, match="the same name in SQL"):
            vault.sql(query)


def test_a_collection_that_is_altered_or_dropped_under_a_reader_says_so(vault):
    people = create_people(vault)
    people.bulk_load([person(f"p{n:04d}") for n in range(3000)])
    readers = [iter(people), iter(people.order_by("age")), iter(people.where("id", ">", "p1"))]
    for reader in readers:
        next(reader)

    people.alter({"id": "string", "age": "float64?", "town": "string"}, renames={"city": "town"})

    sorted_before = readers.pop(1)  # it had read all rows by then
    assert len(list(sorted_before)) == 2999
    for reader in readers:
        with pytest.raises(Altered, match="altered or dropped"):
            list(reader)
    reader = iter(people)
    next(reader)
    vault.rows.drop("people")
    with pytest.raises(Altered):
        list(reader)


def test_what_was_begun_in_a_transaction_ends_with_it(vault):
    people = create_people(vault)
    people.bulk_load([person(f"p{n:04d}") for n in range(1000)])
    with vault.transaction() as tx:
        inside = tx.rows["people"]
        query = inside.where("id", ">", "p0")
        rows = iter(query)
        next(rows)
        assert len(list(iter(query))) == 1000

    for late in (query.count, query.all, lambda: next(rows), lambda: inside.get("p0001")):
        with pytest.raises(StateError, match="has ended"):
            late()


def test_what_has_no_order_is_neither_grouped_nor_compared(vault):
    kept = vault.rows.create("kept", {"id": "int64", "j": "json", "l": {"list": "int64"}}, key="id")
    kept.insert_many([{"id": 1, "j": {}, "l": [1]}, {"id": 2, "j": 1, "l": []}])

    for ask in (
        lambda: kept.aggregate("j", n="count"),
        lambda: kept.aggregate("l"),
        lambda: kept.aggregate(n=("min", "j")),
        lambda: kept.aggregate("id", id="count"),
        lambda: kept.order_by("l").all(),
    ):
        with pytest.raises(InvalidInput):
            ask()
    assert kept.where(j={}).count() == kept.where(l=[1]).count() == 1


def test_fields_may_be_called_like_arguments(vault):
    names = ("self", "key", "changed", "expect", "message", "write_id", "a desc", "a", "a.b")
    kept = vault.rows.create("kept", {"id": "int64", **dict.fromkeys(names, "int64")}, key="id")
    kept.insert({"id": 1, **dict.fromkeys(names, 0)})

    kept.update(1, {"self": 1, "key": 1, "message": 1})
    assert kept.where(self=1, key=1).update({"message": 2, "write_id": 3}, a=4) == 1

    (row,) = kept.where(message=2).where("a.b", "=", 0).order_by("a desc").all()
    assert (row["write_id"], row["a"], row["key"]) == (3, 4, 1)


def test_a_unique_value_is_told_as_it_was_given(vault):
    days = {"id": "int64", "day": "date"}
    unique = [{"fields": ["day"], "unique": True}]
    kept = vault.rows.create("kept", days, key="id", indexes=unique)
    kept.insert({"id": 1, "day": date(2026, 11, 21)})

    with pytest.raises(InvalidInput, match=r"day = datetime\.date\(2026, 11, 21\)"):
        kept.insert({"id": 2, "day": date(2026, 11, 21)})


def test_a_call_that_is_refused_in_a_transaction_leaves_nothing_of_itself(vault):
    kept = vault.rows.create("kept", {"id": "int64", "j": "json?"}, key="id")
    deep = "x"
    for _ in range(3000):
        deep = [deep]
    many = [*range(250_001), 3]

    with vault.transaction() as tx:
        staged = tx.rows["kept"]
        staged.insert({"id": -1})
        for refused in (
            lambda: staged.bulk_load(pa.table({"id": many})),
            lambda: staged.insert_many([{"id": n} for n in [*range(1500), 3]]),
            lambda: staged.upsert_many([*({"id": n} for n in range(1500)), {"id": -2, "j": deep}]),
        ):
            with pytest.raises((InvalidInput, Unstorable)):
                refused()
            assert staged.count() == 1

    assert kept.all() == [{"id": -1, "j": None}]
    assert is_whole(vault)
