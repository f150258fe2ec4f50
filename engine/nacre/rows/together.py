"""Many rows taken at once: by columns, where all values are of the plainest kinds."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import repeat
from typing import cast

from nacre.rows.layout import Layout, StoredRow
from nacre.rows.schema import Field

_PLAIN = {"bool": bool, "int64": int, "float64": float, "string": str, "bytes": bytes}
_LEAST, _MOST = -(1 << 63), (1 << 63) - 1


def taken_together(layout: Layout, rows: Sequence[object]) -> list[StoredRow] | None:
    """Return what `layout.take` stores of each row; None: they are to be taken one by one.

    Refuses nothing: what is wrong with which row is for `layout.take` to say.
    """
    fields = layout.schema.fields
    if not all(type(row) is dict and len(row) == len(fields) for row in rows):
        return None
    given = cast("Sequence[Mapping[str, object]]", rows)
    columns: list[Iterable[object]] = [repeat(None, len(rows)) for _ in range(layout.width)]
    for field in fields:
        try:
            column = [row[field.name] for row in given]
        except KeyError:
            return None
        if not _are_stored_as_they_are(field, column):
            return None
        columns[field.slot] = column
    return [*map(list, zip(*columns, strict=True))]


def _are_stored_as_they_are(field: Field, column: list[object]) -> bool:
    kinds = set(map(type, column))
    if field.nullable:
        kinds.discard(type(None))
    wanted = _PLAIN.get(str(field.type.spec))
    if wanted is None or field.checks or kinds - {wanted}:
        return False
    if wanted is int:
        return _fit_64_bits(cast("list[int | None]", column))
    return wanted is not str or _is_text(cast("list[str | None]", column))


def _fit_64_bits(column: list[int | None]) -> bool:
    numbers = [value for value in column if value is not None]
    return not numbers or (min(numbers) >= _LEAST and max(numbers) <= _MOST)


def _is_text(column: list[str | None]) -> bool:
    """Tell whether strings hold no lone surrogate."""
    joined = "".join(value for value in column if value is not None)
    if joined.isascii():
        return True
    try:
        joined.encode()
    except UnicodeEncodeError:
        return False
    return True
