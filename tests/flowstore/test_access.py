"""Who may see and change assets, and who says so."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from nacre_adapters.flowstore import (
    Asset,
    AssetNotFound,
    AssetType,
    FlowNotFound,
    NotPermitted,
    StoreInterface,
    declare_flow,
    delete_flow,
    use_store,
)
from nacre_adapters.flowstore.people import appoint, dismiss, join, leave

FRAME = pd.DataFrame({"a": [1, 2, 3], "b": ["x", "y", None]})


@pytest.fixture
def store(tmp_path: Path) -> Iterator[StoreInterface]:
    with use_store(tmp_path / "flows.vault"):
        yield StoreInterface("1", user="ana", step_name="Train")


def other(label: str = "ex", value: object = (1, 2), **more: object) -> Asset:
    return Asset(value, label, AssetType.OTHER, **more)  # type: ignore[arg-type]


def test_absent_and_forbidden_look_alike(store: StoreInterface) -> None:
    id_ = store.save_asset(other())
    join(store.place, "red", "ana", by="root")
    join(store.place, "blue", "bo", by="root")
    bo = StoreInterface("2", user="bo", step_name="s")

    assert bo.get_assets() == []
    for find in (
        bo.get_asset_by_id,
        lambda asset: bo.get_asset(asset_id=asset),
        lambda asset: bo.save_asset(other(), overwrite=True, asset_id=asset),
        bo.assets.revisions,
        bo.assets.delete,
    ):
        messages = []
        for asset in (id_, "x" * len(id_)):
            with pytest.raises(AssetNotFound) as raised:
                find(asset)
            messages.append(str(raised.value).replace(asset, "ID"))
        assert messages[0] == messages[1]
    assert bo.save_asset(other(), overwrite=True) != id_


def test_a_group_reads_and_its_admin_writes(store: StoreInterface) -> None:
    id_ = store.save_asset(other())
    for user, role in (("ana", "member"), ("bo", "member"), ("cy", "admin")):
        join(store.place, "red", user, role=role, by="root")

    bo, cy = (StoreInterface("1", user=user, step_name="s") for user in ("bo", "cy"))

    assert bo.get_asset_by_id(id_).id == id_
    with pytest.raises(NotPermitted, match="belongs to 'ana'"):
        bo.save_asset(other(), overwrite=True, asset_id=id_)
    assert bo.save_asset(other(), overwrite=True) != id_
    assert cy.save_asset(other(), overwrite=True, asset_id=id_) == id_
    said = store.assets.explain_access(id_, "cy")
    assert (
        said == "'cy' may read it: in the group 'red'; may change it: administers the group 'red'"
    )


def test_sharing_is_with_groups(store: StoreInterface) -> None:
    id_ = store.save_asset(other())
    join(store.place, "red", "ana", by="root")
    join(store.place, "blue", "bo", by="root")
    bo = StoreInterface("1", user="bo")

    with pytest.raises(ValueError, match="a list of groups"):
        store.assets.share(id_, "blue")
    store.assets.share(id_, ["blue"])
    assert bo.get_asset_by_id(id_).id == id_
    store.assets.share(id_, None)
    assert bo.get_assets() == []
    appoint(store.place, "bo", by="root")
    assert [asset.id for asset in bo.get_assets()] == [id_]


def test_aliases_versions_and_lineage_do_not_tell_of_what_is_hidden(store: StoreInterface) -> None:
    join(store.place, "red", "ana", by="root")
    join(store.place, "blue", "bo", by="root")
    store.save_asset(other())
    store.save_asset(other())
    store.assets.promote(store.get_asset("ex"), "champion")
    bo = StoreInterface("2", user="bo", step_name="s")

    for alias in ("champion", "nothing"):
        with pytest.raises(AssetNotFound, match=f"has no alias '{alias}'"):
            bo.get_asset("ex", AssetType.OTHER, alias=alias)
        for call in (bo.assets.demote, bo.assets.undo):
            with pytest.raises(AssetNotFound, match=f"there is no alias '{alias}' of 'ex'"):
                call("ex", AssetType.OTHER, alias)
        assert bo.assets.alias_history("ex", AssetType.OTHER, alias) == []
    mine = other()
    bo.save_asset(mine)
    assert mine.saved.version == 0


def test_impact_shows_what_one_may_see(store: StoreInterface) -> None:
    store.save_asset(other("raw"))
    bo = StoreInterface("2", user="bo", step_name="s")
    bo.get_asset("raw")
    bo.save_asset(other("made of it"))
    assert len(store.assets.impact(store.get_asset("raw")).assets()) == 1

    join(store.place, "red", "ana", by="root")
    join(store.place, "blue", "bo", by="root")

    graph = store.assets.impact(store.get_asset("raw"))
    assert (graph.assets(), graph.links) == ([], ())


def test_only_administrators_say_who_is_where_once_there_is_one(store: StoreInterface) -> None:
    id_ = store.save_asset(other())
    join(store.place, "red", "ana", by="root")
    appoint(store.place, "root", by="root")
    join(store.place, "blue", "bo", by="root", role="admin")

    for escalate in (
        lambda: join(store.place, "red", "bo", by="bo", role="admin"),
        lambda: join(store.place, "blue", "ana", by="bo"),  # its admin would see what is ana's
        lambda: appoint(store.place, "bo", by="bo"),
        lambda: dismiss(store.place, "root", by="bo"),
        lambda: leave(store.place, "red", "ana", by="bo"),
    ):
        with pytest.raises(NotPermitted, match="'bo' administers nothing"):
            escalate()
    with pytest.raises(AssetNotFound):
        StoreInterface("2", user="bo").get_asset_by_id(id_)
    leave(store.place, "blue", "bo", by="bo")


def test_a_group_that_empties_opens_nothing(store: StoreInterface) -> None:
    id_ = store.save_asset(other())
    join(store.place, "red", "ana", by="root")

    leave(store.place, "red", "ana", by="ana")

    assert store.get_asset_by_id(id_).id == id_
    assert StoreInterface("2", user="bo").get_assets() == []


def test_the_past_is_seen_with_the_rights_of_now(store: StoreInterface) -> None:
    store.save_asset(other())
    position = store.place.vault.head
    join(store.place, "red", "ana", by="root")
    bo = StoreInterface("2", user="bo")

    assert len(store.get_assets(as_of=position)) == 1
    assert bo.get_assets(as_of=position) == []
    with pytest.raises(AssetNotFound):
        bo.get_asset("ex", as_of=position)


def test_an_alias_that_somebody_else_holds_is_not_taken_away(store: StoreInterface) -> None:
    store.save_asset(other(value="ana's"))
    store.assets.promote(store.get_asset("ex"), "champion")
    join(store.place, "red", "ana", by="root")
    join(store.place, "red", "cy", by="root", role="admin")
    join(store.place, "blue", "bo", by="root")
    bo, cy = (StoreInterface("2", user=user, step_name="s") for user in ("bo", "cy"))
    mine = other(value="bo's")
    bo.save_asset(mine)

    with pytest.raises(NotPermitted, match="the alias 'champion' of 'ex' is taken") as raised:
        bo.assets.promote(mine, "champion")

    assert "ana" not in str(raised.value)
    assert store.get_asset("ex", AssetType.OTHER, alias="champion").object == "ana's"
    cy.assets.promote(cy.get_asset("ex"), "champion")
    store.assets.demote("ex", AssetType.OTHER, "champion")
    bo.assets.promote(mine, "champion")
    assert bo.get_asset("ex", AssetType.OTHER, alias="champion").object == "bo's"


def test_a_flow_keeps_its_owner(store: StoreInterface) -> None:
    declare_flow(store.place, "1", owner="ana", steps=[("Train", "")])
    join(store.place, "red", "ana", by="root")
    join(store.place, "red", "cy", by="root", role="admin")

    for take in (
        lambda: declare_flow(store.place, "1", owner="bo", steps=[("Other", "")]),
        lambda: delete_flow(store.place, "1", user="bo"),
    ):
        with pytest.raises((NotPermitted, FlowNotFound)):
            take()
    declare_flow(store.place, "1", owner="cy", steps=[("Train", ""), ("Show", "")])

    assert (store.place.flows.flow("1").owner, len(store.get_flow_status()["steps"])) == ("ana", 2)
