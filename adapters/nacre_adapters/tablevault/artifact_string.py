"""`artifact_string`: the type of a column whose cells are paths of files of an instance.

Importing this module makes the name known to pandas, as `astype("artifact_string")` needs.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Self

import numpy as np
import pandas as pd
from pandas.api.extensions import (
    ExtensionArray,
    ExtensionDtype,
    register_extension_dtype,
    take,
)

NAME = "artifact_string"


@register_extension_dtype
class ArtifactStringDtype(ExtensionDtype):  # type: ignore[misc]  # pandas has no types here
    """Paths of files, or NA."""

    name = NAME
    type = str
    kind = "O"
    na_value = pd.NA

    def __repr__(self) -> str:
        return self.name

    @classmethod
    def construct_array_type(cls) -> Any:  # noqa: ANN401 - `type` is a field of the class here
        """Return what columns of this type are made of."""
        return ArtifactStringArray


class ArtifactStringArray(ExtensionArray):  # type: ignore[misc]  # as above
    """Paths of files, as a column holds them."""

    def __init__(self, values: np.ndarray[Any, Any]) -> None:
        self._values = values

    @classmethod
    def _from_sequence(
        cls, scalars: Iterable[object], *, dtype: object = None, copy: bool = False
    ) -> Self:
        values = np.array([_cell(value) for value in scalars], dtype=object)
        return cls(values.reshape(-1))

    @classmethod
    def _from_factorized(cls, values: Iterable[object], original: object) -> Self:
        return cls._from_sequence(values)

    @classmethod
    def _concat_same_type(cls, to_concat: Sequence["ArtifactStringArray"]) -> Self:
        return cls(np.concatenate([each._values for each in to_concat]))

    @property
    def dtype(self) -> ArtifactStringDtype:
        """The one type that there is."""
        return ArtifactStringDtype()

    @property
    def nbytes(self) -> int:
        """How many bytes the references take."""
        return int(self._values.nbytes)

    def __len__(self) -> int:
        return len(self._values)

    def __getitem__(self, item: Any) -> Any:  # noqa: ANN401 - whatever pandas selects with
        item = pd.api.indexers.check_array_indexer(self, item)
        found = self._values[item]
        return type(self)(found) if isinstance(found, np.ndarray) else found

    def __setitem__(self, key: Any, value: Any) -> None:  # noqa: ANN401 - as above
        key = pd.api.indexers.check_array_indexer(self, key)
        one = isinstance(value, str) or pd.api.types.is_scalar(value)
        self._values[key] = _cell(value) if one else [_cell(each) for each in value]

    def __eq__(self, other: object) -> Any:  # noqa: ANN401 - an array of booleans
        if isinstance(other, pd.Series | pd.Index | pd.DataFrame):
            return NotImplemented
        values = other._values if isinstance(other, ArtifactStringArray) else other
        wanted = np.broadcast_to(np.asarray(values, dtype=object), self._values.shape)
        pairs = zip(self._values, wanted, strict=True)
        same = [isinstance(one, str) and one == other for one, other in pairs]
        return pd.array(same, dtype="boolean")

    __hash__ = None  # type: ignore[assignment]  # as every array

    def isna(self) -> np.ndarray[Any, Any]:
        """Tell which cells are missing."""
        return np.asarray(pd.isna(self._values))

    def take(self, indices: Any, *, allow_fill: bool = False, fill_value: Any = None) -> Self:  # noqa: ANN401 - as pandas has it
        """Return the cells at some places."""
        if allow_fill and (fill_value is None or pd.isna(fill_value)):
            fill_value = pd.NA
        found = take(self._values, indices, fill_value=fill_value, allow_fill=allow_fill)
        return type(self)(found)

    def copy(self) -> Self:
        """Return the same cells, to be changed apart."""
        return type(self)(self._values.copy())


def _cell(value: object) -> object:
    if isinstance(value, str):
        return value
    if value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return pd.NA
    raise ValueError(f"an artifact is the path of a file: a {type(value).__name__} is none")
