"""Outputs of steps: who sees what, and when."""

import contextvars
import threading
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pandas as pd
import pytest

import nacre
from nacre_adapters.flowstore import (
    FlowNotFound,
    InputNotFound,
    NotStorable,
    StepMissing,
    StoreInterface,
    Superseded,
    attempt,
    declare_flow,
    delete_flow,
    open_place,
    use_store,
)
from nacre_adapters.flowstore.attempts import begin, cancel_dead, fail, finish
from nacre_adapters.flowstore.context import ATTEMPT
from nacre_adapters.flowstore.lineage import lineage
from nacre_adapters.flowstore.place import Place

STEPS = [("One", "first"), ("Two", "second"), ("Three", "third")]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with use_store(tmp_path / "flows.vault"):
        place = StoreInterface("1").place
        declare_flow(place, "1", owner="ana", app="Demo", steps=STEPS)
        yield place


def store(step: str | None = None, flow: str = "1") -> StoreInterface:
    return StoreInterface(flow_id=flow, user="ana", step_name=step)


def run(place: Place, step: str, value: object, name: str = "x") -> None:
    with attempt(place, "1", step, user="ana"):
        store(step).save_output(value, name)


def test_an_output_is_seen_two_steps_later(place: Place) -> None:
    store("One").save_output({"a": (1, 2)}, "pair")

    assert store("Three").has_input("pair")
    assert store("Three").get_input("pair") == {"a": (1, 2)}


def test_the_nearest_step_before_wins(place: Place) -> None:
    store("One").save_output("far", "x")
    store("Two").save_output("near", "x")

    assert store("Three").get_input("x") == "near"
    assert store("Three").get_input("x", "One") == "far"
    assert store("Three").get_input("x", "first") == "far"  # by its title
    assert store("Two").get_input("x") == "far"


def test_a_step_has_no_input_of_its_own(place: Place) -> None:
    store("One").save_output(1, "x")

    assert not store("One").has_input("x")
    assert store("One").get_input("x") == 1  # yet it can read what it saved


def test_a_later_step_does_not_reach_back(place: Place) -> None:
    store("Three").save_output(1, "x")

    assert not store("One").has_input("x")
    with pytest.raises(ValueError, match="nothing was saved before it"):
        store("One").get_input("x")


def test_what_is_missing_is_told_with_what_there_is(place: Place) -> None:
    store("One").save_output(1, "prices")

    with pytest.raises(InputNotFound, match=r"did you mean 'prices'.*there is 'prices' of 'One'"):
        store("Two").get_input("price")


def test_what_is_missing_is_told_shortly_whatever_its_name(place: Place) -> None:
    StoreInterface("1", "ana", "One").save_output(1, "x" * 100_000)

    with pytest.raises(InputNotFound) as raised:
        StoreInterface("1", "ana", "Two").get_input("x" * 99_999 + "y")
    assert len(str(raised.value)) < 500


def test_the_same_name_takes_the_place(place: Place) -> None:
    store("One").save_output(1, "x")
    store("One").save_output(2, "x")

    assert store("Two").get_input("x") == 2
    assert [output.load() for output in store("Two").list_outputs("One")] == [2]


def test_frames_are_copies_on_both_sides(place: Place) -> None:
    frame = pd.DataFrame({"a": [1, 2], "b": ["x", None]})
    before = frame.copy()
    store("One").save_output(frame, "frame")
    frame.loc[0, "a"] = 99

    first = store("Two").get_input("frame")
    pd.testing.assert_frame_equal(first, before)
    first.loc[0, "a"] = 77

    pd.testing.assert_frame_equal(store("Two").get_input("frame"), before)


def test_a_file_in_memory_is_saved_whole(place: Place) -> None:
    file = BytesIO(b"abcdef")
    file.seek(3)

    store("One").save_output(file, "file")

    assert file.tell() == 3
    assert store("Two").get_input("file").getvalue() == b"abcdef"


