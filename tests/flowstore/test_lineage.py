"""What was made from what: recorded by reading and writing, without anybody saying so."""

import platform
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from nacre.views.lineage import Lineage
from nacre_adapters.flowstore import (
    Asset,
    AssetType,
    StoreInterface,
    attempt,
    declare_flow,
    find_place,
    use_store,
)
from nacre_adapters.flowstore.lineage import Graph


@pytest.fixture(autouse=True)
def _store(tmp_path: Path) -> Iterator[None]:
    with use_store(tmp_path / "flows.vault"):
        yield


def store(step: str, flow: str = "1") -> StoreInterface:
    return StoreInterface(flow, user="ana", step_name=step)


def asset(label: str, value: object = 1) -> Asset:
    return Asset(value, label, AssetType.OTHER)


def labels(graph: Graph) -> set[str]:
    return {store("x").get_asset_by_id(id_).label for id_, _ in graph.assets()}


def train(flow: str = "1") -> Asset:
    """Raw data is cleaned in one step, and a model made of it in the next."""
    place = store("Clean").place
    declare_flow(place, flow, owner="ana", steps=[("Clean", ""), ("Train", "")])
    with attempt(place, flow, "Clean", user="ana"):
        raw = store("Clean", flow).get_asset("raw").object
        store("Clean", flow).save_output(raw + 1, "clean")
    with attempt(place, flow, "Train", user="ana"):
        model = asset("model", store("Train", flow).get_input("clean"))
        store("Train", flow).save_asset(model)
        store("Train", flow).get_asset("read too late")
    return model


def test_an_asset_knows_what_it_was_made_from() -> None:
    for label in ("raw", "unused", "read too late"):
        store("Load", "0").save_asset(asset(label))

    model = train()

    graph = store("x").assets.lineage(model)
    assert labels(graph) == {"raw"}
    assert ("output", "1", "Clean", 1, "clean") in graph.things


def test_an_asset_knows_what_was_made_of_it() -> None:
    for label in ("raw", "read too late"):
        store("Load", "0").save_asset(asset(label))
    train("1")
    train("2")

    found = store("x").assets.impact(store("x").get_asset("raw"))

    assert [store("x").get_asset_by_id(id_).label for id_, _ in found.assets()] == ["model"] * 2
    assert store("x").assets.impact(store("x").get_asset("read too late")).assets() == []


def test_another_revision_has_another_lineage() -> None:
    for label in ("raw", "read too late"):
        store("Load", "0").save_asset(asset(label))
    model = train()
    store("Load", "0").save_asset(asset("raw", 5), overwrite=True)

    (found,) = store("x").assets.lineage(model).assets()

    assert found[1] == 0
    assert store("x").assets.impact(store("x").get_asset("raw")).assets() == []


def test_a_notebook_has_lineage_too() -> None:
    store("a").save_asset(asset("raw"))
    cell = store("b")
    cell.get_asset("raw")
    made = asset("made")
    cell.save_asset(made)

    assert labels(store("x").assets.lineage(made)) == {"raw"}


def test_links_of_users_count() -> None:
    parent, child = asset("parent"), asset("child")
    child.link_asset("made of", parent)
    store("a").save_asset(parent)
    store("b").save_asset(child)

    assert labels(store("x").assets.lineage(child)) == {"parent"}
    assert labels(store("x").assets.impact(parent)) == {"child"}


def test_reading_the_same_again_is_recorded_once() -> None:
    store("a").save_asset(asset("raw"))
    cell = store("b")
    for number in range(3):
        cell.get_asset("raw")
        cell.save_output(number, "n")

    assert len(list(cell.place.vault.events(kind="flowstore.step.read"))) == 1


def test_the_engine_traces_it_as_well() -> None:
    for label in ("raw", "read too late"):
        store("Load", "0").save_asset(asset(label))
    model = train()
    vault = store("x").place.vault
    vault.register(Lineage)
    links = vault.view(Lineage)
    (place,) = links.events_of(f"asset/{model.id}")
    seen, ahead = set(), [place]
    while ahead:
        for source, _ in links.inputs(ahead.pop()):
            if source not in seen:
                seen.add(source)
                ahead.append(source)
    subjects = {list(vault.events(start=at, stop=at + 1))[n].subject for at, n in seen}

    assert f"asset/{store('x').get_asset('raw').id}" in subjects


def test_an_asset_knows_the_code_and_the_packages_of_its_step() -> None:
    place = find_place()
    with attempt(place, "1", "Train", user="ana", code="c0de"):
        running = store("Train")
        running.save_asset(asset("model"))
        assert running.assets.making(running.get_asset("model")).python is None  # not ended yet
    StoreInterface("nb", "ana").save_asset(asset("by hand"))

    making = running.assets.making(running.get_asset("model"))

    assert (making.flow, making.step, making.attempt, making.code) == ("1", "Train", 1, "c0de")
    assert (making.python, making.packages["pandas"]) == (
        platform.python_version(),
        pd.__version__,
    )
    assert "json" not in making.packages
    assert running.assets.making(running.get_asset("by hand")) is None
    assert place.vault.replay().is_equal
