"""Decisions about rows: what is written, for whom, and what is refused.

`xtra` are values that rows must have to be seen, and that all that is written gets.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from nacre.errors import InvalidInput, Unstorable
from nacre.rows import Collection
from nacre_adapters.tenants.errors import (
    IntegrityError,
    MissingPrimaryKey,
    NotFoundError,
    WrongType,
)
from nacre_adapters.tenants.home import OpenTable
from nacre_adapters.tenants.shape import Shape, Values

Xtra = Mapping[str, object]


@contextmanager
def as_interface() -> Iterator[None]:
    """Raise what the collection refuses as the errors of such tables."""
    try:
        yield
    except (IntegrityError, WrongType, MissingPrimaryKey):
        raise
    except Unstorable as error:
        raise WrongType(str(error)) from error
    except InvalidInput as error:
        # The values have been checked, so it is a key or a unique value that is taken.
        raise IntegrityError(str(error)) from error


def insert(table: OpenTable, values: Values) -> Values:
    """Record a new row, and return it whole."""
    shape = table.shape
    if shape.auto is not None and values.get(shape.auto) is None:
        values = {**values, shape.auto: next_key(table.collection, shape.auto)}
    row = shape.whole(values)
    with as_interface():
        table.collection.insert(row)
    return row


def insert_all(table: OpenTable, records: Sequence[Values]) -> list[Values]:
    """Record new rows, all or none, and return them whole."""
    rows = [table.shape.whole(values) for values in _numbered(table, records)]
    with as_interface():
        table.collection.insert_many(rows)
    return rows


def _numbered(table: OpenTable, records: Sequence[Values]) -> Iterator[Values]:
    """Yield records with keys for those that have none, where keys number themselves."""
    auto = table.shape.auto
    if auto is None or all(values.get(auto) is not None for values in records):
        yield from records
        return
    following = next_key(table.collection, auto)
    for values in records:
        given = values.get(auto)
        key = following if given is None else int(str(given))
        following = max(following, key + 1)
        yield {**values, auto: key}


def next_key(collection: Collection, name: str) -> int:
    """Return the number behind the largest key."""
    last = collection.order_by(f"{name} desc").limit(1).select(name).all()
    return max(0, int(str(last[0][name]))) + 1 if last else 1


def existing(table: OpenTable, key: object, xtra: Xtra) -> Values:
    """Return the row of a key that a user gives.

    Raises:
        NotFoundError: there is none, or it is not for this user.
    """
    at = table.shape.key_from(key)
    row = None if at is None else table.collection.get(at)
    if row is None or not matches(row, xtra):
        raise missing(table.shape, key)
    return row


def missing(shape: Shape, key: object) -> NotFoundError:
    """Return the error for a row that is not there."""
    count = len(shape.pk)
    parts = key if isinstance(key, tuple | list) else (key,)
    if len(parts) != count:
        return NotFoundError(f"Need {count} pk: {', '.join(shape.pk)}")
    return NotFoundError(f"{shape.table!r} has no row {key!r:.80}: insert it, or use another key")


def matches(row: Values, xtra: Xtra) -> bool:
    """Tell whether a row has the values that it must have to be seen."""
    return all(row[name] == value for name, value in xtra.items())


def update(table: OpenTable, key: object, values: Values, xtra: Xtra) -> Values:
    """Record that columns of a row have other values, and return the row.

    Raises:
        NotFoundError: there is no such row for this user.
        IntegrityError: its new key, or a unique value, is taken.
    """
    return change(table, existing(table, key, xtra), {**values, **xtra})


def change(table: OpenTable, row: Values, values: Values) -> Values:
    """Record other values of a row, which may be those of its key, and return the row."""
    shape = table.shape
    at = shape.key_of(row)
    new = shape.whole({**row, **values})
    with as_interface():
        if shape.key_of(new) != at:
            table.collection.delete(at)
            table.collection.insert(new)
            return new
        return table.collection.update(at, {n: v for n, v in values.items() if n not in shape.pk})


def upsert(table: OpenTable, values: Values, xtra: Xtra) -> Values:
    """Record a new row, or other values of the one with its key, and return it.

    Raises:
        MissingPrimaryKey: a part of the key is not given.
        IntegrityError: the row is another user's.
    """
    shape = table.shape
    if shape.auto is not None and values.get(shape.auto, UNGIVEN) is None:
        return insert(table, values)
    for name in shape.pk:
        if values.get(name) is None:
            raise MissingPrimaryKey(name)
    at = shape.key_of(values)
    row = table.collection.get(at)
    if row is None:
        return insert(table, values)
    if not matches(row, xtra):
        raise IntegrityError(f"{shape.table!r} has a row {at!r:.80} already, and it is another's")
    return change(table, row, values)


UNGIVEN = object()


def delete(table: OpenTable, key: object, xtra: Xtra) -> Values:
    """Record that a row is no more, and return what it was.

    Raises:
        NotFoundError: there is no such row for this user.
    """
    row = existing(table, key, xtra)
    table.collection.delete(table.shape.key_of(row))
    return row


def change_all(table: OpenTable, rows: Iterable[Values], values: Values) -> list[Values]:
    """Record other values of several rows, and return them."""
    return [change(table, row, values) for row in rows]


def delete_all(table: OpenTable, rows: Sequence[Values]) -> None:
    """Record that several rows are no more."""
    for row in rows:
        table.collection.delete(table.shape.key_of(row))


def key_in(shape: Shape, given: Values) -> object:
    """Return the key in a record.

    Raises:
        MissingPrimaryKey: it is not there.
    """
    for name in shape.pk:
        if name not in given:
            raise MissingPrimaryKey(name)
    return tuple(given[name] for name in shape.pk)


Write = Callable[[OpenTable, Values, Xtra], Values | None]
"""What becomes of a record; None: nothing."""


def insert_new(table: OpenTable, values: Values, xtra: Xtra) -> Values | None:
    """Insert a row; one whose key is taken is an error."""
    return insert(table, values)


def insert_or_ignore(table: OpenTable, values: Values, xtra: Xtra) -> Values | None:
    """Insert a row unless its key or a unique value is taken."""
    try:
        return insert(table, values)
    except IntegrityError:
        return None


def insert_or_replace(table: OpenTable, values: Values, xtra: Xtra) -> Values | None:
    """Insert a whole row, in place of the one with its key."""
    shape = table.shape
    whole = {column.name: values.get(column.name, column.default) for column in shape.columns}
    return upsert(table, whole, xtra)


def conflicts(*, ignore: bool = False, replace: bool = False, upsert: bool = False) -> Write:
    """Return what these flags make of a record."""
    if ignore:
        return insert_or_ignore
    if replace:
        return insert_or_replace
    return upsert_given if upsert else insert_new


upsert_given: Write = upsert
