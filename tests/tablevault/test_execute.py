"""Executions on a vault: the guide, resuming, failing, stopping, lineage."""

import os
import select
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from tablevault.memory import yaml_of
from tablevault.test_builder_runs import CODE, guide
from tablevault.vaults import make, whole, write

from nacre_adapters.tablevault import (
    TableReferenceError,
    TableVault,
    TVArgumentError,
    TVBuilderError,
    TVFileError,
    TVLockError,
    TVProcessError,
    TVTableError,
)


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


def test_a_builder_that_raises_pauses_with_an_id_and_goes_on_at_the_row(tmp_path: Path) -> None:
    vault, flag = flaky(tmp_path)
    process = vault.generate_process_id()

    with pytest.raises(RuntimeError, match="the service is down") as caught:
        vault.execute_instance("t", process_id=process)

    assert caught.value.__notes__ == ["(in row 57)", "(in the builder c of the table t)"]
    record = vault.get_active_processes()[process]
    assert record.error == ("RuntimeError", "the service is down")
    assert vault.get_dataframe("t", "TEMP_base")[0]["c"].notna().sum() == 57
    assert not vault.get_process_completion(process)
    with pytest.raises(TVLockError):
        impatient(vault).create_instance("t")

    flag.touch()
    assert vault.execute_instance("nothing", process_id=process) == process

    assert vault.get_dataframe("t")[0]["c"].tolist() == [2 * k for k in range(60)]
    calls = (tmp_path / "flag.calls").read_text().split()
    assert calls == [str(k) for k in [*range(58), 57, 58, 59]]
    assert whole(vault)


def impatient(vault: TableVault) -> TableVault:
    """Return a handle on the same vault that waits for nobody."""
    other = TableVault(vault.db_dir, "bo")
    operations = replace(other._calls.operations, lock_seconds=0.0)
    other._calls = replace(other._calls, operations=operations)
    return other


def test_a_builder_that_raises_without_an_id_is_rolled_back(tmp_path: Path) -> None:
    vault, flag = flaky(tmp_path)

    with pytest.raises(RuntimeError):
        vault.execute_instance("t")

    assert vault.get_active_processes() == {}
    assert vault.get_table_instances("t") == []
    flag.touch()
    vault.execute_instance("t")
    assert len((tmp_path / "flag.calls").read_text().split()) == 58 + 60
    assert whole(vault)


def test_a_paused_execution_can_be_stopped_and_kept_in_part(tmp_path: Path) -> None:
    vault, _ = flaky(tmp_path)
    with pytest.raises(RuntimeError):
        vault.execute_instance("t", process_id="job")

    vault.stop_process("job", materialize=True)

    frame, instance = vault.get_dataframe("t")
    assert frame["c"].notna().tolist() == [True] * 57 + [False] * 3
    assert not vault.get_descriptions(instance, "t")["success"]
    assert vault.get_process_completion("job")
    with pytest.raises(TVTableError):
        vault.get_dataframe("t", successful_only=True)
    assert whole(vault)


def test_in_the_background_the_instance_is_made_too(tmp_path: Path) -> None:
    vault = calc(tmp_path / "v")
    vault.create_instance("calc", builders=guide(0, 4))

    process = vault.execute_instance("calc", background=True)

    assert process in vault.get_active_processes() or vault.get_process_completion(process)
    until(lambda: vault.get_process_completion(process))
    assert vault.get_dataframe("calc")[0]["total"].tolist() == [100, 201, 303, 406]
    assert vault.get_active_processes() == {}
    assert whole(vault)


def test_a_mistake_shows_at_once_in_the_background(tmp_path: Path) -> None:
    vault = calc(tmp_path / "v")

    with pytest.raises(TVArgumentError, match="instance doesn't exist"):
        vault.execute_instance("calc", background=True)

    assert vault.get_active_processes() == {}


