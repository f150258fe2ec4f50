"""Files of instances: written into a folder, kept with the instance, read-only afterwards."""

import os
import stat
from pathlib import Path

import pandas as pd
import pytest
from tablevault.vaults import make, numbers, whole

from nacre_adapters.tablevault import TableVault, TVArtifactError, TVTableError


def files(*names: str | None) -> pd.DataFrame:
    """Return a frame with a column of files."""
    return pd.DataFrame(
        {"k": range(len(names)), "file": pd.Series(names, dtype="object").astype("artifact_string")}
    )


def put(vault: TableVault, table: str, contents: dict[str, str], frame: pd.DataFrame) -> str:
    """Make an instance with files, and return its id."""
    vault.create_instance(table, external_edit=True)
    folder = Path(vault.get_artifact_folder(table))
    for name, content in contents.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    vault.write_instance(frame, table)
    return vault.get_table_instances(table)[-1]


@pytest.mark.parametrize("multiple", [False, True])
def test_older_instances_see_the_files_that_they_were_made_with(
    multiple: bool, tmp_path: Path
) -> None:
    vault = make(tmp_path / "v", "t", allow_multiple_artifacts=multiple)
    first = put(vault, "t", {"a.txt": "one"}, files("a.txt"))
    second = put(vault, "t", {"a.txt": "two"}, files("a.txt"))

    found = [vault.get_dataframe("t", each)[0]["file"][0] for each in (first, second)]

    assert [Path(path).read_text() for path in found] == ["one", "two"]
    assert whole(vault)


def test_cells_are_full_paths_or_as_they_were_given(tmp_path: Path) -> None:
    vault = make(tmp_path / "v", "t")
    put(vault, "t", {"sub/a.txt": "x"}, files("sub/a.txt", None))

    frame, instance = vault.get_dataframe("t")
    plain, _ = vault.get_dataframe("t", full_artifact_path=False)

    folder = vault.get_artifact_folder("t", instance, is_temp=False)
    assert frame["file"].tolist() == [f"{folder}/sub/a.txt", ""]
    assert plain["file"][0] == "sub/a.txt"
    assert plain["file"].isna().tolist() == [False, True]
    assert str(frame["file"].dtype) == "artifact_string"


def test_kept_files_are_read_only_and_come_back_when_they_are_removed(tmp_path: Path) -> None:
    vault = make(tmp_path / "v", "t")
    instance = put(vault, "t", {"a.txt": "x"}, files("a.txt"))
    path = Path(vault.get_dataframe("t", instance)[0]["file"][0])
    assert not path.stat().st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH)
    assert not path.parent.stat().st_mode & stat.S_IWUSR

    path.parent.chmod(0o755)
    path.unlink()
    path.parent.rmdir()

    assert Path(vault.get_dataframe("t", instance)[0]["file"][0]).read_text() == "x"


def test_equal_files_take_space_once(tmp_path: Path) -> None:
    vault = make(tmp_path / "v", "t")
    content = os.urandom(200_000).hex()
    paths = []
    for _ in range(3):
        instance = put(vault, "t", {"a.txt": content, "b.txt": content}, files("a.txt", "b.txt"))
        paths += [Path(path) for path in vault.get_dataframe("t", instance)[0]["file"]]

    packs = sum(path.stat().st_size for path in (tmp_path / "v" / "packs").iterdir())
    assert packs < 1.2 * len(content)
    assert len({path.stat().st_ino for path in paths}) in (1, 6)  # linked, or cloned


def test_a_full_path_into_the_folder_becomes_relative(tmp_path: Path) -> None:
    vault = make(tmp_path / "v", "t")
    vault.create_instance("t", external_edit=True)
    path = Path(vault.get_artifact_folder("t")) / "a.txt"
    path.write_text("x")

    vault.write_instance(files(str(path)), "t")

    assert vault.get_dataframe("t", full_artifact_path=False)[0]["file"][0] == "a.txt"
    assert not path.exists()
    assert Path(vault.get_dataframe("t")[0]["file"][0]).read_text() == "x"


def test_files_of_the_origin_are_taken_over(tmp_path: Path) -> None:
    vault = make(tmp_path / "v", "t", allow_multiple_artifacts=True)
    put(vault, "t", {"a.txt": "x"}, files("a.txt"))

    vault.create_instance("t", external_edit=True, copy=True)
    vault.write_instance(files("a.txt", "a.txt"), "t")

    assert Path(vault.get_dataframe("t")[0]["file"][1]).read_text() == "x"


@pytest.mark.parametrize(
    ("cell", "error", "words"),
    [
        ("b.txt", TVTableError, "Artifact b.txt not found"),
        ("/no/such/file", TVTableError, "not found"),
        ("../secret", TVArtifactError, "leads out"),
    ],
)
def test_a_file_that_is_missing_is_named_and_nothing_is_written(
    cell: str, error: type[Exception], words: str, tmp_path: Path
) -> None:
    vault = make(tmp_path / "v", "t")
    vault.create_instance("t", external_edit=True)

    with pytest.raises(error, match=words):
        vault.write_instance(files(cell), "t")

    assert vault.get_table_instances("t") == []
    assert vault.get_active_processes() == {}
    vault.write_instance(numbers(1), "t")


