"""Conditions mean what they mean in SQLite: random ones, on random tables, with and without
indexes. What is refused is counted: nearly everything must be answered."""

import sqlite3
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


def compare(table: Table, database: sqlite3.Connection, condition: str) -> bool:
    """Compare the answers; return whether there was one."""
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


@pytest.mark.parametrize("seed", range(4))
def test_answers_are_those_of_sqlite(tmp_path: Path, seed: int) -> None:
    run(tmp_path, seed, count=100)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 140))
def test_thousands_of_answers_are_those_of_sqlite(tmp_path: Path, seed: int) -> None:
    run(tmp_path, seed, count=500)


def run(tmp_path: Path, seed: int, *, count: int) -> None:
    writer = Writer(seed)
    rows = writer.rows(60)
    table = table_with(tmp_path, rows, indexed=seed % 2 == 0)
    database = sqlite_with(rows)

    answered = sum(compare(table, database, writer.condition()) for _ in range(count))

    assert answered > 0.9 * count
