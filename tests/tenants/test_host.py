"""Tenants: which ids there can be, where their vaults are, what keeps them apart."""

import enum
import shutil
import threading
from pathlib import Path

import pytest
from processes import in_processes
from tenants import models

from nacre.errors import Closed, CorruptionError, InvalidInput, VaultMissing
from nacre_adapters.tenants import (
    BadTenantId,
    Database,
    Host,
    IntegrityError,
    NotFoundError,
    create_index,
    get_or_create_tenant_db,
    list_tables,
    register_table,
    register_tables,
)

BAD_IDS = [
    "", None, 5, "../escape", "/abs/path", "a/b", "a b", "a.b", "a'b", 'a"b', "ünïcode", "a;b",
    "a\nb", "a\0b", "e\u0301", "\u212a", "\uff41", "\u0663", "a\u200b", "a\ud800", "acme\r",
    "q?mode=ro", "x" * 65, "-rf", b"acme", "acme\n", ".", "..", "a\\b",
]  # fmt: skip


@pytest.mark.parametrize("bad", BAD_IDS)
def test_a_bad_id_is_refused_before_anything_is_made(host: Host, bad: object) -> None:
    before = sorted(path.name for path in host.root.rglob("*"))

    with pytest.raises(BadTenantId):
        host.get_or_create(bad)

    assert sorted(path.name for path in host.root.rglob("*")) == before
    assert host.tenants() == []


def test_the_function_makes_nothing_of_a_bad_id(tmp_path: Path) -> None:
    with pytest.raises(BadTenantId):
        get_or_create_tenant_db("../x", root=tmp_path / "host")

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("layout", ["vault", "shared"])
def test_ids_that_are_alike_are_different_tenants(host: Host, layout: str) -> None:
    ids = ["acme", "Acme", "ACME", "aCME", "a", "a_", "_a", "a-b", "a_b", "x" * 64, "x" * 63]
    for tenant_id in ids:
        db = host.get_or_create(tenant_id, layout=layout)
        register_table(db, models.users(), "users", pk="email").insert(email=tenant_id)

    for tenant_id in ids:
        assert [u["email"] for u in host.get(tenant_id)["users"]()] == [tenant_id]
    assert [tenant.id for tenant in host.tenants()] == sorted(ids)
    names = [path.name.lower() for path in (host.root / "tenants").iterdir()]
    assert len(set(names)) == len(names)


def test_a_namespace_is_no_prefix_of_another(host: Host) -> None:
    short, long = (host.get_or_create(name, layout="shared") for name in ("a", "a_b"))
    register_table(short, models.users(), "b/users", pk="email").insert(email="short")
    register_table(long, models.users(), "users", pk="email").insert(email="long")

    assert (list_tables(short), list_tables(long)) == (["b/users"], ["users"])
    create_index(short, "b/users", ["name"], index_name="i")
    create_index(long, "users", ["yob"], index_name="i")


def test_the_first_name_of_a_tenant_stays(host: Host) -> None:
    host.get_or_create("acme", "Acme Corp")
    host.get_or_create("acme", "Other")
    host.get_or_create("plain")

    assert [(t.id, t.name, t.layout) for t in host.tenants()] == [
        ("acme", "Acme Corp", "vault"),
        ("plain", "plain", "vault"),
    ]


def test_a_tenant_keeps_its_layout(host: Host) -> None:
    host.get_or_create("acme", layout="shared")

    assert host.get_or_create("acme").home.namespace == "acme"
    with pytest.raises(InvalidInput, match="'shared'"):
        host.get_or_create("acme", layout="vault")
    with pytest.raises(InvalidInput, match="choose"):
        host.get_or_create("new", layout="other")
    with pytest.raises(NotFoundError):
        host.get("new")


def test_the_place_is_an_argument_a_variable_or_the_current_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cwd").mkdir()
    monkeypatch.chdir(tmp_path / "cwd")

    get_or_create_tenant_db("a").close()
    monkeypatch.setenv("NACRE_TENANTS", str(tmp_path / "variable"))
    get_or_create_tenant_db("b").close()
    get_or_create_tenant_db("c", root=tmp_path / "argument").close()

    for place in ("cwd/tenants", "variable", "argument"):
        assert (tmp_path / place / "catalogue.nacre").exists()


