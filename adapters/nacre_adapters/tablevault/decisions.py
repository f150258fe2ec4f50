"""How tables and instances may change: each function reads the desk and returns events.

They run under the writer lock, may run more than once, and change nothing themselves.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from nacre import Digest
from nacre_adapters.tablevault import events
from nacre_adapters.tablevault.errors import (
    FileMissing,
    TableMissing,
    TVArgumentError,
    TVFileError,
    TVLockError,
    TVTableError,
)
from nacre_adapters.tablevault.events import (
    Fact,
    instance_subject,
    module_subject,
    process_subject,
    table_subject,
    temporary_subject,
)
from nacre_adapters.tablevault.names import temporary_id, version_in
from nacre_adapters.tablevault.processes import WHOLE, Processes
from nacre_adapters.tablevault.state import PAUSED, Instance, Process, Table, Temporary
from nacre_adapters.tablevault.views import Tables

NO_ORIGIN = ["", ""]


class Blocked(TVLockError):
    """What is to be changed is being worked on; `holders` are the processes that do."""

    def __init__(self, what: str, holders: list[Process]) -> None:
        names = ", ".join(f"{one.id} ({one.operation}, {one.status})" for one in holders)
        super().__init__(
            f"Unable to acquire lock {what}: held by {names}; wait for it, resume it with its id, "
            "or stop it with stop_process"
        )
        self.holders = holders


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What a decision works with."""

    tables: Tables
    processes: Processes
    process_id: str
    dead: Collection[str] = field(default_factory=frozenset)
    """Processes that are known to have ended without saying so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a temporary instance is to be."""

    version: str
    description: str
    external_edit: bool
    origin: tuple[str, str] | None
    """Id and table of the instance that it follows."""

    copy: bool
    """Whether it follows the last active instance, when no origin is given."""


# Tables


def create_table(
    desk: Desk,
    *,
    name: str,
    description: str,
    multiple_artifacts: bool,
    side_effects: bool,
    strict_artifacts: bool,
) -> list[Fact]:
    """Add a table.

    Raises:
        TVArgumentError: there is one of that name.
    """
    if desk.tables.table(name) is not None:
        raise TVArgumentError(f"{name} exists; choose another name, or delete it first")
    number = desk.tables.table_count
    data = {
        "number": number,
        "name": name,
        "description": description,
        "multiple_artifacts": multiple_artifacts,
        "side_effects": side_effects,
        **({"strict_artifacts": True} if strict_artifacts else {}),
    }
    return [Fact(events.TABLE_CREATED, table_subject(number), data)]


def rename_table(desk: Desk, *, name: str, new_name: str) -> list[Fact]:
    """Give a table another name; its instances, temporary ones too, stay what they are."""
    table = existing(desk, name)
    if desk.tables.table(new_name) is not None:
        raise TVArgumentError(f"{new_name} exists; choose another name")
    freed = free(desk, table)
    data = {"number": table.number, "name": new_name, "before": name}
    return [*freed, Fact(events.TABLE_RENAMED, table_subject(table.number), data)]


def delete_table(desk: Desk, *, name: str) -> list[Fact]:
    """Delete a table; what is known of it and its instances stays readable."""
    table = existing(desk, name)
    data = {"number": table.number, "name": name}
    return [*free(desk, table), Fact(events.TABLE_DELETED, table_subject(table.number), data)]


# Instances


def begin_instance(
    desk: Desk,
    *,
    name: str,
    wanted: Wanted,
    builders: Mapping[str, Digest],
    template: Digest,
) -> list[Fact]:
    """Begin a temporary instance; one of the same version that is there is replaced.

    It has the builders of its origin, or the content when it is for external edits, and *builders*
    on top.
    """
    table, version = existing(desk, name), wanted.version
    freed = free(desk, table, version)
    named, source = _origin_to_follow(desk, table, wanted)
    content = source if wanted.external_edit else None
    kept: dict[str, Digest] = {}
    if not wanted.external_edit:
        kept = {f"{name}_index": template} if source is None else source.builders
    data = {
        "table": table.number,
        "version": version,
        "description": wanted.description,
        "origin": named,
        "external_edit": wanted.external_edit,
        "builders": {**kept, **builders},
        "frame": None if content is None else content.frame,
        "artifact_columns": [] if content is None else content.artifact_columns,
    }
    subject = temporary_subject(table.number, version)
    return [*freed, Fact(events.INSTANCE_BEGUN, subject, data)]


def delete_instance(desk: Desk, *, name: str, instance_id: str) -> list[Fact]:
    """Delete a materialized instance, or a temporary one; its description stays readable."""
    table = existing(desk, name)
    version = version_in(instance_id)
    if version is not None and desk.tables.temporary(table.number, version) is not None:
        freed = free(desk, table, version)
        data: dict[str, object] = {"table": table.number, "version": version}
        subject = temporary_subject(table.number, version)
        return [*freed, Fact(events.INSTANCE_DISCARDED, subject, data)]
    instance = desk.tables.instance(table.number, instance_id)
    if instance is None or instance.is_deleted:
        raise TVArgumentError(f"{instance_id} of {name} doesn't exist; list get_table_instances")
    data = {"table": table.number, "instance": instance_id}
    return [Fact(events.INSTANCE_DELETED, instance_subject(instance_id), data)]


# Builders and code modules


