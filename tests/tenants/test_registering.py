"""Tables and indexes: what is made, all or nothing, under any name, and what each surprise of the
original became."""

import logging
from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar, Optional

import pytest
from tenants import models

from nacre_adapters.tenants import (
    Database,
    IntegrityError,
    Table,
    TableError,
    create_index,
    create_indexes,
    drop_index,
    drop_table,
    list_indexes,
    list_tables,
    register_table,
    register_tables,
    table_exists,
)

NAMES = [
    "plain_1", "naïve", "Trans", "my table", "x-y", "order", "1abc", 'a"b', "a'b", "a:b", "a%b",
    "a.b", "select", "zzz; DROP TABLE uu", "sqlite_foo", "x" * 200, "a/b", "表",
]  # fmt: skip


@pytest.fixture
def table(db: Database) -> Table:
    return register_table(db, models.transactions(), "transactions")


def test_registering_twice_gives_another_object_and_the_same_rows(db: Database) -> None:
    model = models.transactions()
    first = register_table(db, model, "transactions")
    first.insert(model(id="t1", amount=100.0, date="2024-01-01"))
    first.xtra(category="x")

    second = register_table(db, model, "transactions")

    assert second is not first
    assert second is db["transactions"]
    assert second["t1"].amount == 100.0
    assert second.xtra_id == {}


def test_tables_of_one_call_are_in_their_order(db: Database) -> None:
    made = register_tables(db, ((models.users(), name, "email") for name in ("c", "a", "b")))

    assert list(made) == ["c", "a", "b"]
    assert list_tables(db) == ["a", "b", "c"]
    assert register_tables(db, []) == {}


@pytest.mark.parametrize(
    "bad",
    [
        (42, "tc", "id"),
        (models.transactions(), "tc", "nope"),
        (models.transactions(), "", "id"),
        (models.transactions(), "tc", None),
        (models.transactions(), "tc", []),
        (models.transactions(), "tc", "id,date"),
        (models.transactions(), "tc"),
        "tc",
        (type("Empty", (), {}), "tc", "id"),
        (type("Odd", (), {"__annotations__": {"id": int, "x": complex}}), "tc", "id"),
        (type("Odd", (), {"__annotations__": {"id": list}}), "tc", "id"),
        (models.transactions(), " padded", "id"),
        (models.users(), "there", "email"),
    ],
)
def test_one_bad_table_of_three_and_none_is_made(db: Database, bad: object) -> None:
    register_table(db, models.transactions(), "there")

    with pytest.raises(TableError, match=r"^Failed to create table '") as raised:
        register_tables(
            db, [(models.transactions(), "ta", "id"), (models.transactions(), "tb", "id"), bad]
        )

    assert raised.value.__cause__ is not None
    assert list_tables(db) == ["there"]
    assert not table_exists(db, "ta")
    assert not db["ta"].exists()


def test_a_failure_is_logged_where_the_original_logs(
    db: Database, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR, logger="fh_saas.utils_db"), pytest.raises(TableError):
        register_table(db, 42, "tc")

    assert "42" in caplog.text


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_a_name_in_every_function(db: Database, name: str) -> None:
    table = register_table(db, models.transactions(), name)
    table.insert(id="1", amount=1)
    create_index(db, name, ["amount"], index_name=name)
    create_index(db, name, ["date"])

    assert table_exists(db, name) is True
    assert [t["name"] for t in list_indexes(db, name)] == sorted([name, f"idx_{name}_date"])
    assert table("amount = 1") == [table["1"]]
    drop_index(db, name)
    assert [t["columns"] for t in list_indexes(db, name)] == [["date"]]
    drop_table(db, name)
    assert table_exists(db, name) is False
    drop_table(db, name)


@pytest.mark.parametrize("name", ["", None, "a\nb", "a\0b", "x" * 300, " a", 5])
def test_names_that_are_none_are_refused(db: Database, name: object) -> None:
    if name is not None:  # which stands for the name of the class
        with pytest.raises(TableError):
            register_table(db, models.transactions(), name)
    assert table_exists(db, name) is False
    assert list_tables(db) == []


