"""Handles: odd names, copies, calls on closed ones, and reading while others write."""

import copy
import json
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread

import pytest
from sqlalchemy import exc
from trajectories.ensembles import make

from nacre_adapters.trajectories import SQLFile, head
from nacre_adapters.trajectories.places import open_place
from nacre_adapters.trajectories.sqlite import export_sqlite


@pytest.mark.parametrize("name", ["a\0b", "x" * 300, "\udcff.db", "pipe", "circle", "dangling"])
@pytest.mark.parametrize("ro_mode", [False, True])
def test_a_name_that_no_database_can_have_is_an_operational_error(
    tmp_path: Path, name: str, ro_mode: bool
) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "circle").symlink_to("circle")
    (tmp_path / "dangling").symlink_to("nowhere/x.db")

    with pytest.raises(exc.OperationalError, match="unable to open"):
        SQLFile(tmp_path / name, ro_mode=ro_mode)

    assert not (tmp_path / "nowhere").exists()


@pytest.mark.skipif(os.getuid() != 0, reason="only root may become another user")
def test_a_directory_of_another_user_is_an_operational_error(tmp_path: Path) -> None:
    make(tmp_path / "x.db").close()
    tmp_path.chmod(0o700)

    child = os.fork()
    if child == 0:
        os.setuid(65534)
        try:
            SQLFile(tmp_path / "x.db")
        except exc.OperationalError:
            os._exit(0)
        finally:
            os._exit(1)

    assert os.waitpid(child, 0)[1] == 0


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, pickle.dumps])
def test_a_handle_is_not_copied(duplicate: Callable[[object], object]) -> None:
    with pytest.raises(TypeError, match="open its file again"):
        duplicate(SQLFile("", in_memory=True))


def test_every_call_on_a_closed_handle_is_an_operational_error(tmp_path: Path) -> None:
    database = make(tmp_path / "x.db")
    database.close()

    for call in (database.trajectories, database.splitting_iterations, database.to_frames):
        with pytest.raises(exc.OperationalError):
            call()
    with pytest.raises(exc.OperationalError):
        database.keep_files(tmp_path)


def test_a_session_on_a_read_only_file_is_an_operational_error(tmp_path: Path) -> None:
    make(tmp_path / "x.db").close()

    database = head.SQLFile(tmp_path / "x.db", ro_mode=True)

    with pytest.raises(exc.OperationalError), database.session_scope():
        pass


def test_an_export_is_of_one_moment(tmp_path: Path) -> None:
    database = make(tmp_path / "x.db")
    place = open_place(tmp_path / "x.db", in_memory=False, read_only=True)

    def archive_meanwhile(_: str, done: int, __: int) -> None:
        if done == 1:
            writer = Thread(target=database.archive_trajectory, args=("late", "{}"))
            writer.start()
            writer.join()

    done = export_sqlite(place, tmp_path / "y.db", level="v1", progress=archive_meanwhile)
    place.vault.close()

    assert done.archived == 0
    assert database.get_archived_trajectory_count() == 1


def test_frames_and_dumps_are_of_one_moment(tmp_path: Path) -> None:
    """A writer adds a trajectory, then archives one: the archive is never ahead."""
    database = make(tmp_path / "x.db", trajectories=0)
    is_done = Event()

    def write() -> None:
        while not is_done.is_set():
            database.add_trajectory("a", "{}")
            database.archive_trajectory("a", "{}")

    writer = Thread(target=write)
    writer.start()
    seen = []
    for _ in range(20):
        frames = database.to_frames()
        seen.append((len(frames.trajectories), len(frames.archive)))
        database.dump_file_json(tmp_path / "x.json")
        dump = json.loads((tmp_path / "x.json").read_text())
        seen.append((len(dump["trajectories"]), len(dump["archived_trajectories"])))
    is_done.set()
    writer.join()

    assert seen[-1][0] > 0
    assert all(active - 1 <= archived <= active for active, archived in seen)


def test_what_a_worker_raises_is_logged_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    database = SQLFile(tmp_path / "x.db")
    database.add_trajectory("f", "{}")
    (tmp_path / "x.db").unlink()

    for call in (lambda: database.lock_trajectory(0), lambda: database.add_trajectory("g", "{}")):
        caplog.clear()
        with pytest.raises(exc.OperationalError) as raised:
            call()

        assert [record.name for record in caplog.records] == ["pytams.sqldb"]
        assert str(raised.value) in caplog.text
