"""Which columns and rows of a stored frame a caller asked for, checked."""

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from nacre.errors import InvalidInput, NotFound

_MAX_NAMES = 5


@dataclass(frozen=True, slots=True)
class Selection:
    """Columns by number, and the rows from `start` to before `stop`."""

    columns: tuple[int, ...]
    start: int
    stop: int


def select_rows(rows: tuple[int, int] | None, count: int) -> tuple[int, int]:
    """Return the range that *rows* asks for in a frame of *count* rows.

    Raises:
        InvalidInput: it is no range of rows; one that reaches past the end is cut there.
    """
    if rows is None:
        return 0, count
    match rows:
        case (int() | np.integer() as start, int() | np.integer() as stop) if 0 <= start <= stop:
            return min(int(start), count), min(int(stop), count)
    raise InvalidInput(
        f"rows={rows!r:.60} is no range: give (start, stop) with 0 <= start <= stop; "
        f"the frame has {count} rows"
    )


def select_columns(columns: Sequence[object] | None, labels: pd.Index) -> tuple[int, ...]:
    """Return the numbers of the columns that are called *columns*, all of the same name each.

    Raises:
        NotFound: there is none of a name; the message lists names near it.
    """
    if columns is None:
        return tuple(range(len(labels)))
    if isinstance(columns, str):
        raise InvalidInput(f"columns={columns!r} is a string: give a list, [{columns!r}]")
    if not isinstance(columns, Iterable):
        raise InvalidInput(f"columns={columns!r:.60} is no list of columns: give a list of labels")
    return tuple(number for label in columns for number in _numbers(label, labels))


def _numbers(label: object, labels: pd.Index) -> list[int]:
    try:
        found = labels.get_loc(label)
    except (KeyError, TypeError, ValueError, pd.errors.InvalidIndexError) as error:
        raise NotFound(_not_found(label, labels)) from error
    if isinstance(found, int | np.integer):
        return [int(found)]
    numbers: list[int] = np.arange(len(labels))[found].tolist()
    return numbers


def _not_found(label: object, labels: pd.Index) -> str:
    names = list(map(str, labels))
    near = difflib.get_close_matches(str(label), names, _MAX_NAMES) or names[:_MAX_NAMES]
    more = "" if len(near) == len(names) else ", ..."
    return f"there is no column {label!r}: ask for one of {', '.join(map(repr, near))}{more}"