def test_a_file_that_no_cell_names_is_kept(tmp_path: Path) -> None:
    vault = make(tmp_path / "v", "t")

    put(vault, "t", {"a.txt": "x", "notes.txt": "y"}, files("a.txt"))

    folder = Path(vault.get_artifact_folder("t", is_temp=False))
    assert sorted(path.name for path in folder.iterdir()) == ["a.txt", "notes.txt"]


def test_a_change_of_directory_loses_no_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    vault = make(Path("v"), "t")
    vault.create_instance("t", external_edit=True)
    assert vault.get_artifact_folder("t").startswith("v/")
    Path(vault.get_artifact_folder("t"), "a.txt").write_text("x")
    (tmp_path / "elsewhere").mkdir()

    monkeypatch.chdir(tmp_path / "elsewhere")
    vault.write_instance(files("a.txt"), "t")

    assert Path(vault.get_dataframe("t")[0]["file"][0]).read_text() == "x"
    assert list(Path().iterdir()) == []


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    vault = make(tmp_path / "v", "t")
    vault.create_instance("t", external_edit=True)
    os.mkfifo(Path(vault.get_artifact_folder("t")) / "pipe")

    with pytest.raises(TVArtifactError, match="pipe is no file"):
        vault.write_instance(numbers(1), "t")


def test_a_new_temporary_instance_starts_with_an_empty_folder(tmp_path: Path) -> None:
    vault = make(tmp_path / "v", "t")
    vault.create_instance("t", external_edit=True)
    old = Path(vault.get_artifact_folder("t"))
    (old / "a.txt").write_text("x")

    vault.create_instance("t", external_edit=True)

    assert list(Path(vault.get_artifact_folder("t")).iterdir()) == []
    assert not old.exists()


def test_the_type_is_one_of_pandas(tmp_path: Path) -> None:
    column = files("a", None, "c")["file"]

    assert f"{column.dtype} {column.dtype!r}" == "artifact_string artifact_string"
    assert column.isna().tolist() == [False, True, False]
    assert (column == "a").tolist() == [True, False, False]
    assert pd.concat([column, column]).dtype == column.dtype
    assert column.reindex([2, 5])[2] == "c"
    assert column.iloc[[0, 2]].tolist() == ["a", "c"]
    with pytest.raises(ValueError, match="path of a file"):
        pd.Series([1]).astype("artifact_string")


@pytest.mark.parametrize("deleted", ["instance", "table"])
def test_what_was_deleted_leaves_no_copies_of_its_files(deleted: str, tmp_path: Path) -> None:
    vault = make(tmp_path / "v", "t", "other")
    kept = put(vault, "other", {"a.txt": "shared"}, files("a.txt"))
    gone = put(vault, "t", {"a.txt": "shared", "b.txt": "alone"}, files("a.txt", "b.txt"))
    for table in ("t", "other"):
        vault.get_dataframe(table)

    if deleted == "table":
        vault.delete_table("t")
    else:
        vault.delete_instance(gone, "t")

    left = [path.name for path in (tmp_path / "v" / "tablevault").rglob("*") if path.is_file()]
    assert "b.txt" not in left
    assert len([name for name in left if len(name) == 64]) <= 1
    assert Path(vault.get_dataframe("other", kept)[0]["file"][0]).read_text() == "shared"
    assert whole(vault)


def test_a_content_that_was_cut_off_is_put_there_again(tmp_path: Path) -> None:
    vault = make(tmp_path / "v", "t")
    put(vault, "t", {"a.txt": "content"}, files("a.txt"))
    vault.get_dataframe("t")
    (content,) = (tmp_path / "v" / "tablevault" / "content").iterdir()
    content.chmod(0o644)
    content.write_text("")
    second = put(vault, "t", {"a.txt": "content"}, files("a.txt"))

    assert Path(vault.get_dataframe("t", second)[0]["file"][0]).read_text() == "content"


def test_a_restart_removes_copies_that_were_cut_off_long_ago(tmp_path: Path) -> None:
    vault = make(tmp_path / "v", "t")
    first = put(vault, "t", {"a.txt": "one"}, files("a.txt"))
    folder = Path(vault.get_artifact_folder("t", first))
    old_file = tmp_path / "v" / "tablevault" / "content" / ".1.partial"
    old_folder, new_folder = (folder.with_name(f".{name}.partial") for name in ("2", "3"))
    old_file.write_text("cut o")
    for each in (old_folder, new_folder):
        (each / "sub").mkdir(parents=True)
        (each / "sub" / "a.txt").write_text("x")
        (each / "sub").chmod(0o555)
    for each in (old_file, old_folder):
        os.utime(each, (0, 0))

    again = TableVault(tmp_path / "v", "bo", restart=True)

    assert [each.exists() for each in (old_file, old_folder, new_folder)] == [False, False, True]
    assert Path(again.get_dataframe("t", first)[0]["file"][0]).read_text() == "one"
