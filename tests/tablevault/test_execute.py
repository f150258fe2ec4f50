"""Executions on a vault: the guide, resuming, failing, stopping, lineage."""

from pathlib import Path

import pandas as pd
from tablevault.test_builder_runs import CODE, guide
from tablevault.vaults import make, whole, write

from nacre_adapters.tablevault import TableVault


def calc(path: Path) -> TableVault:
    """Return a vault with the tables of the guide."""
    vault = make(path, "cfg", "calc")
    write(vault, pd.DataFrame({"name": ["base", "x"], "value": [100, 5]}), "cfg")
    vault.create_code_module("m", text=CODE)
    return vault


def test_the_example_of_the_guide(tmp_path: Path) -> None:
    vault = calc(tmp_path / "v")
    (cfg,) = vault.get_table_instances("cfg")
    vault.create_instance("calc", builders=guide(0, 4))

    process = vault.execute_instance("calc")

    frame, instance = vault.get_dataframe("calc")
    assert frame["k"].tolist() == [0, 1, 2, 3]
    assert frame["a"].tolist() == [100, 101, 102, 103]
    assert frame["b"].tolist() == ["#0", "#1", "#2", "#3"]
    assert frame["total"].tolist() == [100, 201, 303, 406]
    description = vault.get_descriptions(instance, "calc")
    assert description["dependencies"] == [["cfg", cfg]] * 3
    assert description["author"] == process
    assert description["success"]
    assert vault.get_process_completion(process)
    assert vault.get_table_instances("calc", include_temp=True) == [instance]
    assert whole(vault)


def test_the_example_of_the_guide_runs_again_with_old_rows(tmp_path: Path) -> None:
    vault = calc(tmp_path / "v")
    vault.create_instance("calc", builders=guide(0, 4))
    vault.execute_instance("calc")

    vault.create_instance("calc", copy=True)
    changed = guide(3, 6, "keep_old: true\n")["calc_index"]
    vault.create_builder_file("calc", "calc_index", text=changed)
    vault.execute_instance("calc")

    frame, _ = vault.get_dataframe("calc")
    assert frame["k"].tolist() == [0, 1, 2, 3, 4, 5]
    assert frame["total"].tolist() == [100, 201, 303, 103, 207, 312]
    assert whole(vault)
