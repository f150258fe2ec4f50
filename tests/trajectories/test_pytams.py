"""pyTAMS itself, unmodified, on the adapter: it computes what it computes on its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from nacre_adapters.trajectories import SQLFile
from nacre_adapters.trajectories.install import STARTUP

MODEL = Path(__file__).parent / "double_well.py"
ON_THE_ADAPTER = [sys.executable, "-m", "nacre_adapters.trajectories", "run"]
INPUT = """
[tams]
ntrajectories = {trajectories}
nsplititer = 20
walltime = {walltime}
deterministic = true

[runner]
type = "{runner}"
nworker_init = 2
nworker_iter = 2

[trajectory]
end_time = 5.0
step_size = 0.1
targetscore = {target}

[model]
deterministic = true

[database]
path = "run.tdb"
"""


def run(
    folder: Path,
    *wrapper: str,
    runner: str = "asyncio",
    trajectories: int = 6,
    walltime: float = 600.0,
    target: float = 0.4,
) -> str:
    """Compute the probability in a folder, and return it as it is printed."""
    folder.mkdir(exist_ok=True)
    (folder / "input.toml").write_text(
        INPUT.format(runner=runner, trajectories=trajectories, walltime=walltime, target=target)
    )
    command = [*wrapper, sys.executable, str(MODEL), "input.toml"]
    result = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, timeout=300
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return next(line for line in result.stdout.splitlines() if line.startswith("probability"))


def tables(folder: Path) -> object:
    """Return what the database of a run holds, as who wrote it dumped it."""
    return json.loads((folder / "dump.json").read_text())


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, object]:
    """What pyTAMS computes on its own: the probability, and the final tables."""
    folder = tmp_path_factory.mktemp("theirs")
    return run(folder), tables(folder)


def test_the_probability_and_the_tables_are_those_of_the_original(
    tmp_path: Path, theirs: tuple[str, object]
) -> None:
    probability = run(tmp_path, *ON_THE_ADAPTER)

    assert (probability, tables(tmp_path)) == theirs
    database = SQLFile(tmp_path / "run.tdb/trajPool.db", ro_mode=True)
    assert database.vault.verify().is_clean
    last = database.get_iteration_count() - 1
    for place in range(last + 1):
        then = database.at_iteration(place)
        assert then.get_iteration_count() == place + 1
        assert then.get_weights().tolist() == database.get_weights()[: place + 1].tolist()
    archived = [
        (a.trajectory, a.ancestor) for a in database.ensemble.archive() if a.iteration is not None
    ]
    iterations = list(database.ensemble.iterations())[:last]
    assert archived == [
        pair for each in iterations for pair in zip(each.discarded, each.ancestors, strict=True)
    ]
    assert {m.state.holder.pid for m in database.history(0) if m.state.holder} != {os.getpid()}


def test_dask_workers_use_the_adapter_too(tmp_path: Path, theirs: tuple[str, object]) -> None:
    probability = run(tmp_path, *ON_THE_ADAPTER, runner="dask")

    assert (probability, tables(tmp_path)) == theirs
    assert SQLFile(tmp_path / "run.tdb/trajPool.db", ro_mode=True).vault.verify().is_clean


@pytest.mark.slow
def test_a_run_that_was_interrupted_goes_on(tmp_path: Path) -> None:
    """Stopped by its wall time again and again, until it is done."""
    interrupted = 0
    for _ in range(20):
        probability = run(tmp_path, *ON_THE_ADAPTER, trajectories=12, walltime=0.5)
        if float(probability.split()[1]) > 0:
            break
        interrupted += 1

    assert interrupted
    assert float(probability.split()[1]) > 0
    database = SQLFile(tmp_path / "run.tdb/trajPool.db")
    assert database.vault.verify().is_clean
    assert all(row.status == "completed" for row in database.trajectories())


def test_install_reaches_modules_that_are_imported_before_and_after(tmp_path: Path) -> None:
    script = """
import os, subprocess, sys
import pytams.sqldb
from nacre_adapters.trajectories import v1, head
from nacre_adapters.trajectories.install import install
install()
import pytams.database, pytams.worker
assert [m.SQLFile for m in (pytams.sqldb, pytams.database, pytams.worker)] == [v1.SQLFile] * 3
child = "import pytams.worker as w; print(w.SQLFile.__module__)"
print(subprocess.check_output([sys.executable, "-c", child], text=True).strip())
install("head")
install("head")
assert pytams.worker.SQLFile is head.SQLFile
print(subprocess.check_output([sys.executable, "-c", child], text=True).strip())
"""
    said = python(script, tmp_path, os.environ)

    assert said == "nacre_adapters.trajectories.v1\nnacre_adapters.trajectories.head\n"


def test_a_preload_is_enough_for_a_dask_worker(tmp_path: Path) -> None:
    script = """
from nacre_adapters.trajectories.preload import dask_setup
dask_setup(None)
import pytams.worker
print(pytams.worker.SQLFile.__module__)
"""
    variables = {**os.environ, "NACRE_TRAJECTORIES_LEVEL": "seed"}

    assert python(script, tmp_path, variables) == "nacre_adapters.trajectories.seed\n"


def test_the_startup_runs_the_one_that_it_hides(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import sys; sys.marked = True")
    variables = {**os.environ, "PYTHONPATH": f"{STARTUP}{os.pathsep}{tmp_path}"}

    assert python("import sys; print(sys.marked)", tmp_path, variables) == "True\n"


def test_a_level_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    command = [*ON_THE_ADAPTER, "--level", "v9", "true"]
    result = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)

    assert result.returncode == 2
    assert "v9" in result.stderr


def test_a_command_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    command = [*ON_THE_ADAPTER, "no-such-command"]
    result = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)

    assert result.returncode == 2
    assert "there is no command 'no-such-command'" in result.stderr


def python(script: str, folder: Path, variables: object) -> str:
    command = [sys.executable, "-c", script]
    result = subprocess.run(
        command, cwd=folder, env=dict(variables), capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    return result.stdout
