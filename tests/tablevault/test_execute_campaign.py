"""Executions that are killed at random moments, again and again, until they end."""

import os
import random
import select
import signal
from pathlib import Path

import pandas as pd
import pytest
from tablevault.memory import yaml_of
from tablevault.vaults import make, whole, write

from nacre_adapters.tablevault import TableVault

CODE = """
import pathlib
import time
import pandas as pd
def idx(n):
    return pd.DataFrame({"k": range(n)})
def every(n):
    for k in range(n):
        time.sleep(0.0005)
        yield k
def other(df, n):
    there = set(df["k"]) if df is not None else set()
    for k in range(n):
        time.sleep(0.0005)
        if k not in there:
            yield k
def row(k, v):
    time.sleep(0.001)
    return f"{k}{v}", k * 2
def running(df):
    total = 0
    for d in df["d"]:
        total += d
        time.sleep(0.0005)
        yield total
def whole(df):
    return pd.DataFrame({"w": [f"{len(df)}{c}" for c in df["c"]]})
def written(k, folder):
    pathlib.Path(folder, f"{k}.txt").write_text(str(k))
    return f"{k}.txt"
"""
ROWS = [
    ("idx", "dataframe", {}, ""),
    ("every", "generator", {}, ""),
    ("every", "generator", {}, "primary_key: [k]\n"),
    ("other", "generator", {"df": "<<self>>"}, ""),
    ("other", "generator", {"df": "<<self>>"}, "primary_key: [k]\n"),
]


def builders(chance: random.Random, n: int) -> dict[str, str]:
    function, kind, arguments, more = chance.choice(ROWS)
    kept = chance.choice(["", "checkpoint_seconds: 0\n"])
    where = chance.choice(["", "n_threads: 3\n", "n_threads: 2\nexecutor: process\n"])
    row = "return_type: row-wise\n"
    more += f"return_type: {kind}\ndtypes: {{k: Int64}}\n{kept}"
    each = f"return_type: generator\ndtypes: {{g: Int64}}\n{kept}"
    return {
        "t_index": yaml_of("t_index", ["k"], function, more=more, n=n, **arguments),
        "c": yaml_of(
            "c",
            ["c", "d"],
            "row",
            more=f"{row}dtypes: {{d: Int64}}\n{kept}{where}",
            k="<<self.k[index]>>",
            v="<<src.v[k::<<self.k[index]>>]>>",
        ),
        "g": yaml_of("g", ["g"], "running", more=each, df="<<self.d>>"),
        "w": yaml_of("w", ["w"], "whole", df="<<self.c>>"),
        "p": yaml_of(
            "p",
            ["p"],
            "written",
            more=f"{row}dtypes: {{p: artifact_string}}\n{kept}",
            k="<<self.k[index]>>",
            folder="~ARTIFACT_FOLDER~",
        ),
    }


def expected(n: int) -> dict[str, list[object]]:
    return {
        "k": list(range(n)),
        "c": [f"{k}v{k}" for k in range(n)],
        "d": [2 * k for k in range(n)],
        "g": [k * (k + 1) for k in range(n)],
        "w": [f"{n}{k}v{k}" for k in range(n)],
    }


def killed_after(seconds: float, path: Path, *, restart: bool, process_id: str) -> int:
    """Execute, or restart, in a process that is killed after a time; return how it ended."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            vault = TableVault(path, "bo", restart=restart)
            if not restart:
                vault.execute_instance("t", process_id=process_id)
            code = 0
        finally:
            os._exit(code)
    handle = os.pidfd_open(child)
    select.select([handle], [], [], seconds)
    os.kill(child, signal.SIGKILL)
    os.close(handle)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(40))
def test_an_execution_that_is_killed_at_random_ends_as_if_it_had_not_been(
    seed: int, tmp_path: Path
) -> None:
    chance = random.Random(seed)
    n, process_id = chance.choice([0, 1, 30, 80]), chance.choice(["job", ""])
    path = tmp_path / "v"
    with make(path, "t", "src") as vault:
        source = pd.DataFrame({"k": range(100), "v": [f"v{k}" for k in range(100)]})
        write(vault, source, "src")
        vault.create_code_module("m", text=CODE)
        vault.create_instance("t", builders=builders(chance, n))

    for count in range(200):
        restart = count > 0 and (not process_id or chance.random() < 0.4)
        seconds = chance.uniform(0.02, 1.5) * (1 + count / 5)
        ended = killed_after(seconds, path, restart=restart, process_id=process_id)
        assert ended in (0, -signal.SIGKILL)
        with TableVault(path, "ana") as vault:
            if vault.get_table_instances("t"):
                break
            if not process_id and not vault.get_active_processes():
                vault.execute_instance("t")  # it was killed before it had begun
                break

    with TableVault(path, "ana") as vault:
        frame, _ = vault.get_dataframe("t")
        assert [Path(each).read_text() for each in frame["p"]] == list(map(str, range(n)))
        assert frame.drop(columns="p").to_dict("list") == expected(n)
        assert len(vault.get_table_instances("t")) == 1
        assert vault.get_active_processes() == {}
        assert whole(vault)
