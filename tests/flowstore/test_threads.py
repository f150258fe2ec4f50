"""Threads that a step starts write where the step does, and not after its end."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from nacre.errors import StateError
from nacre_adapters.flowstore import StoreInterface, attempt, place, use_store
from nacre_adapters.flowstore.place import Place, find_place


@pytest.fixture
def used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    monkeypatch.setenv(place.VARIABLE, str(tmp_path / "nobody meant this.vault"))
    with use_store(tmp_path / "flows.vault"):
        yield find_place()
    assert not (tmp_path / "nobody meant this.vault").exists()


def in_thread(work: Callable[[], object]) -> object:
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()


def test_a_thread_saves_in_the_attempt_that_made_its_interface(used: Place) -> None:
    with attempt(used, "1", "One", user="ana"):
        store = StoreInterface("1", "ana", "One")
        in_thread(lambda: store.save_output(1, "x"))
        in_thread(lambda: store.update_progress(50, "half"))
        assert not StoreInterface("1", "ana", "Two").has_input("x")

    assert StoreInterface("1", "ana", "Two").get_input("x") == 1
    (step,) = StoreInterface("1", "ana").get_flow_status()["steps"]
    assert (step["attempt"], step["message"]) == (1, "half")


def test_what_a_thread_saves_after_the_attempt_is_not_lost(used: Place) -> None:
    with attempt(used, "1", "One", user="ana"):
        store = StoreInterface("1", "ana", "One")

    in_thread(lambda: store.save_output(1, "late"))

    assert StoreInterface("1", "ana", "Two").get_input("late") == 1


def test_an_interface_keeps_to_its_store_after_the_block(tmp_path: Path, used: Place) -> None:
    with use_store(tmp_path / "other.vault"):
        store = StoreInterface("1", "ana", "One")
        store.save_output(1, "x")
    kept = StoreInterface("1", "ana", "One", store=tmp_path / "other.vault")

    with pytest.raises(StateError):
        store.save_output(2, "x")

    assert kept.get_input("x") == 1
    assert used.vault.head == 0
