"""xtra is a filter: no operation reaches or shows a row beyond it."""

import pytest
from tenants import models

from nacre_adapters.tenants import (
    Database,
    IntegrityError,
    NotFoundError,
    Table,
    UnknownColumn,
    XtraSet,
)


@pytest.fixture
def everyone(db: Database) -> Table:
    table = db.create(models.todos(), name="todos")
    names = ("ann", "ann", "bob", "bob", None)
    return table.insert_all([{"title": f"t{n}", "name": who} for n, who in enumerate(names, 1)])


@pytest.fixture
def todos(everyone: Table) -> Table:
    return everyone.filtered(name="ann")


def ids(found: object) -> list[int]:
    return [row["id"] if isinstance(row, dict) else row.id for row in found]


def test_every_way_of_finding_is_filtered(todos: Table) -> None:
    assert ids(todos()) == ids(todos) == ids(todos.rows) == ids(todos.rows_where()) == [1, 2]
    assert ids(todos("id = 1 or id = 3")) == [1]
    assert ids(todos("1=1 or name = 'bob'")) == [1, 2]
    assert ids(todos(order_by="id desc", limit=9)) == [2, 1]
    assert len(todos) == todos.count == todos.count_where() == 2
    assert todos.count_where("name = 'bob' or 1") == 2
    assert [key for key, _ in todos.pks_and_rows_where()] == [1, 2]
    assert todos(select="count(*) as n", as_cls=False) == [{"n": 2}]
    assert 3 not in todos
    assert todos.get(3, default=None) is None
    for find in (lambda: todos[3], lambda: todos.get(3), lambda: todos.selectone("id = 3")):
        with pytest.raises(NotFoundError):
            find()


def test_every_way_of_changing_is_filtered(everyone: Table, todos: Table) -> None:
    for change in (
        lambda: todos.update(id=3, title="x"),
        lambda: todos.update({"title": "x"}, pk_values=3),
        lambda: todos.delete(3),
    ):
        with pytest.raises(NotFoundError):
            change()
    for take in (
        lambda: todos.upsert(id=3, title="x"),
        lambda: todos.insert(id=3, title="x"),
        lambda: todos.insert(id=3, title="x", replace=True),
        lambda: todos.insert_all([{"id": 3, "title": "x"}], upsert=True),
        lambda: todos.update({"id": 3}, pk_values=1),
    ):
        with pytest.raises(IntegrityError):
            take()
    assert todos.insert(id=3, title="x", ignore=True) == {}
    assert ids(todos.update_where({"title": "x"})) == [1, 2]
    assert ids(todos.update_where({"title": "y"}, "id = 1 or id = 4")) == [1]
    assert ids(todos.delete_where("id = 2 or id = 4")) == [2]
    assert ids(todos.delete_where()) == [1]
    assert [(t.id, t.title, t.name) for t in everyone()] == [
        (3, "t3", "bob"),
        (4, "t4", "bob"),
        (5, "t5", None),
    ]


def test_truncating_empties_what_is_seen(everyone: Table, todos: Table) -> None:
    todos.insert_all([{"title": "new"}], truncate=True)

    assert [(t.title, t.name) for t in everyone()] == [
        ("t3", "bob"),
        ("t4", "bob"),
        ("t5", None),
        ("new", "ann"),
    ]


def test_what_is_written_gets_its_values(everyone: Table, todos: Table) -> None:
    assert todos.insert(title="x", name="bob").name == "ann"
    assert todos.insert_all([{"title": "y", "name": "bob"}]).result[0].name == "ann"
    assert todos.update(id=1, name="bob").name == "ann"
    assert todos.upsert(id=1, name="bob").name == "ann"
    assert todos.upsert(id=50, name="bob").name == "ann"
    assert todos.update_where({"name": "bob"}, "id = 1")[0].name == "ann"
    assert todos.lookup({"title": "t3"}).id not in (3, None)
    assert len(everyone("name = 'bob'")) == 2


def test_a_filter_of_none_shows_rows_without_a_value(everyone: Table) -> None:
    assert ids(everyone.filtered(name=None)()) == [5]


def test_a_filter_in_one_call(everyone: Table) -> None:
    assert ids(everyone(xtra={"name": "bob"})) == [3, 4]
    assert everyone.get(3, xtra={"name": "bob"}).id == 3
    with pytest.raises(NotFoundError):
        everyone.get(3, xtra={"name": "ann"})


def test_the_filter_of_an_object_holds_until_it_is_cleared(everyone: Table) -> None:
    assert everyone.xtra(name="bob") is None
    assert ids(everyone()) == [3, 4]
    assert everyone.xtra_id == {"name": "bob"}

    everyone.xtra()
    assert len(everyone) == 5


def test_filters_of_filtered_tables_add_up(everyone: Table) -> None:
    assert ids(everyone.filtered(name="ann").filtered(title="t2")()) == [2]
    with pytest.raises(UnknownColumn):
        everyone.filtered(nope=1)
    with pytest.raises(UnknownColumn):
        everyone.xtra(nope=1)
    assert len(everyone) == 5


def test_a_filtered_table_is_not_dropped(everyone: Table, todos: Table) -> None:
    with pytest.raises(XtraSet):
        todos.drop()

    assert len(everyone) == 5


def test_a_filter_that_is_part_of_the_key(db: Database) -> None:
    students = db.create(models.students(), name="s", pk=("school", "number"))
    students.insert_all([{"school": s, "number": 1} for s in ("A", "B")])
    mine = students.filtered(school="A")

    assert mine.insert(school="B", number=2).school == "A"
    assert mine.update({"name": "x", "school": "A", "number": 1}).name == "x"
    for change in (
        lambda: mine.update({"name": "x", "school": "B", "number": 1}),
        lambda: mine.delete(("B", 1)),
    ):
        with pytest.raises(NotFoundError):
            change()
    assert mine.update({"school": "B"}, pk_values=("A", 1)).school == "A"
    assert [(s.school, s.number, s.name) for s in students()] == [
        ("A", 1, "x"),
        ("A", 2, None),
        ("B", 1, None),
    ]


def test_a_filter_cannot_be_widened(everyone: Table, todos: Table) -> None:
    for ask in (
        lambda: todos(xtra={"name": "bob"}),
        lambda: todos.get(3, xtra={"name": "bob"}),
        lambda: todos.get(3, xtra={"name": "bob"}, default=None),
        lambda: todos.filtered(name="bob"),
        lambda: todos.filtered(name=None),
    ):
        with pytest.raises(XtraSet, match="beyond"):
            ask()
    assert (
        ids(todos(xtra={"title": "t2"})) == ids(todos(xtra={"name": "ann", "title": "t2"})) == [2]
    )
    assert todos.get(1, xtra={"title": "t2"}, default=None) is None
    assert ids(todos(xtra={})) == [1, 2]
