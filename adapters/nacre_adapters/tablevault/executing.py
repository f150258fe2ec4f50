"""The operation `execute_instance`: what it begins with, the run of the builders, how it ends.

What must not change when it is resumed stands in the progress of its process: the temporary
instance that it fills, the instance that it follows, and the id of the one that it will make.
"""

import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from nacre import Digest
from nacre_adapters.tablevault import events
from nacre_adapters.tablevault.artifacts import (
    file_differs,
    instance_folder,
    temporary_folder,
)
from nacre_adapters.tablevault.builders.tokens import Tokens
from nacre_adapters.tablevault.content import Prepared, loaded, stored
from nacre_adapters.tablevault.decisions import Desk, begun, existing, free
from nacre_adapters.tablevault.errors import (
    FileMissing,
    TableVaultError,
    TVArgumentError,
    TVProcessError,
)
from nacre_adapters.tablevault.events import Fact, temporary_subject
from nacre_adapters.tablevault.execution.plan import Plan, planned
from nacre_adapters.tablevault.execution.reuse import Origin
from nacre_adapters.tablevault.execution.run import Made, execute
from nacre_adapters.tablevault.journal import VaultJournal
from nacre_adapters.tablevault.materializing import Made as MadeOf
from nacre_adapters.tablevault.materializing import put_content
from nacre_adapters.tablevault.names import new_instance_id, temporary_id
from nacre_adapters.tablevault.operations import Decide, Locks, Operations, Run
from nacre_adapters.tablevault.processes import WHOLE
from nacre_adapters.tablevault.reading import Reader
from nacre_adapters.tablevault.sight import Sight
from nacre_adapters.tablevault.state import Instance, Process, Table, Temporary
from nacre_adapters.tablevault.writing import Place, materialize, place_of

OPERATION = "execute_instance"


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """What an execution begins with."""

    place: Place
    origin: Instance | None
    """The instance whose rows may be taken over."""

    instance_id: str

    def progress(self) -> dict[str, object]:
        """Return what the process must still know when it is resumed."""
        temporary, origin = self.place.temporary, self.origin
        return {
            "place": [temporary.table, temporary.version, temporary.begun, self.instance_id],
            "origin": None if origin is None else [origin.table, origin.id],
        }


def begin(
    desk: Desk, *, name: str, version: str, force: bool, time_ns: int
) -> tuple[list[Fact], Locks, Begun]:
    """Find what an execution works on, or worked on before it was interrupted.

    Raises:
        TVArgumentError: there is no such table or temporary instance, or it is for external edits.
        TVProcessError: the instance was replaced while the process was interrupted.
    """
    process = desk.processes.process(desk.process_id)
    if process is not None:
        found = resumed(desk, process)
    else:
        table = existing(desk, name)
        temporary = begun(desk, table, version)
        if temporary.external_edit:
            raise TVArgumentError(
                f"External edit table cannot be executed: {temporary_id(version)} of {name} was "
                "created with external_edit=True; use write_instance"
            )
        origin = None if force else _origin(desk, table, temporary)
        found = Begun(
            place=place_of(desk, table, temporary),
            origin=origin,
            instance_id=new_instance_id(version, time_ns),
        )
    table = found.place.table
    locked = WHOLE if table.side_effects else found.place.temporary.version
    return free(desk, table, locked), [[table.number, locked]], found


