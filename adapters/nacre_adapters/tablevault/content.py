"""Frames as instances hold them: which types columns get, and what is stored for an artifact."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from numbers import Integral
from pathlib import Path

import numpy as np
import pandas as pd

import nacre
from nacre import Digest
from nacre.errors import Unstorable
from nacre.frames import diff_frames, get_frame, put_frame
from nacre_adapters.tablevault.artifact_string import NAME as ARTIFACT
from nacre_adapters.tablevault.artifact_string import ArtifactStringDtype
from nacre_adapters.tablevault.errors import TVArgumentError, TVTableError
from nacre_adapters.tablevault.state import Instance

_NULLABLE: Mapping[str, str] = {
    **{name: name.capitalize() for name in ("int8", "int16", "int32", "int64")},
    **{name: f"UI{name[2:]}" for name in ("uint8", "uint16", "uint32", "uint64")},
    **dict.fromkeys(("float16", "float32", "float64"), "Float64"),
    "str": "string",
}
_ALIASES: Mapping[str, str] = {
    **_NULLABLE,
    "int": "Int64",
    "uint": "UInt64",
    "float": "Float64",
    "bool": "boolean",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A frame that can be stored, and which of its columns are paths of files."""

    frame: pd.DataFrame
    artifact_columns: list[str]


def prepared(given: object, dtypes: Mapping[str, object] | None = None) -> Prepared:
    """Return a frame as an instance holds it; the caller's stays as it is.

    Integers, floats and `str` of pandas 3 get the nullable type of the same values; every other
    type stays. *dtypes* come first: names as pandas has them, those of numpy standing for the
    nullable ones; a dtype object is taken as it is.

    Raises:
        TVArgumentError: it is no frame, is empty, or *dtypes* names a column that is not there.
        TVTableError: a column cannot be made into the type that is asked for.
    """
    if not isinstance(given, pd.DataFrame):
        raise TVArgumentError(f"a {type(given).__name__} is no table: give a pandas DataFrame")
    if isinstance(given.columns, pd.MultiIndex):
        raise TVTableError("the columns have several levels: give each column one name")
    frame = given.copy(deep=False)
    frame.index = pd.RangeIndex(len(frame))
    frame.columns = pd.Index(_labels(given.columns))
    wanted = {str(name): dtype for name, dtype in (dtypes or {}).items()}
    unknown = [name for name in wanted if name not in set(frame.columns)]
    if unknown:
        raise TVArgumentError(
            f"dtypes names {', '.join(unknown)}: not in Dataframe, which has "
            f"{', '.join(frame.columns[:20])}"
        )
    columns = {name: _typed(name, frame[name], wanted.get(name)) for name in frame.columns}
    artifacts = [name for name, column in columns.items() if is_artifact(column)]
    for name in artifacts:
        columns[name] = columns[name].astype(object).astype("string")
    typed = pd.DataFrame(columns, index=frame.index, copy=False)
    typed.columns = frame.columns
    return Prepared(frame=typed, artifact_columns=artifacts)


def nullable(dtype: object) -> object:
    """Return the type that a name stands for: nullable, where numpy's is named.

    Raises:
        TVTableError: there is no such type.
    """
    if isinstance(dtype, str):
        dtype = _ALIASES.get(dtype, dtype)
    if isinstance(dtype, type) and dtype in (int, float, bool, str):
        dtype = _ALIASES[dtype.__name__]
    try:
        return pd.api.types.pandas_dtype(dtype)
    except (TypeError, ValueError) as error:
        raise TVTableError(f"there is no dtype {dtype!r}: {error}") from error


def is_artifact(column: pd.Series) -> bool:
    """Tell whether the cells of a column are paths of files."""
    return isinstance(column.dtype, ArtifactStringDtype)


def stored(vault: nacre.Vault, frame: pd.DataFrame, follows: Digest | None = None) -> Digest:
    """Store a frame; what it has in common with the one that it follows is shared.

    Raises:
        TVTableError: a column would not come back as it is.
    """
    try:
        return put_frame(vault, frame, follows)
    except Unstorable as error:
        raise TVTableError(str(error)) from error


def dated(
    vault: nacre.Vault, frame: Digest, names: Iterable[str], origin: Instance | None
) -> dict[str, int]:
    """Return when each column last changed: as in the origin where it is equal, else 0."""
    if origin is None or origin.frame is None:
        return dict.fromkeys(names, 0)
    if frame == origin.frame:
        changed = set()
    else:
        found = diff_frames(vault, origin.frame, frame)
        if found.rows_added or found.rows_removed:
            return dict.fromkeys(names, 0)
        changed = {str(column.label) for column in found.changed_columns}
        changed |= {str(column.label) for column in found.retyped_columns}
    return {name: 0 if name in changed else origin.columns.get(name, 0) for name in names}


def loaded(
    vault: nacre.Vault,
    frame: Digest | None,
    *,
    rows: int | None = None,
    columns: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Return a stored frame, or its first rows, or some columns.

    Raises:
        TVTableError: there is no such column, or *rows* is negative.
    """
    if rows is not None and (not isinstance(rows, Integral) or rows < 0):
        raise TVTableError(f"rows is {rows!r}: give how many of the first rows to read")
    if frame is None:
        return pd.DataFrame()
    try:
        found = get_frame(
            vault,
            frame,
            columns=columns,
            rows=None if rows is None else (0, int(rows)),
            to="pandas",
        )
    except nacre.errors.NotFound as error:
        raise TVTableError(str(error)) from error
    assert isinstance(found, pd.DataFrame)
    return found


def with_artifacts(
    frame: pd.DataFrame, columns: Iterable[str], folder: Path | None
) -> pd.DataFrame:
    """Return a frame whose artifact columns have their type, with full paths if a folder is given.

    With full paths what is missing is an empty text, as TableVault has it.
    """
    for name in columns:
        if name in frame.columns:
            cells = frame[name].astype(object)
            if folder is not None:
                cells = cells.map(partial(_full_path, folder))
            frame[name] = cells.astype(ARTIFACT)
    return frame


def _full_path(folder: Path, cell: object) -> str:
    return str(folder / cell) if isinstance(cell, str) and cell else ""


def _labels(columns: Iterable[object]) -> list[str]:
    """Return labels as text; of equal ones all but the first get a number that is free."""
    names = list(map(str, columns))
    taken, seen = set(names), Counter[str]()
    labels = []
    for name in names:
        label = name
        while seen[name] and label in taken:
            label = f"{name}.{seen[name]}"
            seen[name] += 1
        seen[name] += not seen[name]
        taken.add(label)
        labels.append(label)
    return labels


def _typed(name: str, column: pd.Series, wanted: object) -> pd.Series:
    dtype = nullable(wanted) if wanted is not None else _NULLABLE.get(_numpy_name(column.dtype))
    if dtype is None:
        return column
    try:
        return _converted(column, dtype)
    except (TypeError, ValueError, OverflowError) as error:
        raise TVTableError(f"the column {name!r} cannot be made into {dtype}: {error}") from error


def _converted(column: pd.Series, dtype: object) -> pd.Series:
    if dtype == "Float64" and column.dtype == np.float64:
        # The values stay where they are; only what is missing is looked for.
        values = column.to_numpy()
        array = pd.arrays.FloatingArray(values, np.isnan(values))
        return pd.Series(array, index=column.index, copy=False)
    return column.astype(dtype)


def _numpy_name(dtype: object) -> str:
    if isinstance(dtype, pd.StringDtype):
        return "str" if dtype.na_value is not pd.NA else ""
    return dtype.name if isinstance(dtype, np.dtype) else ""
