"""A secret that a step has read does not get into the log, whatever the step does by accident."""

import base64
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from nacre_adapters.flowstore import (
    Asset,
    AssetType,
    NotStorable,
    StoreInterface,
    attempt,
    find_place,
    keys,
    use_store,
)
from nacre_adapters.flowstore.connections import Connection
from nacre_adapters.flowstore.connections.kinds import is_secret

SECRET = "open s3same/please"


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StoreInterface]:
    monkeypatch.setenv(keys.VARIABLE, base64.urlsafe_b64encode(b"k" * 32).decode())
    with use_store(tmp_path / "flows.vault"):
        store = StoreInterface("1", user="ana", step_name="Load")
        store.connections.create("db", "postgresql", {"host": "h", "password": SECRET})
        yield store


def files_with_it(tmp_path: Path) -> list[Path]:
    forms = [SECRET.encode(), quote(SECRET, safe="").encode()]
    found = (path for path in tmp_path.rglob("*") if path.is_file())
    return [path for path in found if any(form in path.read_bytes() for form in forms)]


def fail_with_it(store: StoreInterface) -> None:
    with attempt(find_place(), "1", "Load", user="ana"):
        password = str(store.connections.get("db")["password"])
        store.update_progress(10, f"with {password}")
        raise OSError(f"no route to postgresql://u:{quote(password, safe='')}@h with {password}")


def test_an_exception_and_progress_are_told_without_it(
    store: StoreInterface, tmp_path: Path
) -> None:
    with pytest.raises(OSError, match="no route"):
        fail_with_it(store)

    (step,) = store.get_flow_status()["steps"]
    assert step["error"] == "OSError: no route to postgresql://u:********@h with ********"
    assert step["message"] == "with ********"
    assert files_with_it(tmp_path) == []


@pytest.mark.parametrize(
    ("write", "where"),
    [
        (lambda store, db: store.save_output(dict(db), "x"), r"data\['password'\]"),
        (
            lambda store, db: store.save_output([{1: (db["password"],)}], "x"),
            r"data\[0\]\[1\]\[0\]",
        ),
        (lambda store, db: store.save_output({f"u:{db['password']}@h"}, "x"), r"data\[0\]"),
        (lambda store, db: store.save_output(str(db["password"]).encode(), "x"), "data"),
        (lambda store, db: store.save_output({db["password"]: 1}, "x"), "a key of data"),
        (
            lambda store, db: store.save_asset(Asset(dict(db), "a", AssetType.OTHER)),
            r"object\['password'\]",
        ),
        (
            lambda store, db: store.save_asset(
                Asset(1, "a", AssetType.OTHER, metadata={"with": db["password"]})
            ),
            r"about\['metadata'\]\['with'\]",
        ),
    ],
)
def test_a_value_that_holds_it_is_refused_with_its_path(
    store: StoreInterface,
    tmp_path: Path,
    write: Callable[[StoreInterface, Connection], object],
    where: str,
) -> None:
    said = f"{where} holds the secret 'password' of the connection 'db'"
    with pytest.raises(NotStorable, match=said) as raised:
        write(store, store.connections.get("db"))

    assert SECRET not in str(raised.value)
    assert files_with_it(tmp_path) == []


def test_a_connection_is_no_value(store: StoreInterface) -> None:
    with pytest.raises(NotStorable):
        store.save_output(store.connections.get("db"), "x")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DB_Password", "x"),
        ("account_key", "x"),
        ("refresh_token", "x"),
        ("sqlalchemy_uri", "x"),
        ("host", "postgresql://u:hunter2@h/db"),
        ("options", "host=h Password = hunter2"),
    ],
)
def test_what_looks_like_a_secret_is_one(
    store: StoreInterface, tmp_path: Path, name: str, value: str
) -> None:
    made = store.connections.create("c", "other", {name: value})

    assert (made.secret_names, made[name]) == ([name], value)
    assert not any(b"hunter2" in f.read_bytes() for f in tmp_path.rglob("*") if f.is_file())


def test_what_does_not_is_shown() -> None:
    shown = {"host": "h", "endpoint_url": "http://localhost:1", "access_key": "AK", "port": 1}

    assert not any(is_secret(name, value) for name, value in shown.items())


def test_no_field_may_repeat_a_secret_that_is_kept(store: StoreInterface) -> None:
    new = {"host": "hunter2.example", "x": {"value": "hunter2", "encrypt": True}}
    for change in ({"note": f"see {SECRET}"}, new):
        with pytest.raises(ValueError, match="holds the secret"):
            store.connections.update("db", change)
    with pytest.raises(ValueError, match="holds the secret"):
        store.connections.create(SECRET, "postgresql", {"password": SECRET})


def test_what_a_rotation_that_died_left_is_deleted(store: StoreInterface, tmp_path: Path) -> None:
    kept = (tmp_path / "flows.vault.secrets").read_bytes()
    store.connections.update("db", {"password": "second"})
    after = store.connections.get("db")
    later = (tmp_path / "flows.vault.secrets").read_text()
    both = kept.decode().rstrip("}\n ") + "," + later.lstrip("{\n ")
    (tmp_path / "flows.vault.secrets").write_text(both)  # as if it died before deleting
    assert both.count("/password/") == 2

    store.connections.update("db", {"host": "h2"})

    assert (tmp_path / "flows.vault.secrets").read_text().count("/password/") == 1
    assert after["password"] == "second"
