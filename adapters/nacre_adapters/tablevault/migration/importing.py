"""Brings a vault of tablevault 0.1 over into a new one, in one commit.

Ids and times stay as they are: they stand in the events, since the commit has its own.
"""

import json
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import nacre
from nacre import Digest
from nacre_adapters.tablevault import events
from nacre_adapters.tablevault.artifacts import collected, put_files, temporary_folder
from nacre_adapters.tablevault.content import stored
from nacre_adapters.tablevault.errors import TVArgumentError
from nacre_adapters.tablevault.events import (
    Fact,
    instance_subject,
    module_subject,
    process_subject,
    table_subject,
    temporary_subject,
)
from nacre_adapters.tablevault.migration.old import OldInstance, OldTable, OldVault
from nacre_adapters.tablevault.migration.old_frames import read_frame
from nacre_adapters.tablevault.places import Place, open_place

_NS = 1_000_000_000
_LONGEST_ID = 200
_ACTOR = "nacre-tablevault import"

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What was brought over."""

    tables: int
    instances: int
    temporary: int
    modules: int
    processes: int
    left_out: tuple[str, ...]
    """What could not be, and why."""


def import_vault(
    source: str | os.PathLike[str], target: str | os.PathLike[str], say: Say = lambda _: None
) -> Imported:
    """Bring the vault *source* of the package tablevault over into the new vault *target*.

    Raises:
        TVArgumentError: *source* is no such vault, or something is at *target*.
        TVTableError: a table cannot be read; nothing is left at *target*.
    """
    old, path = OldVault(Path(source)), Path(target)
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise TVArgumentError(f"{path} exists; choose a path where nothing is")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with nacre.open(path) as vault:
            found = _import_into(old, vault, say)
    except BaseException:
        # Nothing was there before, and nothing was told to anybody.
        shutil.rmtree(path, ignore_errors=True)
        raise
    return found


@dataclass(slots=True, kw_only=True)
class _Import:
    """The events of an import as they are found, and the files that follow the commit."""

    vault: nacre.Vault
    facts: list[Fact] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    files: list[tuple[int, str, Path]] = field(default_factory=list)
    """Number of a table, version and folder of the files of temporary instances."""

    def add(self, kind: str, subject: str, data: Mapping[str, object], noun: str = "") -> None:
        """Note an event, and count what it is about."""
        self.facts.append(Fact(kind, subject, data))
        if noun:
            self.counts[noun] = self.counts.get(noun, 0) + 1

    def text(self, path: Path) -> Digest:
        """Store the text of a file."""
        return self.vault.put(path.read_bytes())


def _import_into(old: OldVault, vault: nacre.Vault, say: Say) -> Imported:
    work = _Import(vault=vault)
    work.add(events.VAULT_CREATED, events.VAULT, {"description": old.description()})
    for name, file in old.modules().items():
        data = {"name": name, "text": work.text(file)}
        work.add(events.MODULE_WRITTEN, module_subject(name), data, "modules")
    for number, table in enumerate(old.tables()):
        say(f"table {table.name}")
        _add_table(work, number, table)
    for record in old.processes():
        _add_process(work, record)
    place = Place(vault, str(vault.path), is_own=False)
    _commit(vault, work.facts)
    with_views = open_place(vault, create=False, description="")
    for number, version, folder in work.files:
        temporary = with_views.tables.temporary(number, version)
        assert temporary is not None
        shutil.copytree(folder, temporary_folder(place.files, temporary), dirs_exist_ok=True)
    names = ("tables", "instances", "temporary", "modules", "processes")
    return Imported(
        **{name: work.counts.get(name, 0) for name in names}, left_out=tuple(work.left_out)
    )


def _commit(vault: nacre.Vault, facts: list[Fact]) -> None:
    def record(tx: nacre.Transaction) -> None:
        for kind, subject, data in facts:
            tx.record(kind, subject=subject, data=data)

    vault.commit(record, message="brought over from tablevault 0.1", actor=_ACTOR)


def _add_table(work: _Import, number: int, table: OldTable) -> None:
    described = table.description
    data = {
        "number": number,
        "name": table.name,
        "description": str(described.get("summary", "")),
        "multiple_artifacts": bool(described.get("multiple_artifacts", False)),
        "side_effects": bool(described.get("side_effects", False)),
    }
    work.add(events.TABLE_CREATED, table_subject(number), data, "tables")
    previous: Digest | None = None
    for instance in table.instances:
        previous = _add_instance(work, number, table, instance, previous)
    for instance in table.instances:
        if instance.id in table.deleted:
            gone = {"table": number, "instance": instance.id}
            work.add(events.INSTANCE_DELETED, instance_subject(instance.id), gone)
    for temporary in table.temporary:
        _add_temporary(work, number, temporary)
    if table.is_deleted:
        work.add(
            events.TABLE_DELETED, table_subject(number), {"number": number, "name": table.name}
        )


def _add_instance(
    work: _Import, number: int, table: OldTable, instance: OldInstance, previous: Digest | None
) -> Digest | None:
    prepared = read_frame(instance.folder)
    frame = None if prepared is None else stored(work.vault, prepared.frame, previous)
    names = [] if prepared is None else list(prepared.frame.columns)
    described = instance.description
    data = {
        "id": instance.id,
        "table": number,
        "version": instance.version,
        "description": str(described.get("summary", "")),
        "origin": [str(part) for part in described.get("origin", ["", ""])],
        "external_edit": bool(described.get("external_edit", False)),
        "success": instance.success,
        "dependencies": [[str(x) for x in pair] for pair in described.get("dependencies", [])],
        "process": str(described.get("author", "")),
        "frame": frame,
        "rows": 0 if prepared is None else len(prepared.frame),
        "artifacts": put_files(work.vault, _files_of(work, table, instance)),
        "artifact_columns": [] if prepared is None else prepared.artifact_columns,
        "builders": _texts(work, instance.folder / "builders", "*.yaml"),
        "modules": _texts(work, instance.folder / "EXECUTION_ARCHIVE", "*.py"),
        "columns": {name: instance.columns.get(name, instance.changed_ns) for name in names},
        "changed_ns": instance.changed_ns,
        "materialized_ns": instance.materialized_ns,
        "made_from": [
            {"subject": instance_subject(str(pair[1]))}
            for pair in described.get("dependencies", [])
            if len(pair) == 2
        ],
    }
    work.add(events.INSTANCE_MATERIALIZED, instance_subject(instance.id), data, "instances")
    return frame or previous


def _files_of(work: _Import, table: OldTable, instance: OldInstance) -> dict[PurePosixPath, Digest]:
    """Store the files of an instance: its own, or the table's if it is the one that has them."""
    found = collected(work.vault, instance.folder / "artifacts")
    if not found and table.description.get("artifact_instance") == instance.id:
        return collected(work.vault, table.folder / "artifacts")
    return found


