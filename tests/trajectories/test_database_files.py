"""One regular file at the path: opened often, moved, unlinked, read-only, or something else."""

import gc
import os
import shutil
import sqlite3
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from processes import Process, in_process, in_processes
from sqlalchemy import exc
from trajectories.ensembles import make

import nacre
from nacre.registry import REGISTRY
from nacre_adapters.trajectories import SQLFile


def test_it_is_one_file_and_the_lock_of_lmdb(tmp_path: Path) -> None:
    make(tmp_path / "x.db")

    assert sorted(p.name for p in tmp_path.iterdir()) == ["x.db", "x.db-lock"]
    assert (tmp_path / "x.db").is_file()


def test_the_path_is_that_of_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    database = SQLFile("x.db")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")

    database.add_trajectory("a", "{}")

    assert SQLFile(tmp_path / "x.db").get_trajectory_count() == 1


def test_handles_of_one_process_see_each_others_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    handles = [SQLFile("x.db"), SQLFile("./x.db"), SQLFile(str(tmp_path / "x.db"))]
    reader = SQLFile("x.db", ro_mode=True)

    for number, handle in enumerate(handles, 1):
        handle.add_trajectory("a", "{}")
        assert [each.get_trajectory_count() for each in (*handles, reader)] == [number] * 4


def test_a_forked_child_uses_the_handle_that_it_inherited(tmp_path: Path) -> None:
    database = make(tmp_path / "x.db")

    def work() -> int:
        database.add_trajectory("child", "{}")
        return database.get_trajectory_count()

    assert in_process(work) == 5
    assert database.fetch_trajectory(4)[0] == "child"


def test_processes_that_open_a_new_file_together_all_succeed(tmp_path: Path) -> None:
    def add(number: int) -> int:
        database = SQLFile(tmp_path / "x.db")
        database.add_trajectory(str(number), "{}")
        return number

    assert in_processes(6, add) == list(range(6))
    assert SQLFile(tmp_path / "x.db").get_trajectory_count() == 6


