"""Stored rows: out of their bytes, and what they say of the change before."""

from collections.abc import Sequence
from typing import cast

from nacre import codec
from nacre.rows.layout import StoredRow


def unpack_row(raw: bytes) -> StoredRow:
    """Return the row in the bytes of one."""
    return codec.unpack(raw)  # type: ignore[return-value]  # a cast takes time, too


def unpack_rows(raws: Sequence[bytes]) -> list[StoredRow]:
    """Return the rows in the bytes of some."""
    return cast("list[StoredRow]", codec.unpack_all(raws))


def is_fresh(row: StoredRow) -> bool:
    """Tell whether a row of an event has a new key; below zero is ~position of a deletion."""
    return row[0] is None or cast("int", row[0]) < 0


def converted(value: object, spec: object) -> object:
    """Return a stored value as another type stores it: integers as floats or text, and so on."""
    if value is None:
        return None
    return float(cast("int", value)) if spec == "float64" else value
