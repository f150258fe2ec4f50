"""Metadata that nobody would write on purpose is stored, counted as nothing, and harms nothing."""

import json
import sys

import pytest
from sqlalchemy import exc

from nacre_adapters.trajectories import SQLFile, head
from nacre_adapters.trajectories.metadata import decoded

DEEP = "[" * 5000 + "]" * 5000


def test_metadata_nested_deep_is_stored_byte_for_byte() -> None:
    database = SQLFile("", in_memory=True)

    database.add_trajectory("a", DEEP)
    database.archive_trajectory("a", DEEP)

    assert database.fetch_trajectory(0) == ("a", DEEP)
    assert database.fetch_archived_trajectory(0) == ("a", DEEP)
    assert len(database.to_frames().trajectories) == 1
    with pytest.raises(ValueError, match="nested"):
        database.update_trajectory_weight(0, 0.5)


def test_what_is_read_in_metadata_does_not_depend_on_the_stack() -> None:
    text = '{"a":' * 300 + "1" + "}" * 300
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(10_000)
    try:
        assert decoded(text) is None
    finally:
        sys.setrecursionlimit(limit)


@pytest.mark.parametrize("text", ['{"a": "%s"}' % ("[{" * 200), json.dumps([{}] * 500)])
def test_many_brackets_are_not_deep(text: str) -> None:
    assert decoded(text) == json.loads(text)


def test_brackets_and_quotes_without_end_are_read_in_time() -> None:
    assert decoded('"\\' * 100_000 + "[" * 200) is None


@pytest.mark.parametrize(
    "steps", ["NaN", "Infinity", "-Infinity", "1e999", "9" * 30, '"nan"', '"inf"', str(2**63 - 1)]
)
def test_steps_that_cannot_be_counted_count_as_none(steps: str) -> None:
    database = head.SQLFile("", in_memory=True)
    database.add_trajectory("a", {"nstep_compute": 5})
    text = SQLFile(database.vault)

    for _ in range(4):
        text.add_trajectory("a", f'{{"nstep_compute": {steps}, "ended": true}}')
        text.archive_trajectory("a", f'{{"nstep_compute": {steps}}}')

    assert database.get_total_computed_steps() == 5
    assert database.get_ended_trajectory_count() == 4
    database.update_trajectory(1, "a", {"nstep_compute": 2})
    assert database.get_total_computed_steps() == 7
    assert database.vault.verify().is_clean


def test_numbers_that_no_float_holds_are_left_out_of_frames_and_pictures(tmp_path) -> None:
    database = SQLFile("", in_memory=True)
    huge = "9" * 400

    database.add_trajectory("a", f'{{"weight": {huge}, "score_max": {huge}}}')

    assert database.to_frames().trajectories["weight"].isna().all()
    database.draw(tmp_path / "a.svg")
    assert (tmp_path / "a.svg").exists()


def test_the_newest_level_refuses_what_is_no_json_and_no_number() -> None:
    database = head.SQLFile("", in_memory=True)
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]

    with pytest.raises(exc.StatementError):
        database.add_trajectory("a", deep)
    database.add_trajectory("a", {})
    with pytest.raises(exc.StatementError):
        database.update_trajectory_weight(0, 10**400)
    assert database.fetch_trajectory(0) == ("a", {})
