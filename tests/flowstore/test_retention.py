"""Retention and the command line: what goes, what stays, and what is shown of it."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

import nacre
from nacre.errors import Dropped
from nacre.operations.compact import compact
from nacre.operations.retain import parse_history, set_retention
from nacre_adapters.flowstore import (
    Asset,
    AssetType,
    Dataset,
    StoreInterface,
    attempt,
    use_store,
)
from nacre_adapters.flowstore.cli.program import program
from nacre_adapters.flowstore.retention import retire


@pytest.fixture
def store(tmp_path: Path) -> Iterator[StoreInterface]:
    with use_store(tmp_path / "v"):
        yield StoreInterface("1", "ana", "One")


def save(store: StoreInterface, label: str, times: int, **more: object) -> Asset:
    for number in range(times):
        asset = Asset(f"{label} {number} " * 1000, label, AssetType.OTHER, **more)  # type: ignore[arg-type]
        store.save_asset(asset, overwrite=True)
    return StoreInterface("0", "ana", store=store.place.vault).get_asset(label)


def retired(store: StoreInterface, keep_last: int) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for each in retire(store.place, keep_last=keep_last, by="ana").retired:
        found.setdefault(each.label, []).append(each.revision)
    return found


def test_the_last_revisions_are_kept(store: StoreInterface) -> None:
    save(store, "a", 5)
    save(store, "b", 1)

    assert retired(store, 2) == {"a": [0, 1, 2]}
    assert retired(store, 2) == {}
    assert len(store.assets.revisions(store.get_asset("a"))) == 5
    with pytest.raises(Dropped, match=r"revision 1 of the asset .* was retired by commit"):
        _ = store.get_asset("a", revision=1).object
    assert store.get_asset("a", revision=3).object.startswith("a 3")


def test_a_dry_run_changes_nothing(store: StoreInterface) -> None:
    save(store, "a", 3)
    head = store.place.vault.head

    plan = retire(store.place, keep_last=1, by="ana", is_dry_run=True)

    assert [each.revision for each in plan.retired] == [0, 1]
    assert store.place.vault.head == head


def test_what_is_pinned_or_aliased_is_kept(store: StoreInterface) -> None:
    save(store, "pinned", 3)
    store.assets.pin(store.get_asset("pinned"))
    save(store, "aliased", 1)
    store.assets.promote(store.get_asset("aliased"), "champion")
    save(store, "aliased", 2)

    assert retired(store, 1) == {"aliased": [1]}


def test_what_something_kept_was_made_from_is_kept(store: StoreInterface) -> None:
    save(store, "raw", 1)
    save(store, "unused", 1)
    with attempt(store.place, "1", "Two", user="ana"):
        two = StoreInterface("1", "ana", "Two")
        two.save_output(len(two.get_asset("raw").object), "length")
    save(store, "raw", 2)
    save(store, "unused", 2)

    assert retired(store, 1) == {"raw": [1], "unused": [0, 1]}


def test_deleted_and_expired_assets_are_retired_whole(store: StoreInterface) -> None:
    store.assets.delete(save(store, "deleted", 2))
    brief = Asset("x", "brief", AssetType.OTHER)
    brief.set_time_to_live(timedelta(microseconds=1))
    store.save_asset(brief)

    assert retired(store, 5) == {"deleted": [0, 1], "brief": [0]}


def test_at_least_one_is_kept(store: StoreInterface) -> None:
    with pytest.raises(ValueError, match="keep at least one"):
        retire(store.place, keep_last=0, by="ana")


def test_compaction_gives_the_space_back(tmp_path: Path) -> None:
    with nacre.open(tmp_path / "v") as vault:
        store = StoreInterface("1", "ana", store=vault)
        for number in range(3):
            frame = pd.DataFrame({"a": range(number, 100_000 + number * 1000, 1 + number)})
            store.save_asset(Dataset(frame, "frame"), overwrite=True)
        retire(store.place, keep_last=1, by="ana")
        set_retention(vault.store, parse_history("0s"))

        assert compact(vault.store, min_gain=0).dropped_blobs >= 2

        assert len(store.get_dataset("frame").object) > 0
        assert vault.verify().is_clean


def run(*arguments: object) -> str:
    result = CliRunner().invoke(program, list(map(str, arguments)))
    assert result.exit_code == 0, f"{result.output}\n{result.exception!r}"
    return result.output


def test_the_commands_show_what_there_is(store: StoreInterface, tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": [1, 2, 3]})
    store.save_output(frame, "frame")
    store.save_asset(Dataset(frame, "data"))
    store.save_asset(Dataset(frame.assign(a=[1, 5, 3], b=0), "data", name="n"), asset_id=None)
    store.save_asset(Asset({"k": 1}, "plain", AssetType.OTHER))
    store.save_asset(Asset({"k": 2}, "plain", AssetType.OTHER, version=9), overwrite=True)
    first = store.get_assets("data")[1]
    store.save_asset(
        Dataset(frame.assign(a=[1, 5, 3], b=0), "data"), overwrite=True, asset_id=first.id
    )
    store.assets.promote(store.get_asset("plain"), "champion")
    vault = tmp_path / "v"

    assert json.loads(run("list", vault, "--json"))[0]["flow_id"] == "1"
    shown = json.loads(run("show", vault, "1", "--json"))
    assert [(o["step"], o["name"]) for o in shown["outputs"]] == [("One", "frame")]
    listed = json.loads(run("assets", vault, "--json", "--label", "plain"))
    assert [(a["revision"], a["version"], a["aliases"]) for a in listed] == [(1, 9, ["champion"])]
    assert len(json.loads(run("revisions", vault, "plain", "--json"))) == 2
    store.assets.tag(store.get_asset("plain"), {"stage": "live"})
    said = json.loads(run("asset", vault, "plain", "--json"))
    assert (said["label"], said["tags"], said["origin"]) == (
        "plain",
        {"stage": "live"},
        ["1", "One", 0],
    )
    assert "version: 0" in run("asset", vault, "plain", "--revision", 0)
    assert "+{'k': 2}" in run("diff", vault, "plain", 0, 1)
    found = json.loads(run("diff", vault, first.id, 0, 1, "--json"))
    assert (found["frame"]["rows_changed"], found["frame"]["added_columns"]) == (1, ["b"])
    assert "nothing is known" in run("lineage", vault, "plain")
    with attempt(store.place, "2", "Two", user="ana", code="c0de"):
        inside = StoreInterface("2", "ana", "Two")
        inside.save_asset(
            Asset(inside.get_asset("plain").object, "copy", AssetType.OTHER, name="n")
        )
    said = run("lineage", vault, "copy")
    assert said.startswith("asset 'copy' named 'n' (")
    assert "from asset 'plain' (" in said
    assert "made with code c0de, python 3." in said
    assert "2 revisions would be retired" in run("retire", vault, "--keep-last", 1, "--dry-run")
    for command in (("list",), ("show", "1"), ("assets",), ("revisions", "plain")):
        assert run(command[0], vault, *command[1:])
