"""What a kill leaves behind in the middle of a write: nothing lost, nobody blocked."""

import os
import signal
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from processes import Process
from tablevault.vaults import make, numbers, whole, write

from nacre_adapters.tablevault import (
    TableVault,
    materializing,
)
from nacre_adapters.tablevault import write as write_module
from nacre_adapters.tablevault.operations import Operations

LARGE = 60_000
"""Rows of a frame that is locked while it is stored."""


def dying(path: Path, process_id: str = "", table: str = "t") -> Callable[[Connection], None]:
    """Return work that dies while it writes an instance, when its content is stored."""

    def work(talk: Connection) -> None:
        def put_and_die(*arguments: object) -> object:
            put(*arguments)
            talk.send("stored")
            os.kill(os.getpid(), signal.SIGKILL)

        put = materializing.put_content
        write_module.put_content = put_and_die
        TableVault(path, "bo").write_instance(numbers(LARGE), table, process_id=process_id)

    return work


@pytest.mark.parametrize("process_id", ["", "mine"])
def test_a_killed_write_blocks_nobody(process_id: str, tmp_path: Path) -> None:
    vault = make(tmp_path / "v", "t")
    first = write(vault, numbers(1), "t")
    vault.create_instance("t", external_edit=True)
    killed = Process(dying(tmp_path / "v", process_id))
    killed.hear()
    killed.join()
    assert len(vault.get_active_processes()) == 1

    vault.write_instance(numbers(2), "t")

    assert len(vault.get_dataframe("t")[0]) == 2
    assert vault.get_table_instances("t")[0] == first
    left = vault.get_active_processes()
    assert [one.status for one in left.values()] == (["interrupted"] if process_id else [])
    assert whole(vault)


def test_a_killed_write_can_be_called_again_with_its_id(tmp_path: Path) -> None:
    vault = make(tmp_path / "v", "t")
    vault.create_instance("t", external_edit=True)
    killed = Process(dying(tmp_path / "v", "mine"))
    killed.hear()
    killed.join()

    assert vault.write_instance(numbers(3), "t", process_id="mine") == "mine"

    assert vault.get_active_processes() == {}
    assert len(vault.get_dataframe("t")[0]) == 3
    assert whole(vault)


def test_a_restart_gives_up_a_write_whose_frame_is_gone(tmp_path: Path) -> None:
    make(tmp_path / "v", "t").create_instance("t", external_edit=True)
    killed = Process(dying(tmp_path / "v", "my_own_id"))
    killed.hear()
    killed.join()

    vault = TableVault(tmp_path / "v", "ana", restart=True)

    assert vault.get_active_processes() == {}
    assert vault.get_process_completion("my_own_id")
    vault.write_instance(numbers(1), "t")
    assert whole(vault)


PHASES = ["before it starts", "when it has started", "when all is stored", "when it is committed"]


@pytest.mark.parametrize("process_id", ["", "mine"])
@pytest.mark.parametrize("phase", PHASES)
def test_a_write_that_is_killed_loses_nothing_and_blocks_nobody(
    phase: str, process_id: str, tmp_path: Path
) -> None:
    vault = make(tmp_path / "v", "t")
    first = write(vault, numbers(1), "t")
    vault.create_instance("t", external_edit=True, copy=True)
    vault.close()

    def work(_: Connection) -> None:
        _die(PHASES.index(phase))
        TableVault(tmp_path / "v", "bo").write_instance(numbers(LARGE), "t", process_id=process_id)

    killed = Process(work)
    killed.join()

    again = TableVault(tmp_path / "v", "ana")
    assert again.vault.verify().is_clean
    done = phase == "when it is committed"
    assert len(again.get_table_instances("t")) == (2 if done else 1)
    assert len(again.get_dataframe("t", first)[0]) == 1
    if not done:
        again.write_instance(numbers(3), "t", process_id=process_id)
    assert len(again.get_table_instances("t")) == 2
    assert again.get_active_processes() == {}
    assert whole(again)


def test_a_restart_removes_the_folders_that_a_kill_left(tmp_path: Path) -> None:
    vault = make(tmp_path / "v", "t", "u")
    for table in ("t", "u"):
        vault.create_instance(table, external_edit=True)
        (Path(vault.get_artifact_folder(table)) / "a.txt").write_text(table)
    folders = {table: Path(vault.get_artifact_folder(table)) for table in ("t", "u")}

    def work(_: Connection) -> None:
        _die(PHASES.index("when it is committed"))
        TableVault(tmp_path / "v", "bo").write_instance(numbers(2), "t")

    Process(work).join()
    assert folders["t"].exists()

    again = TableVault(tmp_path / "v", "ana", restart=True)

    assert {table: folder.exists() for table, folder in folders.items()} == {"t": False, "u": True}
    assert Path(again.get_artifact_folder("t", is_temp=False), "a.txt").read_text() == "t"


@pytest.mark.parametrize("done", [False, True])
def test_a_small_write_that_is_killed_happened_or_did_not(done: bool, tmp_path: Path) -> None:
    vault = make(tmp_path / "v", "t")
    vault.create_instance("t", external_edit=True)
    vault.close()

    def work(_: Connection) -> None:
        commit = Operations.commit
        Operations.commit = lambda *given: _end(commit(*given) if done else None)
        TableVault(tmp_path / "v", "bo").write_instance(numbers(2), "t")

    Process(work).join()

    again = TableVault(tmp_path / "v", "ana")
    assert len(again.get_table_instances("t")) == int(done)
    assert again.get_active_processes() == {}
    assert whole(again)


def _die(phase: int) -> None:
    """Make this process die at a phase of the next write."""
    carry_on, put = Operations.carry_on, write_module.put_content
    if phase == 0:
        Operations.start = _end
    elif phase == 1:
        Operations.carry_on = _end
    elif phase == 2:
        write_module.put_content = lambda *given: _end(put(*given))
    else:
        Operations.carry_on = lambda *given: _end(carry_on(*given))


def _end(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)