def test_a_background_execution_that_fails_says_why(tmp_path: Path) -> None:
    vault, _ = flaky(tmp_path)

    vault.execute_instance("t", process_id="job", background=True)

    until(lambda: vault.get_active_processes()["job"].error[0])
    assert vault.get_active_processes()["job"].error == ("RuntimeError", "the service is down")


def until(holds: Callable[[], object]) -> None:
    """Wait for what another process does."""
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        select.select([], [], [], 0.02)


def test_a_forced_stop_ends_a_background_execution(tmp_path: Path) -> None:
    vault = make(tmp_path / "v", "t")
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    vault.create_code_module("m", text="def wait(file):\n    return open(file).read()\n")
    index = yaml_of("t_index", ["k"], "wait", file=fifo)
    vault.create_instance("t", builders={"t_index": index})
    vault.execute_instance("t", process_id="job", background=True)

    with pytest.raises(TVProcessError, match="Currently Running"):
        vault.stop_process("job")
    vault.stop_process("job", force=True)

    assert vault.get_process_completion("job")
    vault.create_instance("t")
    assert whole(vault)


ARTIFACTS = """
import pathlib
import pandas as pd
def idx(names):
    return pd.DataFrame({"name": names})
def picture(name, folder):
    pathlib.Path(folder, name + ".txt").write_text("picture of " + name)
    return name + ".txt"
def size(file):
    return len(pathlib.Path(file).read_text())
"""


def pictured(names: list[str], **given: object) -> dict[str, str]:
    return {
        "t_index": yaml_of("t_index", ["name"], "idx", more="primary_key: [name]\n", names=names),
        "picture": yaml_of(
            "picture",
            ["file"],
            "picture",
            more="return_type: row-wise\ndtypes: {file: artifact_string}\n",
            **{"name": "<<self.name[index]>>", "folder": "~ARTIFACT_FOLDER~", **given},
        ),
        "size": yaml_of(
            "size",
            ["size"],
            "size",
            more="return_type: row-wise\ndtypes: {size: Int64}\n",
            file="<<self.file[index]>>",
        ),
    }


@pytest.mark.parametrize("multiple", [False, True])
def test_builders_make_artifacts_and_read_them(multiple: bool, tmp_path: Path) -> None:
    vault = make(tmp_path / "v", "t", allow_multiple_artifacts=multiple)
    vault.create_code_module("m", text=ARTIFACTS)
    vault.create_instance("t", builders=pictured(["ana", "bo"]))
    vault.execute_instance("t")
    vault.create_instance("t", builders=pictured(["bo", "cyd"]))
    vault.execute_instance("t")

    frames = [vault.get_dataframe("t", each)[0] for each in vault.get_table_instances("t")]

    texts = [[Path(file).read_text() for file in frame["file"]] for frame in frames]
    assert texts == [["picture of ana", "picture of bo"], ["picture of bo", "picture of cyd"]]
    assert [frame["size"].tolist() for frame in frames] == [[14, 13], [13, 14]]
    assert whole(vault)


def test_a_missing_artifact_is_refused(tmp_path: Path) -> None:
    vault = make(tmp_path / "v", "t")
    vault.create_code_module("m", text=ARTIFACTS)
    builders = pictured(["ana"], folder=tmp_path)
    del builders["size"]
    vault.create_instance("t", builders=builders)

    with pytest.raises(TVTableError, match=r"Artifact ana.txt not found"):
        vault.execute_instance("t", process_id="job")

    assert vault.get_process_completion("job")
    assert vault.get_dataframe("t", "TEMP_base")[0]["name"].tolist() == ["ana"]
    assert whole(vault)


INDEX = yaml_of("t_index", ["k"], "idx")


def column(name: str, reads: str) -> str:
    return yaml_of(name, [name], "f", a=f"<<self.{reads}>>")


