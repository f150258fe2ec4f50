"""Builders of every kind on a vault: names of any script, artifacts, modules, empty tables."""

from pathlib import Path

import pandas as pd
import pytest
from tablevault.memory import yaml_of
from tablevault.vaults import make, whole, write

CODE = """
import pathlib
import pandas as pd
def idx(n):
    return pd.DataFrame({"k": range(n)})
def written(k, folder):
    pathlib.Path(folder, f"{k}.txt").write_text(f"file {k}")
    return f"{k}.txt"
def one(k, folder):
    return written(k, folder)
def frame(df, folder):
    return pd.DataFrame({"f": [written(k, folder) for k in df["k"]]})
def each(df, folder):
    for k in df["k"]:
        yield written(k, folder)
def count(df):
    return pd.DataFrame({"c": [len(df)] * len(df)})
"""
INDEX = yaml_of("t_index", ["k"], "idx", more="dtypes: {k: Int64}\n", n=3)


@pytest.mark.parametrize(
    ("function", "return_type", "reads"),
    [
        ("one", "row-wise", {"k": "<<self.k[index]>>"}),
        ("frame", "dataframe", {"df": "<<self.k>>"}),
        ("each", "generator", {"df": "<<self.k>>"}),
    ],
)
def test_a_builder_may_make_nothing_but_artifacts(
    function: str, return_type: str, reads: dict[str, str], tmp_path: Path
) -> None:
    vault = make(tmp_path / "v", "t")
    vault.create_code_module("m", text=CODE)
    more = f"return_type: {return_type}\ndtypes: {{f: artifact_string}}\n"
    files = yaml_of("f", ["f"], function, more=more, folder="~ARTIFACT_FOLDER~", **reads)
    vault.create_instance("t", builders={"t_index": INDEX, "f": files})

    vault.execute_instance("t")

    frame, _ = vault.get_dataframe("t")
    assert [Path(path).read_text() for path in frame["f"]] == ["file 0", "file 1", "file 2"]


def test_names_of_any_script(tmp_path: Path) -> None:
    vault = make(tmp_path / "v", "größe", "名前")
    write(vault, pd.DataFrame({"ключ": ["ä"], "with space, [x]": ["é"]}), "größe")
    index = yaml_of(
        "名前_index",
        ["列", "name with space"],
        "функция",
        more="return_type: generator\nprimary_key: [列]\n",
        wert="'<<größe.{ключ,\"with space, [x]\"}>>'",
    ).replace("code_module: m", "code_module: модуль")
    vault.create_code_module(
        "модуль", text="def функция(wert):\n    yield from wert.itertuples(index=False)\n"
    )
    vault.create_instance("名前", version="ü", builders={"名前_index": index})

    vault.execute_instance("名前", version="ü")

    frame, instance = vault.get_dataframe("名前", version="ü")
    assert frame.to_dict("list") == {"列": ["ä"], "name with space": ["é"]}
    assert instance.startswith("ü_")
    assert whole(vault)


def test_a_table_without_rows(tmp_path: Path) -> None:
    vault = make(tmp_path / "v", "t")
    vault.create_code_module("m", text=CODE)
    row, each = "return_type: row-wise\n", "return_type: generator\n"
    builders = {
        "t_index": INDEX.replace("n: 3", "n: 0"),
        "c": yaml_of("c", ["c"], "count", more="dtypes: {c: Int64}\n", df="<<self.k>>"),
        "g": yaml_of("g", ["g"], "each", more=each, df="<<self>>", folder="x"),
        "r": yaml_of("r", ["r"], "one", more=row, k="<<self.k[index]>>", folder="x"),
    }
    vault.create_instance("t", builders=builders)

    vault.execute_instance("t")
    vault.create_instance("t", copy=True)
    vault.execute_instance("t")

    frame, _ = vault.get_dataframe("t")
    assert list(frame.columns) == ["k", "c", "g", "r"]
    assert len(frame) == 0
    assert frame["k"].dtype == "Int64"


def test_an_instance_keeps_the_modules_and_builders_that_made_it(tmp_path: Path) -> None:
    vault = make(tmp_path / "v", "t")
    vault.create_code_module("m", text=CODE)
    vault.create_code_module("unused", text="x = 1\n")
    vault.create_instance("t", builders={"t_index": INDEX})
    vault.execute_instance("t")
    (first,) = vault.get_table_instances("t")
    vault.create_code_module("m", text=CODE + "# another\n")
    vault.delete_code_module("unused")
    vault.create_instance("t", copy=True)
    vault.create_builder_file("t", text=INDEX.replace("n: 3", "n: 4"))
    vault.execute_instance("t")

    found = [
        next(iter(vault.vault.events(subject=f"instance/{each}"))).data
        for each in vault.get_table_instances("t")
    ]

    texts = [vault.vault.get(data["modules"]["m"]).decode() for data in found]
    assert texts == [CODE, CODE + "# another\n"]
    assert [list(data["modules"]) for data in found] == [["m"], ["m"]]
    assert vault.get_builder_str("t", instance_id=first, is_temp=False) == INDEX
    assert len(vault.get_dataframe("t", first)[0]) == 3


