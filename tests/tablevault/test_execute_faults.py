"""What a user's function does wrong: named by row, and no row that was computed is lost."""

from pathlib import Path

import pandas as pd
import pytest
from tablevault.executions import calls_of
from tablevault.memory import MemoryJournal, run, yaml_of
from tablevault.vaults import make, whole

from nacre_adapters.tablevault import TableVault, TVBuilderError, TVTableError

CODE = """
import pandas as pd
def idx(n):
    return pd.DataFrame({"k": range(n)})
def noted(k, file):
    with open(file, "a") as log:
        log.write(f"{k} ")
    return WRONG if k == 57 else k
"""
INDEX = yaml_of("t_index", ["k"], "idx", more="dtypes: {k: Int64}\n", n=60)
FAULTS = {
    "a value that is none": ("'x'", TVTableError, "'c', row 57: 'x' is no value of the type Int64"),
    "two values": ("(1, 2)", TVBuilderError, r"c gave \(1, 2\) for row 57, and makes one column"),
    "a process that dies": (
        "__import__('os').kill(__import__('os').getpid(), 9)",
        TVBuilderError,
        "has died",
    ),
}


def builder(file: Path, more: str = "") -> str:
    return yaml_of(
        "c",
        ["c"],
        "noted",
        more=f"return_type: row-wise\ndtypes: {{c: Int64}}\n{more}",
        k="<<self.k[index]>>",
        file=file,
    )


def faulty(path: Path, wrong: str, more: str = "") -> TableVault:
    """Return a vault with a function that does something wrong in row 57."""
    vault = make(path / "v", "t")
    vault.create_code_module("m", text=CODE.replace("WRONG", wrong))
    vault.create_instance("t", builders={"t_index": INDEX, "c": builder(path / "calls", more)})
    return vault


@pytest.mark.parametrize(("wrong", "error", "match"), FAULTS.values(), ids=FAULTS)
def test_the_rows_before_are_kept(wrong: str, error: type, match: str, tmp_path: Path) -> None:
    vault = faulty(tmp_path, wrong, "executor: process\n" if "os" in wrong else "")

    with pytest.raises(error, match=match):
        vault.execute_instance("t", process_id="job")

    assert vault.get_active_processes()["job"].status == "paused"
    assert vault.get_dataframe("t", "TEMP_base")[0]["c"].iloc[:57].notna().all()
    calls_of(tmp_path / "calls")
    with pytest.raises(error, match=match):
        vault.execute_instance("t", process_id="job")
    assert calls_of(tmp_path / "calls")[0] == "57"
    vault.stop_process("job", materialize=True)
    assert vault.get_dataframe("t")[0]["c"].tolist()[:57] == list(range(57))
    assert whole(vault)


def test_without_an_id_nothing_is_kept(tmp_path: Path) -> None:
    vault = faulty(tmp_path, "'x'")

    with pytest.raises(TVTableError, match="row 57"):
        vault.execute_instance("t")

    assert vault.get_active_processes() == {}
    assert whole(vault)


def test_a_builder_is_corrected_while_its_execution_is_paused(tmp_path: Path) -> None:
    vault = faulty(tmp_path, "'x'")
    with pytest.raises(TVTableError, match="row 57"):
        vault.execute_instance("t", process_id="job")

    text = builder(tmp_path / "calls").replace("Int64", "string")
    vault.create_builder_file("t", "c", text=text)
    vault.execute_instance("t", process_id="job")

    assert vault.get_dataframe("t")[0]["c"].tolist() == [*map(str, range(57)), "x", "58", "59"]
    assert whole(vault)