def _add_temporary(work: _Import, number: int, instance: OldInstance) -> None:
    prepared = read_frame(instance.folder)
    described = instance.description
    data = {
        "table": number,
        "version": instance.version,
        "description": str(described.get("summary", "")),
        "origin": [str(part) for part in described.get("origin", ["", ""])],
        "external_edit": bool(described.get("external_edit", False)),
        "builders": _texts(work, instance.folder / "builders", "*.yaml"),
        "frame": None if prepared is None else stored(work.vault, prepared.frame),
        "artifact_columns": [] if prepared is None else prepared.artifact_columns,
    }
    subject = temporary_subject(number, instance.version)
    work.add(events.INSTANCE_BEGUN, subject, data, "temporary")
    folder = instance.folder / "artifacts"
    if folder.is_dir() and any(folder.iterdir()):
        work.files.append((number, instance.version, folder))


def _add_process(work: _Import, record: Mapping[str, Any]) -> None:
    process_id = str(record.get("process_id", ""))
    if not process_id or len(process_id.encode()) > _LONGEST_ID:
        work.left_out.append(f"process {process_id[:60]!r}: its id cannot be kept")
        return
    success = record.get("execution_success")
    error = [str(part) for part in record.get("error") or ("", "")]
    if success is None and not error[0]:
        error = ["TVProcessError", "it had not ended when the vault was brought over"]
    data: dict[str, object] = {
        "operation": str(record.get("operation", "")),
        "author": str(record.get("author", "")),
        "arguments": _plain(record.get("data", {})),
        "named": not record.get("force_takedown", True),
        "pid": int(record.get("pid", 0)),
        "started_ns": round(float(record.get("start_time", 0)) * _NS),
        "ended_ns": round(float(record.get("log_time", 0)) * _NS),
    }
    kind = events.PROCESS_COMPLETED if success else events.PROCESS_FAILED
    work.add(
        kind,
        process_subject(process_id),
        data if success else {**data, "error": error},
        "processes",
    )


def _plain(data: object) -> dict[str, object]:
    """Return what a process was given, as the log can hold it."""
    if not isinstance(data, dict):
        return {}
    return {
        str(key): value if isinstance(value, str | bool | type(None)) else json.dumps(value)
        for key, value in data.items()
    }


def _texts(work: _Import, folder: Path, pattern: str) -> dict[str, Digest]:
    return {file.stem: work.text(file) for file in sorted(folder.glob(pattern))}
