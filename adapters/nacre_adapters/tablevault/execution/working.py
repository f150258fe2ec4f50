"""The instance while it is made: columns of one length, each of its type."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nacre_adapters.tablevault.execution.journal import Part, Stage
from nacre_adapters.tablevault.execution.types import ARTIFACT, converted, empty, with_categories_of
from nacre_adapters.tablevault.references.sources import Source

Mask = NDArray[np.bool_]


class Working:
    """The columns so far, and how references read them. Rows are numbered from 0."""

    def __init__(self, frame: pd.DataFrame, artifact_columns: Sequence[str] = ()) -> None:
        self._columns = {str(name): frame[name].reset_index(drop=True) for name in frame.columns}
        self._artifacts = dict.fromkeys(artifact_columns)
        self._rows = len(frame)
        self._source: Source | None = None

    def __len__(self) -> int:
        return self._rows

    def __contains__(self, column: str) -> bool:
        return column in self._columns

    @property
    def artifact_columns(self) -> tuple[str, ...]:
        """The columns that hold paths of artifacts."""
        return tuple(name for name in self._columns if name in self._artifacts)

    def column(self, name: str) -> pd.Series:
        """Return a column, which nobody changes."""
        return self._columns[name]

    def frame(self) -> pd.DataFrame:
        """Return all columns in their order."""
        return pd.DataFrame(self._columns, index=pd.RangeIndex(self._rows))

    def stage(self, columns: Sequence[str]) -> Stage:
        """Return what a journal keeps: the columns that are made."""
        artifacts = tuple(name for name in self.artifact_columns if name in columns)
        return Stage(frame=self.frame()[list(columns)], artifact_columns=artifacts)

    def source(self, path: Callable[[str], str]) -> Source:
        """Return what references to `self` read: the columns as they are now.

        *path* makes full paths of the cells of artifacts.
        """
        if self._source is None:
            frame = pd.DataFrame(self._columns, index=pd.RangeIndex(self._rows), copy=False)
            for name in self.artifact_columns:
                frame[name] = frame[name].map(path, na_action="ignore").astype("string")
            self._source = Source("self", frame)
        return self._source

    def add_missing(self, types: Mapping[str, str]) -> None:
        """Add the columns that are not there, without values; types change where they differ."""
        for name, type_ in types.items():
            if name not in self._columns:
                self._columns[name] = empty(type_, self._rows)
            elif str(self._columns[name].dtype) != type_:
                self._columns[name] = converted(name, self._columns[name], type_)
            if type_ == ARTIFACT:
                self._artifacts[name] = None
        self._source = None

    def missing(self, columns: Sequence[str]) -> Mask:
        """Return which rows lack a value in one of *columns*."""
        found = np.zeros(self._rows, dtype=bool)
        for name in columns:
            found |= self._columns[name].isna().to_numpy()
        return found

    def blank(self, columns: Sequence[str], rows: Mask) -> None:
        """Take the values of some rows away."""
        if rows.any():
            for name in columns:
                self._columns[name] = self._columns[name].mask(rows)
            self._source = None

    def put(self, part: Part) -> None:
        """Put rows that were computed; rows behind the last are added, missing elsewhere."""
        if not part.rows:
            return
        self._extend(max(part.rows) + 1)
        rows = np.array(part.rows)
        for name in part.frame.columns:
            if name not in self._columns:
                self._columns[name] = part.frame[name].iloc[:0].reindex(range(self._rows))
            self._columns[name] = _with(self._columns[name], rows, part.frame[name])
        self._source = None

    def _extend(self, rows: int) -> None:
        if rows > self._rows:
            for name, column in self._columns.items():
                self._columns[name] = column.reindex(range(rows))
            self._rows = rows


def _with(column: pd.Series, rows: NDArray[np.intp], values: pd.Series) -> pd.Series:
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = with_categories_of(column, values)
        values = values.astype(column.dtype)
    changed = column.copy()
    changed.iloc[rows] = values.array
    return changed