def test_the_name_of_the_class_is_the_default(db: Database) -> None:
    assert register_table(db, models.transactions(), None).name == "transaction"


def test_dropping_a_table_drops_rows_and_indexes(db: Database, table: Table) -> None:
    table.insert(id="1")
    create_index(db, "transactions", ["date"])

    drop_table(db, "transactions")

    with pytest.raises(LookupError):
        table()
    assert register_table(db, models.transactions(), "transactions")() == table() == []
    assert list_indexes(db, "transactions") == []


def test_every_handle_sees_what_another_does(db: Database, table: Table) -> None:
    other = Database(db.home.place, namespace=db.home.namespace)

    other["transactions"].insert(id="1")
    assert "1" in table
    drop_table(other, "transactions")
    assert not table.exists()
    assert list(db.t) == []


# Indexes


def test_an_index_is_named_after_table_and_columns(db: Database, table: Table) -> None:
    create_index(db, "transactions", ["date", "category"], unique=True)
    create_index(db, "transactions", ("amount",))

    assert list_indexes(db, "transactions") == [
        {"name": "idx_transactions_amount", "columns": ["amount"], "unique": False},
        {"name": "idx_transactions_date_category", "columns": ["date", "category"], "unique": True},
    ]


def test_the_same_index_again_is_nothing(db: Database, table: Table) -> None:
    create_index(db, "transactions", ["date"])
    create_index(db, "transactions", ["date"])
    create_index(db, "transactions", ["date"], index_name="other")

    assert [i["name"] for i in list_indexes(db, "transactions")] == [
        "idx_transactions_date",
        "other",
    ]


def test_an_index_of_another_definition_is_an_error_that_says_so(
    db: Database, table: Table
) -> None:
    create_index(db, "transactions", ["date"], index_name="i")
    register_table(db, models.transactions(), "second")
    for again in (
        lambda: create_index(db, "transactions", ["date"], unique=True, index_name="i"),
        lambda: create_index(db, "transactions", ["amount"], index_name="i"),
        lambda: create_index(db, "second", ["date"], index_name="i"),
    ):
        with pytest.raises(TableError, match=r"already, on 'transactions' \(date\)"):
            again()


def test_automatic_names_do_not_collide_silently(db: Database) -> None:
    class Model:
        id: str
        c: str
        b_c: str

    register_tables(db, [(Model, "a_b", "id"), (Model, "a", "id")])
    create_index(db, "a_b", ["c"])

    with pytest.raises(TableError, match="index_name"):
        create_index(db, "a", ["b_c"])


@pytest.mark.parametrize(
    "bad",
    [
        ("transactions", ["nope"], False, None),
        ("nope", ["id"], False, None),
        ("transactions", [], False, None),
        ("transactions", ["date"], False, ""),
        ("transactions", None, False, None),
        ("transactions", [None], False, None),
        ("transactions", ["date"]),
        ("transactions", ["x); drop table transactions; --"], False, "pwn"),
        ("transactions", ["date"], True, "unique"),
    ],
)
def test_one_bad_index_of_three_and_none_is_made(db: Database, table: Table, bad: object) -> None:
    table.insert_all([{"id": "1", "date": "d"}, {"id": "2", "date": "d"}])

    with pytest.raises(TableError, match="Failed to create index"):
        create_indexes(
            db,
            [
                ("transactions", ["date"], False, "i1"),
                ("transactions", ["amount"], False, "i2"),
                bad,
            ],
        )

    assert list_indexes(db, "transactions") == []


def test_a_unique_index_over_duplicates_is_refused(db: Database, table: Table) -> None:
    table.insert_all([{"id": "1", "date": "d"}, {"id": "2", "date": "d"}])

    with pytest.raises(TableError) as raised:
        create_index(db, "transactions", ["date"], unique=True)

    assert isinstance(raised.value.__cause__, IntegrityError)


