"""Processes: who holds what, what fails, what pauses and what is stopped."""

import os
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from processes import Process
from tablevault.vaults import make, numbers, whole, write

import nacre
from nacre.errors import DiskFull, ReadOnly
from nacre.holders import this_process
from nacre_adapters.tablevault import (
    TableVault,
    TVArgumentError,
    TVFileError,
    TVForcedError,
    TVLockError,
    TVProcessError,
    materializing,
)
from nacre_adapters.tablevault import write as write_module
from nacre_adapters.tablevault.operations import Operations
from nacre_adapters.tablevault.stopping import end_provably

LARGE = 60_000
"""Rows of a frame that is locked while it is stored."""


def hold(vault: TableVault, table: str, process_id: str, *, version: str = "base") -> None:
    """Start a write that does not end."""
    operations = vault._calls.operations
    number = vault._place.tables.table(table).number
    arguments = write_module.arguments_of(table, version, None, None)
    with vault._calls.begun(write_module.OPERATION, process_id, arguments) as call:
        operations.start(call, lambda desk: ([], [[number, version]], None))


def test_an_id_ends_with_its_process_and_means_only_that(tmp_path: Path) -> None:
    vault = make(tmp_path / "v")

    assert vault.create_table("t", process_id="job20") == "job20"

    assert vault.get_process_completion("job20")
    assert not vault.get_process_completion("job2")
    assert not vault.get_process_completion("")
    vault.create_table("u", process_id="job2")
    with pytest.raises(TVProcessError, match="job20 already written"):
        vault.create_table("w", process_id="job20")
    assert vault.get_table_instances() == ["t", "u"]


def test_a_refused_call_is_recorded_and_burns_its_id(tmp_path: Path) -> None:
    vault = make(tmp_path / "v", "t")

    with pytest.raises(TVArgumentError):
        vault.create_table("t", process_id="again")

    (event,) = vault.vault.events(kind="tablevault.process.failed")
    assert event.subject == "process/again"
    assert event.actor == "ana"
    assert event.data["error"][0] == "TVArgumentError"
    assert vault.get_process_completion("again")
    with pytest.raises(TVProcessError, match="already written"):
        vault.create_table("u", process_id="again")


def test_a_record_names_errors_as_callers_know_them(tmp_path: Path) -> None:
    vault = make(tmp_path / "v", "t")

    with pytest.raises(TVFileError):
        vault.delete_code_module("nowhere")

    (event,) = vault.vault.events(kind="tablevault.process.failed")
    assert event.data["error"][0] == "TVFileError"


def test_an_active_process_is_described(tmp_path: Path) -> None:
    vault = make(tmp_path / "v", "t")
    vault.create_instance("t", external_edit=True)
    hold(vault, "t", "mine")

    (log,) = vault.get_active_processes().values()

    assert (log.process_id, log.operation, log.author) == ("mine", "write_instance", "ana")
    assert (log.pid, log.force_takedown, log.start_success) == (os.getpid(), False, True)
    assert (log.execution_success, log.error, log.status) == (None, ("", ""), "running")
    assert '"operation": "write_instance"' in str(log)
    assert '"data"' not in str(log)


def test_what_a_process_works_on_is_locked_and_nothing_else(tmp_path: Path) -> None:
    vault = make(tmp_path / "v", "t", "u")
    vault.create_instance("t", external_edit=True)
    impatient(vault)
    hold(vault, "t", "mine")

    for call in (
        lambda: vault.create_instance("t", external_edit=True),
        lambda: vault.write_instance(numbers(1), "t"),
        lambda: vault.delete_instance("TEMP_base", "t"),
        lambda: vault.rename_table("x", "t"),
        lambda: vault.delete_table("t"),
    ):
        with pytest.raises(TVLockError, match="held by mine"):
            call()

    write(vault, numbers(1), "t", "other")
    write(vault, numbers(1), "u")
    vault.stop_process("mine")
    vault.write_instance(numbers(1), "t")
    assert whole(vault)


def impatient(vault: TableVault) -> None:
    place, author = vault._place, vault.author
    quick = Operations(place=place, author=author, lock_seconds=0.0)
    vault._calls = type(vault._calls)(operations=quick)


