"""Instances: what goes in comes back, under the ids and rules of the original."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tablevault.vaults import make, numbers, whole, write

from nacre.errors import NotFound
from nacre_adapters.tablevault import (
    TableVault,
    TableVaultError,
    TVArgumentError,
    TVFileError,
    TVProcessError,
    TVTableError,
)


def test_an_instance_comes_back_with_its_id_and_description(tmp_path: Path) -> None:
    vault = make(tmp_path / "v", "t")
    vault.create_instance("t", external_edit=True, description="inst d")
    process = vault.write_instance(numbers(3), "t")

    frame, instance = vault.get_dataframe("t")

    pd.testing.assert_frame_equal(frame, numbers(3))
    assert re.fullmatch(r"base_\d+_[0-9a-f-]{36}", instance)
    assert vault.get_descriptions(instance, "t") == {
        "author": process,
        "dependencies": [],
        "external_edit": True,
        "origin": ["", ""],
        "success": True,
        "summary": "inst d",
    }
    assert whole(vault)


@pytest.mark.parametrize(
    "cells",
    [
        pd.array([True, False, None], dtype="boolean"),
        [True, False, True],
        pd.to_datetime(["2026-01-01", None, "2026-01-03"]),
        pd.date_range("2026-01-01", periods=3, tz="Europe/Zurich"),
        pd.to_timedelta([1, 2, 3], unit="s"),
        pd.Categorical(["b", "a", "b"], ordered=True),
        pd.Categorical([3, 1, 3]),
        pd.period_range("2026-01", periods=3, freq="M"),
        pd.interval_range(0, 3),
        pd.array([1.5, None, 2.5], dtype="Float32"),
        [[1, 2], [], None],
        [{"a": [1]}, {}, (1, "x")],
        [b"a\x00b", b"", None],
        pd.array(["", "NA", None], dtype="string"),
        pd.array(["a\rb", "c\r\nd", "e\x00f"], dtype="string"),
        [1 + 2j, 0j, 1j],
        [2**70, -1, 0],
    ],
    ids=lambda cells: str(getattr(cells, "dtype", cells))[:30],
)
def test_a_column_of_any_type_comes_back_as_it_went_in(cells: object, tmp_path: Path) -> None:
    vault = make(tmp_path / "v", "t")
    frame = pd.DataFrame({"c": cells})
    before = frame.copy(deep=True)

    write(vault, frame, "t")

    pd.testing.assert_frame_equal(vault.get_dataframe("t")[0], before)
    pd.testing.assert_frame_equal(frame, before)


@pytest.mark.parametrize(
    ("given", "back"),
    [
        ("int8", "Int8"),
        ("int64", "Int64"),
        ("uint16", "UInt16"),
        ("float32", "Float64"),
        ("float64", "Float64"),
    ],
)
def test_numbers_get_the_documented_nullable_types(given: str, back: str, tmp_path: Path) -> None:
    vault = make(tmp_path / "v", "t")

    write(vault, pd.DataFrame({"c": pd.Series([1, 2, 3], dtype=given)}), "t")

    frame, _ = vault.get_dataframe("t")
    assert str(frame["c"].dtype) == back
    assert frame["c"].tolist() == [1, 2, 3]


def test_dtypes_convert_columns_and_leave_the_callers_frame_alone(tmp_path: Path) -> None:
    vault = make(tmp_path / "v", "t")
    frame = pd.DataFrame({"a": ["1", "2"], "b": [1, 2], "c": ["x", "y"]})
    vault.create_instance("t", external_edit=True)

    vault.write_instance(frame, "t", dtypes={"a": "Int64", "b": "string", "c": "category"})

    stored, _ = vault.get_dataframe("t")
    assert [str(dtype) for dtype in stored.dtypes] == ["Int64", "string", "category"]
    assert stored["a"].tolist() == [1, 2]
    assert frame["a"].tolist() == ["1", "2"]


@pytest.mark.parametrize(
    ("dtypes", "error", "words"),
    [
        ({"z": "Int64"}, TVArgumentError, "dtypes names z"),
        ({"a": "Int65"}, TVTableError, "no dtype 'Int65'"),
        ({"a": "Int64"}, TVTableError, "the column 'a' cannot be made into Int64"),
    ],
)
def test_dtypes_that_cannot_be_are_refused(
    dtypes: dict[str, str], error: type[Exception], words: str, tmp_path: Path
) -> None:
    vault = make(tmp_path / "v", "t")
    vault.create_instance("t", external_edit=True)

    with pytest.raises(error, match=words):
        vault.write_instance(pd.DataFrame({"a": ["x"]}), "t", dtypes=dtypes)

    assert vault.get_active_processes() == {}
    vault.write_instance(pd.DataFrame({"a": ["x"]}), "t")


def test_the_index_is_dropped_and_labels_become_text(tmp_path: Path) -> None:
    vault = make(tmp_path / "v", "t")
    frame = pd.DataFrame([[1, 2, 3]], index=["row"], columns=[0, "a", "a"])

    write(vault, frame, "t")

    stored, _ = vault.get_dataframe("t")
    assert list(stored.columns) == ["0", "a", "a.1"]
    assert list(stored.index) == [0]


def test_a_version_means_itself_and_not_its_beginning(tmp_path: Path) -> None:
    vault = make(tmp_path / "v", "t")
    first = write(vault, numbers(1), "t", "v1")
    second = write(vault, numbers(2), "t", "v10")

    assert vault.get_dataframe("t", version="v1")[1] == first
    assert vault.get_table_instances("t", "v1") == [first]
    assert vault.get_table_instances("t", "") == [first, second]
    assert vault.get_dataframe("t", version="")[1] == second
    with pytest.raises(TVTableError, match="no instance of version 'v'"):
        vault.get_dataframe("t", version="v")


def test_rows_and_columns_are_read_alone(tmp_path: Path) -> None:
    vault = make(tmp_path / "v", "t")
    write(vault, numbers(5), "t")

    assert vault.get_dataframe("t", rows=2)[0]["k"].tolist() == [0, 1]
    assert vault.get_dataframe("t", rows=0)[0].shape == (0, 2)
    assert list(vault.get_dataframe("t", columns=["name"])[0].columns) == ["name"]
    with pytest.raises(TVTableError, match="rows is -1"):
        vault.get_dataframe("t", rows=-1)
    with pytest.raises(TVTableError, match="'nam'"):
        vault.get_dataframe("t", columns=["nam"])


def test_the_past_is_read_with_as_of(tmp_path: Path) -> None:
    vault = make(tmp_path / "v", "t")
    first = write(vault, numbers(1), "t")
    then = vault.vault.head
    write(vault, numbers(2), "t")
    vault.delete_instance(first, "t")

    assert vault.get_dataframe("t", as_of=then)[1] == first
    assert len(vault.get_dataframe("t", first, as_of=then)[0]) == 1
    with pytest.raises(TVTableError, match="it was deleted"):
        vault.get_dataframe("t", first)


def test_a_deleted_instance_keeps_its_description(tmp_path: Path) -> None:
    vault = make(tmp_path / "v", "t")
    first = write(vault, numbers(1), "t")
    described = vault.get_descriptions(first, "t")

    vault.delete_instance(first, "t")

    assert vault.get_table_instances("t") == []
    assert vault.get_descriptions(first, "t") == described
    assert vault.get_descriptions(first) == described
    with pytest.raises(TVArgumentError, match="doesn't exist"):
        vault.delete_instance(first, "t")
    assert whole(vault)


def test_a_table_keeps_its_instances_when_it_is_renamed(tmp_path: Path) -> None:
    vault = make(tmp_path / "v", "t")
    first = write(vault, numbers(1), "t")
    vault.create_instance("t", version="next", external_edit=True)

    vault.rename_table("u", "t")

    assert vault.get_table_instances() == ["u"]
    assert vault.get_dataframe("u")[1] == first
    vault.write_instance(numbers(2), "u", version="next")  # the temporary one came along
    vault.create_table("t")
    assert vault.get_table_instances("t") == []
    assert whole(vault)


def test_a_deleted_table_can_be_made_again(tmp_path: Path) -> None:
    vault = make(tmp_path / "v", "t", description="the first")
    first = write(vault, numbers(1), "t")
    vault.delete_table("t")
    assert vault.get_descriptions(table_name="t")["summary"] == "the first"
    assert vault.get_descriptions(first)["success"] is True

    vault.create_table("t", description="the second")

    assert vault.get_descriptions(table_name="t")["summary"] == "the second"
    assert vault.get_table_instances("t") == []
    with pytest.raises(KeyError):
        vault.get_dataframe("t", first)
    assert whole(vault)


def test_what_follows_an_instance_has_its_content(tmp_path: Path) -> None:
    vault = make(tmp_path / "v", "t")
    first = write(vault, numbers(1), "t")
    write(vault, numbers(2), "t", "other")

    vault.create_instance("t", external_edit=True, copy=True)
    assert len(vault.get_dataframe("t", "TEMP_base")[0]) == 1
    assert vault.get_descriptions("TEMP_base", "t")["origin"] == [first, "t"]

    vault.create_instance("t", version="new", external_edit=True, origin_id=first)
    assert len(vault.get_dataframe("t", "TEMP_new")[0]) == 1
    assert vault.get_table_instances("t", "", include_temp=True)[-2:] == ["TEMP_base", "TEMP_new"]


def test_only_tables_with_side_effects_forget_what_was_active(tmp_path: Path) -> None:
    vault = make(tmp_path / "v", "plain")
    vault.create_table("mails", has_side_effects=True)
    for table in ("plain", "mails"):
        first, second = (write(vault, numbers(n), table) for n in (1, 2))
        vault.delete_instance(second, table)
        if table == "plain":
            assert vault.get_dataframe(table)[1] == first
        else:
            with pytest.raises(TVTableError):
                vault.get_dataframe(table)
            assert vault.get_dataframe(table, active_only=False)[1] == first


@pytest.mark.parametrize(
    ("name", "words"),
    [(".t", "Forbidden"), ("locks", "Forbidden"), ("", "empty"), ("a/b", "path"), (7, "int")],
)
def test_a_table_cannot_have_every_name(name: object, words: str, tmp_path: Path) -> None:
    vault = make(tmp_path / "v")

    with pytest.raises(TVArgumentError, match=words):
        vault.create_table(name)

    assert vault.get_table_instances() == []


def test_what_is_unknown_is_named_in_the_error(tmp_path: Path) -> None:
    vault = make(tmp_path / "v", "t")
    frame = numbers(1)

    for call, error, words in [
        (lambda: vault.create_table("t"), TVArgumentError, "t exists"),
        (lambda: vault.rename_table("u", "x"), TVArgumentError, "x doesn't exist"),
        (lambda: vault.rename_table("t", "t"), TVArgumentError, "t exist"),
        (lambda: vault.delete_table("x"), TVArgumentError, "x doesn't exist"),
        (lambda: vault.delete_instance("x", "t"), TVArgumentError, "x of t doesn't exist"),
        (lambda: vault.create_instance("x"), TVArgumentError, "x doesn't exist"),
        (lambda: vault.create_instance("t", version="a_b"), TVArgumentError, "cannot contain '_'"),
        (lambda: vault.create_instance("t", origin_id="x"), TVTableError, "origin x of t"),
        (lambda: vault.write_instance(frame, "x"), TVArgumentError, "x doesn't exist"),
        (lambda: vault.write_instance(frame, "t"), TVArgumentError, "instance doesn't exist"),
        (lambda: vault.write_instance(frame.head(0), "t"), TVArgumentError, "Empty Table"),
        (lambda: vault.write_instance(None, "t"), TVProcessError, "Cannot Re-execute"),
        (lambda: vault.write_instance([1], "t"), TVArgumentError, "a list is no table"),
        (lambda: vault.get_dataframe("x"), TVTableError, "Table x: doesn't exist"),
        (lambda: vault.get_dataframe("t"), TVTableError, "no instance"),
        (lambda: vault.get_dataframe("t", "x"), TVTableError, "x doesn't exist"),
        (lambda: vault.get_descriptions(table_name="x"), TVFileError, "x doesn't exist"),
        (lambda: vault.get_descriptions("TEMP_base"), TVFileError, "Need table_name"),
        (lambda: vault.get_artifact_folder("t"), TVFileError, "doesn't exist"),
        (lambda: vault.delete_code_module("m"), TVFileError, "code file m doesn't exist"),
        (lambda: vault.get_code_module_str("m"), FileNotFoundError, "code module m"),
        (vault.create_code_module, TVArgumentError, "One of module_name"),
    ]:
        with pytest.raises(error, match=words):
            call()
    assert vault.get_table_instances("x") is None
    assert vault.get_builders_list("t") == []
    assert vault.get_active_processes() == {}
    assert issubclass(TableVaultError, Exception)
    with pytest.raises(NotFound):
        vault.get_dataframe("x")


def test_unchanged_columns_take_no_space(tmp_path: Path) -> None:
    vault = make(tmp_path / "v", "t")
    noise = np.random.default_rng(1).integers(0, 1 << 60, (2, 100_000))
    frame = pd.DataFrame({"a": noise[0], "b": noise[1], "c": 0})
    write(vault, frame, "t")
    before = stored(vault)

    write(vault, frame.assign(c=1), "t", "other")

    assert stored(vault) - before < frame.memory_usage()["a"] / 20


def stored(vault: TableVault) -> int:
    """Return the bytes of a vault's files."""
    return sum(path.stat().st_size for path in Path(vault.db_dir).rglob("*") if path.is_file())


