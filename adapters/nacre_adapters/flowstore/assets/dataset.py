"""A dataset: a frame as an asset, and how its categories are written as numbers."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

import pandas as pd

from nacre.errors import InvalidInput
from nacre_adapters.flowstore.assets.asset import Asset
from nacre_adapters.flowstore.assets.encodings import (
    ENCODINGS,
    VERBOSE,
    Categories,
    convert,
    inferred,
)
from nacre_adapters.flowstore.assets.types import AssetType


class Dataset(Asset):
    """A frame. Its categories are numbers, 0/1 columns, or what they stand for."""

    class_name: ClassVar[str] = "dataset"

    def __init__(  # noqa: PLR0913, PLR0917 - the interface has them in this order
        self,
        dataset: pd.DataFrame,
        label: str,
        metadata: Mapping[str, object] | None = None,
        name: str | None = None,
        encoding: str | None = None,
        one_hot_dict: Mapping[str, Sequence[str]] | None = None,
        cat_to_vals: Mapping[str, Sequence[object]] | None = None,
        categorical_cols: Sequence[str] | None = None,
        predict_cols: Sequence[str] | None = None,
        description: str | None = None,
        version: object = None,
        **kwargs: object,
    ) -> None:
        """Make a dataset of a frame; what is not said of its categories is found in it.

        Raises:
            InvalidInput: there is no such encoding.
        """
        super().__init__(
            dataset, label, AssetType.DATASET, metadata, name, description, version, **kwargs
        )
        if encoding is not None:
            self.check_valid_encoding(encoding)
        self.about()["encoding"] = encoding
        self.about()["predict_cols"] = list(predict_cols or ())
        given = Categories.of(categorical_cols, cat_to_vals, one_hot_dict)
        self.about()["categories"] = given.as_row()

    @property
    def dataset(self) -> pd.DataFrame:
        """The frame."""
        return self.object

    @property
    def encoding(self) -> str | None:
        """How categories are written: "ordinal", "one_hot", "verbose", or not said."""
        found = self.about()["encoding"]
        return None if found is None else str(found)

    @property
    def predict_cols(self) -> list[str]:
        """What is to be predicted."""
        found = self.about()["predict_cols"]
        assert isinstance(found, list)
        return found

    @property
    def categorical_cols(self) -> list[str]:
        """Which columns hold categories."""
        return list(self._categories.values)

    @property
    def cat_to_vals(self) -> dict[str, list[object]]:
        """The categories of each such column, in the order of their numbers."""
        return self._categories.values

    @property
    def one_hot_dict(self) -> dict[str, list[str]]:
        """The 0/1 columns that stand for each such column."""
        return self._categories.columns

    def get_categorical_names(self) -> list[str]:
        """Return which columns hold categories."""
        return self.categorical_cols

    def check_valid_encoding(self, encoding: str) -> None:
        """Raise unless there is such an encoding.

        Raises:
            InvalidInput: (a ValueError) there is none.
        """
        if encoding not in ENCODINGS:
            raise InvalidInput(
                f"there is no encoding {encoding!r:.40}: choose of {', '.join(ENCODINGS)}"
            )

    def convert_encoding(self, X: pd.DataFrame, from_: str, to_: str) -> pd.DataFrame:  # noqa: N803 - as statisticians write it
        """Return a frame with its categories written another way.

        Raises:
            InvalidInput: (a ValueError) there is no such encoding, or a value is no category.
        """
        self.check_valid_encoding(from_)
        self.check_valid_encoding(to_)
        return convert(X, self._categories, from_, to_)

    def get_as_encoding(self, encoding: str) -> pd.DataFrame:
        """Return the frame with its categories written that way; raises as `convert_encoding`."""
        return self.convert_encoding(self.dataset, self.encoding or VERBOSE, encoding)

    def filter_data(self, columns: Sequence[str]) -> pd.DataFrame:
        """Return some columns of the frame.

        Raises:
            InvalidInput: (a ValueError) it has no such column.
        """
        missing = [column for column in columns if column not in self.dataset.columns]
        if missing:
            raise InvalidInput(f"the dataset {self.label!r} has no columns {missing}")
        return self.dataset[list(columns)].copy()

    def convert_dtypes(self) -> pd.DataFrame:
        """Return the frame with the columns of categories as pandas' categories."""
        frame = self.get_as_encoding(VERBOSE)
        for column, values in self.cat_to_vals.items():
            frame[column] = pd.Categorical(frame[column], categories=values)
        return frame

    @property
    def _categories(self) -> Categories:
        """What was given, and for the rest what is in the frame: looked for when it is needed."""
        given = Categories.of_row(self.about()["categories"])
        return inferred(self.dataset, given, self.encoding or VERBOSE)