def test_an_error_that_is_none_of_the_callers_pauses_a_process_with_an_id(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault = make(tmp_path / "v", "t")
    vault.create_instance("t", external_edit=True)
    impatient(vault)
    with monkeypatch.context() as broken:
        broken.setattr("nacre_adapters.tablevault.write.put_content", _no_disk)
        with pytest.raises(OSError, match="no disk"):
            vault.write_instance(numbers(1), "t", process_id="mine")
        with pytest.raises(TVLockError, match="paused"):
            vault.create_instance("t", external_edit=True)
        with pytest.raises(TVProcessError, match="is that of write_instance, which is paused"):
            vault.create_table("u", process_id="mine")

    vault.write_instance(numbers(2), "t", process_id="mine")

    assert len(vault.get_dataframe("t")[0]) == 2
    assert vault.get_active_processes() == {}


@pytest.mark.parametrize(("process_id", "left"), [("", []), ("mine", ["interrupted"])])
def test_an_interrupted_write_ends_its_locks(
    process_id: str, left: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault = make(tmp_path / "v", "t")
    vault.create_instance("t", external_edit=True)
    impatient(vault)
    with monkeypatch.context() as broken:
        broken.setattr("nacre_adapters.tablevault.write.put_content", _interrupted)
        with pytest.raises(KeyboardInterrupt):
            vault.write_instance(numbers(1), "t", process_id=process_id)

    vault.create_instance("t", external_edit=True)
    vault.write_instance(numbers(1), "t")

    assert [one.status for one in vault.get_active_processes().values()] == left


def test_a_small_write_that_fails_is_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault = make(tmp_path / "v", "t")
    vault.create_instance("t", external_edit=True)
    with monkeypatch.context() as broken:
        broken.setattr("nacre_adapters.tablevault.write.put_content", _no_disk)
        with pytest.raises(OSError, match="no disk"):
            vault.write_instance(numbers(1), "t")

    (event,) = vault.vault.events(kind="tablevault.process.failed")
    assert event.data["error"] == ["OSError", "no disk"]
    assert event.data["operation"] == "write_instance"
    vault.write_instance(numbers(1), "t")


def test_a_process_that_was_stopped_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault = make(tmp_path / "v", "t")
    vault.create_instance("t", external_edit=True)
    put = materializing.put_content

    def put_and_be_stopped(*arguments: object) -> object:
        TableVault(tmp_path / "v", "bo").stop_process("mine")
        return put(*arguments)

    monkeypatch.setattr("nacre_adapters.tablevault.write.put_content", put_and_be_stopped)
    with pytest.raises(TVForcedError, match="mine was stopped"):
        vault.write_instance(numbers(1), "t", process_id="mine")

    assert vault.get_table_instances("t") == []
    assert vault.get_process_completion("mine")


def test_only_active_processes_can_be_stopped(tmp_path: Path) -> None:
    vault = make(tmp_path / "v", "t")
    done = vault.create_table("u")

    for process_id in ("nobody", done):
        with pytest.raises(TVProcessError, match="Process not currently active"):
            vault.stop_process(process_id)


def test_a_process_of_another_is_stopped_with_force_alone(tmp_path: Path) -> None:
    vault = make(tmp_path / "v", "t")
    vault.create_instance("t", external_edit=True)

    def work(talk: Connection) -> None:
        hold(TableVault(tmp_path / "v", "bo"), "t", "theirs")
        talk.send(os.getpid())
        talk.recv()

    other = Process(work)
    other.hear()
    with pytest.raises(TVProcessError, match="Currently Running"):
        vault.stop_process("theirs")
    with pytest.raises(TVProcessError, match="already running at"):
        vault.write_instance(numbers(1), "t", process_id="theirs")

    vault.stop_process("theirs", force=True)

    other.join()
    assert vault.get_active_processes() == {}
    vault.write_instance(numbers(1), "t")


def test_a_process_that_is_not_the_recorded_one_gets_no_signal() -> None:
    def work(talk: Connection) -> None:
        talk.send(this_process().as_row())
        talk.recv()
        talk.send("alive")

    other = Process(work)
    holder = type(this_process()).of_row(other.hear())
    for change in ({"started": holder.started + 1}, {"started": 0}, {"host": "elsewhere"}):
        fields = {name: getattr(holder, name) for name in holder.__slots__} | change
        end_provably(type(holder)(**fields))
    other.talk.send("go on")
    assert other.hear() == "alive"
    other.end()


def test_a_part_of_a_process_shares_its_locks(tmp_path: Path) -> None:
    vault = make(tmp_path / "v", "t")
    vault.create_instance("t", external_edit=True)
    hold(vault, "t", "outer")

    inner = TableVault(tmp_path / "v", "builder", parent_id="outer")

    assert inner.create_instance("t", external_edit=True).startswith("outer_")


def _no_disk(*_: object) -> None:
    raise OSError("no disk")


def _interrupted(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_refused_call_with_the_id_of_another_leaves_it_alone(tmp_path: Path) -> None:
    vault = make(tmp_path / "v", "t")
    vault.create_instance("t", external_edit=True)
    hold(vault, "t", "mine")

    with pytest.raises(TVArgumentError, match="Empty Table"):
        vault.write_instance(numbers(0), "t", process_id="mine")

    assert vault.get_active_processes()["mine"].status == "running"


def test_what_is_resumed_goes_on_with_the_arguments_that_it_was_started_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault = make(tmp_path / "v", "t", "u")
    for table in ("t", "u"):
        vault.create_instance(table, external_edit=True)
    with monkeypatch.context() as broken:
        broken.setattr("nacre_adapters.tablevault.write.put_content", _no_disk)
        with pytest.raises(OSError, match="no disk"):
            vault.write_instance(numbers(1), "t", process_id="mine")

    vault.write_instance(numbers(2), "u", process_id="mine")

    assert len(vault.get_table_instances("t")) == 1
    assert vault.get_table_instances("u") == []


def test_an_interrupt_between_start_and_work_ends_the_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault = make(tmp_path / "v", "t")
    vault.create_instance("t", external_edit=True)
    with monkeypatch.context() as broken:
        broken.setattr(Operations, "carry_on", _interrupted)
        with pytest.raises(KeyboardInterrupt):
            vault.write_instance(numbers(LARGE), "t")

    assert vault.get_active_processes() == {}
    vault.write_instance(numbers(1), "t")


@pytest.mark.parametrize("author", ["", " ana ", "ana\nbo", "x" * 1000])
def test_an_author_of_any_form_is_kept_in_the_record(author: str, tmp_path: Path) -> None:
    vault = TableVault(tmp_path / "v", author, create=True)
    process = vault.create_table("t")

    assert vault._place.processes.process(process).author == author


def test_an_end_that_cannot_be_recorded_does_not_hide_what_went_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault = make(tmp_path / "v", "t")
    vault.create_instance("t", external_edit=True)

    def no_space(*_: object, **__: object) -> None:
        monkeypatch.setattr(Operations, "_commit", no_space)
        raise DiskFull("no space left")

    with monkeypatch.context() as broken:
        broken.setattr("nacre_adapters.tablevault.write.put_content", no_space)
        with pytest.raises(DiskFull) as raised:
            vault.write_instance(numbers(LARGE), "t")
    monkeypatch.undo()

    assert "could not be recorded" in raised.value.__notes__[0]
    (process,) = vault.get_active_processes()
    vault.write_instance(numbers(1), "t")
    assert vault.get_process_completion(process)


def test_the_same_call_goes_on_when_there_is_space_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault = make(tmp_path / "v", "t")
    vault.create_instance("t", external_edit=True)

    def no_space(*_: object, **__: object) -> None:
        monkeypatch.setattr(Operations, "_commit", no_space)
        raise DiskFull("no space left")

    with monkeypatch.context() as broken:
        broken.setattr("nacre_adapters.tablevault.write.put_content", no_space)
        with pytest.raises(DiskFull):
            vault.write_instance(numbers(LARGE), "t", process_id="mine")
    monkeypatch.undo()

    with pytest.raises(TVProcessError, match="is that of write_instance"):
        vault.execute_instance("t", process_id="mine")
    vault.write_instance(numbers(LARGE), "t", process_id="mine")
    assert len(vault.get_dataframe("t")[0]) == LARGE


def test_a_vault_of_the_past_and_one_that_is_read_only_refuse_to_write(tmp_path: Path) -> None:
    vault = make(tmp_path / "v", "t")
    with nacre.open(tmp_path / "v", read_only=True) as closed:
        reader = TableVault(closed, "bo")
        assert reader.get_table_instances() == ["t"]
        with pytest.raises(ReadOnly, match="create_table changes the vault"):
            reader.create_table("u")
        with pytest.raises(TVProcessError):
            reader.create_code_module("m")
    past = TableVault(vault.vault.at(vault.vault.head), "bo")
    with pytest.raises(TVProcessError):
        past.rename_table("u", "t")
    assert vault.get_table_instances() == ["t"]