@pytest.mark.parametrize(
    "given",
    [
        {"dtypes": ["a"]},
        {"dependencies": ["ab"]},
        {"dependencies": [1]},
        {"dependencies": [("t",)]},
    ],
)
def test_options_of_another_kind_are_refused(given: dict[str, object], tmp_path: Path) -> None:
    vault = make(tmp_path / "v", "t")
    vault.create_instance("t", external_edit=True)

    with pytest.raises(TVArgumentError, match="give"):
        vault.write_instance(numbers(1), "t", **given)


@pytest.mark.parametrize(
    "given", [{"rows": "1"}, {"rows": 1.5}, {"columns": "k"}, {"as_of": -1}, {"as_of": 10**9}]
)
def test_what_cannot_be_read_is_refused(given: dict[str, object], tmp_path: Path) -> None:
    vault = make(tmp_path / "v", "t")
    write(vault, numbers(3), "t")

    with pytest.raises(TableVaultError):
        vault.get_dataframe("t", **given)


def test_labels_that_are_numbered_do_not_meet_others(tmp_path: Path) -> None:
    vault = make(tmp_path / "v", "t")

    write(vault, pd.DataFrame([[1, 2, 3, 4, 5]], columns=["a", "a", "a.1", "a", "b"]), "t")

    assert list(vault.get_dataframe("t")[0]) == ["a", "a.2", "a.1", "a.3", "b"]


def test_what_was_not_begun_says_how_to_begin_it(tmp_path: Path) -> None:
    vault = make(tmp_path / "v", "t")

    with pytest.raises(TVFileError, match="begin it with create_instance"):
        vault.get_artifact_folder("t")
