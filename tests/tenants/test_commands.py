"""nacre-tenants: list, show, backup, restore, purge, import."""

import json
import sqlite3
import threading
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner
from tenants import models

import nacre
from nacre.errors import NacreError
from nacre_adapters.tenants import (
    Database,
    Host,
    IntegrityError,
    TableMissing,
    create_index,
    get_or_create_tenant_db,
    list_indexes,
    list_tables,
    register_table,
)
from nacre_adapters.tenants.cli.program import program
from nacre_adapters.tenants.keeping import purge_tenant


class Dated:
    id: int
    day: date
    note: str = "none"


def run(*arguments: object, code: int | None = None) -> str:
    words = [str(argument) for argument in arguments]
    result = CliRunner().invoke(program, words, standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    assert (result.return_value or None) == code, result.output
    return result.output


@pytest.fixture(params=["vault", "shared"])
def filled(request: pytest.FixtureRequest, host: Host) -> Host:
    for name in ("acme", "other"):
        db = host.get_or_create(name, f"{name} corp", layout=request.param)
        table = register_table(db, Dated, "days")
        table.insert_all([{"day": f"2024-01-{n:02}"} for n in range(1, 11)])
        table.delete(1)
        create_index(db, "days", ["day"], unique=True)
        register_table(db, models.users(), "users", pk="email").insert(email=f"{name}@x")
    return host


def test_list_and_show(filled: Host) -> None:
    assert [(t["tenant"], t["name"]) for t in json.loads(run("list", filled.root, "--json"))] == [
        ("acme", "acme corp"),
        ("other", "other corp"),
    ]
    assert "acme corp" in run("list", filled.root)
    shown = json.loads(run("show", filled.root, "acme", "--json"))
    assert shown[0] == {
        "table": "days",
        "rows": 9,
        "columns": {"id": "int", "day": "date", "note": "str"},
        "key": ["id"],
        "indexes": [{"name": "idx_days_day", "columns": ["day"], "unique": True}],
    }
    assert "idx_days_day (unique)" in run("show", filled.root, "acme")
    for arguments in (("show", filled.root, "nobody"), ("list", filled.root / "nowhere")):
        with pytest.raises(NacreError):
            run(*arguments)
    assert not (filled.root / "nowhere").exists()


def test_log_shows_what_happened_to_one_tenant(filled: Host) -> None:
    found = json.loads(run("log", filled.root, "acme", "--json"))

    assert {event["subject"].rpartition("/")[2] for event in found} == {"days", "users"}
    assert "other" not in json.dumps(found)
    assert json.loads(run("log", filled.root, "acme", "--table", "users", "--limit", 1, "--json"))[
        0
    ]["kind"] == ("rows.changed")
    assert "rows.created" in run("log", filled.root, "acme")


@pytest.mark.parametrize("layout", ["vault", "shared"])
def test_a_backup_brings_a_tenant_back(filled: Host, tmp_path: Path, layout: str) -> None:
    file = tmp_path / "acme.nacre"
    before = content(filled.get("acme"))

    assert "10 rows" in run("backup", filled.root, "acme", file)
    with pytest.raises(NacreError, match="already"):
        run("backup", filled.root, "acme", file)
    with pytest.raises(NacreError, match="purge it first"):
        run("restore", filled.root, "acme", file)
    run("purge", filled.root, "acme", "--reason", "it left")
    run("restore", filled.root, "acme", file, "--layout", layout, "--name", "again")
    run("restore", tmp_path / "elsewhere", "acme", file, "--layout", layout)

    for host in (filled, Host(tmp_path / "elsewhere")):
        db = host.get("acme")
        assert content(db) == before
        with pytest.raises(IntegrityError):
            db["days"].insert(day="2024-01-05")
        assert db["days"].insert({"day": "2025-01-01"})["note"] == "none"
    assert filled.find("acme").name == "again"
    assert [row["email"] for row in content(filled.get("other"))["users"]] == ["other@x"]


def content(db: Database) -> dict[str, object]:
    return {
        name: list(Database(db.home.place, namespace=db.home.namespace)[name].rows)
        for name in list_tables(db)
    } | {"indexes": list_indexes(db, "days")}


def test_a_purged_tenant_is_gone_with_its_history(filled: Host) -> None:
    run("purge", filled.root, "acme", "--reason", "request 17")

    assert [tenant.id for tenant in filled.tenants()] == ["other"]
    filled.close()
    found = b"".join(path.read_bytes() for path in filled.root.rglob("*.nacre"))
    assert b"acme@x" not in found
    assert b"acme corp" not in found
    assert b"other@x" in found
    assert list_tables(filled.get_or_create("acme", layout=filled.find("other").layout)) == []
    with filled.catalogue() as catalogue:
        assert catalogue.verify().is_clean
        (purged,) = catalogue.events(subject="acme", kind="nacre.purged")
        assert purged.message == "request 17"
    assert filled.get("other").home.read(lambda vault: vault.verify().is_clean)


def test_a_lost_vault_is_restored_in_its_place(host: Host, tmp_path: Path) -> None:
    for name in ("acme", "other"):
        register_table(host.get_or_create(name), models.users(), "users", pk="email")
        run("backup", host.root, name, tmp_path / name)
    host.close()
    (host.root / "tenants" / "acme.nacre").unlink()

    with pytest.raises(NacreError, match="of another"):
        run("restore", host.root, "acme", tmp_path / "other")
    run("restore", host.root, "acme", tmp_path / "acme")

    assert list_tables(host.get("acme")) == ["users"]


def test_what_is_no_backup_is_refused(host: Host, tmp_path: Path) -> None:
    (tmp_path / "junk").write_bytes(b"junk" * 2000)
    for file in ("junk", "missing"):
        with pytest.raises(NacreError):
            run("restore", host.root, "acme", tmp_path / file)
    assert host.tenants() == []


# Import

FH_SAAS = '''
CREATE TABLE transactions (
    id VARCHAR NOT NULL, amount FLOAT, date VARCHAR, is_open BOOLEAN, raw BLOB, PRIMARY KEY (id)
);
CREATE TABLE lines (number INTEGER, item VARCHAR, place INTEGER, PRIMARY KEY (item, number));
CREATE TABLE "odd ""one""" (a INTEGER, b NUMERIC, c BOOLEAN, "d.e" TEXT UNIQUE, f DATETIME);
CREATE INDEX idx_transactions_date ON transactions (date);
CREATE UNIQUE INDEX "two columns" ON lines (place, number);
CREATE INDEX partial ON lines (place) WHERE place > 1;
CREATE INDEX computed ON lines (lower(item));
CREATE VIEW seen AS SELECT * FROM lines;
INSERT INTO transactions VALUES
    ('t1', 1.5, '2024-01-01', 1, x'00ff'), ('t2', NULL, NULL, 0, NULL);
INSERT INTO lines VALUES (2, 'x', 1), (1, 'x', 2);
INSERT INTO "odd ""one""" VALUES ('text', 1.5, 2, 'u', '2024-01-01 00:00:00'), (7, 2, 1, NULL, 5);
'''


@pytest.fixture
def sqlite_file(tmp_path: Path) -> Path:
    with closing(sqlite3.connect(tmp_path / "acme_db.db")) as database:
        database.executescript(FH_SAAS)
        database.commit()
    return tmp_path / "acme_db.db"


def test_an_sqlite_database_is_brought_over(sqlite_file: Path, tmp_path: Path) -> None:
    said = run("import", tmp_path / "host", "acme", sqlite_file, "--name", "Acme", code=1)

    assert "imported 3 tables with 6 rows and 3 indexes into 'acme'" in said
    for note in ("'partial'", "'computed'", "the view 'seen'", "no primary key", "integer, text"):
        assert note in said
    db = get_or_create_tenant_db("acme", root=tmp_path / "host")
    assert list(db["transactions"].rows) == [
        {"id": "t1", "amount": 1.5, "date": "2024-01-01", "is_open": True, "raw": b"\x00\xff"},
        {"id": "t2", "amount": None, "date": None, "is_open": False, "raw": None},
    ]
    assert db["lines"]["x", 1]["place"] == 2
    assert [(r["rowid"], r["a"], r["b"], r["c"], r["d.e"]) for r in db['odd "one"'].rows] == [
        (1, "text", 1.5, 2, "u"),
        (2, 7, 2.0, 1, None),
    ]
    assert [i["name"] for i in list_indexes(db, "lines")] == ["two columns"]
    with pytest.raises(IntegrityError):
        db['odd "one"'].insert({"d.e": "u"})
    assert register_table(db, models.transactions(), "transactions")["t1"].amount == 1.5


UNLIKE = """
CREATE TABLE computed (
    id INTEGER PRIMARY KEY, n INTEGER NOT NULL DEFAULT 5 CHECK (n > 0), twice AS (2 * n)
);
CREATE TABLE folded (k TEXT COLLATE NOCASE PRIMARY KEY, v REFERENCES computed);
CREATE TABLE mixed (id INTEGER PRIMARY KEY, x);
CREATE INDEX by_x ON mixed (x);
CREATE INDEX by_v ON folded (v COLLATE NOCASE);
CREATE VIRTUAL TABLE found USING fts5(body);
INSERT INTO computed (id) VALUES (1);
INSERT INTO folded VALUES ('A', 1);
INSERT INTO mixed VALUES (1, 'a'), (2, 2);
INSERT INTO found VALUES ('words');
"""


def test_an_import_says_what_is_not_kept(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "unlike.db")) as database:
        database.executescript(UNLIKE)

    said = run("import", tmp_path / "host", "acme", tmp_path / "unlike.db", code=1)

    for note in (
        "computed.n may be NULL now",
        "computed.n has no default now; it was 5",
        "computed.twice is no longer computed; its values were kept",
        "the table 'computed' has CHECK",
        "the table 'folded' has COLLATE",
        "the table 'folded' has FOREIGN KEY",
        "the index 'by_v' has COLLATE",
        "the index 'by_x' is of a column of several types: left out",
        "the virtual table 'found' was left out",
    ):
        assert note in said
    assert "computed.id" not in said
    db = get_or_create_tenant_db("acme", root=tmp_path / "host")
    assert list_tables(db) == ["computed", "folded", "mixed"]
    assert list(db["computed"].rows) == [{"id": 1, "n": 5, "twice": 10}]
    assert [row["x"] for row in db["mixed"].rows] == ["a", 2]


