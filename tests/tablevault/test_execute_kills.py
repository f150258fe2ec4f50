"""An execution that is killed at each operation on its files, and goes on with its id."""

import os
import shutil
import signal
from pathlib import Path

import pytest
from tablevault.memory import yaml_of
from tablevault.vaults import make, whole
from works import open_over

from nacre.testing.faults import KillingFiles, TracingFiles
from nacre_adapters.tablevault import TableVault

MOMENTS = ("before", "after", "within")
CODE = """
import pandas as pd
def idx():
    return pd.DataFrame({"k": range(3)})
def noted(k, file):
    with open(file, "a") as f:
        f.write(f"{k}\\n")
    return f"#{k}"
def upper(df):
    for text in df.c:
        yield text.upper()
"""


def executed(path: Path, calls: Path) -> TableVault:
    """Return a vault with an instance that is ready to be executed, each row kept at once."""
    vault = make(path, "t")
    vault.create_code_module("m", text=CODE)
    row = yaml_of(
        "c",
        ["c"],
        "noted",
        more="return_type: row-wise\ncheckpoint_seconds: 0\n",
        k="<<self.k[index]>>",
        file=calls,
    )
    every = yaml_of("u", ["u"], "upper", more="return_type: generator\n", df="<<self.c>>")
    vault.create_instance(
        "t", builders={"t_index": yaml_of("t_index", ["k"], "idx"), "c": row, "u": every}
    )
    return vault


def run_and_die(path: Path, files: object) -> int:
    """Execute in a process that *files* kills; return how it ended."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            opened = open_over(path, files, single_file=False)
            TableVault(opened, "bo").execute_instance("t", process_id="job")
            code = 0
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def operations_of(path: Path) -> int:
    """Return how many operations on files an execution takes."""
    files = TracingFiles()
    with open_over(path, files, single_file=False) as vault:
        TableVault(vault, "bo").execute_instance("t")
    return len(files.operations)


def test_a_kill_at_any_operation_loses_no_row(tmp_path: Path) -> None:
    calls = tmp_path / "calls.txt"
    executed(tmp_path / "v", calls).close()
    shutil.copytree(tmp_path / "v", tmp_path / "count")
    count = operations_of(tmp_path / "count")
    assert count >= 9  # begin, three builders, three rows, a part, end

    for number in range(count):
        calls.unlink(missing_ok=True)
        path = tmp_path / f"v{number}"
        shutil.copytree(tmp_path / "v", path)
        status = run_and_die(path, KillingFiles(number, MOMENTS[number % 3]))
        assert status in (0, -signal.SIGKILL)
        check_goes_on(path, calls)
        shutil.rmtree(path)


def check_goes_on(path: Path, calls: Path) -> None:
    with TableVault(path, "ana") as vault:
        if not vault.get_process_completion("job"):
            vault.execute_instance("t", process_id="job")
        frame, _ = vault.get_dataframe("t")
        assert frame["c"].tolist() == ["#0", "#1", "#2"]
        assert frame["u"].tolist() == ["#0", "#1", "#2"]
        assert len(vault.get_table_instances("t")) == 1
        assert vault.get_active_processes() == {}
        # At most the row that was being computed or kept is computed twice.
        rows = calls.read_text().split()
        assert len(rows) <= 4
        assert set(rows) == {"0", "1", "2"}
        assert whole(vault)


@pytest.mark.parametrize("row", range(3))
def test_a_kill_in_a_row_is_taken_up_by_a_restart(row: int, tmp_path: Path) -> None:
    calls = tmp_path / "calls.txt"
    vault = executed(tmp_path / "v", calls)
    armed = tmp_path / "armed"
    armed.touch()
    dying = CODE.replace(
        '    return f"#{k}"',
        f'    import os, pathlib\n    if k == "{row}" and pathlib.Path({str(armed)!r}).exists():\n'
        '        os.kill(os.getpid(), 9)\n    return f"#{k}"',
    )
    vault.create_code_module("m", text=dying)
    child = os.fork()
    if child == 0:
        TableVault(tmp_path / "v", "bo").execute_instance("t")
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    armed.unlink()

    again = TableVault(tmp_path / "v", "cy", restart=True)

    assert again.get_dataframe("t")[0]["u"].tolist() == ["#0", "#1", "#2"]
    assert calls.read_text().split() == [*map(str, range(row + 1)), *map(str, range(row, 3))]
    assert again.get_active_processes() == {}
    assert whole(again)
