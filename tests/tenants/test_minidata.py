"""The MiniDataAPI, statement by statement, on a database of each layout."""

import dataclasses
import pickle
import sqlite3
import subprocess
import sys

import pytest
from tenants import models

from nacre_adapters.tenants import (
    UNSET,
    Database,
    IntegrityError,
    MissingPrimaryKey,
    NotFoundError,
    NotUnique,
    Table,
    UnknownColumn,
)


@pytest.fixture
def users(db: Database) -> Table:
    return db.create(models.users(), name="users", pk="email")


@pytest.fixture
def todos(db: Database) -> Table:
    return db.create(models.todos(), name="todos")


def test_create_makes_a_flexible_class(users: Table) -> None:
    user = users.cls("ann@x")

    assert (user.email, user.name) == ("ann@x", UNSET)
    assert dataclasses.is_dataclass(users.cls)


def test_create_without_a_name_uses_that_of_the_class(db: Database) -> None:
    class LongName:
        id: int

    assert db.create(LongName).name == "long_name"


@pytest.mark.parametrize("form", ["dict", "object", "keywords", "plain object"])
def test_insert_takes_each_form_of_a_record(users: Table, form: str) -> None:
    values = {"email": "ann@x", "name": "Ann", "yob": 1980}

    class Plain:
        def __init__(self) -> None:
            self.__dict__.update(values)

    match form:
        case "dict":
            inserted = users.insert(values)
        case "object":
            inserted = users.insert(users.cls(**values))
        case "keywords":
            inserted = users.insert(**values)
        case _:
            inserted = users.insert(Plain())

    assert inserted == users.cls(**values) == users["ann@x"]


def test_keywords_win_over_the_record(users: Table) -> None:
    assert users.insert({"email": "a", "name": "A"}, name="B").name == "B"


@pytest.mark.parametrize("nothing", [None, {}, [], "text", ()])
def test_nothing_is_inserted_changed_or_upserted_of_nothing(users: Table, nothing: object) -> None:
    assert users.insert(nothing) == users.update(nothing) == users.upsert(nothing) == {}
    assert len(users) == 0


def test_an_object_of_unset_fields_is_nothing(users: Table) -> None:
    assert users.insert(users.cls()) == {}


def test_an_integer_key_numbers_itself(todos: Table) -> None:
    assert [todos.insert(title=t).id for t in "abc"] == [1, 2, 3]
    assert todos.insert(id=10, title="d").id == 10
    assert todos.insert(id=None, title="e").id == 11


def test_class_defaults_reach_every_form_of_a_record(todos: Table) -> None:
    for record in (todos.cls(title="a"), {"title": "a"}):
        assert todos.insert(record).status == "open"
        assert todos[len(todos)].status == "open"


def test_a_duplicate_is_an_integrity_error_and_changes_nothing(users: Table) -> None:
    users.insert(email="a", name="A")

    with pytest.raises(IntegrityError):
        users.insert(email="a", name="B")

    assert users["a"].name == "A"
    assert users.insert(email="b").email == "b"  # no rollback is needed


def test_a_text_key_must_be_given(users: Table) -> None:
    with pytest.raises(IntegrityError, match="email"):
        users.insert(name="A")


def test_an_unknown_column_is_refused_by_every_write(users: Table) -> None:
    users.insert(email="a")
    for write in (
        lambda: users.insert(email="b", nope=1),
        lambda: users.insert_all([{"email": "b"}, {"email": "c", "nope": 1}]),
        lambda: users.update(email="a", nope=1),
        lambda: users.upsert(email="a", nope=1),
        lambda: users.update_where({"nope": 1}),
    ):
        with pytest.raises(UnknownColumn, match="nope"):
            write()
    assert [u.email for u in users()] == ["a"]


def test_insert_ignore_and_replace(users: Table) -> None:
    users.insert(email="a", name="A", yob=1)

    assert users.insert(email="a", name="B", ignore=True) == {}
    assert users["a"].name == "A"
    assert users.insert(email="a", name="B", replace=True).yob is None


