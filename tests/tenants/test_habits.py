"""What users of sqlite-utils and fastlite expect of such tables, beside the MiniDataAPI."""

import contextlib
import enum
import typing
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from tenants import models

from nacre.errors import InvalidInput
from nacre_adapters.tenants import (
    Database,
    IntegrityError,
    Table,
    TableError,
    UnknownColumn,
    create_index,
    drop_index,
    drop_table,
    list_indexes,
    list_tables,
    register_table,
    table_exists,
)


class Before:
    id: int
    name: str
    note: str
    rank: int = 1


class After:
    id: int
    name: str
    size: float = 0.5


@pytest.fixture
def table(db: Database) -> Table:
    made = db.create(Before, name="things")
    return made.insert_all([{"name": "a", "note": "x"}, {"name": "b", "note": "x"}])


def test_transform_makes_the_table_what_the_class_says(db: Database, table: Table) -> None:
    before = db.home.read(lambda vault: vault.head)

    things = db.create(After, name="things", transform=True)

    assert db.home.read(lambda vault: vault.head) == before + 1
    assert things.c() == ["id", "name", "size"]
    assert [(row.id, row.name, row.size) for row in things()] == [(1, "a", 0.5), (2, "b", 0.5)]
    with pytest.raises(UnknownColumn):
        things("note = 'x'")
    again = db.create(Before, name="things", transform=True)
    assert [(row.name, row.note, row.rank) for row in again()] == [("a", None, 1), ("b", None, 1)]


def test_without_transform_columns_stay(db: Database, table: Table) -> None:
    assert db.create(After, name="things").c() == ["id", "name", "note", "rank", "size"]


def test_a_transform_that_cannot_be_changes_nothing(db: Database, table: Table) -> None:
    class Retyped:
        id: int
        name: int

    create_index(db, "things", ["note"])
    with pytest.raises(InvalidInput, match=r"'note': drop the index 'idx_things_note'"):
        db.create(After, name="things", transform=True)
    table.drop_index("idx_things_note")
    with pytest.raises(InvalidInput, match="change the type of 'name'"):
        db.create(Retyped, name="things", transform=True)

    assert db["things"].c() == ["id", "name", "note", "rank"]
    assert len(table("note = 'x'")) == 2


def test_replace_makes_the_table_anew(db: Database, table: Table) -> None:
    assert db.create(After, name="things", replace=True)() == []
    assert db["things"].c() == ["id", "name", "size"]


def test_a_table_makes_and_drops_its_indexes(db: Database, table: Table) -> None:
    other = db.create(models.users(), name="users", pk="email")
    assert table.create_index(["name"]).create_index(["note", "name"], "both", unique=True) is table

    assert [index["name"] for index in table.indexes] == ["both", "idx_things_name"]
    with pytest.raises(InvalidInput, match="already"):
        table.create_index(["name"])
    table.create_index(["name"], if_not_exists=True)
    with pytest.raises(InvalidInput, match="already"):
        table.create_index(["rank"], "both", if_not_exists=True)
    with pytest.raises(IntegrityError):
        table.create_index(["note"], unique=True)
    with pytest.raises(InvalidInput, match="No index named both on table users"):
        other.drop_index("both")
    other.drop_index("both", ignore=True)
    assert table.drop_index("both").indexes == table.indexes
    assert [index["name"] for index in table.indexes] == ["idx_things_name"]


def test_one_record_is_not_taken_for_many(table: Table) -> None:
    with pytest.raises(InvalidInput, match="one record"):
        table.insert_all({"name": "c"})

    assert len(table) == 2


class Names(str, enum.Enum):  # noqa: UP042 - whose text is another than its value
    TABLE = "things"
    COLUMN = "name"
    INDEX = "by_name"


def test_names_may_be_members_of_an_enum(db: Database) -> None:
    register_table(db, Before, Names.TABLE).insert({Names.COLUMN: "a"})
    create_index(db, Names.TABLE, [Names.COLUMN])
    create_index(db, Names.TABLE, [Names.COLUMN], index_name=Names.INDEX)

    assert db[Names.TABLE] is db["things"]
    assert db["things"][1].name == "a"
    assert list_tables(db) == ["things"]
    assert table_exists(db, Names.TABLE)
    assert [i["name"] for i in list_indexes(db, Names.TABLE)] == ["by_name", "idx_things_name"]
    drop_index(db, Names.INDEX, Names.TABLE)
    assert len(db.log(Names.TABLE)) == len(db.log("things")) > 0
    drop_table(db, Names.TABLE)
    assert list_tables(db) == []


def test_fields_that_no_class_can_have_are_refused(db: Database) -> None:
    for name in ("a b", 'a"b', "x=print(1)", "class", "1a", ""):
        odd = type("Odd", (), {"__annotations__": {"id": int, name: str}})
        with pytest.raises(TableError, match="field"):
            register_table(db, odd, "odd")
    assert list_tables(db) == []


