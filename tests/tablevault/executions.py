"""Vaults with builders, for tests of executions."""

import select
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
from tablevault.memory import yaml_of
from tablevault.test_builder_runs import CODE
from tablevault.vaults import make, write

from nacre_adapters.tablevault import (
    TableVault,
)


def calc(path: Path) -> TableVault:
    """Return a vault with the tables of the guide."""
    vault = make(path, "cfg", "calc")
    write(vault, pd.DataFrame({"name": ["base", "x"], "value": [100, 5]}), "cfg")
    vault.create_code_module("m", text=CODE)
    return vault


FLAKY = """
import pathlib
import pandas as pd
def idx(n):
    return pd.DataFrame({"k": range(n)})
def flaky(k, flag):
    with open(flag + ".calls", "a") as f:
        f.write(f"{k} ")
    if k == 57 and not pathlib.Path(flag).exists():
        raise RuntimeError("the service is down")
    return k * 2
"""


def flaky(path: Path, rows: int = 60) -> tuple[TableVault, Path]:
    """Return a vault with an instance whose builder raises on row 57, until a file is there."""
    vault = make(path / "v", "t")
    vault.create_code_module("m", text=FLAKY)
    flag = path / "flag"
    index = yaml_of("t_index", ["k"], "idx", more="dtypes: {k: Int64}\n", n=rows)
    column = yaml_of(
        "c",
        ["c"],
        "flaky",
        more="return_type: row-wise\ndtypes: {c: Int64}\n",
        k="<<self.k[index]>>",
        flag=flag,
    )
    vault.create_instance("t", builders={"t_index": index, "c": column})
    return vault, flag


def impatient(vault: TableVault) -> TableVault:
    """Return a handle on the same vault that waits for nobody."""
    other = TableVault(vault.db_dir, "bo")
    operations = replace(other._calls.operations, lock_seconds=0.0)
    other._calls = replace(other._calls, operations=operations)
    return other


def until(holds: Callable[[], object]) -> None:
    """Wait for what another process does."""
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        select.select([], [], [], 0.02)


def calls_of(file: Path) -> list[str]:
    """Return the rows that were computed since the last time."""
    found = file.read_text().split() if file.exists() else []
    file.unlink(missing_ok=True)
    return found
