"""Names may hold anything: no two of them are ever taken for one."""

from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest

import nacre
from nacre.errors import InvalidInput
from nacre_adapters.flowstore import (
    Asset,
    AssetType,
    StoreInterface,
    attempt,
    find_place,
    use_store,
)
from nacre_adapters.flowstore.events import key_of

LONG = "x" * 1000
ODD = ["a\x1fb", "a", "b\x1fc", "\x00" * 90, "é" * 45, "../..", "a/b", LONG, key_of(LONG), "\n"]


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[nacre.Vault]:
    with use_store(tmp_path / "flows.vault") as vault:
        yield vault


def test_no_flow_sees_what_another_saved(vault: nacre.Vault) -> None:
    for flow, step in product(ODD, ODD):
        StoreInterface(flow, "ana", step).save_output([flow, step], "x")

    for flow, step in product(ODD, ODD):
        store = StoreInterface(flow, "ana", "last")
        assert [each.load() for each in store.list_outputs(step)] == [[flow, step]]
        assert store.get_input("x", step) == [flow, step]
    assert vault.verify().is_clean


def test_assets_of_odd_names_are_told_apart(vault: nacre.Vault) -> None:
    store = StoreInterface("1", "ana", "s")
    for label, name in product(ODD[:5], ODD[5:]):
        asset = Asset([label, name], label, AssetType.OTHER, name=name)
        store.save_asset(asset)
        store.assets.promote(asset, name)
        store.assets.tag(asset, {name: label})

    for label, name in product(ODD[:5], ODD[5:]):
        found = store.get_asset(label, AssetType.OTHER, alias=name)
        assert found.object == store.get_asset(label, name=name).object == [label, name]
        assert dict(found.saved.tags) == {name: label}
        assert found.saved.aliases == (name,)
    replayed = vault.replay()
    assert all(view.divergence is None for view in replayed.views)


@pytest.mark.parametrize("part", ["flow", "step", "name"])
def test_half_a_character_is_refused_at_once(vault: nacre.Vault, part: str) -> None:
    names = {"flow": "1", "step": "s", "name": "x", part: "\ud800"}
    store = StoreInterface(names["flow"], "ana", names["step"])

    with pytest.raises(InvalidInput, match="lone surrogate"):
        store.save_output(1, names["name"])
    assert vault.head == 0


def test_what_fails_at_the_very_end_of_an_attempt_ends_it(vault: nacre.Vault) -> None:
    def doomed() -> None:
        with attempt(find_place(), "1", "s", user="ana"):
            StoreInterface("1", "ana", "s").save_output(1, "x")
            vault.commit = full  # type: ignore[method-assign,assignment]

    def full(*_: object, **__: object) -> None:
        vault.commit = commit  # type: ignore[method-assign]
        raise RuntimeError("the disk is full")

    commit = vault.commit
    with pytest.raises(RuntimeError, match="full"):
        doomed()

    (step,) = StoreInterface("1", "ana").get_flow_status()["steps"]
    assert (step["status"], step["error"]) == ("failed", "RuntimeError: the disk is full")
