"""Scans on columns: they find what rows do, and never what rows were."""

import math
import tempfile
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from naive_rows import CONDITIONS, FIELDS, ORDERS, ROWS, built, naive, same
from people_rows import crowd

import nacre
from nacre.rows import Collections, VaultHome
from nacre.rows.columns import Columns

SCHEMA = {"id": "int64", **FIELDS, "o": {"type": {"object": {"n": "int64?"}}}, "d": "decimal?"}
MEASURES = st.sampled_from(["n", "f", "t", "s", "d"]).flatmap(
    lambda name: st.tuples(
        st.sampled_from(
            ["count", "min", "max", *(["sum", "mean"] if name in ("n", "f", "d") else [])]
        ),
        st.just(name),
    )
)


def columnar(vault):
    """Return the collections of a vault, which keep columns however few rows there are."""
    home = VaultHome(vault)
    home.columns = Columns(least_rows=1)
    return Collections(home)


@pytest.fixture(scope="module")
def shared():
    with tempfile.TemporaryDirectory() as folder, nacre.open(Path(folder) / "v") as opened:
        yield opened


@pytest.fixture
def people(tmp_path):
    with nacre.open(tmp_path / "v") as vault:
        fields = {"id": "string", "age": "int64?", "city": "string"}
        made = vault.rows.create("people", fields, key="id")
        made.bulk_load(crowd(2000))
        made.to_frame("arrow")
        yield made


def created(vault, rows):
    with vault.transaction() as tx:
        made = tx.rows.create(f"c{tx.position}", SCHEMA, key="id")
        made.insert_many(rows[::2])
        made.bulk_load(rows[1::2])
    return made.name


def given_rows(rows):
    return [
        {"id": number, **row, "o": {"n": row["n"]}, "d": None} for number, row in enumerate(rows)
    ]


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    rows=ROWS,
    condition=CONDITIONS,
    order=ORDERS,
    limit=st.one_of(st.none(), st.integers(0, 4)),
    offset=st.integers(0, 2),
)
def test_columns_find_what_a_naive_evaluator_finds(shared, rows, condition, order, limit, offset):
    rows = given_rows(rows)
    kept = columnar(shared)[created(shared, rows)]
    query = kept.where(built(condition))
    query = query.order_by(*(f"{n} desc" if down else n for n, down in order)) if order else query
    wanted = naive(rows, condition, order)

    kept.to_frame("arrow")
    assert same(query.all(), wanted)
    assert query.count() == len(wanted)
    assert [row["id"] for row in query.select("id")] == [row["id"] for row in wanted]
    assert [row["id"] for row in query.to("arrow").to_pylist()] == [row["id"] for row in wanted]
    window = slice(offset, None if limit is None else offset + limit)
    query = query if limit is None else query.limit(limit)
    assert same(query.offset(offset).all(), wanted[window])


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    rows=ROWS,
    condition=CONDITIONS,
    groups=st.lists(st.sampled_from(sorted(FIELDS)), max_size=2, unique=True),
    measure=MEASURES,
)
def test_columns_come_to_what_rows_come_to(shared, rows, condition, groups, measure):
    name = created(shared, given_rows(rows))
    by_row, by_column = shared.rows[name], columnar(shared)[name]
    by_column.to_frame("arrow")

    found, wanted = (
        kept.where(built(condition)).aggregate(*groups, rows="count", value=measure)
        for kept in (by_column, by_row)
    )

    assert len(found) == len(wanted)
    for left, right in zip(found, wanted, strict=True):
        assert {n: repr(v) for n, v in left.items() if n != "value"} == {
            n: repr(v) for n, v in right.items() if n != "value"
        }
        assert is_same(left["value"], right["value"])


def is_same(left, right):
    """Tell whether two values are the same; sums of floats may be added up in another order."""
    if isinstance(left, float) and isinstance(right, float):
        return left == pytest.approx(right, nan_ok=True)
    return repr(left) == repr(right)


def test_a_sum_beyond_64_bits_is_exact(shared):
    name = created(shared, [])
    kept = columnar(shared)[name]
    kept.insert_many([{"id": n, "n": (1 << 62) + 1, "o": {}} for n in range(5)])
    kept.to_frame("arrow")

    assert kept.aggregate(total=("sum", "n")) == [{"total": 5 * ((1 << 62) + 1)}]


def test_the_second_scan_is_on_columns_until_a_row_changes(people):
    old = people.where(city="Oslo").count()
    assert people.where(city="Oslo").count() == old

    people.update("p00001", city="Oslo")
    assert people.where(city="Oslo").count() == old + 1
    people.delete("p00001")
    people.upsert({"id": "new", "city": "Oslo"})
    assert people.where(city="Oslo").count() == old + 1
    assert len(people.where(city="Oslo").all()) == old + 1


