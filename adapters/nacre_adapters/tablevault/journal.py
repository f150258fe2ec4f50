"""What an execution keeps in the log, so that it can go on after it was killed."""

from collections.abc import Sequence
from dataclasses import dataclass

from nacre import Digest
from nacre_adapters.tablevault import events
from nacre_adapters.tablevault.artifacts import collected, put_files, temporary_folder
from nacre_adapters.tablevault.content import loaded, stored
from nacre_adapters.tablevault.events import Fact, process_subject, temporary_subject
from nacre_adapters.tablevault.execution.journal import Part, Stage
from nacre_adapters.tablevault.execution.partly import made_partly
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

    def finished(self) -> Sequence[str]:
        """Return the names of the builders that have finished."""
        return [name for name, _ in self._recorded().steps]

    def stage(self) -> Stage | None:
        """Return what there was when the last of them finished."""
        stage = self._recorded().progress.get("stage")
        if stage is None:
            return None
        frame = loaded(self.operations.place.vault, stage["frame"])
        return Stage(frame=frame, artifact_columns=tuple(stage["artifact_columns"]))

    def reads(self) -> Sequence[Read]:
        """Return what they have read of other tables."""
        stage = self._recorded().progress.get("stage")
        return [] if stage is None else [Read(*read) for read in stage["reads"]]

    def parts(self, builder: str) -> Sequence[Part]:
        """Return what a builder that has not finished kept."""
        vault = self.operations.place.vault
        return [
            Part(rows=tuple(rows), frame=loaded(vault, frame))
            for rows, frame in self.operations.place.processes.parts(self.process.id, builder)
        ]

    def partly(self) -> Stage | None:
        """Return what there is so far, with the rows of a builder that has not finished."""
        processes, vault = self.operations.place.processes, self.operations.place.vault
        parts = processes.parts(self.process.id)
        return made_partly(
            self.stage(),
            (Part(rows=tuple(rows), frame=loaded(vault, frame)) for rows, frame in parts),
        )

    def keep(self, builder: str, part: Part) -> None:
        """Keep rows of a builder."""
        frame = stored(self.operations.place.vault, part.frame)
        data = {"builder": builder, "rows": list(map(int, part.rows)), "frame": frame}
        fact = Fact(events.PROCESS_KEPT, process_subject(self.process.id), data)
        self.operations.keep(self.process, [fact])

    def finish(self, builder: str, stage: Stage, reads: Sequence[Read]) -> None:
        """Keep all columns so far, and show them in the temporary instance."""
        before = self._recorded().progress.get("stage")
        frame = stored(self.operations.place.vault, stage.frame, self._follows(before))
        columns = list(stage.artifact_columns)
        every = [*self.reads(), *reads]
        reached = {
            "builder": builder,
            "frame": frame,
            "artifact_columns": columns,
            "reads": [[read.table, read.instance_id, read.column] for read in every],
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

    def _recorded(self) -> Process:
        return self.operations.place.processes.process(self.process.id) or self.process

    def _follows(self, before: object) -> Digest | None:
        found = before.get("frame") if isinstance(before, dict) else None
        return found if isinstance(found, Digest) else None