def test_what_is_unlinked_begins_anew(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    old = make(path)

    path.unlink()
    new = SQLFile(path)

    assert new.get_trajectory_count() == 0
    new.add_trajectory("new", "{}")
    with pytest.raises(exc.OperationalError):
        old.add_trajectory("old", "{}")
    assert SQLFile(path).get_trajectory_count() == 1


def test_a_stale_lock_file_does_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    worker = Process(lambda talk: _hold_open(path, talk))
    worker.hear()
    worker.kill()
    lock = (tmp_path / "x.db-lock").read_bytes()
    path.unlink()
    (tmp_path / "y.db-lock").write_bytes(lock)

    for name in ("x.db", "y.db"):
        database = make(tmp_path / name)
        assert database.get_trajectory_count() == 4
        assert database.vault.verify().is_clean


def _hold_open(path: Path, talk: Connection) -> None:
    database = make(path)
    talk.send("open")
    talk.recv()
    assert database


def test_every_write_after_the_file_vanished_raises(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    database = make(path)
    database.lock_trajectory(1)
    path.unlink()

    for write in (
        lambda: database.add_trajectory("a", "{}"),
        lambda: database.lock_trajectory(0),
        lambda: database.lock_trajectory(1),
        lambda: database.lock_trajectory(99),
        lambda: database.mark_trajectory_as_completed(1),
        lambda: database.update_trajectory(0, "a", "{}"),
        lambda: database.archive_trajectory("a", "{}"),
        database.release_all_trajectories,
        lambda: database.add_splitting_data(0, 1, 0.5, [], [], [], [0.0, 1.0]),
    ):
        with pytest.raises(exc.SQLAlchemyError):
            write()
    assert not path.exists()


def test_a_directory_that_holds_it_may_be_copied_and_moved(tmp_path: Path) -> None:
    (tmp_path / "a.tdb").mkdir()
    database = make(tmp_path / "a.tdb/trajPool.db")
    database.lock_trajectory(0)

    shutil.copytree(tmp_path / "a.tdb", tmp_path / "b.tdb")
    del database
    (tmp_path / "a.tdb").rename(tmp_path / "c.tdb")

    for name in ("b.tdb", "c.tdb"):
        moved = SQLFile(tmp_path / name / "trajPool.db")
        assert moved.get_trajectory_count() == 4
        moved.add_trajectory("more", "{}")
        assert moved.vault.verify().is_clean


def test_it_is_closed_when_nobody_refers_to_it(tmp_path: Path) -> None:
    database = make(tmp_path / "x.db")
    vault = database.vault

    del database

    with pytest.raises(nacre.errors.Closed):
        vault.record("a.b", subject="s")


def test_the_collector_may_close_it_anywhere(tmp_path: Path) -> None:
    def leave_in_a_cycle() -> nacre.Vault:
        database = make(tmp_path / "x.db")
        database.itself = database  # type: ignore[attr-defined]
        return database.vault

    gc.disable()
    inside, outside = leave_in_a_cycle(), leave_in_a_cycle()
    with REGISTRY._alone():  # as when another file is being opened
        gc.collect()
    assert SQLFile(tmp_path / "y.db")
    gc.enable()

    for vault in (inside, outside):
        with pytest.raises(nacre.errors.Closed):
            vault.record("a.b", subject="s")
    assert tmp_path / "x.db" not in [environment.path for environment in REGISTRY._environments]


def test_the_collector_may_close_it_inside_a_transaction(tmp_path: Path) -> None:
    other = make(tmp_path / "x.db")
    dropped = SQLFile(tmp_path / "x.db")
    dropped.itself = dropped  # type: ignore[attr-defined]
    vault = dropped.vault
    del dropped

    with other.vault.transaction() as transaction:
        transaction.record("note.taken", subject="me")
        gc.collect()
    assert SQLFile(tmp_path / "x.db").vault.head == 5

    with pytest.raises(nacre.errors.Closed):
        vault.record("a.b", subject="s")


def test_a_closed_database_says_so(tmp_path: Path) -> None:
    database = make(tmp_path / "x.db")
    database.close()
    database.close()

    with pytest.raises(exc.OperationalError, match="was closed"):
        database.fetch_trajectory(0)


# In memory


def test_in_memory_is_ones_own_and_leaves_nothing(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    first, second = SQLFile("x.db", in_memory=True), SQLFile("", in_memory=True, ro_mode=True)
    place = first.vault.path
    first.add_trajectory("a", "{}")

    assert (first.get_trajectory_count(), second.get_trajectory_count()) == (1, 0)
    assert list(tmp_path.iterdir()) == []
    assert place.exists()
    del first
    assert not place.parent.exists()


def test_a_forked_child_leaves_what_is_in_memory_to_its_parent() -> None:
    database = SQLFile("", in_memory=True)
    database.add_trajectory("a", "{}")

    def work(talk: Connection) -> None:
        nonlocal database
        talk.send(database.get_trajectory_count())
        del database

    child = Process(work)
    assert child.hear() == 1
    child.end()

    assert database.fetch_trajectory(0) == ("a", "{}")


# Read-only, and what is no database


def test_read_only_reads_and_never_writes(tmp_path: Path) -> None:
    writer = make(tmp_path / "x.db")
    writer.lock_trajectory(1)
    reader = SQLFile(tmp_path / "x.db", ro_mode=True)

    assert reader.fetch_trajectory(0) == writer.fetch_trajectory(0)
    assert reader.lock_trajectory(1) is False
    for write in (
        lambda: reader.add_trajectory("a", "{}"),
        lambda: reader.lock_trajectory(0),
        lambda: reader.release_trajectory(1),
        reader.release_all_trajectories,
        lambda: reader.archive_trajectory("a", "{}"),
    ):
        with pytest.raises(exc.OperationalError):
            write()
    reader.mark_last_iteration_as_completed()
    assert writer.get_trajectory_count() == 4


def test_read_only_needs_a_file_that_is_one(tmp_path: Path) -> None:
    (tmp_path / "empty.db").touch()

    with pytest.raises(exc.OperationalError, match="unable to open database file"):
        SQLFile(tmp_path / "x.db", ro_mode=True)
    with pytest.raises(exc.OperationalError, match="readonly database"):
        SQLFile(tmp_path / "empty.db", ro_mode=True)
    assert not (tmp_path / "x.db").exists()


def test_an_empty_file_becomes_a_database(tmp_path: Path) -> None:
    (tmp_path / "x.db").touch()

    assert make(tmp_path / "x.db").get_trajectory_count() == 4


@pytest.mark.parametrize("name", ["", "nowhere/x.db", "folder"])
def test_what_cannot_be_opened_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()

    with pytest.raises(exc.OperationalError, match="unable to open database file"):
        SQLFile(name)
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")
def test_a_directory_without_permission_says_so(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)

    with pytest.raises(exc.OperationalError):
        SQLFile(tmp_path / "x.db")


@pytest.mark.parametrize("content", [b"junk", b"\x00" * 9000, b"{" * 100_000])
def test_a_file_that_is_something_else_is_no_database(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.db").write_bytes(content)

    for read_only in (False, True):
        with pytest.raises(exc.DatabaseError, match="file is not a database"):
            SQLFile(tmp_path / "x.db", ro_mode=read_only)
    assert (tmp_path / "x.db").read_bytes() == content


def test_a_file_of_the_original_says_how_to_bring_it_over(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "x.db")
    connection.execute("CREATE TABLE trajectories (id INTEGER)")
    connection.close()

    with pytest.raises(exc.DatabaseError, match=r"nacre-trajectories import .*x\.db"):
        SQLFile(tmp_path / "x.db")


# A vault of others


def test_an_open_vault_is_a_place_too(tmp_path: Path) -> None:
    with nacre.open(tmp_path / "v", actor="ana") as vault:
        database = SQLFile(vault)
        database.add_trajectory("a", "{}")
        database.close()
        vault.record("note.taken", subject="me")

        assert database.name() == tmp_path / "v"
        assert [event.actor for event in vault.events()] == ["ana", "ana"]
        assert SQLFile(vault).get_trajectory_count() == 1