def test_an_import_is_all_or_nothing(sqlite_file: Path, host: Host) -> None:
    db = host.get_or_create("acme")
    register_table(db, models.transactions(), "transactions")

    with pytest.raises(NacreError, match="'transactions' already"):
        run("import", host.root, "acme", sqlite_file)

    assert list_tables(db) == ["transactions"]


def test_what_is_no_sqlite_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "junk.db").write_bytes(b"junk" * 2000)
    for file in ("junk.db", "missing.db"):
        with pytest.raises(NacreError):
            run("import", tmp_path / "host", "acme", tmp_path / file)


def test_a_vault_of_a_tenant_is_a_vault(host: Host) -> None:
    register_table(host.get_or_create("acme"), models.users(), "users", pk="email")
    host.close()

    with nacre.open(host.root / "tenants" / "acme.nacre", read_only=True) as vault:
        assert vault.rows.names() == ["users"]
        assert vault.verify().is_clean
        assert vault.replay().is_equal


def test_a_purge_of_a_shared_tenant_that_is_written_meanwhile_spares_the_others(
    host: Host,
) -> None:
    other = register_table(host.get_or_create("other", layout="shared"), Dated, "days")
    other.insert(day="2024-01-01")
    db = host.get_or_create("acme", layout="shared")
    register_table(db, Dated, "days")
    stop = threading.Event()
    raised: list[BaseException] = []

    def write() -> None:
        while not stop.is_set():
            try:
                register_table(db, Dated, "days").insert(day="2024-01-01")
            except TableMissing:
                continue  # between the two it was dropped
            except BaseException as error:  # noqa: BLE001 - raised again below
                raised.append(error)
                return

    writer = threading.Thread(target=write)
    writer.start()
    for _ in range(3):
        purge_tenant(host, "acme", reason="asked")
        host.get_or_create("acme", layout="shared")
    stop.set()
    writer.join()

    assert raised == []
    assert len(other) == 1
    assert db.home.read(lambda vault: vault.verify().is_clean)
