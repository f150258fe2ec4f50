"""What an execution keeps in the log, so that it can go on after it was killed.

What was made with other recipes than those of now is not taken up: whoever corrects a builder or a
module before an execution goes on gets what the corrected ones make, and never a mixture.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from nacre_adapters.tablevault import events
from nacre_adapters.tablevault.artifacts import collected, put_files, temporary_folder
from nacre_adapters.tablevault.builders.definition import read_definition
from nacre_adapters.tablevault.content import loaded, stored
from nacre_adapters.tablevault.errors import TableReferenceError, TableVaultError
from nacre_adapters.tablevault.events import Fact, process_subject, temporary_subject
from nacre_adapters.tablevault.execution.journal import Part, Stage
from nacre_adapters.tablevault.execution.partly import made_partly
from nacre_adapters.tablevault.execution.recipes import Recipes
from nacre_adapters.tablevault.execution.types import ARTIFACT
from nacre_adapters.tablevault.operations import Operations, check_running
from nacre_adapters.tablevault.references.resolver import Read
from nacre_adapters.tablevault.state import Process, Temporary
from nacre_adapters.tablevault.writing import Content


def put_partly(operations: Operations, process: Process) -> Content | None:
    """Store what an execution has made so far; None when it has made nothing."""
    place = operations.place
    number, version = process.progress.get("place", [0, ""])[:2]
    temporary = place.tables.temporary(number, version)
    if temporary is None:
        return None
    journal = VaultJournal(operations=operations, process=process, temporary=temporary)
    stage = journal.partly()
    if stage is None:
        return None
    names = dict.fromkeys(stage.artifact_columns)
    folder = temporary_folder(place.files, temporary, create=False)
    return Content(
        frame=stored(place.vault, stage.frame),
        rows=len(stage.frame),
        columns=dict.fromkeys(map(str, stage.frame.columns), 0),
        artifact_columns=list(names),
        artifacts=put_files(place.vault, collected(place.vault, folder)),
        dependencies=[[read.table, read.instance_id] for read in journal.reads()],
        success=False,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultJournal:
    """The journal of one process that executes a temporary instance."""

    operations: Operations
    process: Process
    """As it was when it was started or resumed."""

    temporary: Temporary
    recipes: Recipes | None = None
    """Of the builders as they are now; None to take whatever was made."""

    def finished(self) -> Sequence[str]:
        """Return the names of the builders that have finished."""
        reached = self._reached()
        return [] if reached is None else [name for name, _ in reached["recipes"]]

    def stage(self) -> Stage | None:
        """Return what there was when the last of them finished."""
        reached = self._reached()
        if reached is None:
            return None
        frame = loaded(self.operations.place.vault, reached["frame"])
        return Stage(frame=frame, artifact_columns=tuple(reached["artifact_columns"]))

    def reads(self) -> Sequence[Read]:
        """Return what they have read of other tables."""
        reached = self._reached()
        return [] if reached is None else [Read(*read) for read in reached["reads"]]

    def parts(self, builder: str) -> Sequence[Part]:
        """Return what a builder that has not finished kept."""
        return list(self._parts(builder))

    def partly(self) -> Stage | None:
        """Return what there is so far, with the rows of a builder that has not finished."""
        return made_partly(self.stage(), self._parts(), self._artifact_columns())

    def keep(self, builder: str, part: Part) -> None:
        """Keep rows of a builder."""
        frame = stored(self.operations.place.vault, part.frame)
        data = {
            "builder": builder,
            "recipe": self._recipe(builder),
            "rows": list(map(int, part.rows)),
            "frame": frame,
        }
        fact = Fact(events.PROCESS_KEPT, process_subject(self.process.id), data)
        self.operations.keep(self.process, [fact])

    def finish(self, builder: str, stage: Stage, reads: Sequence[Read]) -> None:
        """Keep all columns so far, and show them in the temporary instance."""
        before = self._reached()
        follows = None if before is None else before["frame"]
        frame = stored(self.operations.place.vault, stage.frame, follows)
        columns = list(stage.artifact_columns)
        every = [*self.reads(), *reads]
        reached = {
            "builder": builder,
            "frame": frame,
            "artifact_columns": columns,
            "reads": [[read.table, read.instance_id, read.column] for read in every],
            "recipes": [
                *([] if before is None else before["recipes"]),
                [builder, self._recipe(builder)],
            ],
        }
        place = {"table": self.temporary.table, "version": self.temporary.version}
        filled = {**place, "frame": frame, "artifact_columns": columns}
        subject = temporary_subject(self.temporary.table, self.temporary.version)
        facts = [
            Fact(events.PROCESS_STEPPED, process_subject(self.process.id), reached),
            Fact(events.INSTANCE_FILLED, subject, filled),
        ]
        self.operations.keep(self.process, facts)

    def check(self) -> None:
        """Do nothing, unless the run was stopped from outside."""
        check_running(self.operations.place.processes, self.process)

    def _reached(self) -> dict[str, Any] | None:
        """Return the last step, unless it stands on other recipes than those of now."""
        process = self.operations.place.processes.process(self.process.id) or self.process
        stage: dict[str, Any] | None = process.progress.get("stage")
        if stage is None or self.recipes is None:
            return stage
        made_with = [tuple(each) for each in stage["recipes"]]
        return stage if made_with and made_with == self.recipes[: len(made_with)] else None

    def _parts(self, *builder: str) -> Iterator[Part]:
        vault = self.operations.place.vault
        for kept in self.operations.place.processes.parts(self.process.id, *builder):
            if self.recipes is None or (kept.builder, kept.recipe) in self.recipes:
                yield Part(rows=tuple(kept.rows), frame=loaded(vault, kept.frame))

    def _artifact_columns(self) -> Iterator[str]:
        vault = self.operations.place.vault
        for name, text in self.temporary.builders.items():
            with suppress(TableVaultError, TableReferenceError):  # it may have been edited since
                types = read_definition(name, vault.get(text).decode()).dtypes
                yield from (column for column, type_ in types.items() if type_ == ARTIFACT)

    def _recipe(self, builder: str) -> str:
        return dict(self.recipes or ())[builder]
