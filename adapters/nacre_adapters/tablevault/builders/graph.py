"""The order of builders: rows first, then each behind those whose columns it reads."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from nacre_adapters.tablevault.builders.definition import Definition
from nacre_adapters.tablevault.errors import TVBuilderError
from nacre_adapters.tablevault.references.reading import Reading, readings
from nacre_adapters.tablevault.references.syntax import INDEX


def index_name(table: str) -> str:
    """Return the name of the builder that makes the rows of a table."""
    return f"{table}_index"


def ordered(table: str, definitions: Sequence[Definition]) -> list[Definition]:
    """Return the builders in the order in which they run; those that could run at once by name.

    Raises:
        TVBuilderError: there is no builder of the rows, columns are made twice or not at all, or
            builders wait for each other in a circle.
    """
    index = _index_of(table, definitions)
    makers = _makers(definitions)
    waits = {each.name: _waits_for(each, makers, index) for each in definitions}
    by_name = {each.name: each for each in definitions}
    return [by_name[name] for name in _sorted(index.name, waits)]


def own_columns(definition: Definition) -> dict[str, bool]:
    """Return the columns of its own instance that a builder reads: whether by row only."""
    found: dict[str, bool] = {}
    for reading in _own_readings(definition):
        for column in reading.columns:
            found[column] = found.get(column, True) and reading.is_by_row
    for dependency in definition.dependencies or ():
        if dependency.is_self:
            for column in dependency.columns or ():
                found.setdefault(column, False)
    found.pop(INDEX, None)
    return found


def reads_own_whole(definition: Definition) -> bool:
    """Tell whether a builder reads all columns of its own instance at once."""
    return any(reading.reference.columns is None for reading in _own_readings(definition))


def reads_place(definition: Definition) -> bool:
    """Tell whether a builder reads by the number of the row, so that a row that moves differs."""
    return any(reading.is_by_place for reading in readings(definition.arguments))


def _own_readings(definition: Definition) -> list[Reading]:
    found = [each for each in readings(definition.arguments) if each.reference.table is None]
    if definition.dependencies is None:
        for each in found:
            if not each.is_clear:
                raise TVBuilderError(
                    f"{definition.name}.yaml: which columns {each.reference} reads is only known "
                    "when it runs: write them down, as dependencies: [{table: self, columns: "
                    "[...]}]"
                )
    for each in readings(definition.references()):
        if each.reference.table is None:
            raise TVBuilderError(
                f"{definition.name}.yaml: {each.reference} can stand in arguments only, because "
                "the instance has no rows yet when it is resolved"
            )
    return found


def _index_of(table: str, definitions: Sequence[Definition]) -> Definition:
    name = index_name(table)
    found = next((each for each in definitions if each.name == name), None)
    if found is None:
        there = ", ".join(each.name for each in definitions) or "none"
        raise TVBuilderError(
            f"Needs one IndexBuilder that is named {name}, which makes the rows: there is {there}"
        )
    if not found.is_index:
        raise TVBuilderError(
            f"{name}.yaml, key 'builder_type': it makes the rows, so it must be an IndexBuilder"
        )
    return found


def _makers(definitions: Sequence[Definition]) -> dict[str, str]:
    makers: dict[str, str] = {}
    for each in definitions:
        if len(set(each.outputs)) < len(each.outputs):
            raise TVBuilderError(
                f"{each.name}.yaml, key 'changed_columns': a column is given twice in "
                f"{', '.join(each.outputs)}"
            )
        for column in each.outputs:
            other = makers.setdefault(column, each.name)
            if other != each.name:
                raise TVBuilderError(
                    f"the column {column!r} is made by {other} and by {each.name}: take it out of "
                    "the changed_columns of one"
                )
            if column == INDEX:
                raise TVBuilderError(
                    f"{each.name}.yaml, key 'changed_columns': 'index' is the number of the row "
                    "and cannot be made: choose another name"
                )
    return makers


def _waits_for(
    definition: Definition, makers: Mapping[str, str], index: Definition
) -> dict[str, str]:
    """Return the builders that must have run before, and for which column."""
    waits: dict[str, str] = {} if definition.name == index.name else {index.name: "its rows"}
    for column in own_columns(definition):
        maker = makers.get(column)
        if maker is None:
            raise TVBuilderError(
                f"{definition.name}.yaml reads <<self.{column}>>, and no builder makes the column "
                f"{column!r}: there is {', '.join(makers)}"
            )
        waits[maker] = column
    return waits


def _sorted(first: str, waits: Mapping[str, Mapping[str, str]]) -> list[str]:
    done: list[str] = []
    left = {first: waits[first], **dict(sorted(waits.items()))}
    while left:
        ready = next((name for name in left if all(each in done for each in left[name])), None)
        if ready is None:
            raise TVBuilderError("Cycle detected! " + ", which ".join(_cycle(left)))
        done.append(ready)
        del left[ready]
    return done


def _cycle(left: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    """Yield who waits for whom, once round the circle."""
    path = [next(iter(left))]
    while path[-1] not in path[:-1]:
        path.append(next(each for each in left[path[-1]] if each in left))
    circle = path[path.index(path[-1]) :]
    for name, other in pairwise(circle):
        reads = left[name][other]
        what = reads if reads == "its rows" else f"the column {reads!r}"
        yield f"{name} reads {what} of {other}" if name == circle[0] else f"reads {what} of {other}"
