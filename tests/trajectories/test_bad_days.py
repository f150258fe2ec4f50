"""A worker that dies at each step, a disk that is full or breaks, events that others made up."""

import errno
import os
import resource
import shutil
import signal
from itertools import count
from pathlib import Path

import pytest
from processes import in_process
from sqlalchemy import exc
from trajectories.ensembles import fill, make, metadata, statuses
from works import open_over

import nacre
from nacre.testing import FailingFiles, KillingFiles
from nacre_adapters.trajectories import SQLFile, events
from nacre_adapters.trajectories.views import Ensemble

FILE = "trajectories/traj000001_0001.xml"
DONE = metadata(1, ended=True)


def cycle(database: SQLFile, told: int | None = None) -> None:
    """Do what a worker does, and tell each step that was acknowledged."""
    for name, step in (
        ("lock", lambda: database.lock_trajectory(1, allow_completed_lock=True)),
        ("update", lambda: database.update_trajectory(1, FILE, metadata(1))),
        ("mark", lambda: database.mark_trajectory_as_completed(1)),
        ("finish", lambda: database.update_trajectory(1, FILE, DONE)),
        ("archive", lambda: database.archive_trajectory(FILE, DONE)),
    ):
        step()
        if told is not None:
            os.write(told, f"{name}\n".encode())


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_worker_killed_at_any_step_loses_nothing(tmp_path: Path, moment: str) -> None:
    for number in range(1, 6):
        path = tmp_path / f"{number}.db"
        make(path)
        acknowledged = cycle_and_die(path, KillingFiles(number - 1, moment))  # type: ignore[arg-type]

        assert len(acknowledged) == number - 1
        check(path, number - (moment == "before"))
        database = SQLFile(path)
        assert database.lock_trajectory(1, allow_completed_lock=True)  # the dead let go
        database.release_trajectory(1)
        cycle(database)
        assert database.vault.verify().is_clean


def check(path: Path, steps: int) -> None:
    """Check that exactly the first steps of a cycle happened."""
    database = SQLFile(path)
    expected = ["idle", "locked", "locked", "completed", "completed", "completed"][steps]
    assert statuses(database) == ["idle", expected, "idle", "idle"]
    file, text = database.fetch_trajectory(1)
    assert (file == FILE) == (steps >= 2)
    assert (text == DONE) == (steps >= 4)
    assert database.get_archived_trajectory_count() == (steps >= 5)
    assert database.vault.verify().is_clean


def cycle_and_die(path: Path, files: KillingFiles) -> list[str]:
    told = path.with_suffix(".told")
    pipe = os.open(told, os.O_RDWR | os.O_APPEND | os.O_CREAT)
    child = os.fork()
    if child == 0:
        try:
            cycle(SQLFile(open_over(path, files, single_file=True)), pipe)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    os.close(pipe)
    return told.read_text().split()


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO], ids=["full", "broken"])
def test_a_step_that_fails_raises_and_changes_nothing(tmp_path: Path, error: int) -> None:
    for number in count():
        path = tmp_path / f"{number}.db"
        make(path)
        files = FailingFiles(error, range(number, number + 1))
        database = SQLFile(open_over(path, files, single_file=True))
        try:
            cycle(database)
        except exc.OperationalError:
            database.vault.close()
            check(path, number)
        else:
            break

    assert number == 5


def test_a_disk_that_is_full_is_an_operational_error_and_passes(tmp_path: Path) -> None:
    def fill() -> tuple[int, int]:
        database = make(tmp_path / "x.db")
        acknowledged = 4
        limit_file_size((tmp_path / "x.db").stat().st_size + 50_000)
        try:
            while True:
                database.add_trajectory("a" * 1000, "{}")
                acknowledged += 1
        except exc.OperationalError:
            full = acknowledged
        limit_file_size(resource.RLIM_INFINITY)
        assert database.get_trajectory_count() == acknowledged
        database.add_trajectory("more", "{}")
        return full, database.get_trajectory_count()

    full, after = in_process(fill)

    assert after == full + 1
    assert SQLFile(tmp_path / "x.db").vault.verify().is_clean


def limit_file_size(size: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def test_events_about_trajectories_that_do_not_exist_change_nothing(tmp_path: Path) -> None:
    database = make(tmp_path / "x.db")
    before = list(database.trajectories())

    for kind, subject in (
        (events.COMPLETED, "trajectory/99"),
        (events.RELEASED, "trajectory/99999999999999999999"),
        (events.COMPLETED, "trajectory/-1"),
        (events.ITERATION_COMPLETED, "iterations"),
    ):
        database.vault.record(kind, subject=subject)

    assert list(database.trajectories()) == before
    assert database.vault.verify().is_clean


def test_the_view_is_what_the_log_says(tmp_path: Path) -> None:
    database = make(tmp_path / "x.db")
    for _ in range(3):
        cycle(database)
    before = list(database.trajectories()), list(database.archived_trajectories())

    database.vault.rebuild([Ensemble.name])

    assert (list(database.trajectories()), list(database.archived_trajectories())) == before


def test_a_vault_is_maintained_by_who_never_heard_of_the_adapter(tmp_path: Path) -> None:
    make(tmp_path / "x.db")

    with nacre.open(tmp_path / "x.db") as vault:
        vault.record("note.taken", subject="me")
        assert Ensemble.name in vault.verify().views
        assert vault.verify().is_clean


def test_a_frozen_file_is_read_as_it_was(tmp_path: Path) -> None:
    frozen = Path(__file__).parent.parent / "fixtures/trajectories-1/run.nacre"
    shutil.copy(frozen, tmp_path / "run.nacre")
    old, new = SQLFile(tmp_path / "run.nacre"), fill(tmp_path / "new.nacre")

    assert old.vault.verify().is_clean
    assert list(old.trajectories()) == list(new.trajectories())
    assert list(old.archived_trajectories()) == list(new.archived_trajectories())
    assert list(old.splitting_iterations()) == list(new.splitting_iterations())
    assert [m.kind for m in old.history(1)] == [m.kind for m in new.history(1)]
    assert old.at_iteration(0).get_archived_trajectory_count() == 2
    assert old.lock_trajectory(3)