BAD = {
    "a key is missing": (
        {"t_index": "builder_type: IndexBuilder\n"},
        (TVBuilderError, r"t_index.yaml, line 1: the key 'changed_columns' is missing"),
    ),
    "no mapping": ({"t_index": "- a"}, (TVBuilderError, "line 1: .*found a list")),
    "no YAML": (
        {"t_index": "a: [1\nb: 2\n"},
        (TVBuilderError, r"t_index.yaml, line 2, character 2"),
    ),
    "a key twice": (
        {"t_index": INDEX + "is_custom: false\n"},
        (TVBuilderError, "line 7, key 'is_custom': it is given twice"),
    ),
    "a return type that is none": (
        {"t_index": INDEX + "return_type: row\n"},
        (TVBuilderError, "line 7, key 'return_type': return_type not recognized"),
    ),
    "no threads": (
        {"t_index": INDEX + "n_threads: 0\n"},
        (TVBuilderError, "key 'n_threads': .*greater than or equal to 1"),
    ),
    "no function": (
        {"t_index": yaml_of("t_index", ["k"], "nothing")},
        (TVFileError, "has no function 'nothing': it has idx, f"),
    ),
    "no module": (
        {"t_index": INDEX.replace(": m\n", ": n\n")},
        (TVFileError, "no code module 'n': there is m"),
    ),
    "a circle": (
        {"t_index": INDEX, "c": column("c", "d"), "d": column("d", "c")},
        (TVBuilderError, "c reads the column 'd' of d, which reads the column 'c' of c"),
    ),
    "a column that nobody makes": (
        {"t_index": INDEX, "c": column("c", "zz")},
        (TVBuilderError, "no builder makes the column 'zz': there is k, c"),
    ),
    "a table that there is not": (
        {"t_index": yaml_of("t_index", ["k"], "idx", x="<<other.k>>")},
        (TableReferenceError, "there is no table other"),
    ),
    "no reference": (
        {"t_index": yaml_of("t_index", ["k"], "idx", x="<<t.k[>>")},
        (TableReferenceError, "line 7, key 'arguments.x': .*at character 7"),
    ),
    "a key that is not made": (
        {"t_index": INDEX + "primary_key: [z]\n"},
        (TVArgumentError, "the primary key z is not made by t_index"),
    ),
    "no type": ({"t_index": INDEX + "dtypes: {k: Whole}\n"}, (TVTableError, "'Whole'")),
    "two that make a column": (
        {"t_index": INDEX, "c": yaml_of("c", ["k"], "f")},
        (TVBuilderError, "'k' is made by t_index and by c"),
    ),
}


@pytest.mark.parametrize(("builders", "refusal"), BAD.values(), ids=BAD)
def test_bad_builders_are_refused_with_file_and_key(
    builders: dict[str, str], refusal: tuple[type, str], tmp_path: Path
) -> None:
    vault = make(tmp_path / "v", "t")
    vault.create_code_module("m", text="import pandas as pd\ndef idx(): pass\ndef f(a): pass\n")
    vault.create_instance("t", builders=builders)

    error, match = refusal
    with pytest.raises(error, match=match):
        vault.execute_instance("t")

    assert vault.get_active_processes() == {}
    vault.create_builder_file("t", text=yaml_of("t_index", ["k"], "idx"))
    assert whole(vault)


def test_a_module_with_a_syntax_error_is_refused_with_its_line(tmp_path: Path) -> None:
    vault = make(tmp_path / "v", "t")
    vault.create_code_module("m", text="import os\ndef idx(:\n    pass\n")
    vault.create_instance("t", builders={"t_index": yaml_of("t_index", ["k"], "idx")})

    with pytest.raises(TVBuilderError, match="module 'm' is no Python, line 2"):
        vault.execute_instance("t")


def test_references_are_lineage(tmp_path: Path) -> None:
    vault = calc(tmp_path / "v")
    vault.create_instance("calc", builders=guide(0, 4))
    vault.execute_instance("calc")
    (cfg,), (made,) = vault.get_table_instances("cfg"), vault.get_table_instances("calc")

    (event,) = vault.vault.events(subject=f"instance/{made}")

    assert {"subject": f"instance/{cfg}"} in event.data["made_from"]


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
