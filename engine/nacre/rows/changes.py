"""Decisions: what may change in a collection, and the events that say that it did."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol, TypeVar

from nacre import codec
from nacre.errors import InvalidInput, Mismatch, NotFound, NotUnique
from nacre.rows.declared import plain_row
from nacre.rows.definition import Definition
from nacre.rows.layout import Entries, StoredRow, all_index_values, index_values
from nacre.rows.stored import unpack_row
from nacre.rows.view import CHANGED, Rows
from nacre.views import View

AnyView = TypeVar("AnyView", bound=View)

Row = Mapping[str, object] | object
"""A dict, a dataclass or a pydantic model."""

EVENT_ROWS = 1000
_LOOKED_UP = 2048


class Decision(Protocol):
    """What a transaction lets a decision do."""

    @property
    def position(self) -> int:
        """The number of the commit."""

    def view(self, view: type[AnyView]) -> AnyView:
        """Return a view as it is with the events recorded so far."""

    def record_own(
        self, kind: str, *, subject: str, data: Mapping[str, object] | None = None
    ) -> object:
        """Record one event of a kind that is the engine's own."""

    def savepoint(self) -> AbstractContextManager[None]:
        """Undo what a `with` block recorded if it raises."""


def insert(tx: Decision, name: str, rows: Iterable[Row]) -> list[object]:
    """Record new rows, and return their keys.

    Raises:
        InvalidInput: a row does not fit, or its key or a unique value is taken.
    """
    view = tx.view(Rows)
    definition = view.definition(name)
    layout = definition.layout
    buried = view.tally(definition).buried
    keys = []
    for page in _pages(rows):
        stored = [layout.take(plain_row(row)) for row in page]
        seen: set[bytes] = set()
        at = layout.keys_of(stored)
        for row, key, raw in zip(stored, at, view.raw_rows(definition, at), strict=True):
            if raw is not None or key in seen:
                raise taken(definition, row)
            seen.add(key)
            if buried:
                row[0] = buried_at(view, definition, key)
            keys.append(layout.given_key(layout.key_values(row)))
        check_unique(view, definition, stored)
        tx.record_own(CHANGED, subject=name, data={"insert": stored})
    return keys


def upsert(tx: Decision, name: str, rows: Iterable[Row]) -> list[object]:
    """Record rows, each new or in place of the whole row with its key; return their keys."""
    view = tx.view(Rows)
    definition = view.definition(name)
    layout = definition.layout
    given = [layout.take(plain_row(row)) for row in rows]
    # The last one of a key counts; and all are looked at together, so that they may exchange
    # unique values.
    stored = {layout.key_of(row): row for row in given}
    fresh, replaced = place(view, definition, stored)
    check_unique(view, definition, list(stored.values()), replaced=replaced)
    for page in _pages(fresh):
        tx.record_own(CHANGED, subject=name, data={"insert": page})
    for page in _pages([stored[key] for key in replaced]):
        tx.record_own(CHANGED, subject=name, data={"update": page})
    return [layout.given_key(layout.key_values(row)) for row in given]


def change(
    tx: Decision,
    name: str,
    key: object,
    changes: Mapping[str, object],
    *,
    expect: Mapping[str, object] | None = None,
) -> dict[str, object]:
    """Record that some fields of a row have other values, and return the row.

    Raises:
        NotFound: there is no such row.
        Mismatch: it does not have the values that are expected.
    """
    view = tx.view(Rows)
    definition = view.definition(name)
    layout = definition.layout
    at, old = existing(view, definition, key)
    _check_expected(definition, old, expect)
    changed = layout.change(old, changes)
    if layout.key_of(changed) != at:
        raise InvalidInput(
            f"the key of row {key!r} of {name!r} cannot change: delete it and insert another"
        )
    return replace_row(tx, definition, at, changed, old)


def replace(
    tx: Decision, name: str, row: Row, *, expect: Mapping[str, object] | None = None
) -> dict[str, object]:
    """Record a whole row in place of the one with its key, and return it."""
    view = tx.view(Rows)
    definition = view.definition(name)
    stored = definition.layout.take(plain_row(row))
    at = definition.layout.key_of(stored)
    old = view.row(definition, at)
    if old is None:
        raise missing(definition, definition.layout.given_key(definition.layout.key_values(stored)))
    _check_expected(definition, old, expect)
    return replace_row(tx, definition, at, stored, old)


def replace_row(
    tx: Decision, definition: Definition, key: bytes, row: StoredRow, old: StoredRow
) -> dict[str, object]:
    """Record a stored row in place of another, unless they are equal; return it as given."""
    layout = definition.layout
    row[0] = old[0]
    if differ(row, layout.whole(old)):
        check_unique(tx.view(Rows), definition, [row], replaced={key: old})
        tx.record_own(CHANGED, subject=definition.name, data={"update": [row]})
    return layout.give(row)


def differ(row: StoredRow, old: StoredRow) -> bool:
    """Tell whether two rows are stored as different bytes: to Python 1, 1.0 and True are equal."""
    return row is not old and codec.pack(row) != codec.pack(old)


def delete(
    tx: Decision, name: str, key: object, *, expect: Mapping[str, object] | None = None
) -> dict[str, object]:
    """Record that a row is no more, and return what it was.

    Raises:
        NotFound: there is no such row.
    """
    view = tx.view(Rows)
    definition = view.definition(name)
    _, old = existing(view, definition, key)
    _check_expected(definition, old, expect)
    delete_rows(tx, definition, [old])
    return definition.layout.give(old)


