"""A vault that tablevault 0.1.1 made, brought over: see `make_old_vault.py`."""

import shutil
import tarfile
from pathlib import Path

import pandas as pd
import pytest
from tablevault.vaults import numbers, whole, write

from nacre_adapters.tablevault import TableVault, TVArgumentError, TVProcessError, TVTableError
from nacre_adapters.tablevault.migration import import_vault

FIXTURE = Path(__file__).parent.parent / "fixtures" / "tablevault" / "tablevault-0.1.1.tar.xz"


@pytest.fixture
def old(tmp_path: Path) -> Path:
    with tarfile.open(FIXTURE) as archive:
        archive.extractall(tmp_path, filter="data")
    return tmp_path / "old"


@pytest.fixture
def vault(old: Path, tmp_path: Path) -> TableVault:
    import_vault(old, tmp_path / "new")
    return TableVault(tmp_path / "new", "bo")


def test_what_was_brought_over_is_counted_in_one_commit(old: Path, tmp_path: Path) -> None:
    found = import_vault(old, tmp_path / "new")

    assert (found.tables, found.instances, found.temporary) == (6, 9, 2)
    assert (found.modules, found.processes, found.left_out) == (1, 51, ())
    vault = TableVault(tmp_path / "new", "bo")
    assert vault.vault.head == 1
    assert whole(vault)


def test_tables_instances_and_descriptions_keep_ids_and_times(vault: TableVault, old: Path) -> None:
    assert vault.get_descriptions() == {"summary": "an old vault"}
    assert vault.get_table_instances() == ["plain", "files", "shared", "calc", "renamed"]
    for table in vault.get_table_instances():
        ids = vault.get_table_instances(table, "")
        assert sorted(ids) == sorted(path.name for path in (old / table).glob("*_*_*"))
    (second,) = vault.get_table_instances("plain", "v2")
    described = vault.get_descriptions(second, "plain")
    assert described["author"] == "job"
    assert described["origin"][1] == "plain"
    instance = vault._place.tables.instance(1, second)
    assert str(instance.materialized_ns // 10**9) == second.split("_")[1]


def test_frames_come_back_with_their_types(vault: TableVault) -> None:
    frame, _ = vault.get_dataframe("plain", version="v2")

    expected = pd.DataFrame(
        {
            "i": pd.array([1, 2], dtype="Int32"),
            "f": pd.array([0.5, None], dtype="Float64"),
            "s": pd.array(["x", "a,b"], dtype="string"),
            "c": pd.Categorical(["u", "v"]),
            "b": pd.array([True, None], dtype="boolean"),
        }
    )
    pd.testing.assert_frame_equal(frame, expected)


def test_what_was_deleted_keeps_its_description(vault: TableVault) -> None:
    (deleted,) = (
        event.data["instance"] for event in vault.vault.events(kind="tablevault.instance.deleted")
    )

    described = vault.get_descriptions(deleted, "plain")

    assert (described["summary"], described["dependencies"]) == ("the first", [["cfg", "bogus"]])
    assert vault.get_descriptions(table_name="gone")["summary"] == ""
    with pytest.raises(TVTableError):
        vault.get_dataframe("plain", deleted)


def test_builders_and_code_come_along(vault: TableVault) -> None:
    assert vault.get_builders_list("calc", is_temp=False) == ["calc_index", "pairs"]
    assert "python_function: idx" in vault.get_builder_str("calc", is_temp=False)
    assert "def pair(k, base)" in vault.get_code_module_str("m")
    assert vault.get_table_instances("calc", include_temp=True)[-1] == "TEMP_base"
    frame, _ = vault.get_dataframe("calc")
    assert frame["a"].tolist() == [100, 101, 102, 103]


def test_files_come_along_as_far_as_the_original_has_them(vault: TableVault) -> None:
    texts = []
    for table in ("files", "shared"):
        for instance in vault.get_table_instances(table):
            path = Path(vault.get_dataframe(table, instance)[0]["file"][0])
            texts.append(path.read_text() if path.exists() else None)

    # Of a table with one folder the original keeps the files of the last instance alone.
    assert texts == ["one", "two", None, "four"]
    with pytest.raises(TVTableError):
        vault.get_dataframe("shared", version="nothing")
    first = vault.get_table_instances("shared")[0]
    assert vault._place.tables.latest(vault._place.tables.table("shared")).id != first


def test_processes_come_along_with_author_and_outcome(vault: TableVault) -> None:
    assert vault.get_active_processes() == {}
    assert vault.get_process_completion("job")
    job = vault._place.processes.process("job")
    assert (job.operation, job.author, job.status) == ("write_instance", "ana", "completed")
    assert job.started_ns < job.logged_ns
    failed = [each for each in vault._place.processes.ended() if each.status == "failed"]
    assert [(each.operation, each.error[0]) for each in failed] == [
        ("create_table", "TVArgumentError")
    ]
    with pytest.raises(TVProcessError, match="job already written"):
        vault.create_table("x", process_id="job")


def test_work_goes_on_where_it_stopped(vault: TableVault) -> None:
    vault.write_instance(numbers(2), "plain", version="draft")
    write(vault, numbers(1), "renamed")

    assert len(vault.get_table_instances("plain", "")) == 3
    assert whole(vault)


def test_an_import_that_fails_leaves_nothing_and_changes_nothing(old: Path, tmp_path: Path) -> None:
    (table,) = (old / "calc").glob("base_*/table.csv")
    table.chmod(0o644)
    table.write_text("k,a,b\nno number,1,x\n")
    shutil.copytree(old, tmp_path / "copy", symlinks=True)

    with pytest.raises(TVTableError, match=r"table\.csv does not fit"):
        import_vault(old, tmp_path / "new")

    assert not (tmp_path / "new").exists()
    assert _listed(old) == _listed(tmp_path / "copy")


def test_what_cannot_be_brought_over_is_refused(old: Path, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").touch()

    for source, target, words in [
        (tmp_path / "nowhere", tmp_path / "new", "No folder found"),
        (tmp_path / "full", tmp_path / "new", "not a TableVault Repository"),
        (old, tmp_path / "full", "choose a path where nothing is"),
    ]:
        with pytest.raises(TVArgumentError, match=words):
            import_vault(source, target)


def _listed(folder: Path) -> list[tuple[str, bytes]]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return [(str(path.relative_to(folder)), path.read_bytes()) for path in files]
