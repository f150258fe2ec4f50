"""What references will read, known before anything is read: for the order of builders."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from nacre_adapters.tablevault.references.parser import parse
from nacre_adapters.tablevault.references.syntax import INDEX, Reference, Template


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one reference reads; without *columns* all of the table.

    What is only known once another reference has been followed is None or missing here, and
    `is_clear` is False.
    """

    table: str | None
    """None: the instance that is being made."""

    version: str
    columns: tuple[str, ...]
    is_clear: bool
    is_by_row: bool
    """It reads nothing but the current row of the instance that is being made."""

    is_by_place: bool
    """It depends on the number of the current row, not only on what stands in the row."""

    reference: Reference


def templates_in(value: object) -> Iterator[Template]:
    """Yield every string in *value*, in lists and dicts too, as a template."""
    if isinstance(value, str):
        yield parse(value)
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from templates_in(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from templates_in(each)


def references_in(value: object) -> Iterator[Reference]:
    """Yield every reference in *value*, those inside of others too."""
    for template in templates_in(value):
        for reference in template.references():
            yield reference
            yield from reference.nested()


def readings(value: object) -> list[Reading]:
    """Return what the references in *value* read."""
    return [_reading(reference) for reference in references_in(value)]


def is_constant(value: object) -> bool:
    """Tell whether *value* is the same for every row, whatever the builder does."""
    return not any(
        reference.table is None or any(each.low is None for each in reference.conditions)
        for reference in references_in(value)
    )


def own_cell(reference: Reference) -> str | None:
    """Return the column of `<<self.column[index]>>`; None for any other reference."""
    if reference.table is not None or not reference.columns or not reference.conditions:
        return None
    (condition, *others), (column, *more) = reference.conditions, reference.columns
    is_current = condition.low is None and condition.column.plain() == INDEX
    return column.plain() if is_current and not others and not more else None


def _reading(reference: Reference) -> Reading:
    names = [*(reference.columns or ()), *(each.column for each in reference.conditions)]
    plain = [name.plain() for name in names]
    columns = () if reference.columns is None else tuple(name for name in plain if name)
    table = None if reference.table is None else reference.table.plain()
    version = "" if reference.version is None else reference.version.plain()
    is_clear = None not in plain and version is not None
    return Reading(
        table=table,
        version=version or "",
        columns=columns,
        is_clear=is_clear and (reference.table is None or table is not None),
        is_by_row=_is_by_row(reference),
        is_by_place=_is_by_place(reference),
        reference=reference,
    )


def _is_by_place(reference: Reference) -> bool:
    current = [each.column.plain() for each in reference.conditions if each.low is None]
    if reference.table is not None:
        return bool(current)
    columns = [each.plain() for each in reference.columns or ()]
    return INDEX in columns or any(column != INDEX for column in current)


def _is_by_row(reference: Reference) -> bool:
    """Tell whether a reference to `self` reads the current row only."""
    if reference.table is not None:
        return False
    if not reference.conditions:
        return reference.columns is not None and [each.plain() for each in reference.columns] == [
            INDEX
        ]
    return any(each.low is None and each.column.plain() == INDEX for each in reference.conditions)
