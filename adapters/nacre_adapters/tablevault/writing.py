"""How an instance is materialized: what a write starts with, and what it ends in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from nacre import Digest
from nacre_adapters.tablevault import events
from nacre_adapters.tablevault.decisions import Desk, begun, existing, free
from nacre_adapters.tablevault.errors import TVArgumentError, TVProcessError
from nacre_adapters.tablevault.events import Fact, instance_subject
from nacre_adapters.tablevault.names import temporary_id
from nacre_adapters.tablevault.state import Instance, Process, Table, Temporary


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What was stored for an instance, before it is one."""

    frame: Digest
    rows: int
    columns: Mapping[str, int]
    """When each column last changed, ns; 0 for those that change with this instance."""

    changed_ns: int | None = None
    """When any of it last changed; None for now."""

    artifact_columns: Sequence[str] = ()
    artifacts: Digest | None = None
    dependencies: Sequence[Sequence[str]] = ()
    modules: Mapping[str, Digest] = field(default_factory=dict)
    recipes: Mapping[str, str] = field(default_factory=dict)
    success: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The temporary instance that a process works on, as it was when the process began."""

    table: Table
    temporary: Temporary
    follows: Instance | None
    """What its content is likely to be like: its origin, or the last instance."""

    files_of: Sequence[Instance] = ()
    """The instances whose files its cells may name, besides its own."""


def begin_write(desk: Desk, *, name: str, version: str) -> tuple[list[Fact], Place]:
    """Find the temporary instance that is written into.

    Raises:
        TVArgumentError: there is none, or it is for builders.
    """
    table = existing(desk, name)
    temporary = begun(desk, table, version)
    if not temporary.external_edit:
        raise TVArgumentError(
            f"{temporary_id(version)} of {name} is filled by its builders; create the instance "
            "with external_edit=True to write a table into it"
        )
    return free(desk, table, version), place_of(desk, table, temporary)


def place_of(desk: Desk, table: Table, temporary: Temporary) -> Place:
    """Return a temporary instance with what its content is likely to be like."""
    follows = _followed(desk, table, temporary)
    shared = table.artifact_instance and desk.tables.instance(table.number, table.artifact_instance)
    files_of = [one for one in (follows, shared) if one]
    return Place(table=table, temporary=temporary, follows=follows, files_of=files_of)


def materialize(desk: Desk, *, place: Place, instance_id: str, content: Content) -> list[Fact]:
    """Make an instance of a temporary one and what was stored for it.

    Raises:
        TVProcessError: somebody has replaced or deleted the temporary instance meanwhile.
    """
    number, version = place.table.number, place.temporary.version
    table = desk.tables.numbered(number)
    now = desk.tables.temporary(number, version)
    if table is None or table.is_deleted or now is None or now.begun != place.temporary.begun:
        raise TVProcessError(
            f"{temporary_id(version)} of {place.table.name} was replaced or deleted meanwhile: "
            "nothing was written; create the instance again"
        )
    data: dict[str, object] = {
        "id": instance_id,
        "table": number,
        "version": version,
        "description": now.description,
        "origin": now.origin,
        "external_edit": now.external_edit,
        "success": content.success,
        "dependencies": [list(pair) for pair in content.dependencies],
        "process": desk.process_id,
        "frame": content.frame,
        "rows": content.rows,
        "artifacts": content.artifacts,
        "artifact_columns": list(content.artifact_columns),
        "builders": dict(now.builders),
        "modules": dict(content.modules),
        "recipes": dict(content.recipes),
        "columns": dict(content.columns),
        "made_from": _made_from(now, content),
    }
    if content.changed_ns is not None:
        data["changed_ns"] = content.changed_ns
    return [Fact(events.INSTANCE_MATERIALIZED, instance_subject(instance_id), data)]


def _made_from(temporary: Temporary, content: Content) -> list[object]:
    """Return what the lineage follows: the instances that this one was made from."""
    named = [str(pair[1]) for pair in content.dependencies if len(pair) > 1 and pair[1]]
    origin = temporary.origin[0]
    every = dict.fromkeys([*named, *([origin] if origin else [])])
    return [{"subject": instance_subject(instance_id)} for instance_id in every]


def _followed(desk: Desk, table: Table, temporary: Temporary) -> Instance | None:
    origin_id, origin_table = temporary.origin
    other = desk.tables.table(origin_table) if origin_id else None
    if other is not None:
        instance = desk.tables.instance(other.number, origin_id)
        if instance is not None and not instance.is_deleted:
            return instance
    return desk.tables.latest(table, temporary.version, active_only=False) or desk.tables.latest(
        table, active_only=False
    )


def origin_of_place(place: Place) -> Instance | None:
    """Return the origin that is named, which columns are compared with."""
    follows = place.follows
    return follows if follows is not None and follows.id == place.temporary.origin[0] else None


def materialize_partly(desk: Desk, process: Process, content: Content | None) -> list[Fact]:
    """Make an instance, not a successful one, of what a process has made of a temporary one.

    Nothing, when it has made nothing.
    """
    place = process.progress.get("place")
    if content is None or not isinstance(place, list):
        return []
    table = desk.tables.numbered(place[0])
    temporary = desk.tables.temporary(place[0], place[1])
    if table is None or temporary is None or temporary.begun != place[2]:
        return []
    found = place_of(desk, table, temporary)
    return materialize(desk, place=found, instance_id=place[3], content=content)
