"""A store of the first format opens, and says what it said then."""

import shutil
from pathlib import Path

import pandas as pd
from flowstore.flows import FRAME, fill

import nacre
from nacre_adapters.flowstore import AssetType, StoreInterface, events

FROZEN = Path(__file__).parent.parent / "fixtures" / "flowstore-1" / "flows.nacre"


def own_kinds() -> set[str]:
    named = {value for name, value in vars(events).items() if name.isupper()}
    return {kind for kind in named if isinstance(kind, str) and kind.startswith("flowstore.")}


def kinds_in(vault: nacre.Vault) -> set[str]:
    return {event.kind for event in vault.events()}


def test_a_frozen_store_says_what_it_said(tmp_path: Path) -> None:
    shutil.copy(FROZEN, tmp_path / "flows.nacre")
    with nacre.open(tmp_path / "flows.nacre", actor="ana") as vault:
        store = StoreInterface("1", "ana", "Next", store=vault)

        pd.testing.assert_frame_equal(store.get_input("frame"), FRAME)
        assert store.get_input("sum") == 3
        brief, model = store.get_asset("brief"), store.get_asset("model", AssetType.MODEL)
        assert (brief.object, brief.metadata, brief.user_notes) == (
            (1, {2}),
            {"k": 1},
            {"log": ["kept"]},
        )
        assert (model.object, model.saved.aliases, model.saved.tags) == (
            "v1",
            ("champion",),
            {"stage": "live"},
        )
        assert store.get_dataset("cities").categorical_cols == ["city"]
        assert store.assets.lineage(store.get_dataset("cities")).things[1][0] == "output"
        status = store.get_flow_status()
        assert [(s["name"], s["attempt"], s["message"]) for s in status["steps"]] == [
            ("Load", 4, "half"),
            ("Sum", 2, ""),
        ]
        assert vault.verify().is_clean
        assert vault.replay().is_equal


def test_every_kind_is_in_the_store_that_is_frozen(tmp_path: Path) -> None:
    with fill(tmp_path / "flows.nacre") as vault:
        assert own_kinds() <= kinds_in(vault)
        assert vault.replay().is_equal
        assert vault.rebuild().commits == vault.head
        assert vault.replay().is_equal
    shutil.copy(FROZEN, tmp_path / "frozen.nacre")
    with nacre.open(tmp_path / "frozen.nacre") as vault:
        assert own_kinds() <= kinds_in(vault)
