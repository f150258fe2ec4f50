"""Executions on a vault: the guide, what references mean, lineage, what is computed again."""

from pathlib import Path

import pandas as pd
from tablevault.executions import calc, flaky
from tablevault.memory import yaml_of
from tablevault.test_builder_runs import guide
from tablevault.vaults import make, whole, write


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


def test_references_are_lineage(tmp_path: Path) -> None:
    vault = calc(tmp_path / "v")
    vault.create_instance("calc", builders=guide(0, 4))
    vault.execute_instance("calc")
    (cfg,), (made,) = vault.get_table_instances("cfg"), vault.get_table_instances("calc")

    (event,) = vault.vault.events(subject=f"instance/{made}")

    assert {"subject": f"instance/{cfg}"} in event.data["made_from"]


SOURCES = """
import pandas as pd
def idx(own, old, exact):
    return pd.DataFrame({"own": [own], "old": [old], "exact": [exact]})
"""


def test_references_mean_what_was_there_when_the_execution_began(tmp_path: Path) -> None:
    vault = make(tmp_path / "v", "t", "src")
    first = write(vault, pd.DataFrame({"c": ["first"]}), "src")
    write(vault, pd.DataFrame({"c": ["v1"]}), "src", "v1")
    write(vault, pd.DataFrame({"c": ["second"]}), "src")
    write(vault, pd.DataFrame({"own": ["before"]}), "t")
    vault.create_code_module("m", text=SOURCES)
    index = yaml_of(
        "t_index",
        ["own", "old", "exact"],
        "idx",
        own="<<t.own[index::0]>>",
        old="<<src(v1).c[index::0]>>",
        exact=f"<<src({first}).c[index::0]>>",
    )
    vault.create_instance("t", version="v2", builders={"t_index": index})
    vault.execute_instance("t", version="v2")

    frame, instance = vault.get_dataframe("t", version="v2")
    assert frame.to_dict("list") == {"own": ["before"], "old": ["v1"], "exact": ["first"]}
    assert instance.startswith("v2_")
    assert len(vault.get_descriptions(instance, "t")["dependencies"]) == 3


def test_what_has_not_changed_is_not_computed_again(tmp_path: Path) -> None:
    vault, flag = flaky(tmp_path, rows=5)
    vault.execute_instance("t")
    before = vault.get_dataframe("t")[0]
    calls = Path(f"{flag}.calls")
    calls.unlink()

    vault.create_instance("t", copy=True)
    vault.execute_instance("t")
    assert not calls.exists()
    vault.create_instance("t", copy=True)
    vault.execute_instance("t", force_execute=True)

    assert len(calls.read_text().split()) == 5
    assert vault.get_dataframe("t")[0].equals(before)


def test_a_renamed_table_and_one_that_follows_it_run_their_builders(tmp_path: Path) -> None:
    vault, _ = flaky(tmp_path, rows=3)
    vault.execute_instance("t")
    (origin,) = vault.get_table_instances("t")
    vault.rename_table("s", "t")
    vault.create_instance("s", copy=True)
    vault.execute_instance("s")
    vault.create_table("other")
    vault.create_instance("other", origin_id=origin, origin_table="s")
    vault.execute_instance("other")

    assert vault.get_dataframe("other")[0].equals(vault.get_dataframe("s")[0])
    assert whole(vault)


def test_built_in_modules_run(tmp_path: Path) -> None:
    vault = make(tmp_path / "v", "t")
    index = (
        "builder_type: IndexBuilder\nchanged_columns: [k]\nis_custom: false\n"
        "code_module: table_generation\npython_function: create_data_table_from_list\n"
        "arguments: {vals: [a, b, c]}\n"
    )
    column = (
        "builder_type: ColumnBuilder\nchanged_columns: [r, s]\nis_custom: false\n"
        "code_module: random_string\npython_function: random_column_string\n"
        "arguments: {df: <<self>>, column_names: [r, s]}\n"
    )
    vault.create_instance("t", builders={"t_index": index, "random": column})
    vault.execute_instance("t")
    first = vault.get_dataframe("t")[0]
    vault.create_instance("t", copy=True)
    vault.execute_instance("t")

    assert first["r"].str.len().tolist() == [20, 20, 20]
    assert vault.get_dataframe("t")[0].equals(first)


NESTED = """
import pandas as pd
from nacre_adapters.tablevault import TableVault
def idx(path, author):
    with TableVault(path, author) as vault:
        vault.create_instance("cfg", external_edit=True)
        vault.write_instance(pd.DataFrame({"name": ["x"], "value": [1]}), "cfg")
    return pd.DataFrame({"k": [author]})
"""


def test_a_builder_may_use_the_vault_itself(tmp_path: Path) -> None:
    vault = make(tmp_path / "v", "t", "cfg")
    vault.create_code_module("m", text=NESTED)
    index = yaml_of("t_index", ["k"], "idx", path=tmp_path / "v", author="~PROCESS_ID~")
    vault.create_instance("t", builders={"t_index": index})

    process = vault.execute_instance("t")

    (author,) = vault.get_dataframe("t")[0]["k"]
    assert author.startswith(f"{process}_")
    assert len(vault.get_table_instances("cfg")) == 1
