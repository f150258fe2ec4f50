"""Many writers and readers on one vault: nobody waits without need, nobody sees half of it."""

import threading
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from processes import Process, in_processes
from tablevault.vaults import make, numbers, whole, write

from nacre_adapters.tablevault import (
    TableVault,
    TVArgumentError,
    TVProcessError,
)
from nacre_adapters.tablevault.operations import Operations

ROWS = "import pandas\ndef rows():\n    return pandas.DataFrame({'k': range(3)})\n"
INDEX = """
builder_type: IndexBuilder
changed_columns: [k]
python_function: rows
code_module: m
"""


def test_many_processes_write_versions_of_one_table_at_once(tmp_path: Path) -> None:
    make(tmp_path / "v", "t")

    def work(number: int) -> int:
        vault = TableVault(tmp_path / "v", f"writer {number}")
        for turn in range(5):
            write(vault, numbers(turn + 1), "t", f"v{number}")
        return len(vault.get_table_instances("t", f"v{number}"))

    assert in_processes(4, work) == [5, 5, 5, 5]
    vault = TableVault(tmp_path / "v", "ana")
    assert len(vault.get_table_instances("t", "")) == 20
    assert vault.get_active_processes() == {}
    assert whole(vault)


def test_of_two_that_finish_the_same_instance_one_is_told(tmp_path: Path) -> None:
    make(tmp_path / "v", "t").create_instance("t", external_edit=True)

    def work(number: int) -> str:
        try:
            return TableVault(tmp_path / "v", "x").write_instance(numbers(1), "t") and "written"
        except (TVArgumentError, TVProcessError) as error:
            return type(error).__name__

    assert sorted(in_processes(2, work)) == ["TVArgumentError", "written"]
    assert len(TableVault(tmp_path / "v", "ana").get_table_instances("t")) == 1


def test_of_two_that_execute_the_same_instance_one_is_told(tmp_path: Path) -> None:
    vault = make(tmp_path / "v", "t")
    vault.create_code_module("m", text=ROWS)
    vault.create_instance("t", builders={"t_index": INDEX})

    def work(number: int) -> str:
        try:
            return TableVault(tmp_path / "v", "x").execute_instance("t") and "executed"
        except (TVArgumentError, TVProcessError) as error:
            return type(error).__name__

    assert sorted(in_processes(2, work)) == ["TVArgumentError", "executed"]
    assert len(vault.get_table_instances("t")) == 1
    assert vault.get_active_processes() == {}
    assert whole(vault)


def test_threads_share_a_vault(tmp_path: Path) -> None:
    tables = [f"t{number}" for number in range(4)]
    vault = make(tmp_path / "v", *tables)

    def work(table: str) -> list[str]:
        return [write(vault, numbers(turn + 1), table) for turn in range(5)]

    with ThreadPoolExecutor(4) as pool:
        written = list(pool.map(work, tables))

    assert [vault.get_table_instances(table) for table in tables] == written
    assert whole(vault)


def test_a_reader_never_waits_and_sees_whole_instances(tmp_path: Path) -> None:
    vault = make(tmp_path / "v", "t")
    write(vault, numbers(1), "t")

    def work(talk: Connection) -> None:
        writer = TableVault(tmp_path / "v", "bo")
        talk.send("begun")
        for turn in range(20):
            write(writer, numbers(turn + 2), "t")

    other = Process(work)
    other.hear()
    seen = []
    while not seen or seen[-1] < 21:
        frame, _ = vault.get_dataframe("t")
        assert frame["k"].tolist() == list(range(len(frame)))
        seen.append(len(frame))
    other.end()

    assert seen == sorted(seen)


def test_a_small_write_waits_for_who_works_on_the_same(tmp_path: Path) -> None:
    vault = make(tmp_path / "v", "t")
    vault.create_instance("t", external_edit=True)
    started, done = threading.Event(), threading.Event()

    def carry_on_slowly(*given: object) -> None:
        started.set()
        assert done.wait(30)
        carry_on(*given)

    carry_on = Operations.carry_on
    slow = TableVault(tmp_path / "v", "bo")
    with ThreadPoolExecutor(1) as pool, pytest.MonkeyPatch.context() as patch:
        patch.setattr(Operations, "carry_on", carry_on_slowly)
        large = pool.submit(slow.write_instance, numbers(60_000), "t")
        started.wait(30)
        patch.undo()
        done.set()
        with pytest.raises(TVArgumentError, match="instance doesn't exist"):
            vault.write_instance(numbers(1), "t")
        large.result()

    assert len(vault.get_dataframe("t")[0]) == 60_000
    assert whole(vault)
