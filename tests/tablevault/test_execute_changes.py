"""What changes between two executions, or while one waits: computed again, and nothing else."""

from pathlib import Path

import pandas as pd
import pytest
from tablevault.executions import calls_of
from tablevault.memory import yaml_of
from tablevault.vaults import make, whole, write

from nacre_adapters.tablevault import TableReferenceError, TableVault

CODE = """
import pandas as pd
def idx(n):
    return pd.DataFrame({"k": range(n)})
def noted(k, file, read=None):
    with open(file, "a") as log:
        log.write(f"{k} ")
    if k == STOP:
        raise KeyboardInterrupt
    return f"{k}{read}"
"""
INDEX = yaml_of("t_index", ["k"], "idx", more="dtypes: {k: Int64}\n", n=4)


def noted(name: str, file: Path, reads: str, more: str = "") -> str:
    return yaml_of(
        name,
        [name],
        "noted",
        more=f"return_type: row-wise\ncheckpoint_seconds: 0\n{more}",
        k="<<self.k[index]>>",
        file=file,
        read=reads,
    )


def noting(path: Path, stop: int | None = None) -> tuple[TableVault, Path]:
    """Return a vault whose function notes the rows that it is called for."""
    vault = make(path / "v", "t", "src")
    vault.create_code_module("m", text=CODE.replace("STOP", str(stop)))
    return vault, path / "calls"


def again(vault: TableVault) -> dict[str, list[object]]:
    vault.create_instance("t", copy=True)
    vault.execute_instance("t")
    return vault.get_dataframe("t")[0].to_dict("list")


def test_what_two_builders_read_of_one_table_is_not_mixed_up(tmp_path: Path) -> None:
    vault, file = noting(tmp_path)
    write(vault, pd.DataFrame({"v": ["two"]}), "src", "v2")
    write(vault, pd.DataFrame({"v": ["one"]}), "src", "v1")
    late = noted("late", file, "<<src.v[index::0]>>")
    two = noted("two", file, '"<<src(v2).v[index::0]>>"')
    vault.create_instance("t", builders={"t_index": INDEX, "late": late, "two": two})
    vault.execute_instance("t")

    write(vault, pd.DataFrame({"v": ["two"]}), "src", "v2")  # now the last is what `two` has read

    assert again(vault)["late"] == [f"{row}two" for row in range(4)]


def test_only_the_columns_that_are_read_count(tmp_path: Path) -> None:
    vault, file = noting(tmp_path)
    write(vault, pd.DataFrame({"v": ["a"], "other": [1]}), "src")
    builder = noted("c", file, "<<src.v[index::0]>>")
    vault.create_instance("t", builders={"t_index": INDEX, "c": builder})
    vault.execute_instance("t")
    assert len(calls_of(file)) == 4

    write(vault, pd.DataFrame({"v": ["a"], "other": [2]}), "src")
    again(vault)
    assert calls_of(file) == []

    write(vault, pd.DataFrame({"v": ["b"], "other": [2]}), "src")
    assert again(vault)["c"] == [f"{row}b" for row in range(4)]


def test_how_many_threads_run_changes_no_value(tmp_path: Path) -> None:
    vault, file = noting(tmp_path)
    vault.create_instance("t", builders={"t_index": INDEX, "c": noted("c", file, "x")})
    vault.execute_instance("t")
    calls_of(file)

    more = "n_threads: 2\n# a comment\n"
    vault.create_instance("t", builders={"t_index": INDEX, "c": noted("c", file, "x", more)})
    vault.execute_instance("t")

    assert calls_of(file) == []


def interrupted(path: Path) -> tuple[TableVault, Path]:
    """Return a vault with an execution that was interrupted in row 2."""
    vault, file = noting(path, stop=2)
    vault.create_instance("t", builders={"t_index": INDEX, "c": noted("c", file, "x")})
    with pytest.raises(KeyboardInterrupt):
        vault.execute_instance("t", process_id="job")
    assert calls_of(file) == ["0", "1", "2"]
    return vault, file


def test_a_module_that_is_corrected_meanwhile_makes_all_rows(tmp_path: Path) -> None:
    vault, _ = interrupted(tmp_path)
    vault.create_code_module("m", text=CODE.replace("STOP", "None").replace('"{k}{', '"{k}!{'))

    vault.execute_instance("t", process_id="job")

    assert vault.get_dataframe("t")[0]["c"].tolist() == ["0!x", "1!x", "2!x", "3!x"]
    assert whole(vault)


