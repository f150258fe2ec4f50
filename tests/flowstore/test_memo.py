"""Reusing what a step saved: the same code, and all that it read as it was."""

from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nacre_adapters.flowstore import (
    Asset,
    AssetType,
    StoreInterface,
    attempt,
    code_of,
    declare_flow,
    delete_flow,
    reuse,
    use_store,
)
from nacre_adapters.flowstore.screens import page_of, save_page, submit, submitted

RUNS: deque[str] = deque()  # a list would count as what the steps are made of


def train(store: StoreInterface) -> None:
    RUNS.append(store.flow_id)
    rate = store.get_asset("rate").object
    _, depth = submitted(store.place, store.where, "Load", "depth")
    store.save_output((store.get_input("rows") * rate, depth), "model")
    if store.has_input("extra"):
        store.save_output(1, "more")


def other(store: StoreInterface) -> None:
    RUNS.append(store.flow_id)
    store.save_output(0, "model")


def listing(store: StoreInterface) -> None:
    RUNS.append(store.flow_id)
    store.save_output(len(store.get_assets()), "model")


@pytest.fixture(autouse=True)
def _store(tmp_path: Path) -> Iterator[None]:
    RUNS.clear()
    with use_store(tmp_path / "v"):
        store("0", "x").save_asset(Asset(2, "rate", AssetType.OTHER))
        yield


def store(flow: str, step: str) -> StoreInterface:
    return StoreInterface(flow, "ana", step)


def load(flow: str, rows: int = 10) -> None:
    declare_flow(store(flow, "").place, flow, owner="ana", steps=[("Load", ""), ("Train", "")])
    store(flow, "Load").save_output(rows, "rows")


def run(flow: str, step: Callable[[StoreInterface], None] = train) -> bool:
    """Run or reuse, and return whether it was reused."""
    place = store(flow, "Train").place
    code = code_of(step)
    if reuse(place, flow, "Train", user="ana", code=code):
        return True
    with attempt(place, flow, "Train", user="ana", code=code):
        step(store(flow, "Train"))
    return False


def test_the_same_step_with_the_same_reads_is_reused_in_another_flow() -> None:
    load("1")
    load("2")

    assert [run("1"), run("1"), run("2")] == [False, True, True]
    assert list(RUNS) == ["1"]
    assert store("2", "After").get_input("model") == (20, None)


@pytest.mark.parametrize(
    "change",
    [
        lambda: store("2", "Load").save_output(11, "rows"),
        lambda: store("2", "Load").save_output(1, "extra"),
        lambda: store("0", "x").save_asset(Asset(3, "rate", AssetType.OTHER), overwrite=True),
        lambda: store("0", "x").save_asset(Asset(3, "rate", AssetType.OTHER)),
        lambda: submit(store("2", "Load").place, store("2", "Load").where, "depth", 4),
    ],
    ids=["input", "presence", "revision", "newer asset", "entered"],
)
def test_what_has_changed_is_run_again(change: Callable[[], None]) -> None:
    load("1")
    load("2")
    run("1")

    change()

    assert not run("2")


def test_what_is_saved_again_and_equal_is_no_change() -> None:
    load("1")
    run("1")
    store("1", "Load").save_output(10, "rows")
    store("0", "x").save_asset(Asset(2, "rate", AssetType.OTHER))

    assert run("1")


def test_other_code_is_run_again() -> None:
    load("1")
    run("1")

    assert not run("1", other)
    assert code_of(train) != code_of(other)


def test_what_looked_elsewhere_is_never_reused() -> None:
    load("1")

    assert [run("1", listing), run("1", listing)] == [False, False]


def test_a_failed_attempt_is_not_reused() -> None:
    load("1")

    def fail(store: StoreInterface) -> None:
        raise ValueError("no")

    for _ in range(2):
        with pytest.raises(ValueError, match="no"):
            run("1", fail)


def test_what_was_reused_knows_what_it_is_made_from() -> None:
    load("1")
    load("2")
    run("1")
    run("2")

    rate = store("x", "y").get_asset("rate")
    made = store("x", "y").assets.impact(rate).things
    assert {thing[1] for thing in made[1:]} == {"1", "2"}
    vault = store("1", "").place.vault
    ended = [e.data["reused"] for e in vault.events(kind="flowstore.step.finished")]
    assert ended == [None, ["1", "Train", 1]]
    assert vault.replay().is_equal


def test_what_a_deleted_flow_saved_is_not_reused() -> None:
    load("1")
    load("2")
    run("1")

    delete_flow(store("1", "").place, "1", user="ana")

    assert not run("2")


def test_a_page_is_reused_with_the_step() -> None:
    def show(store: StoreInterface) -> None:
        save_page(store.place, store.where, {"title": "of the run"}, {})
        store.save_output(1, "x")

    load("1")
    load("2")
    assert [run("1", show), run("2", show)] == [False, True]
    two = store("2", "Train")
    assert page_of(two.place, two.where, "Train") == {"title": "of the run"}


def test_another_page_of_another_step_is_a_change() -> None:
    def look(store: StoreInterface) -> None:
        page = page_of(store.place, store.where, "Load")
        store.save_output(None if page is None else page["title"], "title")

    load("1")
    assert [run("1", look), run("1", look)] == [False, True]
    one = store("1", "Load")
    save_page(one.place, one.where, {"title": "new"}, {})

    assert [run("1", look), run("1", look)] == [False, True]
    assert store("1", "After").get_input("title") == "new"
