"""Every method of `SQLFile`, with the values that were observed of pyTAMS 1.0.0."""

import json
import logging
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import exc
from trajectories.ensembles import make, metadata, statuses

from nacre.errors import NacreError
from nacre_adapters.trajectories import SQLFile, valid_statuses


@pytest.fixture
def database(tmp_path: Path) -> SQLFile:
    return make(tmp_path / "trajPool.db")


# Names and trajectories


def test_a_database_is_true_even_when_it_is_empty(tmp_path: Path) -> None:
    database = SQLFile(tmp_path / "x.db")

    assert database
    assert valid_statuses == ["locked", "idle", "completed"]
    assert database.get_trajectory_count() == 0
    assert database.get_archived_trajectory_count() == 0
    assert database.get_iteration_count() == 0


def test_the_name_is_as_it_was_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    assert SQLFile("x.db").name() == "x.db"
    assert SQLFile("./x.db").name() == "./x.db"
    assert SQLFile("x.db", in_memory=True).name() == ""


@pytest.mark.parametrize("text", ["", "not json", '{"a": 1}', "[1]", "é \U0001f40c"])
def test_metadata_comes_back_byte_for_byte(tmp_path: Path, text: str) -> None:
    database = SQLFile(tmp_path / "x.db")

    database.add_trajectory("a.xml", text)
    database.add_trajectory("a.xml", text)

    assert database.fetch_trajectory(0) == ("a.xml", text)
    assert database.fetch_trajectory(1) == ("a.xml", text)


def test_what_is_added_is_text(database: SQLFile) -> None:
    database.add_trajectory(5, None)  # type: ignore[arg-type]

    assert database.fetch_trajectory(4) == ("5", "")
    with pytest.raises(exc.IntegrityError):
        database.add_trajectory(None, "")  # type: ignore[arg-type]
    with pytest.raises(exc.ProgrammingError):
        database.add_trajectory(Path("a.xml"), "")  # type: ignore[arg-type]
    with pytest.raises(exc.ProgrammingError):
        database.add_trajectory("a.xml", {"id": 1})
    with pytest.raises(exc.StatementError):
        database.add_trajectory("\ud800", "")
    assert database.get_trajectory_count() == 5


@pytest.mark.parametrize("missing", [4, -1, 0.5, 2**40])
def test_an_unknown_trajectory_is_a_value_error(database: SQLFile, missing: int) -> None:
    for call in (
        database.fetch_trajectory,
        database.lock_trajectory,
        database.mark_trajectory_as_completed,
        database.release_trajectory,
        database.history,
    ):
        with pytest.raises(ValueError, match=f"Trajectory {missing} does not exist"):
            call(missing)


@pytest.mark.parametrize("one", [1, 1.0, True, np.int64(1), np.int32(1)])
def test_numbers_of_all_kinds_are_numbers(database: SQLFile, one: int) -> None:
    assert database.fetch_trajectory(one)[0] == "trajectories/traj000001_0000.xml"
    assert database.lock_trajectory(one)


def test_what_is_no_number_is_refused(database: SQLFile) -> None:
    with pytest.raises(TypeError):
        database.fetch_trajectory("0")  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        database.fetch_trajectory(None)  # type: ignore[arg-type]
    with pytest.raises(OverflowError):
        database.fetch_trajectory(2**70)


@pytest.mark.parametrize("name", ["simple", "status", "id", "", "a'b\n\"%:é", "T_METADATA"])
def test_an_update_replaces_file_and_metadata_and_keeps_the_status(
    database: SQLFile, name: str
) -> None:
    database.lock_trajectory(1)

    database.update_trajectory(1, name, '{"weight": 1}')

    assert database.fetch_trajectory(1) == (name, '{"weight": 1}')
    assert statuses(database)[1] == "locked"


@pytest.mark.parametrize("missing", [9, -1, 0.5, float("nan")])
def test_an_update_of_an_unknown_trajectory_is_an_sqlalchemy_error(
    database: SQLFile, missing: int
) -> None:
    with pytest.raises(exc.NoResultFound):
        database.update_trajectory(missing, "f", "{}")
    with pytest.raises(exc.NoResultFound):
        database.update_trajectory_weight(missing, 0.5)


# Weights of trajectories


@pytest.mark.parametrize(
    ("weight", "stored"), [(0.25, "0.25"), (np.float32(0.1), "0.1"), (float("nan"), "nan")]
)
def test_a_weight_is_text_in_the_metadata(database: SQLFile, weight: float, stored: str) -> None:
    database.update_trajectory(0, "f", '{"a": "é", "weight": 1, "z": [1,2]}')

    database.update_trajectory_weight(0, weight)

    expected = f'{{"a": "\\u00e9", "weight": "{stored}", "z": [1, 2]}}'
    assert database.fetch_trajectory(0) == ("f", expected)


def test_a_weight_is_added_where_there_is_none(database: SQLFile) -> None:
    database.update_trajectory(0, "f", "{}")
    database.update_trajectory_weight(0, 0.5)

    assert database.fetch_trajectory(0)[1] == '{"weight": "0.5"}'


@pytest.mark.parametrize(
    ("text", "error"), [("", json.JSONDecodeError), ("x", ValueError), ("[1]", TypeError)]
)
def test_a_weight_needs_a_json_object(database: SQLFile, text: str, error: type[Exception]) -> None:
    database.update_trajectory(0, "f", text)

    with pytest.raises(error):
        database.update_trajectory_weight(0, 0.5)
    with pytest.raises(error):
        database.update_trajectory_weights(0.5)
    assert database.fetch_trajectory(0)[1] == text


