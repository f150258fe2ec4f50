"""Several processes that execute: one instance once, versions at once, the dead block nobody."""

import os
import signal
from pathlib import Path

import pytest
from tablevault.executions import impatient
from tablevault.memory import yaml_of
from tablevault.vaults import make, whole

from nacre_adapters.tablevault import TableVault, TVLockError, TVProcessError

# A function that waits until somebody writes into a pipe.
CODE = """
import pandas as pd
def idx(pipe):
    with open(pipe) as told:
        return pd.DataFrame({"k": told.read().split()})
"""


def piped(path: Path, *versions: str, **options: object) -> TableVault:
    """Return a vault with instances whose builders wait, each for a pipe of its own."""
    vault = make(path / "v", "t", **options)
    vault.create_code_module("m", text=CODE)
    for version in versions:
        os.mkfifo(path / version)
        index = yaml_of("t_index", ["k"], "idx", pipe=path / version)
        vault.create_instance("t", version=version, builders={"t_index": index})
    return vault


def executing(path: Path, version: str, process_id: str = "") -> int:
    """Execute in a process of its own, which waits in its builder when this returns."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            vault = TableVault(path / "v", "bo")
            vault.execute_instance("t", version=version, process_id=process_id)
            code = 0
        finally:
            os._exit(code)
    return child


def ended(child: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def waits(path: Path, version: str) -> object:
    """Return an open end of the pipe as soon as a builder reads from the other."""
    return (path / version).open("w")


def test_an_instance_is_executed_by_one_at_a_time(tmp_path: Path) -> None:
    vault = piped(tmp_path, "base")
    child = executing(tmp_path, "base", "job")
    with waits(tmp_path, "base") as pipe:
        with pytest.raises(TVLockError, match=r"held by job \(execute_instance, running\)"):
            impatient(vault).execute_instance("t")
        with pytest.raises(TVLockError):
            impatient(vault).create_builder_file("t", text="x")
        with pytest.raises(TVProcessError, match="already running"):
            vault.execute_instance("t", process_id="job")
        assert TableVault(tmp_path / "v", "cy", restart=True).get_table_instances("t") == []
        pipe.write("a b")

    assert ended(child) == 0
    assert vault.get_dataframe("t")[0]["k"].tolist() == ["a", "b"]
    assert len(vault.get_table_instances("t")) == 1
    assert whole(vault)


def test_two_versions_of_a_table_are_executed_at_once(tmp_path: Path) -> None:
    vault = piped(tmp_path, "v1", "v2")
    children = [executing(tmp_path, version) for version in ("v1", "v2")]

    with waits(tmp_path, "v1") as one, waits(tmp_path, "v2") as two:
        assert len(vault.get_active_processes()) == 2
        two.write("second")
        one.write("first")

    assert [ended(child) for child in children] == [0, 0]
    found = [vault.get_dataframe("t", version=version)[0]["k"][0] for version in ("v1", "v2")]
    assert found == ["first", "second"]
    assert whole(vault)


def test_side_effects_happen_one_at_a_time(tmp_path: Path) -> None:
    vault = piped(tmp_path, "v1", "v2", has_side_effects=True)
    child = executing(tmp_path, "v1")

    with waits(tmp_path, "v1") as pipe:
        with pytest.raises(TVLockError):
            impatient(vault).execute_instance("t", version="v2")
        pipe.write("done")

    assert ended(child) == 0
    assert vault.get_dataframe("t", version="v1")[0]["k"].tolist() == ["done"]


def test_an_execution_that_was_killed_blocks_nobody(tmp_path: Path) -> None:
    vault = piped(tmp_path, "base")
    child = executing(tmp_path, "base")
    with waits(tmp_path, "base"):
        os.kill(child, signal.SIGKILL)
        assert ended(child) == -signal.SIGKILL

    other = impatient(vault)
    vault.create_code_module(
        "m", text="import pandas as pd\ndef idx(pipe): return pd.DataFrame([1])"
    )
    other.execute_instance("t")

    assert vault.get_dataframe("t")[0]["k"].tolist() == ["1"]
    assert vault.get_active_processes() == {}
    assert whole(vault)


def test_who_was_stopped_meanwhile_makes_no_instance(tmp_path: Path) -> None:
    vault = piped(tmp_path, "base")
    child = executing(tmp_path, "base", "job")
    with waits(tmp_path, "base"):
        os.kill(child, signal.SIGSTOP)
        vault.stop_process("job", force=True)
        os.kill(child, signal.SIGCONT)

    assert ended(child) != 0
    assert vault.get_table_instances("t") == []
    assert vault.get_process_completion("job")
    vault.create_instance("t")
    assert whole(vault)
