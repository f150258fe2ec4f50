"""Aliases and tags: what they stand for, now and before."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from nacre_adapters.flowstore import (
    Asset,
    AssetNotFound,
    AssetType,
    StoreInterface,
    use_store,
)

FRAME = pd.DataFrame({"a": [1, 2, 3], "b": ["x", "y", None]})


@pytest.fixture
def store(tmp_path: Path) -> Iterator[StoreInterface]:
    with use_store(tmp_path / "flows.vault"):
        yield StoreInterface("1", user="ana", step_name="Train")


def other(label: str = "ex", value: object = (1, 2), **more: object) -> Asset:
    return Asset(value, label, AssetType.OTHER, **more)  # type: ignore[arg-type]


def test_an_alias_stands_for_a_revision_and_its_moves_are_kept(store: StoreInterface) -> None:
    store.save_asset(other(value="v0"))
    first = store.get_asset("ex")
    store.assets.promote(first, "champion")
    store.save_asset(other(value="v1"), overwrite=True)
    store.assets.promote(store.get_asset("ex"), "champion")

    def champion() -> object:
        return store.get_asset("ex", AssetType.OTHER, alias="champion").object

    assert champion() == "v1"
    store.assets.undo("ex", AssetType.OTHER, "champion")
    assert champion() == "v0"
    store.assets.demote("ex", AssetType.OTHER, "champion")
    with pytest.raises(AssetNotFound, match="no alias 'champion'"):
        champion()
    history = store.assets.alias_history("ex", AssetType.OTHER, "champion")
    assert [move.revision for move in history] == [0, 1, 0, None]


def test_several_aliases_move_together_or_not_at_all(store: StoreInterface) -> None:
    store.save_asset(other(value="a"))
    asset = store.get_asset("ex")
    head = store.place.vault.head

    store.assets.promote_all({"champion": asset, "shadow": asset})

    assert store.place.vault.head == head + 1
    assert store.get_asset("ex").saved.aliases == ("champion", "shadow")
    with pytest.raises(AssetNotFound):
        store.assets.promote_all({"champion": asset, "bad": other("never saved")})
    assert store.place.vault.head == head + 1


def test_tags_are_of_a_revision(store: StoreInterface) -> None:
    store.save_asset(other())
    store.assets.tag(store.get_asset("ex"), {"stage": "test", "by": "ana"})
    store.assets.tag(store.get_asset("ex"), {"stage": "live"}, remove=["by", "nothing"])

    assert store.get_asset("ex").saved.tags == {"stage": "live"}
    store.save_asset(other(), overwrite=True)
    assert store.get_asset("ex").saved.tags == {}


def test_the_past_has_the_aliases_of_then(store: StoreInterface) -> None:
    store.save_asset(other(value="v0"))
    store.assets.promote(store.get_asset("ex"), "champion")
    head = store.place.vault.head
    store.save_asset(other(value="v1"))
    store.assets.promote(store.get_asset("ex"), "champion")

    past = StoreInterface("1", user="ana", store=store.place.vault.at(head))

    assert past.get_asset("ex", AssetType.OTHER, alias="champion").object == "v0"
    assert [asset.object for asset in past.get_assets()] == ["v0"]


def test_an_asset_is_found_as_it_was(store: StoreInterface) -> None:
    id_ = store.save_asset(other(value="old"))
    store.assets.promote(store.get_asset("ex"), "champion")
    then = store.place.vault.head
    time = datetime.now(UTC)
    store.save_asset(other(value="new"), overwrite=True)
    store.assets.promote(store.get_asset("ex"), "champion")
    store.save_asset(other(value="newer"))
    store.assets.delete(id_)

    for when in (then, str(then), time):
        assert store.get_asset("ex", as_of=when).object == "old"
        assert [asset.object for asset in store.get_assets("ex", as_of=when)] == ["old"]
        found = store.get_asset("ex", AssetType.OTHER, alias="champion", as_of=when)
        assert found.object == "old"
    assert store.get_asset("ex").object == "newer"
    with pytest.raises(AssetNotFound):
        store.get_asset("ex", as_of=0)
