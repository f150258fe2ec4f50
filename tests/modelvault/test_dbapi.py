"""The DB-API is one of PEP 249, reads beside a writer, and no text of SQL hurts it."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from modelvault_schemas import nested

from nacre_adapters.modelvault import Database, ModelVaultQueryError, dbapi
from nacre_adapters.modelvault.dbapi import Cursor


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "x.mv"
    schema = nested(
        (["id"], "int64"), (["m", "x"], "string"), (["l"], {"list": "int64"}),
        (["ts"], "timestamp"), (["e"], {"enum": ["a"]}),
    )  # fmt: skip
    with Database.open(path) as db:
        db.register_collection("c", schema, "id")
        for n in range(3):
            db.insert("c", {"id": n, "m": {"x": f"s{n}"}, "l": [n], "ts": n, "e": "a"})
    return path


@pytest.fixture
def cursor(path: Path) -> Iterator[Cursor]:
    with dbapi.connect(str(path)) as connection:
        yield connection.cursor()


def test_the_module_says_what_pep_249_asks_for() -> None:
    assert (dbapi.apilevel, dbapi.threadsafety, dbapi.paramstyle) == ("2.0", 2, "qmark")
    for name in ("InterfaceError", "DatabaseError"):
        assert issubclass(getattr(dbapi, name), dbapi.Error)
    for name in ("Data", "Operational", "Integrity", "Internal", "Programming", "NotSupported"):
        assert issubclass(getattr(dbapi, f"{name}Error"), dbapi.DatabaseError)


def test_rows_are_tuples_under_their_paths(cursor: Cursor) -> None:
    assert (cursor.description, cursor.fetchone(), cursor.fetchall()) == (None, None, [])

    cursor.execute("select * from c where id = ?", [1])

    assert [column[0] for column in cursor.description or ()] == ["id", "m.x", "l", "ts", "e"]
    assert all(column[1:] == (None,) * 6 for column in cursor.description or ())
    assert cursor.fetchall() == [(1, "s1", [1], 1, "a")]


@pytest.mark.parametrize(
    ("sql", "params", "error", "message"),
    [
        ("select zz from c", (), ValueError, 'unknown field path ["zz"]'),
        ("select id from c where zz = ?", (1,), ValueError, 'unknown field path ["zz"]'),
        ("select id from c order by zz", (), ValueError, 'unknown field path ["zz"]'),
        ("select id from zz", (), ValueError, 'schema error: unknown collection name "zz"'),
        ("select id from c where id = ?", ("x",), TypeError,
         "'str' object cannot be interpreted as an integer"),
        ("select id from c where id = ?", (2**63,), OverflowError, "Python int too large"),
        ("select id from c where id = ?", (), ValueError, "expected 1 SQL parameters, got 0"),
        ("select id from c where id = ?", {1: 1}, ValueError, "params must be a tuple or list"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_said_and_leaves_the_rows_of_before(
    cursor: Cursor, sql: str, params: object, error: type[Exception], message: str
) -> None:
    cursor.execute("select id from c limit 1")

    with pytest.raises(error) as caught:
        cursor.execute(sql, params)

    assert message in str(caught.value)
    assert isinstance(caught.value, dbapi.DatabaseError)
    assert cursor.fetchall() == [(0,)]


def test_rows_are_fetched_in_turn(cursor: Cursor) -> None:
    cursor.execute("select id from c")

    assert (cursor.rowcount, cursor.fetchone(), cursor.fetchmany(), cursor.fetchmany(5)) == (
        3, (0,), [(1,)], [(2,)],
    )  # fmt: skip
    assert (cursor.fetchone(), cursor.fetchall(), cursor.fetchmany(2)) == (None, [], [])
    cursor.execute("select id from c")
    assert list(cursor) == [(0,), (1,), (2,)]
    with pytest.raises(dbapi.NotSupportedError):
        cursor.executemany("select id from c", [()])


def test_it_reads_beside_a_writer(path: Path) -> None:
    with Database.open(path) as db, dbapi.connect(path) as connection:
        cursor = connection.cursor()
        db.delete("c", 0)
        cursor.execute("select id from c")
        assert cursor.fetchall() == [(1,), (2,)]


@pytest.mark.parametrize("depth", [1000, 200_000])
def test_brackets_crash_nothing(cursor: Cursor, depth: int) -> None:
    cursor.execute("select id from c where " + "(" * depth + "id = ?" + ")" * depth, [1])
    assert cursor.fetchall() == [(1,)]

    for broken in ("(" * depth, "(" * depth + "id = ?", "id = ?" + ")" * depth):
        with pytest.raises(ModelVaultQueryError):
            cursor.execute(f"select id from c where {broken}", [1])


def test_long_chains_are_flat_and_deep_ones_are_refused(cursor: Cursor) -> None:
    for word, rows in (("or", [(1,)]), ("and", [(1,)])):
        chain = f" {word} ".join(["id = ?"] * 3000)
        cursor.execute(f"select id from c where {chain}", [1] * 3000)
        assert cursor.fetchall() == rows

    deep = "(id = ? and (id = ? or " * 3000 + "id = ?" + "))" * 3000
    with pytest.raises(ModelVaultQueryError, match="nested deeper than 100"):
        cursor.execute(f"select id from c where {deep}", [1] * 6001)


def test_its_constructors_make_parameters(path: Path) -> None:
    now = 1_600_000_000.5

    assert dbapi.Timestamp(2020, 1, 2, 3, 4, 5) == datetime(2020, 1, 2, 3, 4, 5)
    assert dbapi.TimestampFromTicks(now).timestamp() == now
    assert dbapi.DateFromTicks(now) == dbapi.TimestampFromTicks(now).date()
    assert dbapi.TimeFromTicks(now) == dbapi.TimestampFromTicks(now).time()
    assert dbapi.Binary(b"x") == b"x"
    kinds = {dbapi.STRING, dbapi.BINARY, dbapi.NUMBER, dbapi.DATETIME, dbapi.ROWID}
    with dbapi.connect(path) as connection:
        cursor = connection.cursor()
        cursor.execute("select * from c")
        assert cursor.description is not None
        assert {column[1] for column in cursor.description}.isdisjoint(kinds)
