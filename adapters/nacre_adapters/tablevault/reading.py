"""What can be asked of a TableVault: frames, folders, builders, descriptions. Takes no lock."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

import nacre
from nacre import Digest
from nacre_adapters.tablevault.artifacts import instance_folder, temporary_folder
from nacre_adapters.tablevault.content import loaded, with_artifacts
from nacre_adapters.tablevault.errors import FileMissing, TableMissing, TVFileError
from nacre_adapters.tablevault.names import DEFAULT_VERSION, temporary_id, version_in
from nacre_adapters.tablevault.state import Instance, Table, Temporary
from nacre_adapters.tablevault.views import Tables


@dataclass(frozen=True, slots=True, kw_only=True)
class Which:
    """Which instance is asked for: that of an id, or the last one of a version."""

    table_name: str
    instance_id: str = ""
    version: str = DEFAULT_VERSION
    active_only: bool = True
    successful_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """A TableVault to read: now, or as it was."""

    vault: nacre.Vault
    files: Path

    @property
    def tables(self) -> Tables:
        """The view to read from."""
        return self.vault.view(Tables)

    def find(self, which: Which) -> Instance | Temporary:
        """Return an instance.

        Raises:
            TableMissing: there is none.
        """
        table = self._table(which.table_name)
        if which.instance_id:
            return self._of_id(table, which.instance_id)
        found = self.tables.latest(
            table,
            which.version,
            active_only=which.active_only,
            successful_only=which.successful_only,
        )
        if found is None:
            raise TableMissing(
                f"Table {table.name}: no instance of version {which.version!r} doesn't exist; "
                "list get_table_instances"
            )
        return found

    def frame(
        self,
        which: Which,
        *,
        rows: int | None,
        columns: Sequence[str] | None,
        full_artifact_path: bool,
    ) -> tuple[pd.DataFrame, str]:
        """Return the frame of an instance, and its id."""
        found = self.find(which)
        frame = loaded(self.vault, found.frame, rows=rows, columns=columns)
        if found.artifact_columns:
            folder = self.folder(found) if full_artifact_path else None
            frame = with_artifacts(frame, found.artifact_columns, folder)
        return frame, _id_of(found)

    def folder(self, found: Instance | Temporary) -> Path:
        """Return the folder of the files of an instance."""
        if isinstance(found, Temporary):
            return temporary_folder(self.files, found)
        return instance_folder(self.files, self.vault, found)

    def one(self, which: Which, *, is_temporary: bool) -> Instance | Temporary:
        """Return an instance: of an id, the temporary one of a version, or the last one.

        Raises:
            FileMissing: there is none.
        """
        table = self.tables.table(which.table_name)
        if table is None:
            raise FileMissing(f"{which.table_name} doesn't exist; list get_table_instances()")
        instance_id = which.instance_id
        if not instance_id and is_temporary:
            instance_id = temporary_id(which.version or DEFAULT_VERSION)
        try:
            return self.find(
                Which(table_name=table.name, instance_id=instance_id, version=which.version)
            )
        except TableMissing as error:
            raise FileMissing(str(error)) from error

    def builders(self, which: Which, *, is_temporary: bool) -> list[str]:
        """Return the names of an instance's builders; none when there is no such instance."""
        try:
            return list(self.one(which, is_temporary=is_temporary).builders)
        except FileMissing:
            return []

    def builder(self, which: Which, name: str, *, is_temporary: bool) -> str:
        """Return the text of a builder.

        Raises:
            FileMissing: there is none.
        """
        found = self.one(which, is_temporary=is_temporary)
        return self.text(found.builders.get(name), f"builder {name} of {which.table_name}")

    def text(self, digest: Digest | None, what: str) -> str:
        """Return the text of a builder or a module.

        Raises:
            FileMissing: there is none.
        """
        if digest is None:
            raise FileMissing(f"{what} doesn't exist")
        return self.vault.get(digest).decode()

    def instance_ids(
        self, table_name: str, version: str, *, include_temporary: bool
    ) -> list[str] | None:
        """Return the names of all tables, or the ids of a table's instances, in order."""
        if not table_name:
            return [table.name for table in self.tables.tables()]
        table = self.tables.table(table_name)
        if table is None:
            return None
        ids = [instance.id for instance in self.tables.instances(table.number, version)]
        if include_temporary:
            ids += [
                temporary_id(each.version)
                for each in self.tables.temporaries(table.number)
                if version in ("", each.version)
            ]
        return ids

    def description(self, instance_id: str, table_name: str) -> dict[str, object]:
        """Return what is known of the vault, a table or an instance, deleted ones too.

        Raises:
            TVFileError: a temporary instance is asked for without its table.
            FileMissing: there is none.
        """
        tables = self.tables
        if not instance_id and not table_name:
            return {"summary": tables.description}
        if not table_name:
            if version_in(instance_id):
                raise TVFileError(f"Need table_name with instance_id {instance_id}")
            return _of_instance(self._anywhere(instance_id))
        table = tables.table(table_name) or tables.deleted_table(table_name)
        if table is None:
            raise FileMissing(f"{table_name} doesn't exist; list get_table_instances()")
        if not instance_id:
            return _of_table(table, self._last_successful(table))
        version = version_in(instance_id)
        found = tables.temporary(table.number, version) if version else None
        if found is not None:
            return _of_temporary(found)
        instance = tables.instance(table.number, instance_id)
        if instance is None:
            raise FileMissing(f"{instance_id} of {table_name} doesn't exist")
        return _of_instance(instance)

    def _last_successful(self, table: Table) -> str:
        """Return the id of a table's last instance; empty when there is none."""
        last = self.tables.latest(table, active_only=False, successful_only=True)
        return "" if last is None else last.id

    def _table(self, name: str) -> Table:
        table = self.tables.table(name)
        if table is None:
            raise TableMissing(f"Table {name}: doesn't exist; list get_table_instances()")
        return table

    def _of_id(self, table: Table, instance_id: str) -> Instance | Temporary:
        version = version_in(instance_id)
        temporary = self.tables.temporary(table.number, version) if version else None
        instance = temporary or self.tables.instance(table.number, instance_id)
        if instance is None:
            step = "list get_table_instances"
            if version:
                step = "begin it with create_instance, or ask for a materialized one"
            raise TableMissing(f"Table {table.name}: {instance_id} doesn't exist; {step}")
        if isinstance(instance, Instance) and instance.is_deleted:
            raise TableMissing(
                f"Table {table.name}: {instance_id} doesn't exist: it was deleted; read it with "
                "as_of, as the vault was before"
            )
        return instance

    def _anywhere(self, instance_id: str) -> Instance:
        for number in range(self.tables.table_count):
            instance = self.tables.instance(number, instance_id)
            if instance is not None:
                return instance
        raise FileMissing(f"{instance_id} doesn't exist in any table")


def _id_of(found: Instance | Temporary) -> str:
    return found.id if isinstance(found, Instance) else temporary_id(found.version)


def _of_table(table: Table, last: str) -> dict[str, object]:
    found: dict[str, object] = {
        "multiple_artifacts": table.multiple_artifacts,
        "side_effects": table.side_effects,
        "summary": table.description,
    }
    if last and not table.multiple_artifacts:
        found["artifact_instance"] = last
    return dict(sorted(found.items()))


def _of_temporary(temporary: Temporary) -> dict[str, object]:
    return {
        "external_edit": temporary.external_edit,
        "origin": temporary.origin,
        "summary": temporary.description,
    }


def _of_instance(instance: Instance) -> dict[str, object]:
    return {
        "author": instance.process,
        "dependencies": instance.dependencies,
        "external_edit": instance.external_edit,
        "origin": instance.origin,
        "success": instance.success,
        "summary": instance.description,
    }
