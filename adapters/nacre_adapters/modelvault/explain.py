"""How rows are found, in the words of the original; what it does not know is said in its style."""

import re
from collections.abc import Iterator

from nacre_adapters.modelvault.filters import All, Compared, Filter, parts
from nacre_adapters.modelvault.kinds import Path
from nacre_adapters.modelvault.paths import shown
from nacre_adapters.modelvault.schema import Index, Schema

_HOW = {"=": "IndexLookup", "in": "IndexLookup"}
_LOW = (">", ">=")
_ALONG = re.compile(r"go along the (unique )?index '(.*)', intervals")


def explain(
    schema: Schema,
    found: Filter | None,
    order: tuple[Path, bool] | None,
    limit: int | None,
    native: str,
) -> str:
    """Return the plan of a query; *native* is what native rows say of it."""
    lines = ["Plan:", *_access(schema, found, native)]
    if limit is not None:
        lines.append(f"  Limit {limit}")
    if order is not None:
        path, descending = order
        lines.append(f"  OrderBy FieldPath({shown(path)}) {'Desc' if descending else 'Asc'}")
    return "\n".join(lines) + "\n"


def _access(schema: Schema, found: Filter | None, native: str) -> Iterator[str]:
    first = native.splitlines()[0]
    along = _ALONG.match(first)
    if along is None:
        is_key = first.startswith("look up the key")
        yield "  PrimaryKeyLookup" if is_key else "  CollectionScan"
        if found is not None:
            yield f"  Filter {found}"
        return
    index = next(index for index in schema.indexes if index.name == along[2])
    kind = "Unique" if index.unique else "NonUnique"
    used = _lookup(found, index) or _bounds(found, index)
    how = _HOW.get(used[0].operator, "IndexRangeLookup") if used else "IndexScan"
    yield f'  {how} index="{index.name}" kind={kind}'
    if how == "IndexRangeLookup":
        for bound in used:
            side = "lo" if bound.operator in _LOW else "hi"
            yield f"  KeyRange {side} {bound.operator} {bound.shown_value}"
    # Wider bounds of the same field say nothing more.
    said = used if how == "IndexLookup" else (*used, *_ranged(found, index))
    rest = tuple(part for part in parts(found) if part not in said)
    if rest:
        yield f"  ResidualFilter {rest[0] if len(rest) == 1 else All(rest)}"


def _lookup(found: Filter | None, index: Index) -> tuple[Compared, ...]:
    """Return the comparison by which the index gives rows of some values."""
    compared = (part for part in _on(found, index) if part.operator in _HOW)
    return tuple(part for part in compared if part.value is not None)[:1]


def _bounds(found: Filter | None, index: Index) -> tuple[Compared, ...]:
    """Return the comparisons that say where in the index rows begin and end."""
    ranged = _ranged(found, index)
    low = [part for part in ranged if part.operator in _LOW]
    high = [part for part in ranged if part.operator not in _LOW]
    # The narrowest: of two at the same value the one that leaves it out.
    return (
        *sorted(low, key=lambda part: (part.value, part.operator == ">"))[-1:],
        *sorted(high, key=lambda part: (part.value, part.operator == "<="))[:1],
    )


def _ranged(found: Filter | None, index: Index) -> list[Compared]:
    return [part for part in _on(found, index) if part.operator not in _HOW]


def _on(found: Filter | None, index: Index) -> list[Compared]:
    every = parts(found)
    return [part for part in every if isinstance(part, Compared) and part.path == index.path]