def test_values_that_are_refused_take_no_others_with_them() -> None:
    code = (
        "import pandas as pd\ndef idx(): return pd.DataFrame({'k': range(9)})\n"
        "def f(k):\n    return 'x' if k in (3, 5) else k\n"
    )
    builders = {
        "t_index": yaml_of("t_index", ["k"], "idx", more="dtypes: {k: Int64}\n"),
        "c": yaml_of(
            "c",
            ["c"],
            "f",
            more="return_type: row-wise\ncheckpoint_seconds: 60\ndtypes: {c: Int64}\n",
            k="<<self.k[index]>>",
        ),
    }
    journal = MemoryJournal()

    with pytest.raises(TVTableError, match="row 3: 'x'"):
        run(builders, code, journal=journal)

    rows = sorted(row for part in journal.parts("c") for row in part.rows)
    assert rows == [0, 1, 2, 4, 6, 7, 8]


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("changed_columns: [c, c]", "a column is given twice"),
        (
            "code_module: ../m\nis_custom: false",
            "no built-in module '../m': there is",
        ),
        ("arguments: &a {x: *a}", "c.yaml: its values are nested too deeply"),
        ("arguments: {x: " + "[" * 2000 + "]" * 2000 + "}", "nested too deeply"),
        ("arguments: {x: \x01}", "c.yaml: this is no YAML"),
        ("dtypes: {c: 'datetime64[ns, Nowhere/X]'}", "'c' cannot have the type 'datetime64"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_runs(text: str, match: str) -> None:
    said = {"builder_type": "ColumnBuilder", "changed_columns": "[c]", "python_function": "f"}
    said |= {"code_module": "m", "is_custom": "true"}
    said |= dict(line.split(": ", 1) for line in text.split("\n"))
    column = "\n".join(f"{key}: {value}" for key, value in said.items())
    index = yaml_of("t_index", ["k"], "never")
    code = "def never():\n    assert False\ndef f(): pass\n"

    with pytest.raises((TVBuilderError, TVTableError, OSError), match=match):
        run({"t_index": index, "c": column}, code)


def test_a_set_has_no_order_that_columns_could_follow() -> None:
    code = "def f():\n    yield {1, 2}\n"
    index = yaml_of("t_index", ["a", "b"], "f", more="return_type: generator\n")

    with pytest.raises(TVBuilderError, match="gave a set for row 0, and makes 2 columns"):
        run({"t_index": index}, code)


def test_a_time_without_a_zone_is_one_in_the_zone_of_its_column() -> None:
    code = (
        "import datetime\nimport pandas as pd\n"
        "def idx():\n    noon = datetime.datetime(2020, 7, 1, 12)\n"
        "    yield from [(noon, noon), ('2020-07-01 12:00', pd.Timestamp(noon, tz='UTC'))]\n"
        "def frame(df):\n    return pd.DataFrame({'c': [pd.Timestamp(2020, 7, 1, 12)] * 2})\n"
    )
    zoned = "datetime64[ns, Europe/Berlin]"
    index = yaml_of(
        "t_index",
        ["a", "b"],
        "idx",
        more=f"return_type: generator\ndtypes: {{a: '{zoned}', b: '{zoned}'}}\n",
    )
    column = yaml_of("c", ["c"], "frame", more=f"dtypes: {{c: '{zoned}'}}\n", df="<<self.a>>")

    frame = run({"t_index": index, "c": column}, code).frame

    noon, later = (pd.Timestamp(2020, 7, 1, hour, tz="Europe/Berlin") for hour in (12, 14))
    assert frame.to_dict("list") == {"a": [noon, noon], "b": [noon, later], "c": [noon, noon]}


def test_modules_are_the_vaults_unless_it_has_none_of_the_name() -> None:
    code = "def create_data_table_from_list(vals):\n    raise AssertionError('ours')\n"
    text = (
        "builder_type: IndexBuilder\nchanged_columns: [k]\ncode_module: table_generation\n"
        "python_function: create_data_table_from_list\narguments: {vals: [a]}\n"
    )

    with pytest.raises(AssertionError, match="ours"):
        run({"t_index": text}, {"table_generation": code})
    assert run({"t_index": text}, {}).frame["k"].tolist() == ["a"]
    assert run({"t_index": text + "is_custom: false\n"}, code).frame["k"].tolist() == ["a"]
