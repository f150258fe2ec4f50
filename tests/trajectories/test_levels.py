"""The two other levels: what differs from pyTAMS 1.0.0, and that all of them read one file."""

import json
import logging
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import exc

from nacre_adapters.trajectories import errors, head, seed, v1

BLOCKED = """
import sys
sys.modules["sqlalchemy"] = None
from nacre_adapters.trajectories import SQLFile, SQLAlchemyError, OperationalError, NoResultFound
database = SQLFile("x.db", in_memory=True)
database.add_trajectory("a", "{}")
for call in (
    lambda: SQLFile("nowhere/x.db"),
    lambda: database.update_trajectory(5, "a", "{}"),
):
    try:
        call()
    except SQLAlchemyError as error:
        print(type(error).__mro__[0].__name__, [c.__module__ for c in type(error).__mro__][0])
assert not any(name.startswith("sqlalchemy.") for name in sys.modules)
"""


def test_the_seed_fetches_files_and_updates_them(tmp_path: Path) -> None:
    database = seed.SQLFile(tmp_path / "x.db")
    database.add_trajectory("a.xml", '{"id": 0}')
    database.archive_trajectory("z.xml", '{"id": 0}')

    database.update_trajectory_file(0, "b.xml")

    assert database.fetch_trajectory(0) == "b.xml"
    assert database.fetch_archived_trajectory(0) == "z.xml"
    assert next(database.trajectories()).t_metadata == '{"id": 0}'
    with pytest.raises(exc.NoResultFound):
        database.update_trajectory_file(1, "b.xml")
    database.dump_file_json(str(tmp_path / "dump.json"))
    dumped = json.loads((tmp_path / "dump.json").read_text())
    assert dumped["archived_trajectories"] == {"0": {"file": "z.xml"}}
    assert not hasattr(database, "update_trajectory")
    assert not hasattr(database, "get_iteration_count")


@pytest.mark.parametrize("given", [{}, {"a": [1, None]}, "", None, 5])
def test_the_newest_takes_any_json_and_decodes_it_anew(tmp_path: Path, given: object) -> None:
    database = head.SQLFile(tmp_path / "x.db")
    database.add_trajectory("a.xml", given)

    fetched = database.fetch_trajectory(0)[1]

    assert fetched == given
    if isinstance(fetched, dict):
        fetched["changed"] = True
        assert database.fetch_trajectory(0) == ("a.xml", given)


def test_weights_of_the_newest_are_numbers(tmp_path: Path) -> None:
    database = head.SQLFile(tmp_path / "x.db")
    database.add_trajectory("a.xml", {"id": 0})

    database.update_trajectory_weight(0, 0.25)

    assert database.fetch_trajectory(0)[1] == {"id": 0, "weight": 0.25}
    with pytest.raises(ValueError, match="Trajectory 3 not found !"):
        database.update_trajectory_weight(3, 0.25)
    with pytest.raises(ValueError, match="Trajectory 3 not found !"):
        database.update_trajectory(3, "a", {})
    with pytest.raises(exc.IntegrityError):
        database.add_splitting_data(1, 1, float("nan"), [], [], [], [])
    with pytest.raises(exc.StatementError):
        database.add_splitting_data(1, 1, "0.5", [], [], [], [])  # type: ignore[arg-type]
    with pytest.raises(exc.StatementError):
        database.add_trajectory("a", {"x": object()})
    with pytest.raises(ValueError, match="Archived Trajectory 0 does not exist"):
        database.fetch_archived_trajectory(0)


