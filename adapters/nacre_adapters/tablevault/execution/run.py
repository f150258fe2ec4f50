"""One execution of a plan: the rows first, then column after column, each kept as it is made."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pandas as pd

from nacre_adapters.tablevault.execution.columns import Before, fill
from nacre_adapters.tablevault.execution.journal import Journal
from nacre_adapters.tablevault.execution.plan import Plan, Step
from nacre_adapters.tablevault.execution.reuse import (
    Matched,
    Origin,
    joined,
    with_old_rows,
)
from nacre_adapters.tablevault.execution.rows import made_rows
from nacre_adapters.tablevault.execution.working import Working
from nacre_adapters.tablevault.references.resolver import Read, Tables


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What a run has made."""

    frame: pd.DataFrame
    artifact_columns: tuple[str, ...]
    reads: tuple[Read, ...]
    """What each builder read of other tables, a column at a time, in the order of the builders."""


def execute(plan: Plan, *, tables: Tables, journal: Journal, origin: Origin | None = None) -> Made:
    """Run what *journal* does not say is done already, and return all of it.

    What a user's function raises is raised, with a note of the builder and the row; what was
    computed before is kept.

    Raises:
        TVBuilderError: a builder returned what it must not.
        TVTableError: a value is none of its column's type.
        TVForcedError: the run was stopped from outside.
    """
    unchanged = _unchanged(plan, origin)
    index, *columns = plan.steps
    finished = set(journal.finished())
    working = _rows(plan, tables, journal, origin=origin, unchanged=unchanged)
    matched = None if origin is None else _matched(index, working, origin)
    made = list(index.types)
    for number, step in enumerate(columns, 1):
        made += step.types
        if step.name not in finished:
            before = None
            if matched is not None and step.name in unchanged:
                before = _before(matched, plan.steps[:number], unchanged)
            with _noted(plan, step):
                reads = fill(step, journal, tables, working=working, before=before)
            journal.finish(step.name, working.stage(made), _all_reads(step, reads))
    if origin is not None and index.definition.keep_old:
        working = with_old_rows(working, origin, index.definition.keys)
    frame = working.frame()
    carried = [name for name in frame.columns if name not in made]
    return Made(
        frame=frame[[*made, *carried]],
        artifact_columns=working.artifact_columns,
        reads=tuple(journal.reads()),
    )


def _unchanged(plan: Plan, origin: Origin | None) -> frozenset[str]:
    """Return the names of the builders that are as they were for the instance before."""
    if origin is None:
        return frozenset()
    return frozenset(
        step.name
        for step in plan.steps
        if step.is_clear and origin.recipes.get(step.name) == step.recipe
    )


def _rows(
    plan: Plan,
    tables: Tables,
    journal: Journal,
    *,
    origin: Origin | None,
    unchanged: frozenset[str],
) -> Working:
    """Return the rows as far as they are made, with what can be taken over beside them."""
    index, stage = plan.steps[0], journal.stage()
    if stage is not None:
        rows = Working(stage.frame, stage.artifact_columns)
    else:
        with _noted(plan, index):
            rows, reads = made_rows(
                index, journal, tables, origin=origin, is_unchanged=index.name in unchanged
            )
        journal.finish(index.name, rows.stage(list(index.types)), _all_reads(index, reads))
    if origin is None:
        return rows
    anew = {name for step in plan.steps if step.name not in unchanged for name in step.types}
    return joined(rows, _matched(index, rows, origin), origin, anew)


def _matched(index: Step, working: Working, origin: Origin) -> Matched:
    return Matched(origin, working.frame()[list(index.types)], index.definition.keys)


def _before(matched: Matched, steps: tuple[Step, ...], unchanged: frozenset[str]) -> Before:
    index = steps[0]
    return Before(
        matched=matched,
        made=[name for step in steps for name in step.types],
        rows_are_anew=index.name not in unchanged,
    )


def _all_reads(step: Step, reads: list[Read]) -> list[Read]:
    """Return what a builder says that it reads, and what it read of instances besides."""
    said = {(read.table, read.instance_id) for read in step.reads}
    if step.definition.dependencies is None:
        return list(dict.fromkeys([*step.reads, *reads]))
    return [
        *step.reads,
        *(read for read in reads if (read.table, read.instance_id) not in said),
    ]


@contextmanager
def _noted(plan: Plan, step: Step) -> Iterator[None]:
    try:
        yield
    except BaseException as error:
        error.add_note(f"(in the builder {step.name} of the table {plan.table})")
        raise