def disk_of(path: Path) -> int:
    return sum(512 * file.stat().st_blocks for file in path.rglob("*") if file.is_file())


def test_columns_that_do_not_change_take_no_space(tmp_path: Path) -> None:
    vault = make(tmp_path / "v", "t")
    code = CODE + "def noise(n, seed):\n    import random\n    random.seed(1)\n"
    code += "    return pd.DataFrame({'k': [random.random() for _ in range(n)]})\n"
    vault.create_code_module("m", text=code)
    sizes = []
    for seed in (1, 2):  # another recipe, so that all is computed again
        index = yaml_of(
            "t_index", ["k"], "noise", more="dtypes: {k: Float64}\n", n=50_000, seed=seed
        )
        vault.create_instance("t", builders={"t_index": index})
        vault.execute_instance("t")
        sizes.append(disk_of(tmp_path / "v"))

    assert sizes[1] - sizes[0] < 50_000 * 8 / 10


def test_a_second_index_builder_fills_columns(tmp_path: Path) -> None:
    vault = make(tmp_path / "v", "t")
    vault.create_code_module("m", text=CODE)
    second = yaml_of("x_index", ["c"], "count", df="<<self.k>>")
    vault.create_instance("t", builders={"t_index": INDEX, "x": second})

    vault.execute_instance("t")

    assert vault.get_dataframe("t")[0]["c"].tolist() == ["3", "3", "3"]


PAPERS = """
builder_type: IndexBuilder
changed_columns: [name, file, source]
primary_key: [file]
python_function: create_paper_table_from_folder
code_module: table_generation
is_custom: false
arguments: {folder_dir: HERE, copies: 2, artifact_folder: ~ARTIFACT_FOLDER~, extension: .txt}
dtypes: {file: artifact_string}
"""
RANDOM = """
builder_type: ColumnBuilder
changed_columns: [COLUMN]
python_function: FUNCTION
code_module: random_string
is_custom: false
return_type: RETURN
arguments: {column_names: [COLUMN], df: "<<self.name>>"}
"""


def test_a_folder_of_papers_that_grows(tmp_path: Path) -> None:
    vault = make(tmp_path / "v", "t")
    folder = tmp_path / "papers"
    folder.mkdir()
    (folder / "a.txt").write_text("paper a")
    builders = {"t_index": PAPERS.replace("HERE", str(folder))}
    for kind, function in (("row-wise", "random_row_string"), ("generator", "random_gen_string")):
        text = RANDOM.replace("FUNCTION", function).replace("RETURN", kind)
        builders[kind] = text.replace("COLUMN", kind[0])
    vault.create_instance("t", builders=builders)
    vault.execute_instance("t")
    before = vault.get_dataframe("t")[0]
    (folder / "b.txt").write_text("paper b")
    vault.create_instance("t", copy=True)

    vault.execute_instance("t")

    frame, _ = vault.get_dataframe("t")
    assert frame["name"].tolist() == ["a_0", "a_1", "b_0", "b_1"]
    texts = [Path(path).read_text() for path in frame["file"]]
    assert texts == ["paper a", "paper a", "paper b", "paper b"]
    # What was random for a paper is what it was: it was taken over.
    assert frame["r"].tolist()[:2] == before["r"].tolist()
    assert frame["g"].tolist()[:2] == before["g"].tolist()
    assert frame[["r", "g"]].notna().all(axis=None)
    assert whole(vault)


def test_tables_from_lists_files_and_frames(tmp_path: Path) -> None:
    vault = make(tmp_path / "v", "t", "src")
    write(vault, pd.DataFrame({"x": range(10)}), "src")
    (tmp_path / "x.csv").write_text("x\n1\n2\n")
    for function, arguments, rows in (
        ("create_data_table_from_list", "vals: [a, b, c]", 3),
        ("create_data_table_from_csv", f"csv_file_path: {tmp_path / 'x.csv'}", 2),
        ("create_data_table_from_table", 'df: "<<src.x>>", nrows: 4', 4),
        ("create_data_table_from_table", 'df: "<<src.x>>", nrows: 5, random_sample: true', 5),
    ):
        text = (
            "builder_type: IndexBuilder\nchanged_columns: [x]\ncode_module: table_generation\n"
            f"is_custom: false\npython_function: {function}\narguments: {{{arguments}}}\n"
        )
        vault.create_instance("t", builders={"t_index": text})
        vault.execute_instance("t")
        assert len(vault.get_dataframe("t")[0]) == rows