def test_what_cannot_be_stored_is_named_by_its_path(place: Place) -> None:
    head = place.vault.head

    with pytest.raises(NotStorable, match=r"data\['cfg'\]\[2\]"):
        store("One").save_output({"cfg": [1, 2, lambda: 0]}, "x")

    assert place.vault.head == head


@pytest.mark.parametrize("name", ["", None, 3])
def test_a_name_must_be_a_text(place: Place, name: object) -> None:
    with pytest.raises(ValueError, match="name of an output"):
        store("One").save_output(1, name)  # type: ignore[arg-type]


def test_saving_needs_a_step(place: Place) -> None:
    with pytest.raises(StepMissing, match="step_name is required for save_output"):
        store().save_output(1, "x")


def test_a_failed_attempt_publishes_nothing(place: Place) -> None:
    run(place, "One", "good")

    def fail() -> None:
        with attempt(place, "1", "One", user="ana"):
            store("One").save_output("bad", "x")
            assert store("One").get_input("x") == "bad"
            assert store("Two").get_input("x") == "good"
            _ = 1 / 0

    with pytest.raises(ZeroDivisionError):
        fail()

    assert store("Two").get_input("x") == "good"
    status = store().get_flow_status()
    assert status["status"] == "failed"
    assert "ZeroDivisionError" in status["steps"][0]["error"]


def test_an_attempt_publishes_when_it_ends(place: Place) -> None:
    with attempt(place, "1", "One", user="ana"):
        store("One").save_output(1, "x")
        assert not store("Two").has_input("x")

    assert store("Two").get_input("x") == 1


def test_a_new_attempt_takes_away_what_it_did_not_save_again(place: Place) -> None:
    run(place, "One", 1, "old")
    run(place, "One", 2, "new")

    assert not store("Two").has_input("old")
    assert store("Two").get_input("new") == 2


def test_an_action_adds_to_the_run_before(place: Place) -> None:
    run(place, "One", "run", "a")
    with attempt(place, "1", "One", user="ana", phase="action"):
        store("One").save_output("action", "b")

    assert store("Two").get_input("a") == "run"
    assert store("Two").get_input("b") == "action"

    run(place, "One", "again", "a")
    assert not store("Two").has_input("b")


def test_a_rerun_makes_later_steps_stale(place: Place) -> None:
    for step, _ in STEPS:
        run(place, step, step)
    assert not any(step["is_stale"] for step in store().get_flow_status()["steps"])

    run(place, "One", "again")

    assert [step["is_stale"] for step in store().get_flow_status()["steps"]] == [False, True, True]
    assert store("Three").get_input("x") == "Two"
    run(place, "Two", "again")
    assert [step["is_stale"] for step in store().get_flow_status()["steps"]] == [False, False, True]


def test_an_attempt_that_died_is_cancelled_by_the_next(place: Place) -> None:
    dead = attempt(place, "1", "One", user="ana")
    dead.__enter__()
    store("One").save_output("lost", "x")

    run(place, "One", "good")

    assert store("Two").get_input("x") == "good"
    assert [
        event.data["attempt"] for event in place.vault.events(kind="flowstore.step.cancelled")
    ] == [1]


def test_flows_do_not_see_each_other(place: Place) -> None:
    store("One").save_output(1, "x")

    assert not store("Two", flow="2").has_input("x")


def test_a_flow_that_nobody_declared_takes_steps_as_they_come(place: Place) -> None:
    store("b", flow="2").save_output("b", "x")
    store("a", flow="2").save_output("a", "x")

    assert store("c", flow="2").get_input("x") == "a"
    assert store("a", flow="2").get_input("x") == "b"


def test_names_may_hold_anything(place: Place) -> None:
    for name in ("a/b", "..", " x ", "é" * 300, "é" * 301, "line\nbreak"):
        store("st/ep ..", flow="../f\n").save_output(name, name)

    for name in ("a/b", "..", " x ", "é" * 300, "é" * 301, "line\nbreak"):
        assert store("other", flow="../f\n").get_input(name) == name