def test_columns_that_differ_in_case_are_not_mixed_up(db: Database) -> None:
    twins = type("Twins", (), {"__annotations__": {"id": int, "Name": str, "name": str}})
    table = register_table(db, twins, "twins")
    table.insert({"Name": "A", "name": "b"})

    assert len(table("Name = 'A' and name = 'b'")) == 1
    with pytest.raises(UnknownColumn, match="Name or name"):
        table("NAME = 'b'")


def test_columns_that_must_not_be_null_and_defaults(db: Database) -> None:
    table = db.create(Before, name="b", not_null=["name"], defaults={"note": "n", "rank": 7})

    assert table.insert(name="a").note == "n"
    assert table.insert({"name": "b"}).rank == 7
    for write in (
        lambda: table.insert(note="x"),
        lambda: table.insert_all([{"name": "c"}, {"name": None}]),
        lambda: table.update(id=1, name=None),
        lambda: table.update_where({"name": None}),
        lambda: table.upsert(id=9, note="x"),
    ):
        with pytest.raises(IntegrityError, match=r"'name'.*must not be NULL"):
            write()
    assert [row.name for row in table()] == ["a", "b"]
    assert '"name" VARCHAR NOT NULL' in table.schema
    db.create(Before, name="b", defaults={"rank": 7})
    with pytest.raises(IntegrityError):
        table.insert(note="still")


@pytest.mark.parametrize("wrong", [{"not_null": ["nope"]}, {"defaults": {"nope": 1}}])
def test_a_constraint_of_no_column_is_refused(db: Database, wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidInput, match="no field 'nope'"):
        db.create(Before, name="b", **wrong)

    assert list_tables(db) == []


def test_a_table_is_made_of_names_and_types(db: Database) -> None:
    todos, users = db.t.todos, db["users"]
    assert todos not in db.t

    todos.create(
        id=int, title=str, done=bool, pk="id", not_null=["title"], defaults={"done": False}
    )
    users.create({"name": str, "age": int | None})

    assert todos in db.t
    assert todos.insert(title="t") == {"id": 1, "title": "t", "done": False}
    assert (todos.pks, users.pks) == (("id",), ("name",))
    todo = todos.dataclass()
    assert todos[1] == todo(id=1, title="t", done=False)
    assert "due" in todos.create(id=int, title=str, done=bool, due=str).c
    for wrong in ({}, {"a": complex}, {"a": int, "pk": "b"}):
        with pytest.raises(InvalidInput):
            db.t.wrong.create(**wrong)
    assert list_tables(db) == ["todos", "users"]


def test_atomic_is_a_transaction_with_savepoints(db: Database, table: Table) -> None:
    with db.atomic():
        table.insert(name="c")
        with contextlib.suppress(ValueError), db.atomic():
            table.insert(name="d")
            raise ValueError("not this one")

    assert [row.name for row in table()] == ["a", "b", "c"]


def test_the_class_of_a_table_says_its_types(db: Database) -> None:
    types = [int, str, float, bool, bytes, date, datetime, Decimal, UUID, dict]
    columns = {"id": int, **{kind.__name__: kind for kind in types}}
    made = db["all"].create(columns).dataclass()

    hints = typing.get_type_hints(made)

    assert hints == {name: kind | None for name, kind in columns.items()}
    assert db.create(made, name="all").c() == list(columns)


def test_alter_adds_the_columns_of_a_record(db: Database) -> None:
    table = db["things"].create(id=int, name=str)
    head = db.home.read(lambda vault: vault.head)

    assert table.insert(name="a", size=1, alter=True) == {"id": 1, "name": "a", "size": 1}

    assert db.home.read(lambda vault: vault.head) == head + 1
    table.insert_all([{"name": "b"}, {"name": "c", "x": 1, "y": None}, {"x": 0.5}], alter=True)
    assert table.update(id=1, day=date(2024, 1, 2), alter=True)["day"] == date(2024, 1, 2)
    assert table.upsert({"id": 9, "tags": ["t"]}, alter=True)["tags"] == ["t"]
    assert table.c() == ["id", "name", "size", "x", "y", "day", "tags"]
    assert [row["x"] for row in table()] == [None, None, 1.0, 0.5, None]


def test_alter_that_fails_leaves_the_columns(db: Database) -> None:
    table = db["things"].create(id=int, name=str)
    table.insert(name="a")

    with pytest.raises(IntegrityError):
        table.insert({"id": 1, "size": 1}, alter=True)
    with pytest.raises(InvalidInput, match="int, str"):
        table.insert_all([{"size": 1}, {"size": "x"}], alter=True)
    with pytest.raises(UnknownColumn):
        table.insert(size=1)

    assert table.c() == ["id", "name"]
    assert table() == [{"id": 1, "name": "a"}]
