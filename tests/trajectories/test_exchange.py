"""Files of the original come in and go out, and the commands do it."""

import json
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import exc
from trajectories.ensembles import make, split
from trajectories.test_locks import holding

from nacre.errors import NacreError
from nacre_adapters.trajectories import SQLFile, head
from nacre_adapters.trajectories.cli.program import program

ORIGINAL = """
import sys
from pytams.sqldb import SQLFile
database = SQLFile(sys.argv[1])
if sys.argv[2] == "make":
    for n in range(6):
        database.add_trajectory(f"t{n}.xml", '{"id": %d, "weight": "0.5", "ended": true}' % n)
    database.lock_trajectory(1)
    database.lock_trajectory(2)
    database.mark_trajectory_as_completed(2)
    for k, (lost, ancestors) in enumerate([([0, 3], [1, 2]), ([3, 4], [5, 5])]):
        database.add_splitting_data(k, 2, 0.5, lost, ancestors, [0.1, 0.2], [0.1, 0.9])
        for n in lost:
            database.archive_trajectory(f"t{n}.xml", '{"id": %d}' % n)
        if k == 0:
            database.mark_last_iteration_as_completed()
database.dump_file_json(sys.argv[3])
print(database.get_weights().tolist(), database.get_ongoing(), database.get_k_split())
"""


