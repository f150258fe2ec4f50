"""Snapshots, restoring and compacting: whole or not there, checked, locked."""

import os
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from modelvault_schemas import fields, in_thread, opened, roll_back
from processes import Process

from nacre_adapters.modelvault import (
    Database,
    ModelVaultFormatError,
    ModelVaultTransactionError,
)

SCHEMA = fields(id="int64", s="string")
ROWS = [{"id": n, "s": f"row {n}"} for n in range(50)]


def made(path: Path) -> Database:
    db = Database.open(path)
    db.register_collection("c", SCHEMA, "id")
    for row in ROWS:
        db.insert("c", row)
    return db


def rows(db: Database) -> list[dict[str, object]]:
    return db.collection("c").order_by("id").all()


def test_an_export_opens_as_a_file_and_as_a_copy(tmp_path: Path) -> None:
    with made(tmp_path / "x.mv") as db:
        size = (tmp_path / "x.mv").stat().st_size
        db.export_snapshot(str(tmp_path / "y.mv"))
        db.export_snapshot(tmp_path / "x.mv")
        assert (tmp_path / "x.mv").stat().st_size == size
        db.delete("c", 0)
        db.compact_to(tmp_path / "z.mv")

    with Database.open(tmp_path / "y.mv") as copy:
        assert rows(copy) == ROWS
    with Database.open_snapshot(str(tmp_path / "y.mv")) as copy:
        copy.delete("c", 1)
        assert copy.path() == ":memory:"
        assert rows(copy) == [ROWS[0], *ROWS[2:]]
    with Database.open(tmp_path / "z.mv", read_only=True) as copy:
        assert rows(copy) == ROWS[1:]


def test_a_database_in_memory_can_be_exported_and_has_bytes(tmp_path: Path) -> None:
    db = opened(SCHEMA)
    db.insert("c", ROWS[0])

    db.export_snapshot(tmp_path / "y.mv")
    copy = Database.open_snapshot_bytes(db.snapshot_bytes())

    assert rows(copy) == [ROWS[0]]
    with Database.open(tmp_path / "y.mv") as file:
        assert rows(file) == [ROWS[0]]
        with pytest.raises(ValueError, match="snapshot_bytes is only supported for in-memory"):
            file.snapshot_bytes()
    with pytest.raises(ValueError, match="compact_in_place is only supported for file-backed"):
        db.compact()


@pytest.mark.parametrize("cut", [0, 10, 5000, -1, -5000])
def test_a_truncated_image_is_refused(cut: int) -> None:
    db = opened(SCHEMA)
    for row in ROWS:
        db.insert("c", row)
    image = db.snapshot_bytes()

    with pytest.raises(ModelVaultFormatError):
        Database.open_snapshot_bytes(image[:cut])


def test_only_bytes_are_an_image() -> None:
    with pytest.raises(TypeError):
        Database.open_snapshot_bytes("x")


def test_places_that_there_are_not_are_oserrors(tmp_path: Path) -> None:
    db = opened(SCHEMA)

    for call in (
        lambda: db.export_snapshot(tmp_path / "no" / "y.mv"),
        lambda: Database.open_snapshot(tmp_path / "no.mv"),
        lambda: Database.restore_snapshot(tmp_path / "no.mv", tmp_path / "y.mv"),
    ):
        with pytest.raises(OSError, match="os error 2"):
            call()


def test_a_restore_verifies_and_locks(tmp_path: Path) -> None:
    path, snapshot = tmp_path / "x.mv", tmp_path / "s.mv"
    with made(path) as db:
        db.export_snapshot(snapshot)
        db.delete("c", 0)
        with pytest.raises(OSError, match="already open"):
            Database.restore_snapshot(snapshot, path)
        assert rows(db) == ROWS[1:]
    (tmp_path / "garbage").write_bytes(os.urandom(9000))
    damaged = bytearray(snapshot.read_bytes())
    damaged[len(damaged) // 2 :] = bytes(len(damaged) - len(damaged) // 2)
    (tmp_path / "damaged").write_bytes(damaged)

    for bad in ("garbage", "damaged"):
        with pytest.raises(ModelVaultFormatError):
            Database.restore_snapshot(tmp_path / bad, path)
    with Database.open(path) as db:
        assert rows(db) == ROWS[1:]
    Database.restore_snapshot(str(snapshot), str(path))

    with Database.open(path) as db:
        assert rows(db) == ROWS
        db.insert("c", {"id": 99, "s": "x"})
    Database.restore_snapshot(snapshot_path=snapshot, dest_path=tmp_path / "new.mv")
    with Database.open(tmp_path / "new.mv", read_only=True) as db:
        assert rows(db) == ROWS


def test_compacting_and_checkpoints_keep_everything(tmp_path: Path) -> None:
    with made(tmp_path / "x.mv") as db:
        for turn in range(5):
            for row in ROWS:
                db.insert("c", {**row, "s": f"turn {turn}"})
        size = (tmp_path / "x.mv").stat().st_size

        db.compact()
        db.checkpoint()

        assert (tmp_path / "x.mv").stat().st_size < size
        assert {row["s"] for row in rows(db)} == {"turn 4"}
        assert db.handle.vault.verify().is_clean


def test_whole_copies_are_for_outside_of_a_transaction(tmp_path: Path) -> None:
    with made(tmp_path / "x.mv") as db:

        def inside() -> None:
            db.insert("c", {"id": 99, "s": "never"})
            for call in (
                db.compact,
                lambda: db.compact_to(tmp_path / "y.mv"),
                lambda: db.export_snapshot(tmp_path / "y.mv"),
            ):
                with pytest.raises(ModelVaultTransactionError, match="outside of a transaction"):
                    call()
            in_thread(lambda: db.export_snapshot(tmp_path / "y.mv"))

        roll_back(db, inside)

        assert rows(db) == ROWS
    with Database.open(tmp_path / "y.mv") as copy:
        assert rows(copy) == ROWS


def test_a_file_that_is_written_can_be_copied_and_restored(tmp_path: Path) -> None:
    path = tmp_path / "x.mv"
    with made(path) as db:
        db.compact()

    def write(talk: Connection) -> None:
        with Database.open(path) as db:
            talk.send("begun")
            while not talk.poll():
                with db.transaction():
                    for row in ROWS:
                        db.insert("c", {**row, "s": "x" * 500})
                with db.transaction():
                    for row in ROWS:
                        db.insert("c", row)

    process = Process(write)
    assert process.hear() == "begun"
    for number in range(5):
        with Database.open_snapshot(path) as copied:
            assert [row["id"] for row in rows(copied)] == [row["id"] for row in ROWS]
            assert len({len(str(row["s"])) == 500 for row in rows(copied)}) == 1
        Database.restore_snapshot(path, tmp_path / f"{number}.mv")
        with Database.open(tmp_path / f"{number}.mv") as restored:
            assert len(rows(restored)) == len(ROWS)
    process.talk.send("enough")
    process.end()
    left = {each.name for each in tmp_path.iterdir() if each.name.startswith(".restore")}
    assert left == set()