def test_many_weights_are_one_commit(database: SQLFile) -> None:
    head = database.vault.head

    database.update_trajectory_weights(0.5)
    database.update_trajectory_weights(0.25, [1, 3])

    assert database.vault.head == head + 2
    weights = [json.loads(database.fetch_trajectory(n)[1])["weight"] for n in range(4)]
    assert weights == ["0.5", "0.25", "0.5", "0.25"]
    with pytest.raises(ValueError, match="Trajectory 7 does not exist"):
        database.update_trajectory_weights(0.1, [0, 7])


def test_what_is_there_already_is_not_recorded_again(database: SQLFile) -> None:
    database.update_trajectory_weight(0, 0.5)
    head = database.vault.head

    database.update_trajectory_weight(0, 0.5)
    database.update_trajectory(0, *database.fetch_trajectory(0))
    database.update_trajectory(1, *database.fetch_trajectory(1))

    assert database.vault.head == head
    assert json.loads(database.fetch_trajectory(0)[1])["weight"] == "0.5"


def test_no_weights_are_no_commit(database: SQLFile, tmp_path: Path) -> None:
    empty = SQLFile(tmp_path / "empty.db")
    heads = database.vault.head, empty.vault.head

    database.update_trajectory_weights(0.5, [])
    empty.update_trajectory_weights(0.5)

    assert (database.vault.head, empty.vault.head) == heads


# Status


def test_the_statuses_change_as_documented(database: SQLFile) -> None:
    assert database.lock_trajectory(0)
    assert not database.lock_trajectory(0)
    assert not database.lock_trajectory(0, allow_completed_lock=True)
    database.mark_trajectory_as_completed(0)
    assert not database.lock_trajectory(0)
    assert database.lock_trajectory(0, allow_completed_lock=True)
    database.release_trajectory(0)

    assert statuses(database) == ["idle"] * 4


def test_a_wrong_status_is_a_warning(database: SQLFile, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, logger="pytams.sqldb"):
        database.mark_trajectory_as_completed(0)
        database.lock_trajectory(1)
        database.mark_trajectory_as_completed(1)
        database.release_trajectory(1)

    assert statuses(database)[:2] == ["idle", "completed"]
    assert caplog.messages == [
        "Attempting to mark completed Trajectory 0 already in status idle.",
        "Attempting to release Trajectory 1 already in status completed.",
    ]


def test_all_are_released_completed_ones_too(database: SQLFile) -> None:
    for number in (0, 1):
        database.lock_trajectory(number)
    database.mark_trajectory_as_completed(1)

    database.release_all_trajectories()

    assert statuses(database) == ["idle"] * 4


# Archive


def test_the_archive_keeps_the_order_and_begins_anew(database: SQLFile) -> None:
    database.archive_trajectory("z.xml", '{"id": 2}')
    database.archive_trajectory("z.xml", "")

    assert database.get_archived_trajectory_count() == 2
    assert database.fetch_archived_trajectory(0) == ("z.xml", '{"id": 2}')
    assert database.fetch_archived_trajectory(1) == ("z.xml", "")
    with pytest.raises(ValueError, match="Trajectory 2 does not exist"):
        database.fetch_archived_trajectory(2)
    assert database.clear_archived_trajectories() == 2
    assert database.clear_archived_trajectories() == 0
    database.archive_trajectory("y.xml", "{}")
    assert database.fetch_archived_trajectory(0) == ("y.xml", "{}")


# Dump, rows


def test_the_dump_is_that_of_the_original(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dw.tdb").mkdir()
    database = SQLFile("dw.tdb/trajPool.db")
    database.add_trajectory("t1", '{"id": 0, "weight": 0.5}')
    database.lock_trajectory(0)
    database.archive_trajectory("z.xml", '{"id": 9}')
    database.add_splitting_data(0, 1, 0.5, [1], [2], [0.3], [0.3, 0.9])

    database.dump_file_json()

    text = Path("trajPool.json").read_text()
    assert json.loads(text) == {
        "trajectories": {
            "0": {"file": "t1", "status": "locked", "metadata": '{"id": 0, "weight": 0.5}'}
        },
        "archived_trajectories": {"0": {"file": "z.xml", "metadata": '{"id": 9}'}},
        "splitting_data": {
            "1": {
                "k": "0",
                "bias": "1",
                "weight": "0.5",
                "min_max_start": [0.3, 0.9],
                "discarded_ids": [1],
                "ancestor_ids": [2],
                "min_vals": [0.3],
                "status": "locked",
            }
        },
    }
    assert text.startswith('{\n  "trajectories": {\n    "0": {\n      "file"')
    SQLFile("dw.tdb/trajPool.db", ro_mode=True).dump_file_json("other.json")
    assert Path("other.json").read_text() == text
    with pytest.raises(FileNotFoundError):
        database.dump_file_json("nowhere/x.json")


def test_rows_are_those_of_the_tables(database: SQLFile) -> None:
    database.archive_trajectory("z.xml", "{}")
    database.add_splitting_data(0, 1, 0.5, [1], [2], [0.3], [0.3, 0.9])

    first = next(database.trajectories())
    archived = next(database.archived_trajectories())
    iteration = next(database.splitting_iterations())

    assert (first.id, first.status, first.t_metadata) == (1, "idle", metadata(0))
    assert (archived.id, archived.traj_file) == (1, "z.xml")
    assert (iteration.id, iteration.weight, iteration.min_max) == (1, "0.5", "[0.3, 0.9]")
    with pytest.raises(AttributeError):
        first.status = "locked"  # type: ignore[misc]


def test_errors_are_also_ours(database: SQLFile) -> None:
    with pytest.raises(NacreError) as raised:
        database.update_trajectory(9, "f", "{}")

    assert raised.value.code == "not_found"
    assert str(raised.value).startswith("No row was found when one was required")