def original(*arguments: Path | str) -> str:
    """Run pyTAMS's own class, and return what it printed."""
    program = [sys.executable, "-c", ORIGINAL, *map(str, arguments)]
    return subprocess.run(program, check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a database that pyTAMS made, its dump, and what pyTAMS says of it."""
    folder = tmp_path_factory.mktemp("made")
    said = original(folder / "old.db", "make", folder / "before.json")
    (folder / "said").write_text(said)
    return folder


@pytest.fixture
def old(made: Path, tmp_path: Path) -> Path:
    return shutil.copy(made / "old.db", tmp_path / "old.db")


def invoke(*arguments: Path | str) -> str:
    result = CliRunner().invoke(program, [str(each) for each in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def test_what_comes_in_goes_out_as_it_was(tmp_path: Path, made: Path, old: Path) -> None:
    said = invoke("import", old, tmp_path / "run.nacre")
    invoke("export", tmp_path / "run.nacre", tmp_path / "new.db")

    assert said.startswith("imported 6 trajectories, 4 archived ones and 2 iterations")
    database = SQLFile(tmp_path / "run.nacre")
    database.dump_file_json(str(tmp_path / "ours.json"))
    after = original(tmp_path / "new.db", "open", tmp_path / "after.json")
    assert after == (made / "said").read_text()
    before = json.loads((made / "before.json").read_text())
    assert json.loads((tmp_path / "ours.json").read_text()) == before
    assert json.loads((tmp_path / "after.json").read_text()) == before
    found = [(a.trajectory, a.iteration, a.ancestor) for a in database.ensemble.archive()]
    assert found == [(0, 0, 1), (3, 0, 2), (3, 1, 5), (4, 1, 5)]
    assert database.vault.head == 1
    assert database.vault.verify().is_clean


def test_the_newest_level_goes_out_with_its_types(tmp_path: Path) -> None:
    database = head.SQLFile(tmp_path / "run.nacre")
    database.add_trajectory("a.xml", {"id": 0, "weight": 0.5})
    database.add_splitting_data(0, 1, 0.5, [0], [1], [0.1], [0.1, 0.9])

    invoke("export", tmp_path / "run.nacre", tmp_path / "new.db", "--level", "head")
    invoke("import", tmp_path / "new.db", tmp_path / "again.nacre")

    connection = sqlite3.connect(tmp_path / "new.db")
    types = {row[2] for row in connection.execute("PRAGMA table_info(splitting_iterations)")}
    weight = connection.execute("SELECT weight, typeof(weight) FROM splitting_iterations")
    assert types == {"INTEGER", "JSON", "DOUBLE", "VARCHAR"}
    assert list(weight) == [(0.5, "real")]
    connection.close()
    again = head.SQLFile(tmp_path / "again.nacre")
    assert again.fetch_trajectory(0) == ("a.xml", {"id": 0, "weight": 0.5})
    assert again.fetch_splitting_data(0) == database.fetch_splitting_data(0)


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("CREATE TABLE other (id INTEGER)", "no such table"),
        ("CREATE TABLE trajectories (id, traj_file, t_metadata, status)", "no such table"),
    ],
)
def test_other_sqlite_files_are_refused(tmp_path: Path, statement: str, what: str) -> None:
    connection = sqlite3.connect(tmp_path / "old.db")
    connection.execute(statement)
    connection.close()

    with pytest.raises(exc.DatabaseError, match=what):
        invoke("import", tmp_path / "old.db", tmp_path / "run.nacre")
    assert SQLFile(tmp_path / "run.nacre").vault.head == 0


@pytest.mark.parametrize("content", ["[1, 2", '["x"]', '{"a": 1}', "null", '"ab"'])
def test_odd_lists_in_an_sqlite_file_leave_nothing_behind(
    tmp_path: Path, old: Path, content: str
) -> None:
    connection = sqlite3.connect(old)
    with connection:
        connection.execute("UPDATE splitting_iterations SET min_vals = ?", (content,))
    connection.close()

    with pytest.raises(NacreError):
        invoke("import", tmp_path / "old.db", tmp_path / "run.nacre")
    assert SQLFile(tmp_path / "run.nacre").vault.head == 0


def test_an_import_does_not_say_how_an_iteration_ended(tmp_path: Path, old: Path) -> None:
    invoke("import", old, tmp_path / "run.nacre")

    database = SQLFile(tmp_path / "run.nacre")

    with pytest.raises(ValueError, match="imported together"):
        database.at_iteration(0)
    assert database.at_iteration(1).get_trajectory_count() == 6


def test_nothing_is_overwritten(tmp_path: Path, old: Path) -> None:
    make(tmp_path / "run.nacre")

    with pytest.raises(exc.OperationalError, match="import into a new file"):
        invoke("import", tmp_path / "old.db", tmp_path / "run.nacre")
    with pytest.raises(exc.OperationalError, match="choose a new name"):
        invoke("export", tmp_path / "run.nacre", tmp_path / "old.db")
    with pytest.raises(exc.OperationalError, match="there is no file"):
        invoke("import", tmp_path / "nowhere.db", tmp_path / "new.nacre")
    with pytest.raises(exc.OperationalError, match="there is none"):
        invoke("export", tmp_path / "nowhere.nacre", tmp_path / "new.db")
    assert not (tmp_path / "new.nacre").exists()


def test_the_commands_show_histories_pictures_files_and_stale_locks(tmp_path: Path) -> None:
    database = make(tmp_path / "run.nacre")
    split(database, 0, [1], [2])
    (tmp_path / "trajectories").mkdir()
    (tmp_path / "trajectories/traj000000_0000.xml").write_text("<a/>")
    holding(tmp_path / "run.nacre", 3).kill()

    assert "trajectories.locked" in invoke("history", tmp_path / "run.nacre", "1")
    moments = json.loads(invoke("history", tmp_path / "run.nacre", "1", "--json"))
    assert moments[0]["state"]["file"] == "trajectories/traj000001_0000.xml"
    invoke("draw", tmp_path / "run.nacre", tmp_path / "p.svg")
    assert (tmp_path / "p.svg").exists()
    assert invoke("keep", tmp_path / "run.nacre") == "kept 1 files\n"
    assert json.loads(invoke("keep", tmp_path / "run.nacre", "--json")) == {"kept": []}
    assert invoke("recover", tmp_path / "run.nacre") == "freed 1 trajectories: 3\n"
    assert json.loads(invoke("recover", tmp_path / "run.nacre", "--json")) == {"freed": []}


def test_an_error_is_one_sentence(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "nacre_adapters.trajectories", "history", "nowhere", "0"]

    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert result.returncode == 2
    assert result.stderr.startswith("nacre-trajectories: unable to open database file")
    assert "Traceback" not in result.stderr
