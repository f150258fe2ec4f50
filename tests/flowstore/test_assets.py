"""Assets: what is found, what a revision keeps, who may see it."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

import nacre
from nacre.errors import InvalidInput
from nacre_adapters.flowstore import (
    Asset,
    AssetNotFound,
    AssetType,
    Dataset,
    Explainer,
    Model,
    NotStorable,
    NotTrusted,
    Schema,
    StoreInterface,
    delete_flow,
    use_store,
)
from nacre_adapters.flowstore.assets import AssetPersistenceMethod

FRAME = pd.DataFrame({"a": [1, 2, 3], "b": ["x", "y", None]})


@pytest.fixture
def store(tmp_path: Path) -> Iterator[StoreInterface]:
    with use_store(tmp_path / "flows.vault"):
        yield StoreInterface("1", user="ana", step_name="Train")


def other(label: str = "ex", value: object = (1, 2), **more: object) -> Asset:
    return Asset(value, label, AssetType.OTHER, **more)  # type: ignore[arg-type]


def test_two_saves_are_two_assets_and_the_newest_is_found(store: StoreInterface) -> None:
    first = store.save_asset(other(value="old"))
    second = store.save_asset(other(value="new"))

    assert first != second
    assert store.get_asset("ex").object == "new"
    assert [asset.id for asset in store.get_assets("ex")] == [second, first]
    assert store.get_asset_by_id(first).object == "old"


def test_one_object_saved_twice_is_two_assets(store: StoreInterface) -> None:
    asset = other()

    assert store.save_asset(asset) != store.save_asset(asset)


def test_overwriting_makes_a_revision_and_keeps_the_old_one(store: StoreInterface) -> None:
    first = store.save_asset(other(value="old"))

    second = store.save_asset(other(value="new"), overwrite=True)

    assert first == second
    assert store.get_asset("ex").object == "new"
    assert store.get_asset("ex", revision=0).object == "old"
    assert [asset.object for asset in store.assets.revisions(first)] == ["old", "new"]


def test_an_asset_is_the_revision_that_was_saved_whoever_is_quicker(
    store: StoreInterface,
) -> None:
    store.save_asset(other(value="first"))
    mine, place = store.get_asset("ex"), store.place
    mine.object = "mine"
    commit = place.commit

    def overtaken(*args: object, **more: object) -> object:
        done = commit(*args, **more)  # type: ignore[arg-type]
        place.commit = commit  # type: ignore[method-assign]
        StoreInterface("2", "bo", "s").save_asset(other(value="theirs"), overwrite=True)
        return done

    place.commit = overtaken  # type: ignore[method-assign,assignment]
    store.save_asset(mine, overwrite=True, asset_id=mine.id)
    store.assets.promote(mine, "champion")

    assert mine.revision == 1
    assert store.get_asset("ex", AssetType.OTHER, alias="champion").object == "mine"


def test_overwriting_goes_by_type_and_name(store: StoreInterface) -> None:
    one = store.save_asset(other(name="one"))
    two = store.save_asset(other(name="two"))

    assert store.save_asset(other(name="one"), overwrite=True) == one
    assert store.save_asset(other(name="three"), overwrite=True) not in (one, two)
    assert store.save_asset(other(), overwrite=True, asset_id=two) == two


def test_what_cannot_be_overwritten_is_said(store: StoreInterface) -> None:
    asset = store.save_asset(other())

    with pytest.raises(ValueError, match="no asset with asset_id='nope'"):
        store.save_asset(other(), overwrite=True, asset_id="nope")
    with pytest.raises(ValueError, match="is a other, not a dataset"):
        store.save_asset(Dataset(FRAME, "ex"), overwrite=True, asset_id=asset)
    with pytest.raises(TypeError, match="takes an Asset, not a int"):
        store.save_asset(3)  # type: ignore[arg-type]


def test_a_label_or_a_type_is_needed(store: StoreInterface) -> None:
    asset = store.save_asset(other(name="x"))

    for given in ({}, {"name": "x"}, {"time_created": "2026-01-01"}):
        with pytest.raises(ValueError, match="a label or a type"):
            store.get_asset(**given)
    assert store.get_asset(asset_id=asset).id == asset
    with pytest.raises(AssetNotFound):
        store.get_asset(asset_id=asset, name="y")


def test_assets_are_found_by_time(store: StoreInterface) -> None:
    for value in range(3):
        store.save_asset(other(value=value))
    times = [asset.time_created for asset in store.get_assets()]

    assert times == sorted(times, reverse=True)
    assert len(set(times)) == 3
    assert store.get_asset("ex", time_created=times[1]).object == 1
    assert store.get_asset("ex", time_created=datetime.fromisoformat(times[2])).object == 0
    with pytest.raises(InvalidInput, match="is no time"):
        store.get_asset("ex", time_created="yesterday")


def test_lists_are_lazy(store: StoreInterface) -> None:
    store.save_asset(Dataset(FRAME, "data"))
    place = store.place
    calls = []
    decode = place.codecs.decode
    place.codecs.decode = lambda *args, **more: calls.append(args) or decode(*args, **more)

    (asset,) = store.get_assets()

    assert (asset.label, asset.saved.py_type, calls) == ("data", "pandas.DataFrame", [])
    pd.testing.assert_frame_equal(asset.object, FRAME)
    assert len(calls) == 1


def test_everything_of_an_asset_comes_back(store: StoreInterface) -> None:
    asset = other(metadata={"k": (1, {2})}, name="n", description="d", contains_pii=True)
    asset.add_user_notes("first")
    asset.add_user_notes("second")
    asset.add_engineer_notes(3, key="seed")
    asset.link_asset("parent", other("else"))
    store.save_asset(asset)

    found = store.get_asset("ex")

    assert found == asset
    assert hash(found) == hash(asset)
    assert found.metadata == {"k": (1, {2})}
    assert found.user_notes == {"log": ["first", "second"]}
    assert found.engineer_notes == {"seed": 3}
    assert found.details == {"contains_pii": True}
    assert (found.owner, found.revision, found.version) == ("ana", 0, 0)
    assert found.saved.origin == ("1", "Train", 0)


def test_versions_count_by_label_type_and_name(store: StoreInterface) -> None:
    versions = []
    for asset in (
        other(),
        other(),
        other(name="n"),
        other(version="v7"),
        other(),
        other(version=5),
    ):
        store.save_asset(asset)
        versions.append(asset.saved.version)
    store.save_asset(other(), overwrite=True)

    assert versions == [0, 1, 0, "v7", 0, 5]
    assert store.get_assets("ex")[0].version == 6


def test_the_same_frame_under_ten_labels_is_stored_once(store: StoreInterface) -> None:
    frame = pd.DataFrame({"a": range(200_000)})
    store.save_asset(Dataset(frame, "first"))
    before = _bytes(store)

    for number in range(10):
        store.save_asset(Dataset(frame, f"label {number}"))

    assert _bytes(store) < before * 1.1


def _bytes(store: StoreInterface) -> int:
    return sum(file.stat().st_size for file in (store.place.vault.path / "packs").iterdir())


def test_a_dataset_comes_back_as_one(store: StoreInterface) -> None:
    frame = pd.DataFrame({"city": ["Rome", "Bonn", "Rome"], "n": [1, 2, 3]})
    store.save_asset(Dataset(frame, "cities", name="train", predict_cols=["n"]))

    found = store.get_dataset("cities", "train")

    assert isinstance(found, Dataset)
    assert (found.categorical_cols, found.predict_cols) == (["city"], ["n"])
    assert found.cat_to_vals == {"city": ["Bonn", "Rome"]}
    ordinal = found.get_as_encoding("ordinal")
    assert ordinal["city"].tolist() == [1, 0, 1]
    hot = found.convert_encoding(ordinal, "ordinal", "one_hot")
    assert list(hot.columns) == ["city_Bonn", "city_Rome", "n"]
    assert found.convert_encoding(hot, "one_hot", "verbose")["city"].tolist() == list(frame["city"])
    with pytest.raises(ValueError, match="no encoding 'binary'"):
        found.get_as_encoding("binary")
    with pytest.raises(ValueError, match="'Oslo', which is none of its categories"):
        found.convert_encoding(frame.replace("Bonn", "Oslo"), "verbose", "ordinal")


def test_a_schema_says_what_is_wrong(store: StoreInterface) -> None:
    schema = Schema(
        pd.Series({"a": "int64", "b": "object"}), valid_inputs={"a": [0, 9]}, label="rows"
    )
    store.save_asset(schema)

    found = store.get_schema("rows")

    assert found.validate(FRAME)
    for bad, what in (
        (FRAME.drop(columns="b"), "no column 'b'"),
        (FRAME.assign(a=[1.0, 2.0, 3.0]), "'a' is float64, not int64"),
        (FRAME.assign(a=[1, 2, 30]), "1 values that are not allowed: 30"),
    ):
        with pytest.raises(ValueError, match=what):
            found.validate(bad)
    with pytest.raises(ValueError, match="an exact match needs it"):
        Schema(pd.Series({"a": "int64"}), exact_match=True, valid_inputs={})


def test_a_model_passes_on_what_it_does_not_have(store: StoreInterface) -> None:
    model = Model([3, 1, 2], "numbers", name="n")

    model.sort()

    assert model.object == [1, 2, 3]
    assert model.get_recent_time("sort") > 0
    store.save_asset(model)
    found = store.get_model("numbers")
    assert (found.index(2), found.name, len(found.get_time("sort"))) == (1, "n", 1)
    with pytest.raises(AttributeError):
        _ = found.fit
    with pytest.raises(AttributeError):
        _ = Model.__new__(Model).anything


def test_an_explainer_knows_its_model_and_data(store: StoreInterface) -> None:
    model, data = Model([1], "m"), Dataset(FRAME, "d")
    store.save_asset(model)
    store.save_asset(data)
    store.save_asset(Explainer(model, data, "classification", "why"))

    found = store.get_explainer("why")

    assert found.mode == "classification"
    linked = {label: store.get_asset_by_id(i) for label, i in found.linked_asset_objects.items()}
    assert linked["model"] == model
    pd.testing.assert_frame_equal(linked["training_data"].object, FRAME)


def test_what_has_expired_is_hidden(store: StoreInterface) -> None:
    asset = other()
    asset.set_time_to_live(timedelta(microseconds=1))
    id_ = store.save_asset(asset)

    assert store.get_assets() == []
    with pytest.raises(AssetNotFound):
        store.get_asset_by_id(id_)
    for bad in (0, timedelta(-1)):
        with pytest.raises(ValueError, match="is over"):
            asset.set_time_to_live(bad)


def test_time_is_that_of_the_vault(tmp_path: Path) -> None:
    vault = nacre.open(tmp_path / "v")
    store = StoreInterface("1", "ana", "s", store=vault)
    asset = other()
    asset.set_time_to_live(timedelta(milliseconds=200))
    store.save_asset(asset)
    then = StoreInterface("1", "ana", store=vault.at(vault.head))
    while vault.time_ns < asset.saved.created_us * 1000 + 200_000_000:
        vault.record("somebody.waits", subject="x")

    assert store.get_assets() == []
    assert [each.label for each in then.get_assets()] == ["ex"]  # not expired, then
    assert [each.label for each in store.get_assets(as_of=then.place.vault.head)] == ["ex"]
    vault.close()


def test_an_asset_survives_its_flow(store: StoreInterface) -> None:
    store.save_output(1, "x")
    id_ = store.save_asset(other())

    delete_flow(store.place, "1", user="ana")

    with pytest.raises(ValueError, match="nothing was saved"):
        StoreInterface("1", "ana", "Next").get_input("x")
    assert store.get_asset_by_id(id_).saved.origin[:2] == ("1", "Train")


def test_a_deleted_asset_can_be_restored(store: StoreInterface) -> None:
    id_ = store.save_asset(other())

    store.assets.delete(id_)

    assert store.get_assets() == []
    with pytest.raises(AssetNotFound, match="was deleted: restore it first"):
        store.save_asset(other(), overwrite=True, asset_id=id_)
    store.assets.restore(id_)
    assert store.get_asset("ex").id == id_


# What an object may be


class Own:
    """A class that no codec knows."""

    def __init__(self, value: int) -> None:
        self.value = value


def test_a_pickle_is_stored_for_whoever_asks_on_both_sides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("NACRE_FLOWSTORE_KEY", "A" * 43 + "=")
    asset = Asset(Own(3), "own", AssetType.OTHER)
    with use_store(tmp_path / "v"):
        store = StoreInterface("1", "ana", "One")
        with pytest.raises(NotStorable, match=r"object: .*trust='pickle'"):
            store.save_asset(asset)
        with pytest.raises(InvalidInput, match="say trust='pickle' as well"):
            store.save_asset(asset, serialization_method="PICKLE")
        store.save_asset(asset, trust="pickle", serialization_method="pickle")
        store.save_output(Own(4), "x", trust="pickle")

        with pytest.raises(NotTrusted):
            _ = store.get_asset("own").object
        assert store.get_asset("own").get_object(trust="pickle").value == 3
        assert store.get_input("x", trust="pickle").value == 4
    with use_store(tmp_path / "v", trust="pickle"):
        assert StoreInterface("1", "ana").get_asset("own").object.value == 3


def test_a_method_that_is_known_changes_nothing(store: StoreInterface) -> None:
    store.save_asset(Dataset(FRAME, "data"), serialization_method=AssetPersistenceMethod.CSV)

    pd.testing.assert_frame_equal(store.get_dataset("data").object, FRAME)
    with pytest.raises(InvalidInput, match="there is no serialization_method 'yaml'"):
        store.save_asset(other(), serialization_method="yaml")


def test_a_dataset_may_hold_anything_that_a_frame_may(store: StoreInterface) -> None:
    frame = pd.DataFrame({"ids": ["x", "y"], "lists": [[1], [2]], "n": [1.5, None]})
    store.save_asset(Dataset(frame, "mixed", categorical_cols=["ids"]))
    store.save_asset(Dataset(frame, "plain"))

    found = store.get_dataset("mixed")

    pd.testing.assert_frame_equal(found.object, frame)
    assert found.get_as_encoding("ordinal")["ids"].tolist() == [0, 1]
    assert store.get_dataset("plain").categorical_cols == ["ids"]


@pytest.mark.parametrize("call", ["get_asset", "get_assets", "get_asset_by_id", "get_dataset"])
def test_a_name_that_is_no_text_is_refused(store: StoreInterface, call: str) -> None:
    with pytest.raises(InvalidInput, match="3 is no text"):
        getattr(store, call)(3)
