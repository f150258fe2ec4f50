"""Aggregates over stored rows, as SQL has them: None counts for nothing."""

from collections.abc import Callable, Iterable, Mapping
from decimal import localcontext
from typing import cast

from nacre.errors import InvalidInput
from nacre.rows.layout import Layout, StoredRow

Compare = Callable[[object], int]

Measure = str | tuple[str, str]
"""A measure: count, or (sum, mean, min, max or count; a field)."""

_NAN = float("nan")

_EXACT_DIGITS = 100_000

MEASURES = ("count", "sum", "mean", "min", "max")


def aggregate_rows(
    layout: Layout,
    rows: Iterable[StoredRow],
    group_by: tuple[str, ...],
    measures: Mapping[str, Measure],
) -> list[dict[str, object]]:
    """Return a row for each group, in the order of the groups' first rows."""
    wanted = wanted_of(layout, group_by, measures)
    groups: dict[tuple[object, ...], list[StoredRow]] = {} if group_by else {(): []}
    getters = [layout.getter(layout.schema.resolve(path)) for path in group_by]
    for row in rows:
        groups.setdefault(tuple(_one_nan(get(row)) for get in getters), []).append(row)
    kinds = [layout.schema.type_at(layout.schema.resolve(path)) for path in group_by]
    found = []
    for group, members in groups.items():
        named = {
            path: value if value is None or kind.give is None else kind.give(value)
            for path, value, kind in zip(group_by, group, kinds, strict=True)
        }
        found.append(named | {n: _measured(layout, members, m) for n, m in wanted.items()})
    return found


def wanted_of(
    layout: Layout, group_by: tuple[str, ...], measures: Mapping[str, Measure]
) -> dict[str, tuple[str, str | None]]:
    """Return the function and the field of each measure.

    Raises:
        InvalidInput: there is no such measure, or no order in what is grouped or compared.
        NotFound: there is no such field.
    """
    twice = next((name for name in measures if name in group_by), None)
    if twice is not None:
        raise InvalidInput(f"{twice!r} is a group and a measure: rename the measure")
    for path in group_by:
        layout.key_convert(layout.schema.resolve(path))
    wanted = {name: measure_of(measure) for name, measure in measures.items()}
    for function, compared in wanted.values():
        if compared is not None and function in ("min", "max"):
            layout.key_convert(layout.schema.resolve(compared))
    return wanted


def measure_of(measure: Measure) -> tuple[str, str | None]:
    """Return the function and the field of a measure.

    Raises:
        InvalidInput: there is no such measure.
    """
    function, path = (measure, None) if isinstance(measure, str) else _pair(measure)
    if function not in MEASURES or (path is None and function != "count"):
        raise InvalidInput(
            f"{measure!r} is no measure: use 'count', or (one of {', '.join(MEASURES)}; a field)"
        )
    return function, path


def _pair(measure: object) -> tuple[str, str | None]:
    is_pair = isinstance(measure, tuple) and len(measure) == len(("function", "field"))
    return cast("tuple[str, str]", measure) if is_pair else (f"{measure!r:.60}", None)


def _measured(layout: Layout, rows: list[StoredRow], measure: tuple[str, str | None]) -> object:
    function, path = measure
    if path is None:
        return len(rows)
    resolved = layout.schema.resolve(path)
    kind, get = layout.schema.type_at(resolved), layout.getter(resolved)
    values = [value for value in map(get, rows) if value is not None]
    if function == "count":
        return len(values)
    if function in ("min", "max"):
        if not values:
            return None
        best = (min if function == "min" else max)(
            values, key=cast("Compare", kind.compare or _last_nan)
        )
        return best if kind.give is None else kind.give(best)
    if kind.spec not in ("int64", "uint64", "float64", "decimal"):
        raise InvalidInput(f"{function} is for numbers, and {path!r} has none")
    numbers = [kind.give(value) if kind.give else value for value in values]
    if not numbers:
        return None
    # The sum of decimals is exact; their mean has the digits of the context.
    with localcontext(prec=_EXACT_DIGITS):
        total = sum(cast("list[float]", numbers))
    return total if function == "sum" else total / len(numbers)


def _one_nan(value: object) -> object:
    """Return a value, and the same NaN for every NaN: they are one group."""
    return value if value == value else _NAN  # noqa: PLR0124 - only NaN differs from itself


def _last_nan(value: object) -> object:
    """Return what sorts as the order of rows has it: NaN last."""
    return (value != value, value)  # noqa: PLR0124 - only NaN differs from itself
