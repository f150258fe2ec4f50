"""Stored rows: out of their bytes, and what they say of the change before."""

from collections.abc import Sequence
from typing import cast

from nacre import codec
from nacre.errors import CorruptionError
from nacre.rows.layout import StoredRow


def unpack_row(raw: bytes) -> StoredRow:
    """Return the row in the bytes of one.

    Raises:
        CorruptionError: they are not those of a row.
    """
    row = codec.unpack(raw)
    if type(row) is not list:
        raise _no_row()
    return row


def unpack_rows(raws: Sequence[bytes]) -> list[StoredRow]:
    """Return the rows in the bytes of some."""
    rows = codec.unpack_all(raws)
    if not {*map(type, rows)} <= {list}:
        raise _no_row()
    return cast("list[StoredRow]", rows)


def is_fresh(row: StoredRow) -> bool:
    """Tell whether a row of an event has a new key; below zero is ~position of a deletion."""
    return row[0] is None or cast("int", row[0]) < 0


def converted(value: object, spec: object) -> object:
    """Return a stored value as another type stores it: integers as floats or text, and so on."""
    if value is None:
        return None
    return float(cast("int", value)) if spec == "float64" else value


def _no_row() -> CorruptionError:
    return CorruptionError("a row is none: run `nacre verify`, then `nacre rebuild`")
