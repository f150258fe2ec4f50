"""What references resolve to: pure, but for the tables that it is given to read.

| reference | value |
|---|---|
| no conditions | a frame; `<<self.index>>` is the number of the current row, where there is one |
| with conditions, no row | None |
| one row of one column | the cell |
| rows of one column | a list |
| rows of more columns | a frame |
"""

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd

from nacre_adapters.tablevault.errors import TableReferenceError
from nacre_adapters.tablevault.references.errors import ReferenceMissing
from nacre_adapters.tablevault.references.parser import parse
from nacre_adapters.tablevault.references.reading import own_cell
from nacre_adapters.tablevault.references.sources import Rows, Source
from nacre_adapters.tablevault.references.syntax import INDEX, Condition, Reference, Template


class Tables(Protocol):
    """The materialized instances of a vault, as they were when a run began."""

    def find(self, table: str, version: str) -> str:
        """Return the id of the instance that a reference means.

        *version* is a version or the id of an instance; empty: the latest instance of all.

        Raises:
            NotFound: there is no such table or instance.
        """

    def read(self, table: str, instance_id: str) -> pd.DataFrame:
        """Return all of an instance, artifacts as full paths. Nobody changes the frame."""

    def content(self, table: str, instance_id: str, column: str) -> str:
        """Return what a column shares only with columns of the same values.

        All of the instance is meant when *column* is empty.

        Raises:
            NotFound: there is no such instance or column.
        """

    def own_path(self, cell: str) -> str:
        """Return the full path of an artifact of the instance that is being made."""


@dataclass(frozen=True, slots=True, order=True)
class Read:
    """A column that was read, or all of an instance when the column is empty."""

    table: str
    instance_id: str
    column: str


class Resolver:
    """Resolves references for one builder; *own* is the instance that is being made.

    What was read of other tables is in `reads`, in the order of the first reading.
    """

    def __init__(self, tables: Tables, own: Callable[[], Source]) -> None:
        self._tables = tables
        self._own = own
        self._sources: dict[tuple[str, str], tuple[str, Source]] = {}
        self._own_cells: dict[str, str | None] = {}
        self.reads: dict[Read, None] = {}

    def resolve(self, value: object, row: int | None = None) -> object:
        """Return *value* with every reference in it resolved, in lists and dicts too.

        *row* is the current row, in builders that are called for each row.

        Raises:
            TableReferenceError: a reference is not written as one, or refers to nothing.
            TVArgumentError: a condition compares what cannot be compared.
        """
        if isinstance(value, str):
            column = None if row is None else self._own_cell(value)
            if column is not None and row is not None:
                return self._own().cell(column, row)
            return self._text(parse(value), row)
        if isinstance(value, Mapping):
            return {key: self.resolve(each, row) for key, each in value.items()}
        if isinstance(value, list | tuple):
            return [self.resolve(each, row) for each in value]
        return value

    def _own_cell(self, text: str) -> str | None:
        """Return the column when *text* is no more than a cell of the current row.

        Most arguments of most rows are that, so it is found out once.
        """
        if text not in self._own_cells:
            parts = parse(text).parts
            only = parts[0] if len(parts) == 1 else None
            self._own_cells[text] = own_cell(only) if isinstance(only, Reference) else None
        return self._own_cells[text]

    def _text(self, template: Template, row: int | None) -> object:
        plain = template.plain()
        if plain is not None:
            return plain
        if len(template.parts) == 1:
            return self._value(template, row)
        return _literal("".join(str(self._part(part, row)) for part in template.parts))

    def _value(self, template: Template, row: int | None) -> object:
        """Return what a part of a reference says: a value when it is one reference, else text."""
        if len(template.parts) == 1:
            return self._part(template.parts[0], row)
        return "".join(str(self._part(part, row)) for part in template.parts)

    def _part(self, part: str | Reference, row: int | None) -> object:
        return part if isinstance(part, str) else self._reference(part, row)

    def _reference(self, reference: Reference, row: int | None) -> object:
        table, source = self._source(reference, row)
        names = self._names(reference, row)
        if not reference.conditions:
            if table is None and names == [INDEX] and row is not None:
                return row
            self._note(table, names or [""])
            return source.frame(names, None)
        found: Rows | None = None
        read: list[str] = []
        for condition in reference.conditions:
            column = self._name(condition.column, row)
            rows = self._chosen(source, column, condition, row)
            found = rows if found is None else np.intersect1d(found, rows)
            read.append(column)
        assert found is not None
        self._note(table, [*(names or [""]), *read])
        return _shaped(source, names, found)

    def _chosen(self, source: Source, column: str, condition: Condition, row: int | None) -> Rows:
        if condition.low is None:
            if row is None:
                raise TableReferenceError(
                    f"[{column}] means the current row, which there is only in a builder that "
                    "is called for each row: set return_type: row-wise, or give a value, "
                    f"[{column}::value]"
                )
            if column == INDEX:
                return np.array([row] if row < len(source) else [], dtype=np.intp)
            return source.equal(column, row)
        low = self._value(condition.low, row)
        if condition.high is None:
            return source.equal(column, low)
        return source.between(column, low, self._value(condition.high, row))

    def _names(self, reference: Reference, row: int | None) -> list[str] | None:
        if reference.columns is None:
            return None
        names: list[str] = []
        for column in reference.columns:
            found = self._value(column, row)
            names += [str(each) for each in found] if isinstance(found, list) else [str(found)]
        return names

    def _name(self, template: Template, row: int | None) -> str:
        return str(self._value(template, row))

    def _source(
        self, reference: Reference, row: int | None
    ) -> tuple[tuple[str, str] | None, Source]:
        if reference.table is None:
            return None, self._own()
        table = self._name(reference.table, row)
        version = "" if reference.version is None else self._name(reference.version, row)
        found = self._sources.get((table, version))
        if found is None:
            found = self._sources[table, version] = self._opened(table, version)
        return (table, found[0]), found[1]

    def _opened(self, table: str, version: str) -> tuple[str, Source]:
        try:
            instance_id = self._tables.find(table, version)
        except KeyError as error:
            name = f"{table}({version})" if version else table
            raise ReferenceMissing(f"<<{name}>> refers to nothing: {error}") from error
        return instance_id, Source(f"table {table!r}", self._tables.read(table, instance_id))

    def _note(self, instance: tuple[str, str] | None, columns: list[str]) -> None:
        if instance is not None:
            # The number of the row is no column of the table.
            for column in [each for each in columns if each != INDEX] or [""]:
                self.reads[Read(*instance, column)] = None


def _shaped(source: Source, names: list[str] | None, rows: Rows) -> object:
    if len(rows) == 0:
        return None
    if names is None or len(names) > 1:
        return source.frame(names, rows)
    if len(rows) == 1:
        return source.cell(names[0], int(rows[0]))
    return source.column(names[0]).iloc[rows].tolist()


def _literal(text: str) -> object:
    try:
        value: object = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        return text
    return value
