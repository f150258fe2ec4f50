"""Connections are owned and shared; their secrets lie in no file, no message and no repr."""

import base64
import json
import os
import pickle
from pathlib import Path

import pytest

import nacre
from nacre.errors import InvalidInput, StorageError
from nacre_adapters.flowstore import StoreInterface, keys, people, use_store
from nacre_adapters.flowstore.connections import (
    ConnectionNotFound,
    ConnectionType,
    Secret,
    SecretMissing,
)
from nacre_adapters.flowstore.errors import NotPermitted

SECRET = "correct horse battery staple"
KEY = base64.urlsafe_b64encode(b"k" * 32).decode()


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(keys.VARIABLE, KEY)


@pytest.fixture
def store(tmp_path: Path):
    with use_store(tmp_path / "flows.vault"):
        yield StoreInterface("flow", user="ana")


def shotlogs(store: StoreInterface, **fields: object):
    return store.connections.create(
        "shotlogs", "postgresql", {"host": "h", "user_name": "u", "password": SECRET, **fields}
    )


def test_a_connection_is_a_mapping_with_its_secret(store: StoreInterface) -> None:
    made = shotlogs(store, port=5432)

    found = store.connections.get("shotlogs")

    assert (found["host"], found["port"], found["password"]) == ("h", 5432, SECRET)
    assert store.connections.get(made.id) == found
    assert found.type is ConnectionType.POSTGRESQL


def test_nothing_that_shows_a_connection_shows_its_secret(store: StoreInterface) -> None:
    made = shotlogs(store, api={"value": SECRET, "encrypt": True})

    shown = [repr(made), str(made), json.dumps(made.to_json()), repr(Secret(SECRET))]

    assert not any(SECRET in text for text in shown)
    assert made.to_json()["fields"]["api"] == "********"
    for hidden in (made, Secret(SECRET)):
        with pytest.raises(TypeError, match="not pickled"):
            pickle.dumps(hidden)


def test_no_file_holds_a_secret_whatever_happens_to_it(tmp_path: Path) -> None:
    other = SECRET[::-1]
    with use_store(tmp_path / "flows.vault"):
        store = StoreInterface("flow", user="ana")
        shotlogs(store, token=Secret("my token 7"))
        assert store.connections.get("shotlogs")["password"] == SECRET
        store.connections.update("shotlogs", {"password": other, "token": None})
        assert store.connections.get("shotlogs")["password"] == other
        files = [path for path in tmp_path.rglob("*") if path.is_file()]
        texts = [text.encode() for text in (SECRET, other, "my token 7")]
        assert not [path for path in files for text in texts if text in path.read_bytes()]
        store.connections.delete("shotlogs")

    assert json.loads((tmp_path / "flows.vault.secrets").read_text()) == {}
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) > 2
    for path in files:
        content = path.read_bytes()
        for text in texts:
            assert text not in content
            assert base64.b64encode(text)[:16] not in content


def test_the_vault_verifies_and_its_views_replay(tmp_path: Path) -> None:
    with use_store(tmp_path / "flows.vault") as vault:
        shotlogs(StoreInterface("flow", user="ana"))

        assert vault.verify().is_clean
        assert vault.replay().is_equal


def test_a_rotated_secret_has_another_ciphertext(store: StoreInterface, tmp_path: Path) -> None:
    shotlogs(store)
    before = json.loads((tmp_path / "flows.vault.secrets").read_text())

    store.connections.update("shotlogs", {"password": SECRET})

    after = json.loads((tmp_path / "flows.vault.secrets").read_text())
    assert len(after) == 1
    assert not set(before) & set(after)


def test_the_file_of_secrets_is_for_its_owner_alone(store: StoreInterface, tmp_path: Path) -> None:
    shotlogs(store)

    assert (tmp_path / "flows.vault.secrets").stat().st_mode & 0o777 == 0o600


def test_a_ciphertext_does_not_move_to_another_field(store: StoreInterface, tmp_path: Path) -> None:
    shotlogs(store, token="another secret")
    path = tmp_path / "flows.vault.secrets"
    kept = json.loads(path.read_text())
    first, second = kept
    path.write_text(json.dumps({first: kept[second], second: kept[first]}))

    with pytest.raises(SecretMissing):
        store.connections.get("shotlogs")["password"]


def test_another_key_says_what_is_wrong(store, monkeypatch: pytest.MonkeyPatch) -> None:
    shotlogs(store)
    monkeypatch.setenv(keys.VARIABLE, base64.urlsafe_b64encode(b"x" * 32).decode())

    with pytest.raises(SecretMissing, match="another key"):
        store.connections.get("shotlogs")["password"]


