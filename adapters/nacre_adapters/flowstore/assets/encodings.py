"""How categories are written in a frame: as they are, as numbers, or as a 0/1 column for each."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from nacre.errors import InvalidInput

ORDINAL, ONE_HOT, VERBOSE = "ordinal", "one_hot", "verbose"
ENCODINGS = (ORDINAL, ONE_HOT, VERBOSE)


@dataclass(frozen=True, slots=True)
class Categories:
    """What values each column of categories has, and its 0/1 columns in the same order."""

    values: dict[str, list[object]]
    columns: dict[str, list[str]]
    named: list[str]

    @classmethod
    def of(
        cls,
        named: Sequence[str] | None,
        values: Mapping[str, Sequence[object]] | None,
        columns: Mapping[str, Sequence[str]] | None,
    ) -> "Categories":
        """Return what a caller has said; the rest is to be inferred."""
        given = {name: list(each) for name, each in (values or {}).items()}
        hot = {name: list(each) for name, each in (columns or {}).items()}
        return cls(given, hot, list(dict.fromkeys([*(named or ()), *given, *hot])))

    def as_row(self) -> dict[str, object]:
        """Return what is stored."""
        return {"values": self.values, "columns": self.columns, "named": self.named}

    @classmethod
    def of_row(cls, row: object) -> "Categories":
        """Return what was stored."""
        assert isinstance(row, dict)
        return cls(row["values"], row["columns"], row["named"])


def inferred(frame: pd.DataFrame, given: Categories, encoding: str) -> Categories:
    """Return all categories: those given, and those found in a frame that is written so."""
    values: dict[str, list[object]] = {}
    columns: dict[str, list[str]] = {}
    for name in given.named or (_text_columns(frame) if encoding == VERBOSE else ()):
        values[name] = given.values.get(name) or _found(frame, given, name)
        usual = [f"{name}_{value}" for value in values[name]]
        columns[name] = given.columns.get(name) or usual
    return Categories(values, columns, list(values))


def convert(frame: pd.DataFrame, known: Categories, from_: str, to_: str) -> pd.DataFrame:
    """Return a frame whose categories are written as *to_* instead of as *from_*."""
    codes = {name: _codes(frame, known, name, from_) for name in known.values}
    if from_ == to_:
        return frame.copy()
    written: list[pd.DataFrame] = []
    done: set[str] = set()
    owners = {each: name for name, hot in known.columns.items() for each in hot}
    for column in frame.columns:
        name = owners.get(column) if from_ == ONE_HOT else column
        if name not in known.values:
            written.append(frame[[column]])
        elif name not in done:
            done.add(name)
            written.append(_written(codes[name], known, name, to_).set_axis(frame.index))
    return pd.concat(written, axis=1) if written else frame.copy()


def _text_columns(frame: pd.DataFrame) -> list[str]:
    return [name for name in frame.columns if _is_text(frame[name])]


def _is_text(column: pd.Series) -> bool:
    if isinstance(column.dtype, pd.CategoricalDtype):
        return True
    if pd.api.types.is_object_dtype(column.dtype):
        return _is_hashable(column)
    return bool(pd.api.types.is_string_dtype(column.dtype))


def _is_hashable(column: pd.Series) -> bool:
    return all(isinstance(value, Hashable) for value in column)


def _found(frame: pd.DataFrame, given: Categories, name: str) -> list[object]:
    if name not in frame.columns:
        return [column.removeprefix(f"{name}_") for column in given.columns.get(name, ())]
    if isinstance(frame[name].dtype, pd.CategoricalDtype):
        return list(frame[name].cat.categories)
    return sorted(frame[name].dropna().unique().tolist(), key=str)


def _codes(frame: pd.DataFrame, known: Categories, name: str, encoding: str) -> np.ndarray:
    """Return the number of the category in each row; -1 where there is none."""
    if encoding == ONE_HOT:
        hot = frame[known.columns[name]].to_numpy(dtype=bool)
        found: np.ndarray = np.where(hot.any(axis=1), hot.argmax(axis=1), -1)
        return found
    column = frame[name]
    if encoding == VERBOSE:
        codes = pd.Index(known.values[name]).get_indexer_for(column)
    else:
        codes = column.fillna(-1).to_numpy(dtype=np.int64)
    bad = (codes < 0) & column.notna().to_numpy() | (codes >= len(known.values[name]))
    if bad.any():
        odd = column[bad].iloc[0]
        raise InvalidInput(f"the column {name!r} has {odd!r:.60}, which is none of its categories")
    numbers: np.ndarray = np.asarray(codes, dtype=np.int64)
    return numbers


def _written(codes: np.ndarray, known: Categories, name: str, encoding: str) -> pd.DataFrame:
    values = known.values[name]
    if encoding == ORDINAL:
        return pd.DataFrame({name: codes.astype(np.int64)})
    if encoding == VERBOSE:
        found = [values[code] if code >= 0 else None for code in codes]
        return pd.DataFrame({name: pd.Series(found, dtype=None if found else object)})
    hot = {column: codes == number for number, column in enumerate(known.columns[name])}
    return pd.DataFrame(hot)
