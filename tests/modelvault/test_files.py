"""Files: paths, locks, readers beside a writer, and what is not a database."""

import os
from pathlib import Path

import pytest
from modelvault_schemas import fields, in_thread, opened
from processes import Process, in_process

import nacre
from nacre_adapters.modelvault import Database, ModelVaultFormatError

SCHEMA = fields(id="int64", n="int64")


def made(path: Path) -> Database:
    db = Database.open(path)
    db.register_collection("c", SCHEMA, "id")
    db.insert("c", {"id": 1, "n": 2})
    return db


def test_a_file_is_made_with_its_lock_beside_it(tmp_path: Path) -> None:
    path = str(tmp_path / "x.mv")

    with made(Path(path)) as db:
        assert db.path() == path

    with Database.open(path) as db:
        assert db.get("c", 1) == {"id": 1, "n": 2}
        assert db.recovery_info == {"truncated_bytes": 0, "truncate_reason": None}
    assert (tmp_path / "x.mv.writer.lock").exists()


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("missing/x.mv", r"No such file or directory \(os error 2\)"),
        ("", r"No such file or directory \(os error 2\)"),
        (".", r"Is a directory \(os error 21\)"),
    ],
)
def test_what_cannot_be_a_file_is_an_oserror(
    path: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    with pytest.raises(OSError, match=message):
        Database.open(path)


def test_reading_makes_nothing(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"os error 2"):
        Database.open(tmp_path / "x.mv", read_only=True)

    assert list(tmp_path.iterdir()) == []


def test_an_empty_file_is_a_new_database(tmp_path: Path) -> None:
    path = tmp_path / "x.mv"
    path.touch()

    with Database.open(path, read_only=True) as db:
        assert db.collection_names() == []
    with made(path) as db:
        assert db.collection_names() == ["c"]


@pytest.mark.parametrize("recovery", ["x", "STRICT", "auto"])
def test_recovery_is_one_of_two(recovery: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=f"'strict' or 'auto_truncate', got \"{recovery}\""):
        Database.open(tmp_path / "x.mv", recovery=recovery)


def test_options_are_named(tmp_path: Path) -> None:
    with pytest.raises(TypeError):
        Database.open(str(tmp_path / "x.mv"), True)
    with pytest.raises(TypeError, match=r"argument 'path': 'bytes' object is not an instance"):
        Database.open(bytes(tmp_path))


@pytest.mark.parametrize("content", [b"hello" * 20, b"TDB0" + bytes(60), b"abcd"])
def test_something_else_is_a_format_error(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.mv"
    path.write_bytes(content)

    with pytest.raises(ModelVaultFormatError, match=r"^format error: "):
        Database.open(path)

    assert path.read_bytes() == content


def test_one_handle_writes_in_a_process(tmp_path: Path) -> None:
    path = tmp_path / "x.mv"
    with made(path):
        with pytest.raises(OSError, match=r"writable storage already open for this path in this"):
            Database.open(path)
        (tmp_path / "link").symlink_to(path)
        with pytest.raises(OSError, match=r"already open"):
            Database.open(tmp_path / "link")
    Database.open(path).close()


def test_one_process_writes_and_others_read(tmp_path: Path) -> None:
    path = tmp_path / "x.mv"
    db = made(path)

    def child() -> None:
        with pytest.raises(OSError, match=r"database file is locked by another process: Resource"):
            Database.open(path)
        with Database.open(path, read_only=True) as reader:
            assert reader.get("c", 1) == {"id": 1, "n": 2}
            with pytest.raises(OSError, match=r"Bad file descriptor \(os error 9\)"):
                reader.insert("c", {"id": 2, "n": 2})

    in_process(child)
    db.insert("c", {"id": 1, "n": 3})
    assert db.get("c", 1) == {"id": 1, "n": 3}
    db.close()


def test_a_lock_ends_with_its_process(tmp_path: Path) -> None:
    path = tmp_path / "x.mv"

    def child(talk: object) -> None:
        made(path)
        os.kill(os.getpid(), 9)

    Process(child).join()

    with Database.open(path) as db:
        assert db.get("c", 1) == {"id": 1, "n": 2}


def test_a_reader_sees_what_is_committed_meanwhile(tmp_path: Path) -> None:
    with made(tmp_path / "x.mv") as db:
        with Database.open(tmp_path / "x.mv", read_only=True) as reader:
            with db.transaction():
                db.insert("c", {"id": 2, "n": 3})
                assert in_thread(lambda: reader.get("c", 2)) is None
            assert reader.get("c", 2) == {"id": 2, "n": 3}
            db.register_collection("d", SCHEMA, "id")
            assert reader.collection_names() == ["c", "d"]


def test_a_file_is_free_when_nobody_uses_it(tmp_path: Path) -> None:
    path = tmp_path / "x.mv"
    collection = made(path).collection("c")
    assert collection.count() == 1

    del collection

    Database.open(path).close()


def test_a_closed_database_says_so(tmp_path: Path) -> None:
    db = made(tmp_path / "x.mv")
    db.close()
    db.close()

    for call in (lambda: db.get("c", 1), lambda: db.insert("c", {}), db.collection_names):
        with pytest.raises(RuntimeError, match=r"closed"):
            call()


def test_memory_is_called_memory() -> None:
    db = opened(SCHEMA)

    assert db.path() == ":memory:"


def test_a_vault_that_is_open_holds_collections_beside_other_things(tmp_path: Path) -> None:
    with nacre.open(tmp_path / "v.vault", actor="ana") as vault:
        vault.rows.create("own", {"id": "int64"}, key="id")
        db = Database.open(vault)
        assert db.register_collection("c", SCHEMA, "id") == (1, 1)
        with pytest.raises(ValueError, match=r"duplicate collection name"):
            db.register_collection("own", SCHEMA, "id")
        db.insert("c", {"id": 1, "n": 2})
        position = vault.head
        db.delete("c", 1)

        assert db.collection_names() == ["c"]
        assert db.get("c", 1) is None
        assert Database.open(vault.at(position)).get("c", 1) == {"id": 1, "n": 2}
        assert vault.verify().is_clean
        assert vault.replay().is_equal
