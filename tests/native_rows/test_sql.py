"""SQL over collections and frames: the answers of SQLite, and nothing but reading."""

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor

import pandas as pd
import pytest
from people_rows import create_people, crowd, person
from processes import in_process

import nacre
from nacre.errors import Closed, InvalidInput, NotFound, StateError

pytest.importorskip("duckdb")


@pytest.fixture
def vault(tmp_path):
    with nacre.open(tmp_path / "v") as opened:
        create_people(opened).bulk_load(crowd(300))
        cities = opened.rows.create("cities", {"name": "string", "land": "string"}, key="name")
        cities.bulk_load([{"name": "Oslo", "land": "NO"}, {"name": "Rome", "land": "IT"}])
        opened.frames.write("lands", pd.DataFrame({"code": ["NO", "IT"], "size": [385, 302]}))
        yield opened


@pytest.fixture
def sqlite(vault):
    connection = sqlite3.connect(":memory:")
    for name, fields in (("people", "id, age, city"), ("cities", "name, land")):
        connection.execute(f"create table {name} ({fields})")
        marks = ", ".join("?" * (fields.count(",") + 1))
        rows = [tuple(row.values()) for row in vault.rows[name]]
        connection.executemany(f"insert into {name} values ({marks})", rows)
    connection.execute("create table lands (code, size)")
    connection.executemany("insert into lands values (?, ?)", [("NO", 385), ("IT", 302)])
    return connection


@pytest.mark.parametrize(
    "query",
    [
        "select count(*), count(age), min(age), max(age), sum(age) from people",
        "select city, count(*) from people group by city order by city",
        "select id from people where age between 10 and 20 and city <> 'Oslo' order by id limit 7",
        "select land, avg(age) from people join cities on city = name group by land order by land",
        "select size, count(*) from people join cities on city = name join lands on code = land"
        " group by size order by size",
        "with old as (select * from people where age > 80) select count(*) from old",
        "select id from people where age is null order by id desc limit 3",
    ],
)
def test_answers_are_those_of_sqlite(vault, sqlite, query):
    found = vault.sql(query, to="arrow")

    answers = [tuple(row.values()) for row in found.to_pylist()]
    assert answers == sqlite.execute(query).fetchall()


CONDITIONS = [
    "age > 10",
    "age is null",
    "city = 'Oslo'",
    "city in ('Rome', '')",
    "not (age = 2) or id < 'p00050'",
    "city like '%o%' and age between -5 and 20",
]
SHAPES = [
    "select city, count(*), sum(age), min(id), max(age) from people where {} group by city"
    " order by city",
    "select land, age, count(*) from people left join cities on city = name where {}"
    " group by land, age order by land nulls first, age nulls first",
    "select distinct age from people where {} order by age nulls last",
    "select id from people where {} order by id limit 5 offset 3",
    "select count(distinct city), avg(age) from people where {} and city in"
    " (select name from cities where land > 'A')",
    "select name from cities where exists (select 1 from people where city = name and {})"
    " order by name",
]


@pytest.mark.parametrize("shape", SHAPES)
def test_any_condition_in_any_shape_is_answered_as_by_sqlite(vault, sqlite, shape):
    vault.rows["people"].bulk_load(person(f"q{n:05d}", n % 9, f"c{n % 4}") for n in range(400))
    rows = [tuple(row.values()) for row in vault.rows["people"].where("id", "prefix", "q")]
    sqlite.executemany("insert into people values (?, ?, ?)", rows)

    for condition in CONDITIONS:
        query = shape.format(condition)
        found = vault.sql(query, to="arrow").to_pylist()
        assert [tuple(row.values()) for row in found] == sqlite.execute(query).fetchall(), query


def test_a_query_takes_parameters_and_gives_any_library(vault):
    found = vault.sql("select id from people where age = ? order by id", parameters=[8])

    assert list(found["id"][:2]) == ["p00008", "p00188"]
    assert vault.sql("select 1 as one", to="polars")["one"].to_list() == [1]


def test_a_query_sees_the_past(vault):
    head = vault.head
    vault.rows["people"].insert(person("new"))

    counted = [
        vault.sql("select count(*) as n from people", as_of=at)["n"][0] for at in (head, None)
    ]
    assert counted == [300, 301]


@pytest.mark.parametrize(
    "query",
    [
        "drop table people",
        "insert into people values ('x', 1, 'y')",
        "select 1; select 2",
        "",
        "copy (select 1) to '/tmp/nacre-must-not-be-written.csv'",
        "attach '/tmp/nacre-must-not-be-written.db'",
        "set enable_external_access = true",
        "select * from read_csv('/etc/passwd')",
        "select * from read_text('/etc/passwd')",
        "install httpfs",
        "selec 1",
        "select nope from people",
    ],
)
def test_what_is_no_reading_of_the_vault_is_refused(vault, query):
    with pytest.raises(InvalidInput):
        vault.sql(query)

    assert vault.rows["people"].count() == 300


