"""Executions in the background: they materialize, fail and are stopped like others."""

import os
from pathlib import Path

import pytest
from tablevault.executions import calc, flaky, until
from tablevault.memory import yaml_of
from tablevault.test_builder_runs import guide
from tablevault.vaults import make, whole

from nacre_adapters.tablevault import (
    TVArgumentError,
    TVProcessError,
)


def test_in_the_background_the_instance_is_made_too(tmp_path: Path) -> None:
    vault = calc(tmp_path / "v")
    vault.create_instance("calc", builders=guide(0, 4))

    process = vault.execute_instance("calc", background=True)

    assert process in vault.get_active_processes() or vault.get_process_completion(process)
    until(lambda: vault.get_process_completion(process))
    assert vault.get_dataframe("calc")[0]["total"].tolist() == [100, 201, 303, 406]
    assert vault.get_active_processes() == {}
    assert whole(vault)


def test_the_background_finds_a_vault_after_a_change_of_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    vault = calc(Path("v"))
    vault.create_instance("calc", builders=guide(0, 4))
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")

    process = vault.execute_instance("calc", background=True)

    until(lambda: vault.get_process_completion(process))
    assert len(vault.get_dataframe("calc")[0]) == 4


def test_a_mistake_shows_at_once_in_the_background(tmp_path: Path) -> None:
    vault = calc(tmp_path / "v")

    with pytest.raises(TVArgumentError, match="instance doesn't exist"):
        vault.execute_instance("calc", background=True)

    assert vault.get_active_processes() == {}


def test_a_background_execution_that_fails_says_why(tmp_path: Path) -> None:
    vault, _ = flaky(tmp_path)

    vault.execute_instance("t", process_id="job", background=True)

    until(lambda: vault.get_active_processes()["job"].error[0])
    assert vault.get_active_processes()["job"].error == ("RuntimeError", "the service is down")


def test_a_forced_stop_ends_a_background_execution(tmp_path: Path) -> None:
    vault = make(tmp_path / "v", "t")
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    vault.create_code_module("m", text="def wait(file):\n    return open(file).read()\n")
    index = yaml_of("t_index", ["k"], "wait", file=fifo)
    vault.create_instance("t", builders={"t_index": index})
    vault.execute_instance("t", process_id="job", background=True)

    with pytest.raises(TVProcessError, match="Currently Running"):
        vault.stop_process("job")
    vault.stop_process("job", force=True)

    assert vault.get_process_completion("job")
    vault.create_instance("t")
    assert whole(vault)
