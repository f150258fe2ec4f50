"""Frames as references read them: columns by name, rows by number and by the value of a column."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nacre_adapters.tablevault.errors import TVArgumentError
from nacre_adapters.tablevault.references.comparison import comparable
from nacre_adapters.tablevault.references.errors import ReferenceMissing
from nacre_adapters.tablevault.references.syntax import INDEX

Rows = NDArray[np.intp]


class Source:
    """A frame that references read from, and what makes looking up its rows fast.

    *name* is how messages call it.
    """

    def __init__(self, name: str, frame: pd.DataFrame) -> None:
        self.name = name
        self._frame = frame
        self._columns: dict[str, pd.Series] = {}
        self._places: dict[str, dict[object, list[int]] | None] = {}

    def __len__(self) -> int:
        return len(self._frame)

    def names(self) -> list[str]:
        """Return the names of the columns, `index` first."""
        return [INDEX, *(str(name) for name in self._frame.columns if name != INDEX)]

    def column(self, name: str) -> pd.Series:
        """Return a column.

        Raises:
            ReferenceMissing: there is none of that name.
        """
        found = self._columns.get(name)
        if found is None:
            found = self._columns[name] = self._read(name)
        return found

    def cell(self, name: str, row: int) -> object:
        """Return a cell, or None when there is no such row."""
        if not 0 <= row < len(self):
            return None
        value: object = row if name == INDEX else self.column(name).array[row]
        return value

    def frame(self, names: Sequence[str] | None, rows: Rows | None) -> pd.DataFrame:
        """Return columns of some rows, all of them where None is given, numbered from 0."""
        columns = {name: self.column(name) for name in names or self.names()}
        found = pd.DataFrame(columns, columns=list(columns))
        return found if rows is None else found.iloc[rows].reset_index(drop=True)

    def equal(self, name: str, value: object) -> Rows:
        """Return the rows that have *value* in a column.

        Raises:
            TVArgumentError: the column cannot have such a value.
        """
        wanted = self._comparable(name, value)
        places = self._places_of(name)
        try:
            if places is not None:
                return np.array(places.get(wanted, ()), dtype=np.intp)
        except TypeError:
            pass  # a value that cannot be looked up is compared with each
        return _rows(self.column(name).map(lambda each: _is_same(each, wanted)))

    def between(self, name: str, low: object, high: object) -> Rows:
        """Return the rows with a value from *low* up to but without *high* in a column.

        Raises:
            TVArgumentError: the column cannot have such values.
        """
        column = self.column(name)
        if isinstance(column.dtype, pd.CategoricalDtype):
            column = column.astype(column.dtype.categories.dtype)
        first, last = self._comparable(name, low), self._comparable(name, high)
        try:
            return _rows((column >= first) & (column < last))
        except TypeError as error:
            raise TVArgumentError(
                f"the column {name!r} of {self.name} cannot be compared with {low!r} and "
                f"{high!r}: give values of the type {column.dtype}"
            ) from error

    def _read(self, name: str) -> pd.Series:
        if name == INDEX:
            return pd.Series(np.arange(len(self)), name=INDEX)
        if name not in self._frame.columns:
            raise ReferenceMissing(
                f"{self.name} has no column {name!r}: it has {', '.join(self.names())}"
            )
        return self._frame[name].reset_index(drop=True)

    def _comparable(self, name: str, value: object) -> object:
        column = self.column(name)
        if value is None or value is pd.NA or value is pd.NaT:
            raise TVArgumentError(
                f"a condition compares the column {name!r} of {self.name} with a missing value: "
                "the reference that should give the value found none"
            )
        try:
            return comparable(column, value)
        except (ValueError, TypeError) as error:
            raise TVArgumentError(
                f"the column {name!r} of {self.name} has the type {column.dtype}, and {value!r} "
                f"is no value of it: {error}"
            ) from error

    def _places_of(self, name: str) -> dict[object, list[int]] | None:
        """Return the rows of each value; None for a column whose values cannot be looked up."""
        if name not in self._places:
            self._places[name] = _places(self.column(name))
        return self._places[name]


def _places(column: pd.Series) -> dict[object, list[int]] | None:
    places: dict[object, list[int]] = {}
    try:
        for row, value in enumerate(column.array):
            if value is not pd.NA:
                places.setdefault(value, []).append(row)
    except TypeError:
        return None
    return places


def _is_same(each: object, wanted: object) -> bool:
    return type(each) is type(wanted) and bool(np.all(each == wanted))


def _rows(chosen: pd.Series) -> Rows:
    return np.flatnonzero(chosen.fillna(value=False).to_numpy(dtype=bool))
