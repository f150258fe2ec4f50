"""Which of several things that are wrong with a row is said: what the original says first.

It goes through the values as the row has them, before it misses any, and before constraints.
"""

from collections.abc import Mapping, Sequence

from nacre_adapters.modelvault.errors import Malformed, no_instance
from nacre_adapters.modelvault.kinds import Path
from nacre_adapters.modelvault.values import Convert, unknown_part

Leaf = tuple[Path, Convert, bool]
"""A field: its path, what takes its values, and whether it is optional."""


def check_values(row: Mapping[str, object], leaves: Sequence[Leaf]) -> None:
    """Refuse what is no value of its field, or of none, in the order of the row.

    Raises:
        Malformed: a name is not known, or inside of another one a name is missing.
        WrongType: a name is no text, or a value is of another type.
    """
    names = {path[0] for path, _, _ in leaves}
    for name, value in row.items():
        if name not in names:
            raise unknown_field(name)
        _check_at(1, value, [leaf for leaf in leaves if leaf[0][0] == name])


def unknown_field(name: object) -> Exception:
    """Return the error for a name that a row does not have."""
    if isinstance(name, str):
        return Malformed(f'unknown field "{name}"')
    return no_instance(name, "str")


def _check_at(depth: int, value: object, leaves: Sequence[Leaf]) -> None:
    """Check the value under so many names, below which *leaves* are."""
    path, convert, _ = leaves[0]
    if len(path) == depth:
        convert(value)
        return
    if not isinstance(value, dict):
        raise Malformed("expected dict for nested object")
    below: dict[str, list[Leaf]] = {}
    for leaf in leaves:
        below.setdefault(leaf[0][depth], []).append(leaf)
    for name, inside in sorted(below.items()):
        if name in value:
            _check_at(depth + 1, value[name], inside)
        elif len(inside[0][0]) == depth + 1 and not inside[0][2]:
            raise Malformed(f'missing field "{name}"')
    for name in value:
        if name not in below:
            raise unknown_part(name)
