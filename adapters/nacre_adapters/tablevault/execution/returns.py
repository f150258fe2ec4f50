"""What builders' functions return, as frames of their columns: assigned by position."""

from collections.abc import Iterable, Mapping, Sequence, Set

import numpy as np
import pandas as pd

from nacre_adapters.tablevault.errors import FunctionFailed
from nacre_adapters.tablevault.execution.types import converted


def of_frame(builder: str, returned: object, types: Mapping[str, str]) -> pd.DataFrame:
    """Return a returned frame with the builder's columns; what they were called does not count.

    Raises:
        FunctionFailed: it is no frame, or has more or fewer columns.
        ValueRefused: a value is none of its column's type.
    """
    if not isinstance(returned, pd.DataFrame):
        raise FunctionFailed(
            f"{builder} returned a {type(returned).__name__}, and its return_type is dataframe: "
            "return a pandas DataFrame, or set return_type"
        )
    if returned.shape[1] != len(types):
        raise FunctionFailed(
            f"{builder} returned {returned.shape[1]} columns for its {len(types)} changed_columns "
            f"{', '.join(types)}: Length mismatch"
        )
    columns = {
        name: converted(name, returned.iloc[:, place], type_)
        for place, (name, type_) in enumerate(types.items())
    }
    return pd.DataFrame(columns, index=pd.RangeIndex(len(returned)))


def of_rows(
    rows: Sequence[Sequence[object]], types: Mapping[str, str], numbers: Sequence[int] = ()
) -> pd.DataFrame:
    """Return rows of cells as a frame; *numbers* is how an error calls them.

    Raises:
        ValueRefused: a value is none of its column's type.
    """
    columns = {}
    for place, (name, type_) in enumerate(types.items()):
        cells = np.empty(len(rows), dtype=object)  # a list in a cell must stay one
        for row, row_cells in enumerate(rows):
            cells[row] = row_cells[place]
        columns[name] = converted(name, pd.Series(cells, dtype=object), type_, numbers)
    return pd.DataFrame(columns, index=pd.RangeIndex(len(rows)))


def cells_of(builder: str, row: int, returned: object, types: Mapping[str, str]) -> list[object]:
    """Return the cells of one row: one value for one column, a sequence for several.

    Raises:
        FunctionFailed: there are more or fewer values than columns.
    """
    if len(types) == 1:
        (type_,) = types.values()
        if isinstance(returned, tuple | list) and type_ != "object":
            raise FunctionFailed(
                f"{builder} gave {returned!r} for row {row}, and makes one column: give one value, "
                "or set its type to object to store lists"
            )
        return [returned]
    if returned is None:
        return [None] * len(types)
    cells = list(returned) if isinstance(returned, Iterable) and _has_order(returned) else None
    if cells is None or len(cells) != len(types):
        found = f"a {type(returned).__name__}" if cells is None else f"{len(cells)} values"
        raise FunctionFailed(
            f"{builder} gave {found} for row {row}, and makes {len(types)} columns, "
            f"{', '.join(types)}: give a value for each"
        )
    return cells


def _has_order(value: object) -> bool:
    return not isinstance(value, str | bytes | Mapping | Set)
