"""How rows are found, in the words of the original; what it does not know is said in its style."""

import re
from collections.abc import Iterator

from nacre_adapters.modelvault.filters import All, Compared, Filter, parts
from nacre_adapters.modelvault.kinds import Path
from nacre_adapters.modelvault.paths import shown
from nacre_adapters.modelvault.schema import Index, Schema

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
    used = next((part for part in parts(found) if _is_lookup(part, index)), None)
    kind = "Unique" if index.unique else "NonUnique"
    how = "IndexScan" if used is None else "IndexLookup"
    yield f'  {how} index="{index.name}" kind={kind}'
    rest = tuple(part for part in parts(found) if part is not used)
    if rest:
        yield f"  ResidualFilter {rest[0] if len(rest) == 1 else All(rest)}"


def _is_lookup(part: Filter, index: Index) -> bool:
    return (
        isinstance(part, Compared)
        and part.path == index.path
        and part.operator in ("=", "in")
        and part.value is not None
    )