CHANGES = st.lists(
    st.tuples(
        st.sampled_from(["upsert", "update", "delete", "many"]),
        st.integers(-3, 12),
        st.sampled_from(["Oslo", "Rome", None]),
    ),
    max_size=8,
)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(changes=st.lists(CHANGES, max_size=4), text=st.booleans())
def test_columns_follow_what_is_changed(shared, changes, text):
    name = f"c{shared.head}"
    fields = {"id": "string" if text else "float64", "n": "int64", "city": "string?"}
    shared.rows.create(name, fields, key="id", indexes=["city"])
    by_column, model = columnar(shared)[name], {}

    for page in changes:
        with shared.transaction() as tx:
            for number, (action, place, city) in enumerate(page):
                key = str(place) * 60 if text else place / 2
                change(tx.rows[name], model, action, {"id": key, "n": number, "city": city})
        by_column.to_frame("arrow")

        assert by_column.all() == shared.rows[name].all()  # few rows: those are read
        assert sorted(by_column.all(), key=repr) == sorted(model.values(), key=repr)
        assert by_column.where("n", ">=", 0).count() == len(model)


def change(people, model, action, row):
    """Change one row, or some, and the dict beside them."""
    key = row["id"]
    if action == "upsert":
        people.upsert(row)
        model[key] = row
    elif action == "many":
        rows = {key * factor: {**row, "id": key * factor} for factor in (1, 2, 3)}
        people.upsert_many(rows.values())
        model.update(rows)
    elif key in model and action == "update":
        model[key] = people.update(key, n=row["n"], city=row["city"])
    elif key in model:
        people.delete(key)
        del model[key]


def test_few_changes_are_made_up_for_in_the_columns_that_are_kept(people):
    kept, before = people._home.columns, read_columns(people)
    people.update("p00001", city="Oslo")
    people.delete("p00002")
    people.insert({"id": "p00001a", "city": "Rome"})
    found = people.where(city="Rome").all()

    assert [state.rows for state, *_ in kept._kept.values()] == [2000]
    assert read_columns(people).column(0)[0] == before.column(0)[0]
    assert found == [row for row in people.all() if row["city"] == "Rome"]
    assert len(read_columns(people).column(0).chunks) > 1


def read_columns(people):
    """Return the columns that are kept of a collection."""
    ((_, table, _),) = people._home.columns._kept.values()
    return table


def test_a_load_is_not_made_up_for(people):
    people.bulk_load([{"id": f"n{n}", "city": "Oslo"} for n in range(3)])

    assert people.where(city="Oslo").count() == len([r for r in people if r["city"] == "Oslo"])


def test_a_transaction_sees_what_it_has_written_and_others_do_not(people, tmp_path):
    with nacre.open(tmp_path / "other") as vault:
        kept = vault.rows.create("people", people.schema, key="id")
        kept.bulk_load(crowd(2000))
        old = [kept.where(city="Oslo").count() for _ in range(3)][-1]

        def act(tx):
            for number in range(3):
                tx.rows["people"].insert({"id": f"n{number}", "city": "Oslo"})
                assert tx.rows["people"].where(city="Oslo").count() == old + number + 1
                # The thread is inside: through the vault it sees the same.
                assert kept.where(city="Oslo").count() == old + number + 1
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            vault.commit(act)
        kept.insert({"id": "n9", "city": "Rome"})

        assert [kept.where(city="Oslo").count() for _ in range(3)] == [old] * 3


def test_a_schema_change_is_seen_on_columns(people):
    people.where(city="Oslo").count()

    people.alter(
        {"id": "string", "age": "int64?", "town": "string", "rank": "int64"},
        renames={"city": "town"},
        fill={"rank": 7},
    )

    for _ in range(3):
        assert people.where(rank=7).count() == 2000
        assert people.where(town="Oslo").where("rank", ">", 7).count() == 0
    assert people.where(rank=7).limit(1).all()[0]["rank"] == 7


def test_the_past_is_not_what_is_kept_of_now(people):
    vault = people._home.past
    then = vault.head
    old = [people.where(city="Oslo").count() for _ in range(3)][-1]
    people.bulk_load([{"id": f"n{n}", "city": "Oslo"} for n in range(10)])

    for _ in range(3):
        assert vault.at(then).rows["people"].where(city="Oslo").count() == old
        assert people.where(city="Oslo").count() == old + 10


def test_threads_share_columns(people):
    wanted = people.where(city="Oslo").count()
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(people.where(city="Oslo").count()))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == [wanted] * 8


def test_nan_is_one_group_and_the_largest(shared):
    name = created(shared, [])
    kept = shared.rows[name]
    kept.insert_many(
        [{"id": n, "f": value, "o": {}} for n, value in enumerate([math.nan, 1.0, math.nan, 2.0])]
    )

    (row,) = kept.aggregate(low=("min", "f"), high=("max", "f"))
    assert row["low"] == 1.0
    assert math.isnan(row["high"])
    assert [group["n"] for group in kept.aggregate("f", n="count")] == [2, 1, 1]