def test_a_builder_that_is_corrected_meanwhile_makes_all_rows(tmp_path: Path) -> None:
    vault, file = interrupted(tmp_path)
    fixed = noted("c", file, "x").replace("read: x", "read: y").replace("k: <<", "k: 1<<")
    vault.create_builder_file("t", "c", text=fixed)

    vault.execute_instance("t", process_id="job")

    assert vault.get_dataframe("t")[0]["c"].tolist() == ["10y", "11y", "12y", "13y"]
    assert calls_of(file) == ["10", "11", "12", "13"]
    assert whole(vault)


def test_builders_that_are_added_and_removed_meanwhile_count(tmp_path: Path) -> None:
    vault, file = interrupted(tmp_path)
    vault.delete_builder_file("c", "t")
    vault.create_builder_file("t", "d", text=noted("d", file, "z").replace("k: <<", "k: 1<<"))
    vault.create_builder_file("t", text=INDEX.replace("n: 4", "n: 2"))

    vault.execute_instance("t", process_id="job")

    assert vault.get_dataframe("t")[0].to_dict("list") == {"k": [0, 1], "d": ["10z", "11z"]}
    assert whole(vault)


def test_what_is_as_it_was_goes_on_at_the_row(tmp_path: Path) -> None:
    vault, file = interrupted(tmp_path)
    threads = noted("c", file, "x", "n_threads: 2\n").replace("k: <<self", "k:  <<self")
    vault.create_builder_file("t", "c", text=threads)

    with pytest.raises(KeyboardInterrupt):
        vault.execute_instance("t", process_id="job")

    assert "0" not in calls_of(file)


def test_a_column_that_is_nowhere_is_refused_before_anything_runs(tmp_path: Path) -> None:
    vault, file = noting(tmp_path)
    write(vault, pd.DataFrame({"v": ["a"]}), "src")
    first = noted("a", file, "x")
    wrong = noted("z", file, "<<src.w[index::0]>>")
    vault.create_instance("t", builders={"t_index": INDEX, "a": first, "z": wrong})

    with pytest.raises(TableReferenceError, match="table 'src' has no column 'w': it has v"):
        vault.execute_instance("t")

    assert calls_of(file) == []


def test_an_instance_that_is_not_active_any_more_is_what_a_waiting_execution_reads(
    tmp_path: Path,
) -> None:
    vault, file = noting(tmp_path, stop=2)
    vault.create_table("once", has_side_effects=True)
    write(vault, pd.DataFrame({"v": ["before"]}), "once")
    builder = noted("c", file, "<<once.v[index::0]>>")
    vault.create_instance("t", builders={"t_index": INDEX, "c": builder})
    with pytest.raises(KeyboardInterrupt):
        vault.execute_instance("t", process_id="job")

    write(vault, pd.DataFrame({"v": ["after"]}), "once")
    vault.create_code_module("m", text=CODE.replace("STOP", "None"))
    vault.execute_instance("t", process_id="job")

    assert vault.get_dataframe("t")[0]["c"].tolist() == [f"{row}before" for row in range(4)]


DELETING = """
import pandas as pd
from nacre_adapters.tablevault import TableVault
def idx(df, path):
    with TableVault(path, "bo") as vault:
        vault.delete_instance(vault.get_table_instances("src")[-1], "src")
    return df
def same(df):
    return df
"""


def test_an_instance_that_is_deleted_meanwhile_is_what_a_reference_means(tmp_path: Path) -> None:
    vault = make(tmp_path / "v", "t", "src")
    vault.create_code_module("m", text=DELETING)
    for value in ("before", "last"):
        write(vault, pd.DataFrame({"v": [value]}), "src")
    builders = {
        "t_index": yaml_of("t_index", ["a"], "idx", df="<<src.v>>", path=tmp_path / "v"),
        "b": yaml_of("b", ["b"], "same", df="<<src.v>>"),
    }
    vault.create_instance("t", builders=builders)

    vault.execute_instance("t")

    assert vault.get_dataframe("t")[0].to_dict("list") == {"a": ["last"], "b": ["last"]}
    assert whole(vault)
