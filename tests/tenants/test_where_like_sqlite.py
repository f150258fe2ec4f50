"""Conditions mean what they mean in SQLite: random ones, on random tables, with and without
indexes. What is refused is counted: nearly everything must be answered."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from tenants.expressions import Writer, sqlite_with

from nacre_adapters.tenants import BadExpression, Database, Table, create_index


class Mixed:
    id: int
    i: int
    j: int
    r: float
    s: str
    t: str
    f: bool
    b: bytes


def table_with(path: Path, rows: list[dict[str, object]], *, indexed: bool) -> Table:
    db = Database(path / "t.vault")
    table = db.create(Mixed, name="t")
    if indexed:
        for name in "ijrstfb":
            create_index(db, "t", [name])
        create_index(db, "t", ["j", "s"])
    return table.insert_all(rows)


def compare(table: Table, database: sqlite3.Connection, writer: Writer) -> bool:
    """Compare the answers; return whether there was one."""
    condition = writer.condition()
    try:
        found = sorted(row["id"] for row in table(condition, as_cls=False))
    except BadExpression as error:
        found = error
    try:
        wanted = [
            row[0] for row in database.execute(f"select id from t where {condition} order by id")
        ]
    except sqlite3.OperationalError as error:
        wanted = error
    if isinstance(found, BadExpression):
        return isinstance(wanted, sqlite3.OperationalError)
    assert found == wanted, condition
    return True


def order(writer: Writer) -> tuple[str, dict[str, object]]:
    """Return a SELECT, and the same for us: in an order, in a window."""
    ways = ("", " asc", " desc", " nulls last", " desc nulls first", " collate nocase desc")
    by = f"({writer.value(2)}){writer.random.choice(ways)}, id"
    limit, offset = writer.random.choice((-1, -1, 3, 0)), writer.random.choice((0, 0, 2))
    asked = {"select": "id", "order_by": by, "limit": limit, "offset": offset}
    return f"select id from t where %s order by {by} limit {limit} offset {offset}", asked


def selection(writer: Writer) -> tuple[str, dict[str, object]]:
    """Return a SELECT, and the same for us: values made of rows."""
    select = f"id, {writer.value(2)} as v"
    return f"select {select} from t where %s order by id", {"select": select, "order_by": "id"}


def figure(writer: Writer) -> tuple[str, dict[str, object]]:
    """Return a SELECT, and the same for us: a figure of all rows."""
    name = writer.random.choice(("count(", "count(distinct ", "sum(", "total(", "min(", "max("))
    select = f"{name}{writer.value(1)}) as v"
    return f"select {select} from t where %s", {"select": select}


def compare_rows(table: Table, database: sqlite3.Connection, writer: Writer) -> bool:
    """Compare what is selected; return whether there was an answer."""
    query, asked = writer.random.choice((order, selection, figure))(writer)
    condition = writer.condition()
    where = f" where {condition}"
    try:
        wanted = [list(row) for row in database.execute(query.replace(" where %s", where))]
    except sqlite3.OperationalError:
        return True  # such as for ORDER BY 5 COLLATE NOCASE: there is nothing to compare with
    try:
        found = [list(row.values()) for row in table(condition, as_cls=False, **asked)]
    except BadExpression:
        return False
    assert [list(map(seen, row)) for row in found] == [list(map(seen, row)) for row in wanted], (
        query,
        condition,
    )
    return True


def seen(value: object) -> object:
    """Return a value and its type, as SQL shows them; of a float the digits that count."""
    if isinstance(value, bool):
        value = int(value)
    return type(value), f"{value:.12g}" if isinstance(value, float) else value


@pytest.mark.parametrize("seed", range(200, 203))
def test_orders_selections_and_figures_are_those_of_sqlite(tmp_path: Path, seed: int) -> None:
    run(tmp_path, seed, count=100, one=compare_rows)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(300, 320))
def test_thousands_of_selections_are_those_of_sqlite(tmp_path: Path, seed: int) -> None:
    run(tmp_path, seed, count=500, one=compare_rows)


@pytest.mark.parametrize("seed", range(4))
def test_answers_are_those_of_sqlite(tmp_path: Path, seed: int) -> None:
    run(tmp_path, seed, count=100)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 140))
def test_thousands_of_answers_are_those_of_sqlite(tmp_path: Path, seed: int) -> None:
    run(tmp_path, seed, count=500)


def run(
    tmp_path: Path,
    seed: int,
    *,
    count: int,
    one: Callable[[Table, sqlite3.Connection, Writer], bool] = compare,
) -> None:
    writer = Writer(seed)
    rows = writer.rows(60)
    table = table_with(tmp_path, rows, indexed=seed % 2 == 0)
    database = sqlite_with(rows)

    answered = sum(one(table, database, writer) for _ in range(count))

    assert answered > 0.85 * count