def test_insert_all_returns_the_table_and_keeps_all_keys(todos: Table) -> None:
    returned = todos.insert_all([{"title": "x"}, None, {}, {"title": "y", "detail": "d"}])

    assert returned is todos
    assert [(t.id, t.title, t.detail) for t in todos.result] == [(1, "x", None), (2, "y", "d")]
    assert todos.insert_all([]).result == []


def test_insert_all_is_all_or_nothing(users: Table) -> None:
    with pytest.raises(IntegrityError):
        users.insert_all([{"email": str(n % 1500)} for n in range(1501)])

    assert len(users) == 0


def test_insert_all_numbers_around_given_keys(todos: Table) -> None:
    todos.insert_all(
        [{"id": 7, "title": "a"}, {"title": "b"}, {"id": 3, "title": "c"}, {"title": "d"}]
    )

    assert [t.id for t in todos.result] == [7, 8, 3, 9] or [t.id for t in todos.result] == [
        7,
        8,
        3,
        9,
    ]


def test_get_by_key(users: Table) -> None:
    users.insert(email="a", name="A", yob=1)

    assert users["a"] == users.get("a") == users[("a",)] == users[["a"]]
    assert users.get("a", as_cls=False) == {"email": "a", "name": "A", "yob": 1}
    assert users.get("z", default=None) is None
    with pytest.raises(NotFoundError):
        users["z"]


def test_in_tells_whether_there_is_a_key(users: Table) -> None:
    users.insert(email="a")

    assert "a" in users
    assert "b" not in users
    assert ("a", "b") not in users
    assert None not in users


def test_composite_keys_are_in_the_order_of_pk(db: Database) -> None:
    students = db.create(models.students(), name="students", pk=("number", "school"))
    students.insert(school="MIT", number=1, name="Ann")

    assert students[1, "MIT"].name == students[[1, "MIT"]].name == "Ann"
    assert (1, "MIT") in students
    assert [1, "MIT"] in students
    assert ("MIT", 1) not in students
    assert students.update(school="MIT", number=1, name="Bo").name == "Bo"
    with pytest.raises(NotFoundError, match="Need 2 pk"):
        students[1]
    assert students.delete((1, "MIT")).name == "Bo"


def test_call_without_arguments_returns_all(users: Table) -> None:
    users.insert_all([{"email": e} for e in "bca"])

    assert [u.email for u in users()] == ["a", "b", "c"]
    assert [u.email for u in users(order_by="email desc", limit=2)] == ["c", "b"]
    assert [u.email for u in users(limit=1, offset=1)] == ["b"]
    assert users(limit=0) == []
    assert len(users(limit=-1)) == 3
    assert [u.email for u in users(offset=2)] == ["c"]
    assert users(with_pk=True)[0] == ("a", users["a"])


def test_update_returns_the_row_and_changes_only_what_is_given(users: Table) -> None:
    users.insert(email="a", name="A", yob=1)

    assert users.update({"email": "a", "yob": 2}) == users.cls("a", "A", 2)
    assert users.update(users.cls(email="a", name="B")).yob == 2
    assert users.update(email="a") == users["a"]


def test_update_of_what_is_not_there(users: Table) -> None:
    with pytest.raises(NotFoundError):
        users.update(email="z", name="Z")
    with pytest.raises(MissingPrimaryKey) as raised:
        users.update(name="Z")
    assert isinstance(raised.value, KeyError)


def test_update_with_pk_values_can_change_the_key(users: Table) -> None:
    users.insert_all([{"email": "a", "name": "A"}, {"email": "b"}])

    assert users.update({"email": "c"}, pk_values="a") == users.cls("c", "A", None)
    assert "a" not in users
    with pytest.raises(IntegrityError):
        users.update({"email": "b"}, pk_values="c")
    assert users["c"].name == "A"


def test_upsert_inserts_or_changes_what_is_given(users: Table) -> None:
    assert users.upsert(email="a", name="A").yob is None
    assert users.upsert(email="a", yob=1) == users.cls("a", "A", 1)
    with pytest.raises(MissingPrimaryKey):
        users.upsert(name="A")