def delete_rows(tx: Decision, definition: Definition, rows: Sequence[StoredRow]) -> None:
    """Record that rows are no more."""
    layout = definition.layout
    # Neighbours together: those of one block are then one change of it.
    ordered = sorted(rows, key=layout.key_of)
    for page in _pages(ordered):
        gone = [[row[0], *layout.key_values(layout.whole(row))] for row in page]
        tx.record_own(CHANGED, subject=definition.name, data={"delete": gone})


def existing(view: Rows, definition: Definition, key: object) -> tuple[bytes, StoredRow]:
    """Return the bytes of a key and its row.

    Raises:
        NotFound: there is no such row.
    """
    at, _ = definition.layout.key_from(key)
    row = view.row(definition, at)
    if row is None:
        raise missing(definition, key)
    return at, row


def place(
    view: Rows, definition: Definition, rows: Mapping[bytes, StoredRow]
) -> tuple[list[StoredRow], dict[bytes, StoredRow]]:
    """Note in each row what was changed before; return the new ones, and what is replaced."""
    buried = view.tally(definition).buried
    fresh, replaced = [], {}
    for key, raw in zip(rows, raws_of(view, definition, list(rows)), strict=True):
        row = rows[key]
        if raw is not None:
            replaced[key] = old = unpack_row(raw)
            row[0] = old[0]
            continue
        fresh.append(row)
        if buried:
            row[0] = buried_at(view, definition, key)
    return fresh, replaced


def raws_of(view: Rows, definition: Definition, keys: list[bytes]) -> Iterator[bytes | None]:
    """Yield the bytes of the row of each key, or None."""
    for start in range(0, len(keys), _LOOKED_UP):
        yield from view.raw_rows(definition, keys[start : start + _LOOKED_UP])


def buried_at(view: Rows, definition: Definition, key: bytes) -> int | None:
    """Return what a new row notes of the deletion of the one before: ~position, or None."""
    grave = view.grave(definition, key)
    return None if grave is None else ~grave


def check_unique(
    view: Rows,
    definition: Definition,
    rows: Sequence[StoredRow],
    *,
    replaced: Mapping[bytes, StoredRow] | None = None,
) -> None:
    """Refuse rows whose values in a unique index another row has, or two of them.

    Raises:
        InvalidInput: one has; says which index, value and row.
    """
    for entries in definition.layout.indexes:
        if entries.index.unique:
            _check_one(view, definition, entries, rows, replaced or {})


def _check_one(
    view: Rows,
    definition: Definition,
    entries: Entries,
    rows: Sequence[StoredRow],
    replaced: Mapping[bytes, StoredRow],
) -> None:
    number = entries.index.number
    seen: dict[bytes, bytes] = {}
    keys, all_values = definition.layout.keys_of(rows), all_index_values(entries, rows)
    for row, key, values in zip(rows, keys, all_values, strict=True):
        if any(get(row) is None for get, _ in entries.get):
            continue  # None is no value: any number of rows may have it
        old = replaced.get(key)
        if old is not None and index_values(entries, old) == values:
            holder = seen.get(values)
        else:
            holder = seen.get(values) or _holder(view, definition, number, values, replaced)
        if holder is not None and holder != key:
            raise _not_unique(definition, entries, row)
        seen[values] = key


def _holder(
    view: Rows,
    definition: Definition,
    number: int,
    values: bytes,
    replaced: Mapping[bytes, StoredRow],
) -> bytes | None:
    """Return the key of a row that has *values* and is not about to be replaced."""
    holders = view.holders(definition, number, values)
    return next((key for key in holders if key not in replaced), None)


def _not_unique(definition: Definition, entries: Entries, row: StoredRow) -> NotUnique:
    layout = definition.layout
    index = entries.index
    fields = ", ".join(".".join(path) for path in index.paths)
    values = layout.shown(index, row)
    key = layout.given_key(layout.key_values(row))
    return NotUnique(
        f"another row of {definition.name!r} has {fields} = {values}, which the index "
        f"{index.name!r} allows once: row {key!r} is refused"
    )


def taken(definition: Definition, row: StoredRow) -> InvalidInput:
    """Return the error for a key that there is already."""
    key = definition.layout.given_key(definition.layout.key_values(row))
    return InvalidInput(
        f"{definition.name!r} has a row {key!r} already: update or upsert it, or use another key"
    )


def missing(definition: Definition, key: object) -> NotFound:
    """Return the error for a row that is not there."""
    return NotFound(f"{definition.name!r} has no row {key!r}: insert it, or use another key")


def _check_expected(
    definition: Definition, old: StoredRow, expect: Mapping[str, object] | None
) -> None:
    if expect is None:
        return
    if not isinstance(expect, Mapping):
        raise InvalidInput(f"expect={expect!r:.60} is no dict: give fields and their values")
    row = definition.layout.give(old)
    for name, value in expect.items():
        definition.schema.field(name)
        if row[name] != value:
            raise Mismatch(
                f"{name} is {row[name]!r:.60}, not {value!r:.60} as expected: "
                "read the row again and decide anew"
            )


def _pages(rows: Iterable[Row]) -> Iterable[list]:  # type: ignore[type-arg]
    page: list[object] = []
    for row in rows:
        page.append(row)
        if len(page) == EVENT_ROWS:
            yield page
            page = []
    if page:
        yield page


Write = Callable[[Decision, str, Iterable[Row]], list[object]]
"""A decision that writes rows and returns their keys."""