def test_the_newest_counts_in_the_metadata(tmp_path: Path) -> None:
    database = head.SQLFile(tmp_path / "x.db")
    assert database.get_total_computed_steps() == 0
    for number, each in enumerate(
        [
            {"ended": True, "converged": 1, "nstep_compute": 5},
            {"ended": "yes", "converged": False, "nstep_compute": "7"},
            {"ended": 0},
            {"ended": True},
        ]
    ):
        database.add_trajectory(f"{number}.xml", each)
    database.archive_trajectory("z.xml", {"ended": True, "nstep_compute": 100})

    counts = database.get_ended_trajectory_count(), database.get_converged_trajectory_count()
    assert (counts, database.get_total_computed_steps()) == ((2, 1), 112)
    database.update_trajectory(0, "0.xml", {"nstep_compute": 1})
    assert database.get_ended_trajectory_count() == 1
    assert database.get_total_computed_steps() == 108
    database.clear_archived_trajectories()
    assert database.get_total_computed_steps() == 8


def test_the_newest_warns_of_a_level_that_does_not_rise(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    database = head.SQLFile(tmp_path / "x.db")
    database.check_new_min_of_maxes(0.1)
    database.add_splitting_data(0, 1, 0.5, [0], [1], [0.2], [0.2, 0.9])

    with caplog.at_level(logging.WARNING, logger="pytams.sqldb"):
        database.check_new_min_of_maxes(0.3)
        database.check_new_min_of_maxes(0.1)

    assert caplog.messages == ["New iteration has minimum level 0.1 lower than old one 0.2"]


def test_a_session_is_a_transaction(tmp_path: Path) -> None:
    database = head.SQLFile(tmp_path / "x.db")

    with database.session_scope() as session:
        session.record("note.taken", subject="me")

    assert database.vault.head == 1


def test_the_newest_dumps_objects_and_numbers(tmp_path: Path) -> None:
    database = head.SQLFile(tmp_path / "x.db")
    database.add_trajectory("a", {"id": 0})
    database.archive_trajectory("z", {"id": 1})
    database.add_splitting_data(0, 1, 0.5, [1], [2], [0.3], [0.3, 0.9])

    database.dump_file_json(str(tmp_path / "dump.json"))

    dumped = json.loads((tmp_path / "dump.json").read_text())
    assert dumped["trajectories"]["0"]["metadata"] == {"id": 0}
    assert dumped["archived_trajectories"]["0"]["metadata"] == {"id": 1}
    iteration = dumped["splitting_data"]["1"]
    assert (iteration["k"], iteration["bias"], iteration["weight"]) == (0, 1, 0.5)


def test_all_levels_read_one_file(tmp_path: Path) -> None:
    old = v1.SQLFile(tmp_path / "x.db")
    old.add_trajectory("a", '{"id": 0}')
    old.update_trajectory_weight(0, 0.5)
    old.add_splitting_data(0, 1, 0.5, [1], [2], [0.3], [0.3, 0.9])
    old.add_trajectory("b", "")

    new = head.SQLFile(tmp_path / "x.db")

    assert new.fetch_trajectory(0) == ("a", {"id": 0, "weight": "0.5"})
    assert new.fetch_trajectory(1) == ("b", None)
    assert new.get_weights().tolist() == [0.5]
    assert seed.SQLFile(tmp_path / "x.db").fetch_trajectory(0) == "a"


def test_errors_travel_between_processes() -> None:
    for kind in (errors.OperationalError, errors.NoResultFound, errors.TrajectoryMissing):
        again = pickle.loads(pickle.dumps(kind("what happened")))

        assert (type(again), str(again)) == (kind, "what happened")
    assert issubclass(errors.OperationalError, exc.OperationalError)
    assert issubclass(errors.OperationalError, OSError)
    assert issubclass(errors.DatabaseError, exc.DatabaseError)


def test_without_sqlalchemy_look_alikes_are_raised(tmp_path: Path) -> None:
    program = [sys.executable, "-c", BLOCKED]
    result = subprocess.run(program, cwd=tmp_path, capture_output=True, text=True, check=True)

    assert result.stdout.split("\n")[:2] == [
        "OperationalError nacre_adapters.trajectories.errors",
        "NoResultFound nacre_adapters.trajectories.errors",
    ]
