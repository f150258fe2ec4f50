"""Progress: many calls, few events, and nothing that breaks the work that it reports on."""

import asyncio
import contextvars
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import nacre
from nacre_adapters.flowstore import (
    StepMissing,
    StepProgressTqdm,
    StoreInterface,
    attempt,
    use_store,
)
from nacre_adapters.flowstore.progress import BURST, Progress

FLOW = {"flow_id": "1", "user": "ana", "step_name": "Train", "is_action": False}


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[nacre.Vault]:
    with use_store(tmp_path / "flows.vault") as vault:
        yield vault


def told(vault: nacre.Vault) -> list[tuple[float, str]]:
    found = vault.events(kind="flowstore.step.progressed")
    return [(event.data["completion"], event.data["message"]) for event in found]


def shown() -> tuple[float, str]:
    (step,) = StoreInterface(**FLOW).get_flow_status()["steps"]
    return step["progress"], step["message"]


def test_the_first_update_and_the_last_are_recorded(vault: nacre.Vault) -> None:
    with attempt(StoreInterface(**FLOW).place, "1", "Train", user="ana"):
        for number in range(10_000):
            assert StoreInterface.update_progress(number / 101, f"row {number}")

        StoreInterface(**FLOW).flush_progress()
        assert shown() == (9999 / 101, "row 9999")

    assert told(vault)[0] == (0.0, "row 0")
    assert told(vault)[-1] == (9999 / 101, "row 9999")
    assert len(told(vault)) <= 100


def test_what_is_held_back_is_recorded_when_the_step_ends(vault: nacre.Vault) -> None:
    with attempt(StoreInterface(**FLOW).place, "1", "Train", user="ana"):
        for number in range(50):
            StoreInterface.update_progress(number, "same")

    assert told(vault)[-1] == (49.0, "same")


def test_a_burst_is_recorded_and_then_a_few_a_second() -> None:
    now, recorded = [0.0], []
    progress = Progress(recorded.append, clock=lambda: now[0])
    for number in range(1000):
        now[0] += 0.01
        progress.update((number / 100, "", False))
    progress.flush()

    assert BURST + 40 <= len(recorded) <= BURST + 43
    assert recorded[-1][0] == 9.99


def test_silence_does_not_hide_the_last_message() -> None:
    done, recorded = threading.Event(), []

    def record(update: tuple[float, str, bool]) -> None:
        recorded.append(update)
        if update[1] == "long training":
            done.set()

    progress = Progress(record)
    for _ in range(BURST):
        progress.update((1.0, "loading", False))
    progress.update((2.0, "long training", False))

    assert done.wait(10)  # a timer records it, without another update


@pytest.mark.parametrize("completion", [float("nan"), "10", None, True])
def test_what_is_no_number_is_refused(vault: nacre.Vault, completion: object) -> None:
    with pytest.raises(ValueError, match="is no number"):
        StoreInterface(**FLOW).update_progress(completion, "x")  # type: ignore[arg-type]


def test_what_is_out_of_range_is_clamped_with_a_warning(vault: nacre.Vault) -> None:
    with pytest.warns(UserWarning, match="not in 0 to 100"):
        StoreInterface(**FLOW).update_progress(120, "done")

    assert shown() == (100.0, "done")


def test_it_can_be_awaited(vault: nacre.Vault) -> None:
    store = StoreInterface("1", "ana", "s")

    assert asyncio.run(store.aupdate_progress(5, "half"))

    (event,) = vault.events(kind="flowstore.step.progressed")
    assert (event.data["completion"], event.data["message"]) == (5.0, "half")


def test_a_message_without_end_is_cut(vault: nacre.Vault) -> None:
    assert StoreInterface("1", "ana", "s").update_progress(1, "m" * 10_000_000)

    (event,) = vault.events(kind="flowstore.step.progressed")
    assert event.data["message"] == "m" * 2000


def test_on_the_class_it_needs_a_step_that_runs(vault: nacre.Vault) -> None:
    with pytest.raises(StepMissing, match="no step runs here"):
        StoreInterface.update_progress(1, "x")
    with pytest.raises(StepMissing, match="step_name is required"):
        StoreInterface("1").update_progress(1, "x")


def test_threads_and_tasks_of_a_step_report_for_it(vault: nacre.Vault) -> None:
    async def work() -> bool:
        return StoreInterface.update_progress(20, "task")

    with attempt(StoreInterface(**FLOW).place, "1", "Train", user="ana"):
        context = contextvars.copy_context()
        thread = threading.Thread(
            target=context.run, args=(StoreInterface.update_progress, 10, "thread")
        )
        thread.start()
        thread.join()
        assert asyncio.run(work())

    assert told(vault) == [(10.0, "thread"), (20.0, "task")]


def test_a_closed_store_makes_it_false(tmp_path: Path) -> None:
    vault = nacre.open(tmp_path / "v")
    store = StoreInterface(**FLOW, store=vault)
    assert store.update_progress(1, "x")
    vault.close()

    assert store.update_progress(2, "x") is False
    assert (
        StoreInterface(**FLOW, store=nacre.open(tmp_path / "v").at(0)).update_progress(1, "x")
        is False
    )


def test_a_bar_counts_as_tqdm_does(vault: nacre.Vault) -> None:
    items = list(StepProgressTqdm(FLOW, range(10), step_size=50, desc="rows"))

    assert items == list(range(10))
    assert told(vault) == [(50.0, "rows: 5/10"), (100.0, "rows: 10/10")]
    with StepProgressTqdm(FLOW, total=4, starting_progress=50, target_progress=60) as bar:
        bar.update(2)
    assert shown() == (55.0, "2/4")