def test_the_past_is_read_through_the_same_interface(place: Place) -> None:
    store("One").save_output("then", "x")
    head = place.vault.head
    store("One").save_output("now", "x")

    past = StoreInterface("1", step_name="Two", store=place.vault.at(head))

    assert past.get_input("x") == "then"


def test_the_views_are_what_the_log_says(tmp_path: Path) -> None:
    with nacre.open(tmp_path / "v") as vault:
        place = open_place(vault)
        declare_flow(place, "1", owner="ana", steps=STEPS)
        for value in range(3):
            run(place, "One", value)

        assert vault.replay().is_equal
        assert vault.verify().is_clean


def test_outputs_of_an_attempt_are_committed_together(place: Place) -> None:
    with attempt(place, "1", "One", user="ana"):
        head = place.vault.head
        for number in range(100):
            store("One").save_output(number, f"n{number}")
        assert place.vault.head <= head + 2
        assert store("One").get_input("n7") == 7

    assert [store("Two").get_input(f"n{n}") for n in (0, 99)] == [0, 99]


def test_what_waits_is_in_the_log_when_an_attempt_fails(place: Place) -> None:
    def fail() -> None:
        with attempt(place, "1", "One", user="ana"):
            store("One").save_output(1, "x")
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        fail()

    (saved,) = place.vault.events(kind="flowstore.output.saved")
    assert saved.data["name"] == "x"


def test_an_output_is_made_from_what_was_read_before_it(place: Place) -> None:
    store("One").save_output(1, "a")
    store("One").save_output(2, "b")
    with attempt(place, "1", "Two", user="ana"):
        store("Two").get_input("a")
        store("Two").save_output(1, "of a")
        store("Two").get_input("b")
        store("Two").save_output(2, "of both")

    def sources(name: str) -> list[object]:
        graph = lineage(place, ("output", "1", "Two", 1, name))
        return [thing[-1] for thing in graph.things[1:]]

    assert sources("of a") == ["a"]
    assert sorted(map(str, sources("of both"))) == ["a", "b"]


def test_an_attempt_that_was_taken_over_publishes_nothing(place: Place) -> None:
    first = begin(place, "1", "One", user="ana")
    second = begin(place, "1", "One", user="ana")
    for running, value in ((first, "first"), (second, "second")):
        token = ATTEMPT.set(running)
        store("One").save_output(value, "x")
        ATTEMPT.reset(token)

    with pytest.raises(Superseded, match=r"attempt 1 at 'One' .* was ended by another"):
        finish(place, first)
    fail(place, first, "it does not matter any more")
    assert store().get_flow_status()["steps"][0]["status"] == "running"
    finish(place, second)

    assert store("Two").get_input("x") == "second"


def test_a_dead_attempt_can_be_cancelled(place: Place) -> None:
    begin(place, "1", "One", user="ana")

    assert cancel_dead(place, "1", "One", user="ana") == 1

    assert store().get_flow_status()["status"] == "cancelled"
    with pytest.raises(FlowNotFound, match="has no attempt that runs"):
        cancel_dead(place, "1", "One", user="ana")
    store("One").save_output(1, "x")
    assert store("Two").get_input("x") == 1


def test_a_deleted_flow_that_is_made_again_begins_empty(place: Place) -> None:
    run(place, "One", "old")
    delete_flow(place, "1", user="ana")
    assert not store("Two").has_input("x")

    declare_flow(place, "1", owner="ana", steps=STEPS)
    assert not store("Two").has_input("x")
    store("One").save_output("new", "x")
    assert store("Two").get_input("x") == "new"
    run(place, "One", "newer")
    assert store("Two").get_input("x") == "newer"
    assert place.vault.replay().is_equal


def test_threads_of_an_attempt_save_together(place: Place) -> None:
    def work(number: int) -> None:
        for each in range(100):
            store("One").save_output(each, f"{number}-{each}")

    with attempt(place, "1", "One", user="ana"):
        threads = [
            threading.Thread(target=contextvars.copy_context().run, args=(work, number))
            for number in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert len(store("Two").list_outputs("One")) == 400