def test_the_key_is_made_in_a_file_for_its_owner(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.delenv(keys.VARIABLE)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setattr(keys, "_with_keyring", lambda _: None)

    first = keys.find_key()

    assert keys.find_key() == first
    assert keys.key_path().stat().st_mode & 0o777 == 0o600
    keys.key_path().chmod(0o644)
    with pytest.raises(StorageError, match="others can read the key"):
        keys.find_key()


def test_the_key_is_kept_in_the_keyring_where_there_is_one(tmp_path: Path, monkeypatch) -> None:
    keyring = pytest.importorskip("keyring")
    backend = pytest.importorskip("keyring.backend")

    class InMemory(backend.KeyringBackend):
        priority = 1

        def __init__(self) -> None:
            self.kept: dict[tuple[str, str], str] = {}

        def get_password(self, service: str, username: str) -> str | None:
            return self.kept.get((service, username))

        def set_password(self, service: str, username: str, password: str) -> None:
            self.kept[service, username] = password

    monkeypatch.delenv(keys.VARIABLE)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    before, ring = keyring.get_keyring(), InMemory()
    keyring.set_keyring(ring)
    try:
        with use_store(tmp_path / "v"):
            shotlogs(StoreInterface("flow", user="ana"))
            assert StoreInterface("flow", "ana").connections.get("shotlogs")["password"] == SECRET
    finally:
        keyring.set_keyring(before)
    assert len(ring.kept) == 1
    assert not keys.key_path().exists()


def test_an_odd_key_is_refused_and_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(keys.VARIABLE, "my half secret key")

    with pytest.raises(InvalidInput, match="holds no key") as caught:
        keys.derived_key("secrets")

    assert "half" not in str(caught.value)


def test_a_connection_of_somebody_else_is_as_absent(store: StoreInterface) -> None:
    made = shotlogs(store)
    for user in ("ana", "bo"):
        people.join(store.place, "shots", user, by="root")
    people.join(store.place, "others", "cy", by="root")
    bo, cy = (StoreInterface("flow", user=user).connections for user in ("bo", "cy"))
    absent = _message(bo, "nothing").replace("nothing", "shotlogs")

    assert _message(bo, "shotlogs") == absent
    assert _message(cy, made.id).replace(made.id, "shotlogs") == absent.replace("'bo'", "'cy'")

    store.connections.update("shotlogs", is_shared=True)

    assert bo.get("shotlogs")["password"] == SECRET
    assert bo.get("shotlogs", "ana").id == made.id
    assert [each.name for each in bo.all()] == ["shotlogs"]
    assert cy.all() == []
    with pytest.raises(NotPermitted, match="that of 'ana'"):
        bo.update("shotlogs", {"host": "evil"})


def _message(connections, name: str) -> str:
    with pytest.raises(ConnectionNotFound) as caught:
        connections.get(name)
    assert isinstance(caught.value, ValueError)
    return str(caught.value)


def test_a_name_is_taken_once_and_free_again(store: StoreInterface, tmp_path: Path) -> None:
    shotlogs(store)
    with pytest.raises(InvalidInput, match="already"):
        shotlogs(store)
    assert len(json.loads((tmp_path / "flows.vault.secrets").read_text())) == 1

    store.connections.delete("shotlogs")

    assert shotlogs(store)["host"] == "h"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"password": 5}, "is no text"),
        ({"host": [1]}, "is a list"),
        ({"": "a"}, "name of a field"),
        ({"password": SECRET, "dsn": f"x:{SECRET}@h"}, "holds the secret 'password'"),
    ],
)
def test_odd_fields_are_refused_without_their_values(store, fields, words: str) -> None:
    with pytest.raises(InvalidInput, match=words) as caught:
        store.connections.create("c", "postgresql", fields)

    assert SECRET not in str(caught.value)


def test_types_are_found_by_name_and_value() -> None:
    found = StoreInterface.str_2_connection_type(["POSTGRESQL", "mssql+pyodbc", "S3"])

    expected = [ConnectionType.POSTGRESQL, ConnectionType.MSSQL_PYODBC, ConnectionType.S3]
    assert found == expected
    with pytest.raises(ValueError, match="choose of postgresql"):
        StoreInterface.str_2_connection_type(["dbase"])


def test_a_pickle_of_the_store_is_authenticated(store: StoreInterface) -> None:
    step = StoreInterface("flow", user="ana", step_name="One")

    step.save_output({"when": os.stat_result(range(10))}, "stat", trust="pickle")

    assert step.get_input("stat", trust="pickle")["when"][0] == 0
    with pytest.raises(ValueError, match="say trust='pickle'"):
        step.get_input("stat")


def test_an_old_position_knows_no_later_connection(tmp_path: Path) -> None:
    with nacre.open(tmp_path / "v") as vault:
        with use_store(vault):
            store = StoreInterface("flow", user="ana")
            shotlogs(store)
            store.connections.delete("shotlogs")
        then = vault.at(1)
        with use_store(then):
            old = StoreInterface("flow", user="ana").connections.get("shotlogs")
            with pytest.raises(SecretMissing):
                old["password"]
