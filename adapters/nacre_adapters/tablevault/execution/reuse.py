"""Which rows of the instance before can be taken over, and which not any more.

Rows are the same when their primary keys are; without one, when they stand at the same place and
their columns of the index builder are equal.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nacre_adapters.tablevault.errors import TVTableError
from nacre_adapters.tablevault.execution.types import converted, with_categories_of
from nacre_adapters.tablevault.execution.working import Mask, Working

Places = NDArray[np.intp]


def _is_as_before(_: str) -> bool:
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The materialized instance before: what it holds and what it was made with."""

    frame: pd.DataFrame
    artifact_columns: tuple[str, ...] = ()
    recipes: Mapping[str, str] = field(default_factory=dict)
    """Of each builder that made it."""

    file_differs: Callable[[str], bool] = _is_as_before
    """Tells of a cell of an artifact column whether its file is another now."""


class Matched:
    """The rows of the instance before, beside the new rows that are the same."""

    def __init__(self, origin: Origin, rows: pd.DataFrame, keys: Sequence[str]) -> None:
        self._origin = origin
        self._frame = origin.frame.reset_index(drop=True)
        self._places = _places(self._frame, rows, keys)

    @property
    def rows(self) -> Mask:
        """Which of the new rows were there before."""
        found: Mask = self._places >= 0
        return found

    @property
    def moved(self) -> Mask:
        """Which of them stood at another place."""
        found: Mask = (self._places >= 0) & (self._places != np.arange(len(self._places)))
        return found

    def column(self, name: str) -> pd.Series:
        """Return a column of before for the new rows, missing where a row is new."""
        return self._frame[name].reindex(self._places).reset_index(drop=True)

    def __contains__(self, name: str) -> bool:
        return name in self._frame.columns

    def differing(self, working: Working, columns: Sequence[str]) -> Mask:
        """Return which of the matched rows have another value now in one of *columns*."""
        found = np.zeros(len(working), dtype=bool)
        for name in columns:
            found |= _differ(working.column(name), self.column(name)) if name in self else True
            if name in self._origin.artifact_columns:
                found |= self._other_files(working.column(name), found | ~self.rows)
        return found & self.rows

    def _other_files(self, cells: pd.Series, known: Mask) -> Mask:
        """Return where the file is another under the same name; what is *known* is left out."""
        found = np.zeros(len(cells), dtype=bool)
        for row in np.flatnonzero(~known & cells.notna().to_numpy()):
            found[row] = self._origin.file_differs(str(cells.array[row]))
        return found


def joined(rows: Working, matched: Matched, origin: Origin, made_anew: set[str]) -> Working:
    """Return the rows with the columns of before, but for those that are *made_anew*."""
    frame = rows.frame()
    names = [str(name) for name in origin.frame.columns if str(name) not in made_anew]
    columns = {name: matched.column(name) for name in names if name not in frame}
    both = pd.DataFrame({**dict(frame.items()), **columns}, index=frame.index)
    artifacts = [name for name in origin.artifact_columns if name in columns]
    return Working(both, [*rows.artifact_columns, *artifacts])


def with_old_rows(working: Working, origin: Origin, keys: Sequence[str]) -> Working:
    """Return the rows of before that are not there any more, then those of now."""
    frame, old = working.frame(), origin.frame.reset_index(drop=True)
    if keys:
        now = set(_keys(frame, keys))
        old = old[[key not in now for key in _keys(old, keys)]]
    names = [*frame.columns, *(name for name in old.columns if name not in frame.columns)]
    both = pd.DataFrame({name: _stacked(old, frame, name) for name in names})
    artifacts = [*working.artifact_columns, *origin.artifact_columns]
    return Working(both, artifacts)


def check_keys(frame: pd.DataFrame, keys: Sequence[str]) -> None:
    """Raise unless every row has a value in each column of the primary key.

    Raises:
        TVTableError: one has none.
    """
    for name in keys:
        missing = np.flatnonzero(frame[name].isna())
        if len(missing):
            raise TVTableError(
                f"the primary key {name!r} has no value in row {missing[0]}: every row needs one"
            )


def _stacked(old: pd.DataFrame, new: pd.DataFrame, name: str) -> pd.Series:
    sample = new[name] if name in new.columns else old[name]
    parts = [
        each[name] if name in each.columns else pd.Series([None] * len(each), dtype=sample.dtype)
        for each in (old, new)
    ]
    if isinstance(sample.dtype, pd.CategoricalDtype):
        first = with_categories_of(parts[0].astype("category"), parts[1])
        parts = [first, parts[1].astype(first.dtype)]
    elif parts[0].dtype != parts[1].dtype:
        parts[0] = converted(name, parts[0], str(parts[1].dtype))
    return pd.concat(parts, ignore_index=True)


def _places(old: pd.DataFrame, rows: pd.DataFrame, keys: Sequence[str]) -> Places:
    """Return for each new row where it was before, or -1."""
    if not keys:
        return _same_places(old, rows)
    if any(name not in old.columns for name in keys):
        return np.full(len(rows), -1, dtype=np.intp)
    where: dict[object, list[int]] = {}
    for place, key in reversed(list(enumerate(_keys(old, keys)))):
        where.setdefault(key, []).append(place)
    found = (where.get(key) for key in _keys(rows, keys))
    # Keys may be given twice: the first row is then that of the first, and so on.
    return np.array([places.pop() if places else -1 for places in found], dtype=np.intp)


def _same_places(old: pd.DataFrame, rows: pd.DataFrame) -> Places:
    places = np.full(len(rows), -1, dtype=np.intp)
    both = min(len(old), len(rows))
    if all(name in old.columns for name in rows.columns):
        same = np.ones(both, dtype=bool)
        for name in rows.columns:
            same &= ~_differ(rows[name].iloc[:both], old[name].iloc[:both])
        places[:both] = np.where(same, np.arange(both), -1)
    return places


def _keys(frame: pd.DataFrame, keys: Sequence[str]) -> list[object]:
    """Return the key of each row, as what can be looked up."""
    columns = [[_hashable(each) for each in frame[name].array] for name in keys]
    return list(zip(*columns, strict=True))


def _hashable(value: object) -> object:
    try:
        hash(value)
    except TypeError:
        return repr(value)
    return value


def _differ(now: pd.Series, before: pd.Series) -> Mask:
    """Return where two columns differ; what is missing in both is the same."""
    now, before = now.reset_index(drop=True), before.reset_index(drop=True)
    if now.dtype != before.dtype:
        try:
            before = before.astype(now.dtype)
        except (ValueError, TypeError):
            return np.ones(len(now), dtype=bool)
    one, other = now.isna().to_numpy(), before.isna().to_numpy()
    if now.dtype == object:
        unequal = np.array([not _equal(a, b) for a, b in zip(now, before, strict=True)], dtype=bool)
    else:
        unequal = (now.astype(object) != before.astype(object)).to_numpy(dtype=bool, na_value=True)
    found: Mask = (one != other) | (~one & ~other & unequal)
    return found


def _equal(one: object, other: object) -> bool:
    if type(one) is not type(other):
        return False
    try:
        if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
            return one.dtype == other.dtype and np.array_equal(one, other)
        return bool(np.all(one == other))
    except ValueError:
        return False  # arrays inside of something: what cannot be compared is computed again