def test_a_unique_index_holds_and_lets_nulls_be(db: Database, table: Table) -> None:
    create_index(db, "transactions", ["date"], unique=True)
    table.insert_all([{"id": "1", "date": "d"}, {"id": "2"}, {"id": "3"}])

    for write in (
        lambda: table.insert(id="4", date="d"),
        lambda: table.update(id="2", date="d"),
        lambda: table.upsert(id="4", date="d"),
        lambda: table.update_where({"date": "e"}),
    ):
        with pytest.raises(IntegrityError):
            write()
    assert table.insert(id="4", date="d", ignore=True) == {}
    assert [row.date for row in table()] == ["d", None, None]


def test_dropping_an_index_honours_its_table(db: Database, table: Table) -> None:
    create_index(db, "transactions", ["date"], index_name="i")

    drop_index(db, "i", "other")
    assert len(list_indexes(db, "transactions")) == 1
    drop_index(db, "transactions")
    drop_index(db, "i", "transactions")
    drop_index(db, "i")
    assert list_indexes(db, "transactions") == []
    for name in ("", None):
        with pytest.raises(TableError):
            drop_index(db, name)


def test_the_indexes_of_no_table_cannot_be_listed(db: Database) -> None:
    with pytest.raises(TableError, match="Failed to list indexes for 'nope'"):
        list_indexes(db, "nope")


# Classes


def test_inherited_fields_are_kept(db: Database) -> None:
    class Base:
        id: int
        made: date = None

    class Child(Base):
        name: str
        count: ClassVar[int] = 3

    @dataclass
    class Data:
        id: int
        name: str

    class GrandChild(Data):
        more: str

    assert register_table(db, Child, "children").insert(name="a").made is None
    assert str(db["children"].cls()) == (
        "test_inherited_fields_are_kept.<locals>.Child(id=UNSET, made=None, name=UNSET)"
    )
    assert register_table(db, GrandChild, "grand").insert(name="a", more="b").more == "b"


def test_dataclasses_of_every_kind_become_flexible(db: Database) -> None:
    @dataclass(frozen=True, slots=True)
    class Point:
        id: int
        x: float
        tag: str = "t"

        def double(self) -> float:
            return 2 * self.x

    points = register_table(db, Point, "points")

    assert points.insert(Point(x=2)).double() == 4
    assert points.insert({"x": 1}).tag == "t"
    assert Point(5).id == 5


def test_a_changed_class_gets_its_new_columns(db: Database) -> None:
    class First:
        id: int
        name: str

    class Second:
        id: int
        name: str
        note: str
        rank: int = 3

    class Fewer:
        id: int

    old = register_table(db, First, "t")
    old.insert(name="a")
    create_index(db, "t", ["name"])

    new = register_table(db, Second, "t")

    assert (new[1].note, new[1].rank) == (None, 3)
    assert new.insert(name="b", note="n").rank == 3
    assert old[2].name == "b"
    assert [i["columns"] for i in list_indexes(db, "t")] == [["name"]]
    assert register_table(db, Fewer, "t")[2].id == 2
    assert db.t.t.insert({"note": "kept"}).id == 3
    assert register_table(db, Second, "t")[3].note == "kept"


def test_an_unsafe_change_is_refused_with_the_plan(db: Database) -> None:
    class First:
        id: int
        name: str
        at: date

    class Other:
        id: int
        name: int
        at: datetime
        more: str

    class Rekeyed:
        id: int
        name: str

    register_table(db, First, "t")

    with pytest.raises(TableError, match=r"(?s)change the type of 'name' from str to int.*'at'"):
        register_table(db, Other, "t")
    with pytest.raises(TableError, match="change the key from id to name"):
        register_table(db, Rekeyed, "t", pk="name")
    assert repr(db["t"]) == "<Table t (id, name, at)>"


def test_optional_annotations_of_each_spelling(db: Database) -> None:
    class Row:
        id: int
        a: Optional[int]  # noqa: UP045 - people write it so
        b: int | None = None
        c: None | int = None  # noqa: RUF036 - as above

    assert register_table(db, Row, "t").insert(a="1", b=2, c=3).a == 1
