"""The splitting iterations of `SQLFile`, with the values that were observed of pyTAMS 1.0.0."""

from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import exc
from trajectories.ensembles import make

from nacre_adapters.trajectories import SQLFile


@pytest.fixture
def database(tmp_path: Path) -> SQLFile:
    return make(tmp_path / "trajPool.db")


def test_an_empty_database_has_no_iterations(database: SQLFile) -> None:
    database.mark_last_iteration_as_completed()
    database.update_splitting_data(1, 1, 0.5, [], [], [], [0.0, 1.0])

    assert database.get_k_split() == 0
    assert database.get_ongoing() is None
    assert database.clear_splitting_data() == 0
    for found, kind in (
        (database.get_weights(), np.float32),
        (database.get_biases(), np.int64),
        (database.get_minmax(), np.float32),
    ):
        assert (found.shape, found.dtype) == ((0,), kind)


def test_iterations_are_kept_as_they_are_given(database: SQLFile) -> None:
    database.add_splitting_data(0, 2, np.float32(0.9), [3, 5], [1, 1], [0.1, 0.2], [0.1, 0.7])  # type: ignore[arg-type]

    assert database.fetch_splitting_data(0) == (
        *(0, 2, 0.9, [3, 5], [1, 1], [0.1, 0.2], [0.1, 0.7], "locked"),
    )
    assert database.get_k_split() == 2
    assert database.get_ongoing() == [3, 5]
    database.mark_last_iteration_as_completed()
    database.mark_last_iteration_as_completed()
    assert database.get_ongoing() is None
    assert database.fetch_splitting_data(0)[-1] == "completed"
    with pytest.raises(ValueError, match="Splitting iteration 1 does not exist"):
        database.fetch_splitting_data(1)


def test_only_the_last_iteration_is_ongoing_and_updated(database: SQLFile) -> None:
    database.add_splitting_data(1, 1, 0.5, [1], [2], [0.3], [0.3, 0.9])
    database.add_splitting_data(1, 3, 0.25, [], [], [], [0.0, 1.0])
    database.mark_last_iteration_as_completed()

    assert database.get_ongoing() is None
    database.update_splitting_data(2, 4, 0.125, [7], [8], [0.4], [0.0, 0.3])

    assert database.get_iteration_count() == 2
    assert database.fetch_splitting_data(1)[-1] == "completed"
    assert database.get_k_split() == 6
    assert database.get_weights().tolist() == [0.5, 0.125]
    assert database.get_biases().tolist() == [1, 4]
    assert database.get_minmax()[1].tolist() == np.float32([2.0, 0.0, 0.3]).tolist()
    assert database.clear_splitting_data() == 2
    database.add_splitting_data(5, 1, 0.5, [1], [2], [0.3], [0.3, 0.9])
    assert database.get_weights().tolist() == [0.5]


def test_weights_are_float32_of_their_text(database: SQLFile) -> None:
    weights = [np.float32(1.0)]
    for k in range(600):
        weights.append(np.float32(weights[-1] * (1 - 1 / 20)))
        database.add_splitting_data(k, 1, weights[-1], [0], [1], [0.0], [0.0, float(k)])  # type: ignore[arg-type]
    database.add_splitting_data(600, 1, 1e-60, [0], [1], [0.0], [0.0, 600.0])

    found = database.get_weights()

    assert found.dtype == np.float32
    assert found.tolist() == [*map(float, weights[1:]), 0.0]
    assert database.get_biases().tolist() == [1] * 601
    assert database.get_minmax()[:, 2].tolist() == list(map(float, range(601)))


def test_an_iteration_without_min_and_max_is_an_index_error(database: SQLFile) -> None:
    database.add_splitting_data(1, 1, 0.5, [], [], [], [0.1])

    with pytest.raises(IndexError):
        database.get_minmax()
    database.update_splitting_data(1, 1, 0.5, [], [], [], [0.1, 0.2])
    assert database.get_minmax().shape == (1, 3)


def test_numpy_numbers_and_infinities_are_numbers(database: SQLFile) -> None:
    database.add_splitting_data(
        np.int64(1),  # type: ignore[arg-type]
        np.int32(2),  # type: ignore[arg-type]
        0.5,
        np.array([1, 2]),  # type: ignore[arg-type]
        [np.int64(3)],  # type: ignore[list-item]
        [np.float32(0.5), float("-inf")],  # type: ignore[list-item]
        [0.0, 1.0],
    )

    expected = (1, 2, 0.5, [1, 2], [3], [0.5, float("-inf")], [0.0, 1.0], "locked")
    assert database.fetch_splitting_data(0) == expected
    assert database.get_k_split() == 3


def test_what_is_no_iteration_is_refused(database: SQLFile) -> None:
    with pytest.raises(exc.IntegrityError):
        database.add_splitting_data(None, 1, 0.5, [], [], [], [])  # type: ignore[arg-type]
    with pytest.raises(exc.IntegrityError):
        database.add_splitting_data(1, 1, None, [], [], [], [])  # type: ignore[arg-type]
    with pytest.raises(exc.StatementError):
        database.add_splitting_data(1, 1.5, 0.5, [], [], [], [])  # type: ignore[arg-type]
    with pytest.raises(exc.StatementError):
        database.add_splitting_data(1, 1, "heavy", [], [], [], [])  # type: ignore[arg-type]
    with pytest.raises(exc.StatementError):
        database.add_splitting_data(1, 1, 0.5, ["a"], [], [], [])  # type: ignore[list-item]
    assert database.get_iteration_count() == 0
