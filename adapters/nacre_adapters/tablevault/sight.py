"""The instances that an execution sees: those that were there when it began."""

from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from nacre.frames import describe_frame
from nacre_adapters.tablevault.content import loaded, with_artifacts
from nacre_adapters.tablevault.errors import TableMissing
from nacre_adapters.tablevault.reading import Reader
from nacre_adapters.tablevault.state import Instance


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """Materialized instances, for references. What comes later is not seen.

    A name means the same instance for as long as this object lives, also when that is deleted.
    """

    reader: Reader
    own: int
    """The number of the table that is executed: of it, also what is not active is seen."""

    since_ns: int
    """When the process was started."""

    folders: tuple[Path, ...]
    """Where files of the instance that is being made may lie; new ones in the first."""

    _met: dict[tuple[str, str], Instance] = field(default_factory=dict)

    def find(self, table: str, version: str) -> str:
        """Return the id of the instance that a name with a version, an id or nothing means."""
        found = self._instance(table, version)
        self._met[table, found.id] = found
        return found.id

    def read(self, table: str, instance_id: str) -> pd.DataFrame:
        """Return all of an instance, artifacts as full paths."""
        found = self._instance(table, instance_id)
        frame = loaded(self.reader.vault, found.frame)
        if not found.artifact_columns:
            return frame
        return with_artifacts(frame, found.artifact_columns, self.reader.folder(found))

    def content(self, table: str, instance_id: str, column: str) -> str:
        """Return what a column, or an instance, shares only with those that hold the same."""
        instance = self._instance(table, instance_id)
        artifacts = f"{instance.artifacts} {' '.join(instance.artifact_columns)}"
        if not column or instance.frame is None:
            return f"{instance.frame} {artifacts}"
        columns = describe_frame(self.reader.vault, instance.frame).columns
        for each in columns:
            if each.label == column:
                files = artifacts if column in instance.artifact_columns else ""
                return f"{each.type} {each.content} {files}"
        names = ", ".join(each.label for each in columns)
        raise TableMissing(f"table {table!r} has no column {column!r}: it has {names}")

    def own_path(self, cell: str) -> str:
        """Return the full path of an artifact of the instance that is being made."""
        paths = [folder / cell for folder in self.folders]
        return str(next((path for path in paths if path.exists()), paths[0]))

    def _instance(self, name: str, version: str) -> Instance:
        if (name, version) not in self._met:
            self._met[name, version] = self._looked_up(name, version)
        return self._met[name, version]

    def _looked_up(self, name: str, version: str) -> Instance:
        table = self.reader.tables.table(name)
        if table is None:
            raise TableMissing(f"there is no table {name}; list get_table_instances()")
        of_id = self.reader.tables.instance(table.number, version) if version else None
        if of_id is not None and not of_id.is_deleted:
            return of_id
        found = self.reader.tables.latest(
            table,
            version,
            active_only=table.number != self.own,
            before_ns=self.since_ns,
        )
        if found is None:
            what = f"of version {version} " if version else ""
            raise TableMissing(f"{name} has no instance {what}to refer to: materialize one first")
        return found
