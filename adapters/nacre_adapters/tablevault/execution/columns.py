"""Runs a column builder: fills its columns where they have no value, or none that still holds."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from nacre_adapters.tablevault.builders.definition import DATAFRAME, ROW_WISE
from nacre_adapters.tablevault.builders.graph import own_columns, reads_own_whole, reads_place
from nacre_adapters.tablevault.execution.calling import Calling
from nacre_adapters.tablevault.execution.journal import Journal, Part
from nacre_adapters.tablevault.execution.plan import Step
from nacre_adapters.tablevault.execution.reuse import Matched
from nacre_adapters.tablevault.execution.rows import remaining
from nacre_adapters.tablevault.execution.working import Mask, Working
from nacre_adapters.tablevault.references.resolver import Read, Resolver, Tables


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """What a column builder can take over of the instance before."""

    matched: Matched
    made: Sequence[str]
    """The columns that were made before it in this run."""

    rows_are_anew: bool
    """Whether the builder of the rows is another now, or reads something else."""


def fill(
    step: Step, journal: Journal, tables: Tables, *, working: Working, before: Before | None
) -> list[Read]:
    """Fill the columns of a builder in *working*, and return what it read of other tables.

    *before* is None when nothing may be taken over.
    """
    outputs = list(step.types)
    working.add_missing(step.types)
    stale = np.ones(len(working), dtype=bool) if before is None else _stale(step, working, before)
    working.blank(outputs, stale)
    todo = working.missing(outputs)
    parts = journal.parts(step.name)
    for part in parts:
        working.put(part)
    resolver = Resolver(tables, lambda: working.source(tables.own_path))
    if todo.any():
        calling = Calling(step=step, resolver=resolver, journal=journal, put=working.put)
        _call(calling, working, parts, todo=todo, all_rows=bool(stale.all()))
    return list(resolver.reads)


def _call(
    calling: Calling, working: Working, parts: Sequence[Part], *, todo: Mask, all_rows: bool
) -> None:
    return_type = calling.step.definition.return_type
    if return_type == ROW_WISE:
        calling.each(remaining(np.flatnonzero(todo).tolist(), parts))
    elif return_type == DATAFRAME:
        frame = calling.frame()
        rows = [row for row in range(len(frame)) if all_rows or _is_wanted(row, todo)]
        working.put(Part(rows=tuple(rows), frame=frame.iloc[rows]))
    else:
        calling.generator(lambda yields: _wanted(yields, todo, all_rows=all_rows))


def _wanted(
    yields: Iterator[object], todo: Mask, *, all_rows: bool
) -> Iterator[tuple[int, object]]:
    for row, value in enumerate(yields):
        if all_rows or _is_wanted(row, todo):
            yield row, value


def _is_wanted(row: int, todo: Mask) -> bool:
    return row >= len(todo) or bool(todo[row])


def _stale(step: Step, working: Working, before: Before) -> Mask:
    """Return the rows whose values do not follow from what they were made of any more.

    A builder that reads nothing but its own row is stale where its row differs, or has moved if it
    reads the number of the row. One that is called once, or reads columns as a whole, is stale
    everywhere as soon as the builder of the rows is another, or what it reads differs in a row
    that was there before. What the same builder of the rows finds otherwise this time, as new files
    in a folder, makes only the rows stale that are new: so `primary_key` is documented.
    """
    definition = step.definition
    own = own_columns(definition)
    whole = [name for name, is_by_row in own.items() if not is_by_row]
    if reads_own_whole(definition):
        whole = list(before.made)
    at_once = bool(whole) or definition.return_type != ROW_WISE
    differing = before.matched.differing(working, whole)
    if differing.any() or (at_once and before.rows_are_anew):
        return np.ones(len(working), dtype=bool)
    by_row = [name for name, is_by_row in own.items() if is_by_row]
    stale = before.matched.differing(working, by_row)
    return stale | before.matched.moved if reads_place(definition) else stale
