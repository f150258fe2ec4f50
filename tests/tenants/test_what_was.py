"""Tables as they were, what happened to rows, what tables look like, SELECT through DuckDB."""

import pytest
from tenants import models

from nacre.errors import InvalidInput, ReadOnly
from nacre_adapters.tenants import (
    Database,
    Host,
    NotFoundError,
    Table,
    UnknownColumn,
    Unsupported,
    create_index,
    drop_table,
    list_tables,
)


@pytest.fixture
def todos(db: Database) -> Table:
    return db.create(models.todos(), name="todos")


def test_a_database_as_it_was(db: Database, todos: Table) -> None:
    todos.insert(title="a", name="ann")
    then = db.home.read(lambda vault: vault.head)
    todos.update(id=1, title="b")
    todos.insert(title="c")
    drop_table(db, "todos")

    past = db.at(then)

    assert list_tables(past) == ["todos"]
    assert [row["title"] for row in past["todos"]()] == ["a"]
    assert past["todos"][1]["title"] == "a"
    assert len(past["todos"]("title = 'a' and lower(name) = 'ann'")) == 1
    for write in (lambda: past["todos"].insert(title="x"), lambda: drop_table(past, "todos")):
        with pytest.raises(Exception, match="as of position") as raised:
            write()
        assert isinstance(raised.value.__cause__ or raised.value, ReadOnly)
    with pytest.raises(InvalidInput):
        db.at(10_000)
    assert list_tables(db) == []


def test_the_history_of_a_row(db: Database, todos: Table) -> None:
    todos.insert(title="a", name="ann")
    todos.update(id=1, title="b")
    todos.delete(1)

    history = todos.history(1)

    assert [change.action for change in history] == ["delete", "update", "insert"]
    assert [change.row and change.row["title"] for change in history] == [None, "b", "a"]
    with pytest.raises(NotFoundError):
        todos.history(2)


def test_history_does_not_reach_past_a_filter(db: Database, todos: Table) -> None:
    todos.insert(title="bob's", name="bob")
    todos.update(id=1, title="ann's", name="ann")

    mine = todos.filtered(name="ann").history(1)

    assert [change.row["title"] for change in mine] == ["ann's"]
    with pytest.raises(NotFoundError):
        todos.filtered(name="eve").history(1)


def test_columns_schema_and_class_of_a_table(db: Database, todos: Table) -> None:
    create_index(db, "todos", ["title"])
    todos.insert(title="a")

    assert repr(todos.c) == "id, title, detail, status, name"
    assert todos.c() == list(todos.c)
    assert "title" in todos.c
    assert len(todos(f"{todos.c.title} = 'a'")) == 1
    with pytest.raises(UnknownColumn):
        todos.c.nope  # noqa: B018
    assert todos.pks == ("id",)
    assert todos.indexes[0]["columns"] == ["title"]
    assert todos.schema.startswith('CREATE TABLE "todos" (\n  "id" INTEGER,')
    assert db.schema() == todos.schema
    again = Database(db.home.place, namespace=db.home.namespace)["todos"]
    made = again.dataclass()
    assert made.__name__ == "Todos"
    assert again[1] == made(id=1, title="a", detail=None, status="open", name=None)


def test_select_through_duckdb(host: Host) -> None:
    for layout in ("vault", "shared"):
        db = host.get_or_create(layout, layout=layout)
        db.create(models.todos(), name="todos").insert_all([{"title": t} for t in "aab"])
    found = host.get("vault").q("select title, count(*) as n from todos group by title order by 1")

    assert found == [{"title": "a", "n": 2}, {"title": "b", "n": 1}]
    with pytest.raises(Unsupported):
        host.get("shared").q("select 1")