def test_upsert_numbers_a_row_without_a_key(todos: Table) -> None:
    assert todos.upsert(id=None, title="a").id == 1


def test_delete_returns_the_row(users: Table) -> None:
    users.insert(email="a", name="A")

    assert users.delete("a").name == "A"
    for key in ("a", ("a", "b"), None):
        with pytest.raises(NotFoundError):
            users.delete(key)


def test_lookup_finds_or_inserts(todos: Table) -> None:
    first = todos.lookup({"title": "L"}, {"detail": "x"})

    assert first.detail == "x"
    assert todos.lookup({"title": "L"}, {"detail": "y"}) == first
    assert todos.lookup({}) == {}


def test_selectone(users: Table) -> None:
    with pytest.raises(NotFoundError):
        users.selectone()
    users.insert(email="a")
    assert users.selectone().email == "a"
    users.insert(email="b")
    with pytest.raises(NotUnique, match="Not unique: 2 results"):
        users.selectone()


def test_rows_are_dicts_without_a_class(db: Database, users: Table) -> None:
    users.insert(email="a", yob=1)

    assert Database(db.home.place, namespace=db.home.namespace)["users"]["a"] == {
        "email": "a",
        "name": None,
        "yob": 1,
    }
    assert list(users.rows) == [{"email": "a", "name": None, "yob": 1}]


def test_tables_can_be_iterated_and_counted(users: Table) -> None:
    users.insert_all([{"email": "a"}, {"email": "b"}])

    assert [u.email for u in users] == ["a", "b"]
    assert len(users) == users.count == users.count_where() == 2


def test_drop_forgets_the_table(db: Database, users: Table) -> None:
    users.insert(email="a")
    users.drop()

    assert not users.exists()
    assert repr(users) == "<Table users (does not exist yet)>"
    with pytest.raises(LookupError):
        users.drop()
    users.drop(ignore=True)
    assert len(db.create(models.users(), name="users", pk="email")()) == 0


def test_text(db: Database, users: Table) -> None:
    assert str(users) == '"users"'
    assert repr(users) == "<Table users (email, name, yob)>"
    assert repr(db.t) == "users"
    assert [t.name for t in db.t] == ["users"]
    assert "users" in db.t
    assert users in db.t
    assert db.t.users is db["users"] is db.t["users"]


def test_errors_are_those_that_people_catch(users: Table) -> None:
    from sqlalchemy import exc  # noqa: PLC0415

    users.insert(email="a")
    for expected, write in (
        (exc.IntegrityError, lambda: users.insert(email="a")),
        (sqlite3.IntegrityError, lambda: users.insert(email="a")),
        (ValueError, lambda: users.insert(email="a")),
        (exc.CompileError, lambda: users.insert(email="b", nope=1)),
        (exc.StatementError, lambda: users.insert(email="b", nope=1)),
        (exc.NoResultFound, lambda: users.delete("z")),
        (KeyError, lambda: users["z"]),
        (exc.ArgumentError, lambda: users("1=1", [1])),
        (sqlite3.OperationalError, lambda: users("((")),
    ):
        with pytest.raises(expected) as raised:
            write()
        assert str(raised.value)
        assert pickle.loads(pickle.dumps(raised.value)).args == raised.value.args


def test_sqlalchemy_need_not_be_there() -> None:
    program = (
        "import sys; sys.modules['sqlalchemy'] = None\n"
        "from nacre_adapters.tenants import Database, IntegrityError\n"
        "import sqlite3, tempfile\n"
        "class User:\n    id: int\n"
        "users = Database(tempfile.mkdtemp() + '/v').create(User)\n"
        "users.insert(id=1)\n"
        "try: users.insert(id=1)\n"
        "except sqlite3.IntegrityError as error: print(type(error).__name__)\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], check=False, capture_output=True, text=True
    )

    assert done.stdout == "IntegrityError\n", done.stderr