def resumed(desk: Desk, process: Process) -> Begun:
    """Return what an execution began with.

    Raises:
        TVProcessError: the instance was replaced or deleted meanwhile.
    """
    number, version, commit, instance_id = process.progress["place"]
    table = desk.tables.numbered(number)
    temporary = desk.tables.temporary(number, version)
    if table is None or temporary is None or temporary.begun != commit:
        raise TVProcessError(
            f"{temporary_id(version)} was replaced or deleted while process {process.id} was "
            "interrupted: execute the new one with another id"
        )
    origin = process.progress.get("origin")
    return Begun(
        place=place_of(desk, table, temporary),
        origin=None if origin is None else desk.tables.instance(*origin),
        instance_id=instance_id,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """One execution at work."""

    operations: Operations
    run: Run[Begun]

    def planned(self, tables: Sight) -> Plan:
        """Return what is to be done; no function of a user is called."""
        begun = self.run.plan
        return planned(
            begun.place.table.name,
            self._texts(begun.place.temporary.builders),
            tokens=self._tokens(),
            tables=tables,
            module=self._module,
        )

    def work(self, plan: Plan, tables: Sight) -> Decide:
        """Run the builders, and return the decision that makes an instance of what they made."""
        begun, place = self.run.plan, self.operations.place
        made = self._made(plan, tables)
        content = put_content(
            place.vault,
            place.files,
            begun.place,
            Prepared(frame=made.frame, artifact_columns=list(made.artifact_columns)),
            MadeOf(
                dependencies=[[read.table, read.instance_id] for read in made.reads],
                modules={
                    name: place.vault.put(text.encode()) for name, text in plan.modules.items()
                },
                recipes={step.name: step.recipe for step in plan.steps},
                origin=begun.origin,
            ),
        )
        return partial(
            materialize, place=begun.place, instance_id=begun.instance_id, content=content
        )

    def _made(self, plan: Plan, tables: Sight) -> Made:
        journal = VaultJournal(
            operations=self.operations,
            process=self.run.process,
            temporary=self.run.plan.place.temporary,
            recipes=plan.recipes,
        )
        try:
            return execute(plan, tables=tables, journal=journal, origin=self._origin())
        except BaseException:
            with suppress(TableVaultError):  # what went wrong first is what counts
                self._show(journal)
            raise

    def _show(self, journal: VaultJournal) -> None:
        """Put what was made so far into the temporary instance, for whoever looks at it."""
        stage = journal.partly()
        if stage is None:
            return
        temporary = self.run.plan.place.temporary
        data = {
            "table": temporary.table,
            "version": temporary.version,
            "frame": stored(self.operations.place.vault, stage.frame, temporary.frame),
            "artifact_columns": list(stage.artifact_columns),
        }
        subject = temporary_subject(temporary.table, temporary.version)
        self.operations.keep(self.run.process, [Fact(events.INSTANCE_FILLED, subject, data)])

    def tables(self) -> Sight:
        """Return what references of the builders mean."""
        place, begun = self.operations.place, self.run.plan
        folders = [temporary_folder(place.files, begun.place.temporary)]
        folders += [
            instance_folder(place.files, place.vault, one)
            for one in begun.place.files_of
            if one.artifacts is not None
        ]
        return Sight(
            reader=Reader(vault=place.vault, files=place.files),
            own=begun.place.table.number,
            since_ns=self.run.process.started_ns,
            folders=tuple(folders),
        )

    def _tokens(self) -> Tokens:
        folder = temporary_folder(self.operations.place.files, self.run.plan.place.temporary)
        return Tokens(
            artifact_folder=str(folder), process_id=f"{self.run.process.id}_{uuid.uuid4()}"
        )

    def _texts(self, builders: Mapping[str, Digest]) -> dict[str, str]:
        vault, table = self.operations.place.vault, self.run.plan.place.table.name
        texts = {name: vault.get(digest).decode() for name, digest in builders.items()}
        return named_for(table, texts)

    def _module(self, name: str) -> str:
        """Return the text of a code module.

        Raises:
            TVFileError: there is none.
        """
        place = self.operations.place
        digest = place.tables.module(name)
        if digest is None:
            there = ", ".join(place.tables.modules()) or "none"
            raise FileMissing(f"there is no code module {name!r}: there is {there}")
        return place.vault.get(digest).decode()

    def _origin(self) -> Origin | None:
        origin, vault = self.run.plan.origin, self.operations.place.vault
        if origin is None or origin.frame is None:
            return None
        return Origin(
            frame=loaded(vault, origin.frame),
            artifact_columns=tuple(origin.artifact_columns),
            recipes=named_for(self.run.plan.place.table.name, origin.recipes),
            file_differs=partial(self._file_differs, origin),
        )

    def _file_differs(self, origin: Instance, cell: str) -> bool:
        place = self.operations.place
        folder = temporary_folder(place.files, self.run.plan.place.temporary)
        return file_differs(folder, instance_folder(place.files, place.vault, origin), cell)


def named_for(table: str, builders: Mapping[str, str]) -> dict[str, str]:
    """Return builders with that of the rows under the name that it must have in a table.

    A table that was renamed, or an instance that follows one of another table, has it under the
    name of before.
    """
    wanted = f"{table}_index"
    found = [name for name in builders if name.endswith("_index")]
    if wanted in builders or len(found) != 1:
        return dict(builders)
    return {wanted if name == found[0] else name: text for name, text in builders.items()}


def _origin(desk: Desk, table: Table, temporary: Temporary) -> Instance | None:
    """Return the instance that is named as the origin, else the last one of the table."""
    origin_id, origin_table = temporary.origin
    other = desk.tables.table(origin_table) if origin_id else None
    named = other and desk.tables.instance(other.number, origin_id)
    if named and not named.is_deleted:
        return named
    return desk.tables.latest(table, temporary.version) or desk.tables.latest(table)
