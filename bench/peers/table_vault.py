"""TableVault 0.1.1, and nacre's in its place: the same program, timed the same."""

import importlib
import multiprocessing
import os
import shutil
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

MODULE = """
import pandas as pd

def rows(count):
    return pd.DataFrame({"k": range(count)})

def square(k):
    return k * k
"""
INDEX = """
builder_type: IndexBuilder
changed_columns: [k]
primary_key: [k]
python_function: rows
code_module: m
is_custom: true
arguments: {count: %d}
dtypes: {k: Int64}
"""
COLUMN = """
builder_type: ColumnBuilder
changed_columns: [square]
python_function: square
code_module: m
is_custom: true
return_type: row-wise
arguments: {k: "<<self.k[index]>>"}
dtypes: {square: Int64}
"""


class _TableVault:
    """A program that uses the documented interface alone."""

    module = ""

    def make(self, path: str) -> None:
        """Make a vault, and keep it open."""
        self._path = path
        self._vault = self._open(path, create=True)
        self._vault.create_table("t")

    def write(self, rows: int) -> float:
        """Write a frame of ten columns, and measure that alone."""
        frame = _wide(rows)
        self._vault.create_instance("t", external_edit=True)
        return _timed(lambda: self._vault.write_instance(frame, "t"))

    def read(self, rows: int | None, count: int) -> float:
        """Read the last instance, or the first rows of it."""
        return _timed(lambda: [self._vault.get_dataframe("t", rows=rows) for _ in range(count)])

    def cycle(self, count: int) -> float:
        """Begin and write small instances."""
        frames = [_small(1000, number) for number in range(count)]

        def work() -> None:
            for frame in frames:
                self._vault.create_instance("t", external_edit=True)
                self._vault.write_instance(frame, "t")

        return _timed(work)

    def execute(self, rows: int) -> float:
        """Run an index builder and a builder of one column, row by row."""
        vault = self._vault
        table = f"e{time.monotonic_ns()}"
        vault.create_table(table)
        vault.create_code_module("m", text=MODULE)
        vault.create_instance(table)
        vault.create_builder_file(table, f"{table}_index", text=INDEX % rows)
        vault.create_builder_file(table, "squares", text=COLUMN)
        taken = _timed(lambda: vault.execute_instance(table))
        frame, _ = vault.get_dataframe(table)
        assert frame["square"].tolist() == [k * k for k in range(rows)]
        return taken

    def versions(self, path: str, rows: int, count: int) -> int:
        """Write versions of one frame with ten cells changed, and return the bytes they take."""
        vault = self._open(path, create=True)
        vault.create_table("t")
        random = np.random.default_rng(7)
        frame = pd.DataFrame({f"c{n}": random.integers(0, 1 << 20, rows) for n in range(7)})
        for _ in range(count):
            for column in random.integers(0, 7, 10):
                frame.iloc[int(random.integers(rows)), int(column)] += 1
            vault.create_instance("t", external_edit=True)
            vault.write_instance(frame, "t")
        del vault
        taken = sum(
            os.lstat(os.path.join(folder, name)).st_blocks * 512
            for folder, _, names in os.walk(path)
            for name in names
        )
        shutil.rmtree(path, ignore_errors=True)
        return taken

    def contend(self, path: str, processes: int, instances: int) -> list[float]:
        """Write instances of one table from several processes; how many came, in how long."""
        self._open(path, create=True).create_table("t")
        fork = multiprocessing.get_context("fork")
        start = time.perf_counter()
        with fork.Pool(processes) as pool:
            work = [(type(self), path, number, instances) for number in range(processes)]
            done = sum(pool.starmap(_contend, work))
        return [done, time.perf_counter() - start]

    def _open(self, path: str, *, create: bool = False) -> Any:
        return importlib.import_module(self.module).TableVault(path, "bench", create=create)


class Original(_TableVault):
    """The package tablevault."""

    module = "tablevault.core"


class Nacre(_TableVault):
    """nacre's, after changing the import."""

    module = "nacre_adapters.tablevault.core"


def _contend(contestant: type[_TableVault], path: str, number: int, instances: int) -> int:
    vault = contestant()._open(path)
    done = 0
    for turn in range(instances):
        try:
            vault.create_instance("t", version=f"v{number}", external_edit=True)
            vault.write_instance(_small(100, turn), "t", version=f"v{number}")
            done += 1
        except Exception:  # noqa: BLE001 - how many fail is what is measured
            continue
    return done


def _wide(rows: int) -> pd.DataFrame:
    random = np.random.default_rng(3)
    columns: dict[str, Any] = {f"f{n}": random.normal(size=rows) for n in range(5)}
    columns |= {f"i{n}": random.integers(0, 1 << 40, rows) for n in range(3)}
    words = np.array([f"word {n}" for n in range(5000)])
    columns |= {f"s{n}": pd.array(random.choice(words, rows), dtype="string") for n in range(2)}
    return pd.DataFrame(columns)


def _small(rows: int, seed: int) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "a": np.arange(rows),
            "b": random.normal(size=rows),
            "c": random.normal(size=rows),
            "s": pd.array([f"row {n}" for n in range(rows)], dtype="string"),
        }
    )


def _timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
