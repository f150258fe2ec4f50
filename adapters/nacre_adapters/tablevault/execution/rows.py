"""Runs the index builder: the rows of an instance, in its columns only."""

from collections.abc import Iterable, Sequence
from functools import partial

import numpy as np
import pandas as pd

from nacre_adapters.tablevault.builders.definition import DATAFRAME, ROW_WISE
from nacre_adapters.tablevault.builders.graph import reads_own_whole
from nacre_adapters.tablevault.execution.calling import Calling
from nacre_adapters.tablevault.execution.generators import Numbering
from nacre_adapters.tablevault.execution.journal import Journal, Part
from nacre_adapters.tablevault.execution.plan import Step
from nacre_adapters.tablevault.execution.reuse import Origin, check_keys, with_old_rows
from nacre_adapters.tablevault.execution.working import Working
from nacre_adapters.tablevault.references.resolver import Read, Resolver, Tables


def made_rows(
    step: Step, journal: Journal, tables: Tables, *, origin: Origin | None, is_unchanged: bool
) -> tuple[Working, list[Read]]:
    """Return the rows, and what was read of other tables to make them."""
    parts = journal.parts(step.name)
    rows = _no_rows(step)
    if step.definition.return_type == ROW_WISE and origin is not None:
        rows = _rows_of(step, origin, keep=is_unchanged)
    todo = np.flatnonzero(rows.missing(list(step.types)))
    for part in parts:
        rows.put(part)
    seen = _seen(rows, step, origin)
    resolver = Resolver(tables, lambda: seen.source(tables.own_path))
    calling = Calling(step=step, resolver=resolver, journal=journal, put=rows.put)
    if step.definition.return_type == ROW_WISE:
        calling.each(remaining(todo, parts))
    elif step.definition.return_type == DATAFRAME:
        frame = calling.frame()
        rows.put(Part(rows=tuple(range(len(frame))), frame=frame))
    else:
        numbering = Numbering(step.name, step.types, rows.frame(), step.definition.keys)
        sees_rows = reads_own_whole(step.definition)
        calling.generator(partial(numbering.rows, sees_rows=sees_rows))
    check_keys(rows.frame(), step.definition.keys)
    return rows, list(resolver.reads)


def remaining(rows: Iterable[int], parts: Sequence[Part]) -> list[int]:
    """Return the rows that no part holds."""
    done = {row for part in parts for row in part.rows}
    return [int(row) for row in rows if row not in done]


def _no_rows(step: Step) -> Working:
    rows = Working(pd.DataFrame())
    rows.add_missing(step.types)
    return rows


def _rows_of(step: Step, origin: Origin, *, keep: bool) -> Working:
    """Return as many rows as the instance before has, with its values if they are to be kept."""
    names = [name for name in origin.frame.columns if name in step.types and keep]
    rows = Working(origin.frame[names].set_axis(pd.RangeIndex(len(origin.frame))))
    rows.add_missing(step.types)
    return rows


def _seen(rows: Working, step: Step, origin: Origin | None) -> Working:
    """Return what `self` is for the index builder: the instance before and the rows so far."""
    if origin is None:
        return rows
    before = Working(origin.frame, origin.artifact_columns)
    if step.definition.return_type == ROW_WISE or not len(rows):
        return before
    return with_old_rows(rows, origin, step.definition.keys)