def test_a_lost_vault_is_an_error_and_not_made_anew(host: Host) -> None:
    register_table(host.get_or_create("acme"), models.users(), "users", pk="email")
    host.close()
    (host.root / "tenants" / "acme.nacre").unlink()

    with pytest.raises(VaultMissing, match="restore"):
        host.get_or_create("acme").table_names()


def test_the_vault_of_another_tenant_is_not_taken_for_ones_own(host: Host) -> None:
    for name in ("acme", "other"):
        register_table(host.get_or_create(name), models.users(), "users", pk="email")
    host.close()
    folder = host.root / "tenants"
    shutil.copy(folder / "other.nacre", folder / "acme.nacre")

    with pytest.raises(CorruptionError, match="not the vault"):
        host.get("acme").table_names()


def test_a_closed_handle_says_so_and_others_go_on(host: Host) -> None:
    first, second = host.get_or_create("acme"), host.get_or_create("acme")
    first.close()
    first.close()
    first.conn.close()

    with pytest.raises(Closed):
        first.table_names()
    assert second.table_names() == []
    second.conn.commit()
    second.conn.rollback()
    second.engine.dispose()


class Names(enum.StrEnum):
    ACME = "acme"


def test_an_id_may_be_a_member_of_an_enum(host: Host) -> None:
    assert host.get_or_create(Names.ACME).table_names() == []
    assert [tenant.id for tenant in host.tenants()] == ["acme"]
    assert host.get(Names.ACME).home.place.key == host.get("acme").home.place.key


def test_threads_that_create_the_same_tenant_get_the_same(host: Host) -> None:
    found: list[Database] = []
    barrier = threading.Barrier(8)

    def create() -> None:
        barrier.wait()
        found.append(host.get_or_create("acme"))

    run_in_threads(8, create)

    table = register_table(found[0], models.users(), "users", pk="email")
    table.insert(email="a")
    assert all("a" in db["users"] for db in found)
    assert len(host.tenants()) == 1


def test_processes_that_create_register_and_insert_at_once_agree(tmp_path: Path) -> None:
    def work(number: int) -> list[int]:
        host = Host(tmp_path / "host")
        db = host.get_or_create("acme")
        tables = register_tables(
            db, [(models.todos(), name, "id") for name in ("one", "two", "three")]
        )
        create_index(db, "one", ["title"])
        return [tables["one"].insert(title=f"{number}").id for _ in range(20)]

    numbers = [n for found in in_processes(4, work) for n in found]

    assert sorted(numbers) == list(range(1, 81))
    table = Host(tmp_path / "host").get("acme")["one"]
    assert [table.count_where("title = ?", [str(n)]) for n in range(4)] == [20] * 4


def test_threads_share_a_handle(host: Host) -> None:
    table = register_table(host.get_or_create("acme"), models.todos(), "todos")

    def insert() -> None:
        for _ in range(25):
            table.insert(title="t")
            assert table("title = 't'")

    run_in_threads(8, insert)

    assert [row.id for row in table()] == list(range(1, 201))


@pytest.mark.parametrize("layout", ["vault", "shared"])
def test_tenants_never_see_each_other(tmp_path: Path, layout: str) -> None:
    """Threads of several processes work on all tenants at once, through two open vaults."""

    def work(number: int) -> bool:
        host = Host(tmp_path / "host", most_open=2)

        def of_tenant(name: str) -> None:
            db = host.get_or_create(name, layout=layout)
            table = register_table(db, models.users(), "users", pk="email")
            for n in range(10):
                key = f"{name}-{number}-{n}"
                with db.tx():
                    table.insert(email=key, name=name)
                    table.update(email=key, yob=n)
                assert {u.name for u in table()} == {name}
                assert {u.name for u in table("yob = ? or 1", [n])} == {name}
            with pytest.raises(IntegrityError):
                table.insert(email=f"{name}-{number}-0")

        run_in_threads(4, *[lambda name=name: of_tenant(name) for name in "abcd"])
        return True

    assert in_processes(2, work) == [True, True]
    host = Host(tmp_path / "host")
    for name in "abcd":
        assert len(host.get(name)["users"]) == 20


def run_in_threads(count: int, *works: object) -> None:
    raised: list[BaseException] = []

    def run(work: object) -> None:
        try:
            work()  # type: ignore[operator]
        except BaseException as error:  # noqa: BLE001 - raised again below
            raised.append(error)

    threads = [threading.Thread(target=run, args=(works[n % len(works)],)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if raised:
        raise raised[0]
