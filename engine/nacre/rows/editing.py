"""Decisions over many rows at once: update by query, insert a frame of rows."""

from collections.abc import Mapping, Sequence

from nacre.errors import InvalidInput
from nacre.rows.changes import EVENT_ROWS, Decision, check_unique, differ
from nacre.rows.definition import Definition
from nacre.rows.layout import StoredRow
from nacre.rows.view import CHANGED, Rows


def update_rows(
    tx: Decision, definition: Definition, rows: Sequence[StoredRow], changes: Mapping[str, object]
) -> int:
    """Record that fields of some rows have other values; return how many rows there are.

    Raises:
        InvalidInput: a value does not fit, is to be unique, or belongs to the key.
    """
    layout = definition.layout
    for name in changes:
        if name in definition.schema.key:
            raise InvalidInput(f"{name!r} belongs to the key, which cannot change: insert new rows")
    old = {layout.key_of(row): row for row in rows}
    new = {key: layout.change(row, changes) for key, row in old.items()}
    check_unique(tx.view(Rows), definition, list(new.values()), replaced=old)
    # Neighbours together: those of one block are then one change of it.
    changed = [new[key] for key in sorted(new) if differ(new[key], layout.whole(old[key]))]
    for start in range(0, len(changed), EVENT_ROWS):
        page = changed[start : start + EVENT_ROWS]
        tx.record_own(CHANGED, subject=definition.name, data={"update": page})
    return len(rows)


def merged(changed: Mapping[str, object] | None, fields: Mapping[str, object]) -> dict[str, object]:
    """Return the changes that are given in a dict and those given by name.

    Raises:
        InvalidInput: what is to be a dict is none.
    """
    if changed is not None and not isinstance(changed, Mapping):
        raise InvalidInput(f"{changed!r:.60} is no dict of changes: give fields and their values")
    return {**(changed or {}), **fields}