def write_builders(
    desk: Desk, *, name: str, version: str, builders: Mapping[str, Digest]
) -> list[Fact]:
    """Put builders into a temporary instance, in place of those of the same names."""
    table = existing(desk, name)
    temporary = begun(desk, table, version)
    if temporary.external_edit:
        raise TVFileError(
            f"{temporary_id(version)} of {name} is edited externally and has no builders; create "
            "the instance without external_edit"
        )
    freed = _free_to_edit(desk, table, version)
    subject = temporary_subject(table.number, version)
    place = {"table": table.number, "version": version}
    return freed + [
        Fact(events.BUILDER_WRITTEN, subject, {**place, "name": builder, "text": text})
        for builder, text in builders.items()
    ]


def delete_builder(desk: Desk, *, name: str, version: str, builder: str) -> list[Fact]:
    """Remove a builder of a temporary instance."""
    table = existing(desk, name)
    temporary = begun(desk, table, version)
    if builder not in temporary.builders:
        raise FileMissing(f"builder {builder} doesn't exist in {name}; list get_builders_list")
    data = {"table": table.number, "version": version, "name": builder}
    subject = temporary_subject(table.number, version)
    freed = _free_to_edit(desk, table, version)
    return [*freed, Fact(events.BUILDER_DELETED, subject, data)]


def write_modules(desk: Desk, *, modules: Mapping[str, Digest]) -> list[Fact]:
    """Keep code modules, in place of those of the same names."""
    return [
        Fact(events.MODULE_WRITTEN, module_subject(name), {"name": name, "text": text})
        for name, text in modules.items()
        if desk.tables.module(name) != text
    ]


def delete_module(desk: Desk, *, module: str) -> list[Fact]:
    """Remove a code module; instances that were made with it keep theirs."""
    if desk.tables.module(module) is None:
        raise FileMissing(f"code file {module} doesn't exist; list get_code_modules_list")
    return [Fact(events.MODULE_DELETED, module_subject(module), {"name": module})]


# What decisions share


def existing(desk: Desk, name: str) -> Table:
    """Return a table.

    Raises:
        TVArgumentError: there is none of that name.
    """
    table = desk.tables.table(name)
    if table is None:
        raise TVArgumentError(f"{name} doesn't exist; list get_table_instances()")
    return table


def begun(desk: Desk, table: Table, version: str) -> Temporary:
    """Return the temporary instance of a version.

    Raises:
        TVArgumentError: there is none.
    """
    temporary = desk.tables.temporary(table.number, version)
    if temporary is None:
        raise TVArgumentError(
            f"instance doesn't exist: {table.name} has no {temporary_id(version)}; begin one with "
            "create_instance"
        )
    return temporary


def origin_of(desk: Desk, origin: tuple[str, str]) -> Instance | None:
    """Return the instance that another is to follow; None when the table has none yet.

    Raises:
        TVTableError: there is no such instance, or it was deleted.
    """
    instance_id, table_name = origin
    if not instance_id:
        return None
    table = desk.tables.table(table_name)
    instance = table and desk.tables.instance(table.number, instance_id)
    if not instance:
        raise TableMissing(
            f"origin {instance_id} of {table_name} doesn't exist; list get_table_instances"
        )
    if instance.is_deleted:
        raise TVTableError(f"origin {instance_id} of {table_name} was deleted; choose another")
    return instance


def _origin_to_follow(
    desk: Desk, table: Table, wanted: Wanted
) -> tuple[list[str], Instance | None]:
    """Return what the description says of the origin, and the instance itself."""
    if wanted.origin is not None:
        return list(wanted.origin), origin_of(desk, wanted.origin)
    if not wanted.copy:
        return NO_ORIGIN, None
    last = desk.tables.latest(table, wanted.version) or desk.tables.latest(table)
    return ["" if last is None else last.id, table.name], last


def free(desk: Desk, table: Table, version: str = WHOLE) -> list[Fact]:
    """Return what ends the locks of the dead on a version of a table, or on all of it.

    Raises:
        Blocked: somebody else works on it.
    """
    others = [
        process
        for process in desk.processes.at_work(table.number, version)
        if not _is_within(desk.process_id, process.id) and process.holds_locks
    ]
    living = [process for process in others if process.id not in desk.dead]
    if living:
        what = f"{table.name} {temporary_id(version)}" if version else table.name
        raise Blocked(what, living)
    return [left_behind(process) for process in others]


def _free_to_edit(desk: Desk, table: Table, version: str) -> list[Fact]:
    """Return what `free` does; an execution that is paused lets its builders be corrected.

    Raises:
        Blocked: somebody else works on it.
    """
    try:
        return free(desk, table, version)
    except Blocked as blocked:
        if all(one.status == PAUSED for one in blocked.holders):
            return []  # when it goes on it takes up nothing that was made with other builders
        raise


def left_behind(process: Process) -> Fact:
    """Return what becomes of a process that died: with an id of the caller's it can go on."""
    error = ["TVProcessError", f"{process.who} ended without a word"]
    kind = events.PROCESS_INTERRUPTED if process.named else events.PROCESS_FAILED
    return Fact(kind, process_subject(process.id), {"error": error})


def _is_within(process_id: str, other: str) -> bool:
    """Tell whether a process is another, or a part of it."""
    return process_id == other or process_id.startswith(f"{other}_")
