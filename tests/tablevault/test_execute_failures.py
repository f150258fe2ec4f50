"""Executions that do not end: rolled back, paused, interrupted, stopped, and how they go on."""

from pathlib import Path

import pytest
from tablevault.executions import FLAKY, flaky, impatient
from tablevault.vaults import whole

from nacre_adapters.tablevault import (
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
