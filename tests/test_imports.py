"""What takes long to import is imported by those who need it."""

import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest

import nacre
from nacre import frames, rows

HEAVY = ("pandas", "polars", "pyarrow", "duckdb", "matplotlib")
SAY = f"import sys; print([name for name in {HEAVY} if name in sys.modules])"


def heavy_after(code: str, *arguments: object) -> str:
    """Return which heavy libraries a new process has imported after running *code*."""
    command = [sys.executable, "-c", f"{code}\n{SAY}", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[-1]


def test_a_vault_without_frames_imports_neither_pandas_nor_arrow(tmp_path: Path) -> None:
    code = """
import sys, nacre
with nacre.open(sys.argv[1]) as vault:
    vault.record("note.set", subject="ana", data={"image": vault.put(b"image")})
    assert vault.verify().is_clean
"""

    assert heavy_after(code, tmp_path / "v") == "[]"


@pytest.mark.parametrize(
    "command",
    [["verify"], ["log"], ["info"], ["space"], ["compact"], ["backup", "TARGET"], ["metrics"]],
    ids=" ".join,
)
def test_a_command_that_reads_no_frame_imports_neither_pandas_nor_arrow(
    command: list[str], tmp_path: Path
) -> None:
    with nacre.open(tmp_path / "v") as vault:
        vault.record("note.set", subject="ana", data={"n": 1})
        vault.frames.write("town", pd.DataFrame({"a": [1]}))
    code = """
import sys
from nacre.cli.program import program
program.main(sys.argv[1:], standalone_mode=False)
"""
    verb, *more = (word.replace("TARGET", str(tmp_path / "target")) for word in command)

    assert heavy_after(code, verb, tmp_path / "v", *more) == "[]"


@pytest.mark.parametrize("package", [frames, rows])
def test_every_name_that_is_imported_late_is_there(package: ModuleType) -> None:
    assert all(getattr(package, name) is not None for name in package.__all__)
    with pytest.raises(AttributeError, match="no attribute 'other'"):
        _ = package.other
