"""What where, order_by and select take, what their parameters are, and what is refused by name."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

import pytest

from nacre_adapters.tenants import (
    BadExpression,
    BadParameters,
    Database,
    Host,
    Table,
    UnknownColumn,
    Unsupported,
    create_index,
    register_table,
)


class Item:
    id: int
    title: str
    price: Decimal = None
    due: date = None
    made: datetime = None
    tag: UUID = None
    done: bool = False
    notes: dict = None
    weight: float = None


@pytest.fixture
def db(host: Host) -> Database:
    return host.get_or_create("acme")


@pytest.fixture
def items(db: Database) -> Table:
    table = register_table(db, Item, "items")
    table.insert_all(
        [
            {"title": "a", "price": "0.10", "due": date(2024, 1, 1), "done": True, "weight": 1},
            {"title": "b", "price": "10.5", "due": "2024-02-01", "made": datetime(2024, 1, 2, 3)},
            {"title": "C", "tag": UUID(int=7), "notes": {"x": [1]}, "weight": 2.5},
        ]
    )
    return table


def ids(found: list[object]) -> list[int]:
    return [row.id for row in found]


@pytest.mark.parametrize(
    ("where", "args", "wanted"),
    [
        ("title = ?", ["a"], [1]),
        ("title = ? or title = ?", ("a", "b"), [1, 2]),
        ("title = :t", {"t": "b"}, [2]),
        ("title in (?, ?) and id > :low", None, None),
        ("title='what?' or title = 'a :b' or id = ?", [3], [3]),
        ("done = TRUE", None, [1]),
        ("done", None, [1]),
        ("done = ?", [True], [1]),
        ("(due IS NULL OR due < :now)", {"now": date(2024, 1, 15)}, [1, 3]),
        ("due >= '2024-02'", None, [2]),
        ("made > ?", [datetime(2024, 1, 1)], [2]),
        ("tag = ?", [UUID(int=7)], [3]),
        ("price = 0.1", None, [1]),
        ("price > ?", [Decimal("0.1")], [2]),
        ("price * 2 = 21", None, [2]),
        ("notes is not null", None, [3]),
        ("title = ?", [None], []),
        ("1=1", None, [1, 2, 3]),
        ('"items"."title" = ?', ["a"], [1]),
        ("TITLE = 'a'", None, [1]),
        ("title like 'c'", None, [3]),
        ("weight is null", None, [2]),
    ],
)
def test_conditions_and_their_parameters(
    items: Table, where: str, args: object, wanted: list[int] | None
) -> None:
    if wanted is None:
        with pytest.raises(BadParameters):
            items(where, args)
        return
    assert ids(items(where, args)) == wanted
    assert items.count_where(where, args) == len(wanted)


def test_keywords_are_named_parameters(items: Table) -> None:
    assert ids(items("title = :t and id < :n", {"t": "a"}, n=2)) == [1]
    assert ids(items(where="title in (:x, :y)", x="a", y="b")) == [1, 2]


@pytest.mark.parametrize(
    ("where", "args", "named"),
    [
        ("id = ?", [], {}),
        ("id = ?", [1, 2], {}),
        ("id = 1", [1], {}),
        ("id = :a", {}, {}),
        ("id = :a", {"a": 1, "b": 2}, {}),
        ("id = ?", 1, {}),
        (None, None, {"status": "open"}),
        (None, [1], {}),
    ],
)
def test_parameters_that_do_not_fit_are_refused(
    items: Table, where: str | None, args: object, named: dict[str, object]
) -> None:
    with pytest.raises(BadParameters):
        items(where, args, **named)


def test_a_list_is_no_parameter(items: Table) -> None:
    with pytest.raises(BadExpression, match="list"):
        items("id in (?)", [[1, 2]])


@pytest.mark.parametrize(
    ("where", "named"),
    [
        ("id in (select id from items)", "a subquery"),
        ("exists (select 1)", "EXISTS"),
        ("1=1; drop table items", "several statements"),
        ("1=1 union select 1", "UNION"),
        ("id = 1 order by title", "ORDER BY"),
        ("id = 1 group by title", "GROUP BY"),
        ("id = 1 limit 5", "LIMIT"),
        ("title regexp 'a'", "REGEXP"),
        ("title match 'a'", "MATCH"),
        ("made > datetime('now')", "DATETIME"),
        ("date(due) = 'x'", "DATE"),
        ("strftime('%Y', due) = '2024'", "the function STRFTIME is"),
        ("random() > 0", "RANDOM"),
        ("char(97) = title", "CHAR"),
        ("json_extract(notes, '$') = 1", "JSON_EXTRACT"),
        ("notes -> 'x' = 1", "-> is"),
        ("load_extension('x')", "LOAD_EXTENSION"),
        ("notes = 'x'", "'notes' holds lists and dicts"),
        ("notes ->> 'x' = 1", "->>"),
        ("count(*) > 1", "COUNT"),
        ("sum(id) over () > 1", "WINDOW"),
        ("(id, title) = (1, 'a')", "TUPLE"),
        ("id = +1", "a plus"),
        ("id = 0x1", "0x1"),
        ("id::text = '1'", "::"),
        ("id = ?1", r"\?1"),
        ("id = @x", "PARAMETER"),
        ("title collate german = 'a'", "german"),
        ("title ilike 'a'", "ILIKE"),
        ("round(weight, 1) = 1", "ROUND"),
        ("cast(id as json) = 1", "JSON"),
        ("current_timestamp > made", "CURRENT_TIMESTAMP"),
        ("current_date > due", "CURRENT_DATE"),
        ("id = 1 /* */ window w as ()", "WINDOWS"),
    ],
)
def test_what_is_not_run_is_named(items: Table, where: str, named: str) -> None:
    with pytest.raises(Unsupported, match=f"(?i){named}"):
        items(where)
    with pytest.raises(Unsupported):
        items.delete_where(where)
    assert len(items) == 3


@pytest.mark.parametrize(
    "where", ["", "id =", "id = 1)", "1) or (1=1", "id = 'a", "a b c", "(" * 5000, "id = ?? 1", 5]
)
def test_what_is_no_condition_is_refused(items: Table, where: str) -> None:
    with pytest.raises(BadExpression):
        items(where)


def test_long_conditions_are_run(items: Table) -> None:
    assert ids(items(" or ".join(f"id = {n}" for n in range(2, 1500)))) == [2, 3]
    assert ids(items(f"id in ({', '.join('?' * 3000)})", list(range(3000)))) == [1, 2, 3]


def test_deep_conditions_are_run_or_refused(items: Table) -> None:
    assert ids(items("(" * 20 + "id = 1" + ")" * 20)) == [1]
    with pytest.raises(BadExpression, match="nested"):
        items("not (" * 2000 + "id = 1" + ")" * 2000)


def test_an_unknown_column_is_an_error_even_of_an_empty_table(db: Database) -> None:
    empty = register_table(db, Item, "empty")
    for where in ("nope = 1", "id = 1 or lower(nope) = 'a'", "other.id = 1", 'title = "a"'):
        with pytest.raises(UnknownColumn):
            empty(where)
    for order in ("nope", "nope desc"):
        with pytest.raises(UnknownColumn):
            empty(order_by=order)
    with pytest.raises(UnknownColumn):
        empty(select="nope")


def test_order_by(items: Table) -> None:
    assert ids(items(order_by="title desc")) == [2, 1, 3]
    assert ids(items(order_by="title collate nocase desc")) == [3, 2, 1]
    assert ids(items(order_by="price")) == [3, 1, 2]  # NULL first
    assert ids(items(order_by="price desc")) == [2, 1, 3]
    assert ids(items(order_by="price nulls last, id")) == [1, 2, 3]
    assert ids(items(order_by="done desc, lower(title)")) == [1, 2, 3]
    assert ids(items("lower(title) <> 'b'", order_by="id desc", limit=1)) == [3]
    assert ids(items("lower(title) <> 'b'", order_by="-id", limit=5, offset=1)) == [1]
    for order in ("1", "id; drop table items", "id limit 1", "notes", "random()"):
        with pytest.raises(BadExpression):
            items(order_by=order)


def test_limits_are_as_in_sqlite(items: Table) -> None:
    assert ids(items(limit="2")) == [1, 2]
    assert ids(items("length(title) = 1", limit=-1, offset=1)) == [2, 3]
    assert items(limit=0) == []
    with pytest.raises(BadExpression):
        items(limit="two")


def test_select(items: Table) -> None:
    assert items(select="id, due", as_cls=False)[0] == {"id": 1, "due": date(2024, 1, 1)}
    assert items(select="title", where="id = 1")[0].title == "a"
    assert items(select="count(*) as n", as_cls=False) == [{"n": 3}]
    assert items(select="upper(title) as u", limit=1, as_cls=False) == [{"u": "A"}]
    assert items(select="distinct done", as_cls=False) == [{"done": True}, {"done": False}]
    assert items(select="sum(weight) as s, max(title) t", as_cls=False) == [{"s": 3.5, "t": "b"}]
    with pytest.raises(BadExpression, match="as_cls"):
        items(select="count(*) as n")
    with pytest.raises(BadExpression, match="key"):
        items(select="title", with_pk=True)
    for select in ("id, count(*)", "lower(title)", "items.*", "id from items; drop table items"):
        with pytest.raises(BadExpression):
            items(select=select, as_cls=False)


def test_update_where_and_delete_where(items: Table) -> None:
    assert ids(items.update_where({"done": True}, "id > ?", [1])) == [2, 3]
    assert ids(items("done")) == [1, 2, 3]
    assert ids(items.delete_where("title = 'a'")) == [1]
    assert ids(items.update_where({"title": "x"})) == [2, 3]
    assert ids(items.delete_where()) == [2, 3]


def test_selectone_and_rows_where(items: Table) -> None:
    assert items.selectone("title = ?", ["a"]).id == 1
    assert [row["id"] for row in items.rows_where("id > 1", order_by="id desc")] == [3, 2]
    assert [key for key, _ in items.pks_and_rows_where("id < 3")] == [1, 2]


def test_an_index_is_used_and_changes_no_answer(db: Database, items: Table) -> None:
    before = ids(items("price > 1 or title = 'a'"))
    create_index(db, "items", ["price"])
    create_index(db, "items", ["title"])

    assert ids(items("price > 1 or title = 'a'")) == before
    assert ids(items("price >= 0.10", order_by="price desc")) == [2, 1]
