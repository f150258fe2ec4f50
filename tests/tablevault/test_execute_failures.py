"""Executions that do not end: rolled back, paused, interrupted, stopped, and how they go on."""

import os
from pathlib import Path

import pytest
from tablevault.executions import FLAKY, flaky, impatient
from tablevault.memory import yaml_of
from tablevault.vaults import make, whole

from nacre_adapters.tablevault import (
    TableVault,
    TVBuilderError,
    TVFileError,
    TVLockError,
    TVProcessError,
    TVTableError,
)


def test_a_builder_that_raises_pauses_with_an_id_and_goes_on_at_the_row(tmp_path: Path) -> None:
    vault, flag = flaky(tmp_path)
    process = vault.generate_process_id()

    with pytest.raises(RuntimeError, match="the service is down") as caught:
        vault.execute_instance("t", process_id=process)

    assert caught.value.__notes__ == ["(in row 57)", "(in the builder c of the table t)"]
    record = vault.get_active_processes()[process]
    assert record.error == ("RuntimeError", "the service is down")
    assert vault.get_dataframe("t", "TEMP_base")[0]["c"].notna().sum() == 57
    assert not vault.get_process_completion(process)
    with pytest.raises(TVLockError):
        impatient(vault).create_instance("t")

    flag.touch()
    assert vault.execute_instance("nothing", process_id=process) == process

    assert vault.get_dataframe("t")[0]["c"].tolist() == [2 * k for k in range(60)]
    calls = (tmp_path / "flag.calls").read_text().split()
    assert calls == [str(k) for k in [*range(58), 57, 58, 59]]
    assert whole(vault)


def test_a_builder_that_raises_without_an_id_is_rolled_back(tmp_path: Path) -> None:
    vault, flag = flaky(tmp_path)

    with pytest.raises(RuntimeError):
        vault.execute_instance("t")

    assert vault.get_active_processes() == {}
    assert vault.get_table_instances("t") == []
    flag.touch()
    vault.execute_instance("t")
    assert len((tmp_path / "flag.calls").read_text().split()) == 58 + 60
    assert whole(vault)


def test_a_paused_execution_can_be_stopped_and_kept_in_part(tmp_path: Path) -> None:
    vault, _ = flaky(tmp_path)
    with pytest.raises(RuntimeError):
        vault.execute_instance("t", process_id="job")

    vault.stop_process("job", materialize=True)

    frame, instance = vault.get_dataframe("t")
    assert frame["c"].notna().tolist() == [True] * 57 + [False] * 3
    assert not vault.get_descriptions(instance, "t")["success"]
    assert vault.get_process_completion("job")
    with pytest.raises(TVTableError):
        vault.get_dataframe("t", successful_only=True)
    assert whole(vault)


def test_an_instance_that_was_replaced_cannot_be_resumed(tmp_path: Path) -> None:
    vault, flag = flaky(tmp_path)
    module = FLAKY.replace('raise RuntimeError("the service is down")', "raise KeyboardInterrupt")
    vault.create_code_module("m", text=module)
    with pytest.raises(KeyboardInterrupt):
        vault.execute_instance("t", process_id="job")
    flag.touch()

    vault.create_instance("t")  # what was interrupted holds nothing

    with pytest.raises(TVProcessError, match="was replaced or deleted"):
        vault.execute_instance("t", process_id="job")
    assert whole(vault)


def test_an_interrupted_execution_goes_on_with_its_id(tmp_path: Path) -> None:
    vault, flag = flaky(tmp_path)
    module = FLAKY.replace('raise RuntimeError("the service is down")', "raise KeyboardInterrupt")
    vault.create_code_module("m", text=module)
    with pytest.raises(KeyboardInterrupt):
        vault.execute_instance("t", process_id="job")
    flag.touch()

    vault.execute_instance("t", process_id="job")

    assert vault.get_dataframe("t")[0]["c"].tolist() == [2 * k for k in range(60)]
    calls = (tmp_path / "flag.calls").read_text().split()
    assert calls == [str(k) for k in [*range(58), 57, 58, 59]]


@pytest.mark.parametrize("process_id", ["job", ""])
def test_what_cannot_go_on_yet_keeps_what_it_has(process_id: str, tmp_path: Path) -> None:
    vault = flaky(tmp_path)[0]
    module = FLAKY.replace('raise RuntimeError("the service is down")', "import os; os._exit(9)")
    vault.create_code_module("m", text=module)
    text = vault.get_builder_str("t", "c") + "checkpoint_seconds: 0\n"
    vault.create_builder_file("t", "c", text=text)
    vault.close()
    child = os.fork()
    if child == 0:
        TableVault(tmp_path / "v", "ana").execute_instance("t", process_id=process_id)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9

    vault = TableVault(tmp_path / "v", "ana")
    vault.delete_code_module("m")
    for _ in range(2):  # as in an environment that lacks something
        with pytest.raises(TVFileError, match="no code module 'm'"):
            TableVault(tmp_path / "v", "ana", restart=True)
    vault.create_code_module("m", text=module)
    (tmp_path / "flag").touch()
    TableVault(tmp_path / "v", "ana", restart=True)

    assert vault.get_dataframe("t")[0]["c"].tolist() == [2 * k for k in range(60)]
    calls = (tmp_path / "flag.calls").read_text().split()
    assert calls.count("0") == 1
    assert vault.get_active_processes() == {}
    assert whole(vault)


def test_a_module_runs_once_for_each_builder(tmp_path: Path) -> None:
    vault, _ = flaky(tmp_path, rows=3)
    note = f"with open({str(tmp_path / 'runs')!r}, 'a') as f:\n    f.write('x')\n"
    vault.create_code_module("m", text=FLAKY + note)

    vault.execute_instance("t")

    assert (tmp_path / "runs").read_text() == "xx"


def test_a_module_of_worker_processes_runs_in_no_other(tmp_path: Path) -> None:
    vault, _ = flaky(tmp_path, rows=3)
    text = vault.get_builder_str("t", "c") + "executor: process\n"
    vault.create_builder_file("t", "c", text=text.replace("code_module: m", "code_module: n"))
    vault.create_code_module("n", text=FLAKY + f"import os\nassert os.getpid() != {os.getpid()}\n")

    vault.execute_instance("t")

    vault.create_instance("t", copy=True)
    vault.create_code_module("n", text="import nowhere\n")
    with pytest.raises(TVBuilderError, match="'n' cannot be run, line 1: ModuleNotFoundError"):
        vault.execute_instance("t")
    vault.create_code_module("n", text="def flaky(:\n")
    with pytest.raises(TVBuilderError, match="'n' is no Python, line 1"):
        vault.execute_instance("t")


@pytest.mark.parametrize("more", ["", "n_threads: 2\n", "executor: process\n"])
def test_a_function_that_runs_out_of_an_iterator_fails_in_its_row(
    more: str, tmp_path: Path
) -> None:
    vault = make(tmp_path / "v", "t")
    code = "import pandas as pd\ndef idx():\n    return pd.DataFrame({'k': [1, 2]})\n"
    vault.create_code_module("m", text=code + "def first():\n    return next(iter([]))\n")
    column = yaml_of("c", ["c"], "first", more=f"return_type: row-wise\n{more}")
    vault.create_instance("t", builders={"t_index": yaml_of("t_index", ["k"], "idx"), "c": column})

    with pytest.raises(TVBuilderError, match="raised StopIteration") as raised:
        vault.execute_instance("t")

    assert raised.value.__notes__[0] == "(in row 0)"