@pytest.mark.parametrize("name", ["nobody", "crowd", '"/etc/passwd"', "'data.parquet'"])
def test_a_name_that_is_not_there_is_refused(vault, name):
    with pytest.raises((NotFound, InvalidInput)):
        vault.sql(f"select * from {name}")


def test_a_library_that_is_not_known_is_refused(vault):
    with pytest.raises(InvalidInput, match="is not known"):
        vault.sql("select 1", to="numpy")


def test_text_of_few_values_is_the_same_in_every_answer(vault):
    fields = {"id": "int64", "few": "string?", "many": "string"}
    kept = vault.rows.create("kept", fields, key="id", indexes=["few"])
    rows = [
        {"id": n, "few": None if n % 7 == 0 else f"ü{n % 5}", "many": f"m{n}"} for n in range(3000)
    ]
    kept.bulk_load(rows)
    few = "select few, count(*) as n, min(many) as least from kept group by few order by few"

    for _ in range(2):  # as columns are made, and as they are kept
        found = vault.sql("select * from kept order by id", to="arrow")
        assert found.to_pylist() == rows
        assert [str(kind) for kind in found.schema.types] == ["int64", "string", "string"]
        assert vault.sql(few)["n"].sum() == 3000
        joined = "select count(*) as n from kept a join kept b on a.few = b.few and a.id = b.id"
        assert vault.sql(joined)["n"][0] == sum(row["few"] is not None for row in rows)
    kept.update(1, few="new")
    kept.insert({"id": 3000, "few": "ü1", "many": "m"})
    assert vault.sql("select count(*) as n from kept where few = 'new'")["n"][0] == 1
    assert vault.sql("select count(*) as n from kept where few like 'ü%'")["n"][0] == (
        sum(row["few"] is not None for row in rows)
    )
    assert kept.to_frame("arrow").schema.field("few").type == "string"


def test_a_query_reads_all_its_tables_at_one_head(vault):
    here, there = (
        vault.rows.create(name, {"id": "int64", "n": "int64"}, key="id")
        for name in ("here", "there")
    )
    here.bulk_load([{"id": n, "n": 1} for n in range(600)])
    there.bulk_load([{"id": n, "n": 1} for n in range(600)])
    ended = threading.Event()

    def move():
        number = 0
        while not ended.is_set():
            with vault.transaction() as tx:  # from one to the other, and back
                for name, n in (("here", number % 2), ("there", 2 - number % 2)):
                    tx.rows[name].update(number // 2 % 600, n=n)
            number += 1

    query = "select (select sum(n) from here) + (select sum(n) from there) as total"
    with ThreadPoolExecutor(1) as threads:
        moving = threads.submit(move)
        try:
            totals = [vault.sql(query)["total"][0] for _ in range(25)]
        finally:
            ended.set()
        moving.result()

    assert totals == [1200] * 25


def test_a_vault_is_closed_under_queries(tmp_path):
    vault = nacre.open(tmp_path / "v")
    create_people(vault).bulk_load(crowd(600))
    answered = threading.Semaphore(0)

    def ask_until_closed():
        while True:
            try:
                found = vault.sql("select count(*) as n from people")
            except StateError:
                return
            assert found["n"][0] == 600
            answered.release()

    with ThreadPoolExecutor(3) as threads:
        asking = [threads.submit(ask_until_closed) for _ in range(3)]
        for _ in range(6):
            answered.acquire()
        close_patiently(vault)
        for each in asking:
            each.result()


def close_patiently(vault):
    while True:
        try:
            return vault.close()
        except StateError:  # another thread is reading at this very moment
            continue


def test_an_answer_that_a_library_cannot_hold_is_refused(vault):
    pytest.importorskip("polars")
    query = "select 1 as a, 2 as a"

    assert vault.sql(query, to="arrow").num_columns == 2
    with pytest.raises(InvalidInput, match="polars cannot hold it"):
        vault.sql(query, to="polars")


def test_a_closed_vault_answers_no_query(tmp_path):
    with nacre.open(tmp_path / "v") as vault:
        create_people(vault)
        assert vault.sql("select count(*) as n from people")["n"][0] == 0

    with pytest.raises(Closed):
        vault.sql("select 1")


def test_queries_at_once_share_no_tables(vault):
    kept = vault.rows.create("steps", {"id": "int64"}, key="id")
    heads = []
    for number in range(8):
        kept.insert({"id": number})
        heads.append(vault.head)

    def count(number):
        found = vault.sql("select count(*) as n from steps", to="arrow", as_of=heads[number])
        return found.to_pylist()[0]["n"]

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(count, range(8))) == list(range(1, 9))
    # What one query has registered, another does not see.
    vault.rows.drop("steps")
    with pytest.raises(NotFound):
        vault.sql("select * from steps")


def test_a_forked_child_queries_too(vault):
    query = "select count(*) as n from people"
    found = vault.sql(query, to="arrow").to_pylist()

    assert in_process(lambda: vault.sql(query, to="arrow").to_pylist()) == found
