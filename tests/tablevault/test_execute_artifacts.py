"""Builders that make files and read them."""

from pathlib import Path

import pandas as pd
import pytest
from tablevault.memory import yaml_of
from tablevault.vaults import make, whole

from nacre_adapters.tablevault import TVArtifactError, TVTableError

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


def test_files_of_an_execution_that_was_stopped_half_way_are_kept(tmp_path: Path) -> None:
    vault = make(tmp_path / "v", "t")
    wrong = "    1 / (name != 'bo')\n    pathlib.Path("
    vault.create_code_module("m", text=ARTIFACTS.replace("    pathlib.Path(", wrong, 1))
    vault.create_instance("t", builders=pictured(["ana", "bo"]))
    with pytest.raises(ZeroDivisionError):
        vault.execute_instance("t", process_id="job")

    vault.stop_process("job", materialize=True)

    frame, _ = vault.get_dataframe("t")
    assert Path(frame["file"][0]).read_text() == "picture of ana"
    assert frame["file"][1] == ""
    assert whole(vault)


def test_the_path_of_the_vault_may_hold_what_references_are_made_of(tmp_path: Path) -> None:
    vault = make(tmp_path / "a, [b] c: 'd'" / "v", "t")
    code = ARTIFACTS + "def named(name, path):\n    return name\n"
    vault.create_code_module("m", text=code)
    builders = pictured(["ana", "bo"])
    builders["name"] = yaml_of(
        "name",
        ["owner"],
        "named",
        name="'<<self.name[file::\"~ARTIFACT_FOLDER~/bo.txt\"]>>'",
        path="~ARTIFACT_FOLDER~",
        more="return_type: row-wise\n",
    )
    vault.create_instance("t", builders=builders)

    vault.execute_instance("t")

    assert vault.get_dataframe("t")[0]["owner"].tolist() == ["bo", "bo"]


def test_a_strict_table_refuses_files_that_no_cell_names(tmp_path: Path) -> None:
    vault = make(tmp_path / "v", "t", strict_artifacts=True)
    vault.create_code_module("m", text=ARTIFACTS)
    vault.create_instance("t", builders=pictured(["ana", "bo"]))
    stray = Path(vault.get_artifact_folder("t"), "notes.md")
    stray.write_text("not for the table")

    with pytest.raises(TVArtifactError, match=r"no cell names notes.md, 1 of the files in"):
        vault.execute_instance("t", process_id="again")
    stray.unlink()
    vault.execute_instance("t", process_id="again")

    assert len(vault.get_dataframe("t")[0]) == 2
    assert whole(vault)


def test_a_strict_table_needs_a_column_for_files(tmp_path: Path) -> None:
    vault = make(tmp_path / "v", "t", strict_artifacts=True)
    vault.create_instance("t", external_edit=True)
    Path(vault.get_artifact_folder("t"), "a.txt").write_text("a")

    with pytest.raises(TVArtifactError, match=r"no cell names a\.txt"):
        vault.write_instance(pd.DataFrame({"file": ["a.txt"]}), "t")
    vault.write_instance(
        pd.DataFrame({"file": ["./a.txt", None]}), "t", dtypes={"file": "artifact_string"}
    )

    assert Path(vault.get_dataframe("t")[0]["file"][0]).read_text() == "a"


@pytest.mark.parametrize("whole_column", [False, True])
def test_a_file_that_is_another_under_its_name_is_read_again(
    whole_column: bool, tmp_path: Path
) -> None:
    code = """
import pathlib
import pandas as pd
def idx(names, folder, source):
    for name in names:
        pathlib.Path(folder, name).write_text(pathlib.Path(source, name).read_text())
    return pd.DataFrame({"file": names})
def size(file):
    with open("HERE/calls", "a") as calls:
        calls.write(".")
    return len(pathlib.Path(file).read_text())
def sizes(files):
    return pd.DataFrame({"size": [size(file) for file in files["file"]]})
"""
    vault = make(tmp_path / "v", "t")
    vault.create_code_module("m", text=code.replace("HERE", str(tmp_path)))
    types = "primary_key: [file]\ndtypes: {file: artifact_string}\n"
    given = {"names": ["a", "b"], "folder": "~ARTIFACT_FOLDER~", "source": tmp_path}
    index = yaml_of("t_index", ["file"], "idx", more=types, **given)
    types = "dtypes: {size: Int64}\n"
    column = yaml_of("size", ["size"], "sizes", more=types, files="<<self.file>>")
    if not whole_column:
        types += "return_type: row-wise\n"
        column = yaml_of("size", ["size"], "size", more=types, file="<<self.file[index]>>")
    found = []
    for text in ("one", "one", "three"):
        for name in ("a", "b"):
            (tmp_path / name).write_text(text if name == "a" else "same")
        vault.create_instance("t", builders={"t_index": index, "size": column})
        vault.execute_instance("t")
        found.append(vault.get_dataframe("t")[0]["size"].tolist())

    assert found == [[3, 4], [3, 4], [5, 4]]
    assert len((tmp_path / "calls").read_text()) == (4 if whole_column else 3)


def test_an_execution_makes_no_folder_for_an_instance_without_files(tmp_path: Path) -> None:
    vault = make(tmp_path / "v", "t")
    vault.create_code_module("m", text=ARTIFACTS)
    index = yaml_of("t_index", ["name"], "idx", names=["ana"])
    for _ in range(2):
        vault.create_instance("t", builders={"t_index": index})
        vault.execute_instance("t")

    assert not list((tmp_path / "v" / "tablevault").glob("*/base_*"))
