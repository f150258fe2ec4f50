"""What datasets, models, cards and groups tell of themselves."""

from pathlib import Path

import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

import nacre
from nacre.errors import InvalidInput
from nacre_adapters.flowstore import Dataset, Model, join, leave, open_place
from nacre_adapters.flowstore.pages import Card, RichText, TextInput

FRAME = pd.DataFrame({"city": ["Rome", "Bonn", "Rome"], "n": [1, 2, 3]})


def test_a_dataset_names_its_categories_and_makes_them_categorical() -> None:
    dataset = Dataset(FRAME, "cities")

    assert dataset.get_categorical_names() == ["city"]
    converted = dataset.convert_dtypes()
    assert converted["city"].dtype == pd.CategoricalDtype(dataset.cat_to_vals["city"])
    assert converted["city"].tolist() == ["Rome", "Bonn", "Rome"]
    assert dataset.dataset.equals(FRAME)


def test_some_columns_of_a_dataset_are_a_copy_and_others_are_refused() -> None:
    dataset = Dataset(FRAME, "cities")

    some = dataset.filter_data(["n"])
    some.loc[0, "n"] = 9

    assert list(some.columns) == ["n"]
    assert dataset.dataset["n"].tolist() == [1, 2, 3]
    with pytest.raises(InvalidInput, match="no columns"):
        dataset.filter_data(["n", "country"])


def test_a_model_tells_its_parameters_and_times() -> None:
    model = Model(LogisticRegression(C=0.5), "logit")
    model.fit([[0.0], [1.0]], [0, 1])

    told = model.get_all_metainfo()

    assert told["parameters"]["C"] == 0.5
    assert list(told["times"]) == ["fit"]
    assert set(told) == {"parameters", "times", "metadata", "user_notes", "engineer_notes"}


def test_a_card_tells_its_filters_apart_from_its_content() -> None:
    chosen = TextInput("city")
    card = Card("a card", content=[RichText("text")], filters=[chosen])

    assert card.get_filters() == [chosen]
    assert [type(each) for each in card.get_elements()] == [RichText]


def test_a_group_tells_its_members(tmp_path: Path) -> None:
    with nacre.open(tmp_path / "v", actor="root") as vault:
        place = open_place(vault)
        for user in ("ana", "bo", "cy"):
            join(place, "red", user, by="root")
        leave(place, "red", "bo", by="root")

        members = dict(place.people.members_of("red"))

        assert list(members) == ["ana", "cy"]
        assert members["ana"] == place.people.groups_of("ana")["red"]
        assert list(place.people.members_of("blue")) == []
