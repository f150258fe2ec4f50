"""Some fields of a row, nested as the row is."""

from collections.abc import Sequence
from typing import cast

from nacre_adapters.modelvault.kinds import Path
from nacre_adapters.modelvault.shape import Row


def project(row: Row, paths: Sequence[Path]) -> Row:
    """Return what is at some paths; a path that leads through None is not there."""
    found: Row = {}
    # Those below others come first, so that who asks for both gets the whole.
    for path in sorted(paths, key=len, reverse=True):
        value: object = row
        for name in path:
            if not isinstance(value, dict) or name not in value:
                break
            value = value[name]
        else:
            _put(found, path, value)
    return _in_order(found)


def _in_order(row: Row) -> Row:
    """Return a row with its names in order, as whole rows have them."""
    return {
        name: _in_order(cast("Row", value)) if isinstance(value, dict) else value
        for name, value in sorted(row.items())
    }


def _put(row: Row, path: Path, value: object) -> None:
    for name in path[:-1]:
        row = cast("Row", row.setdefault(name, {}))
    row[path[-1]] = value
