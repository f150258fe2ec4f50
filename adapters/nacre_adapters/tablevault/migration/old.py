"""A directory of tablevault 0.1, read as it lies there. Nothing in it is changed."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nacre_adapters.tablevault.builders.document import read_document
from nacre_adapters.tablevault.errors import TVArgumentError, TVFileError
from nacre_adapters.tablevault.names import TEMPORARY

MARKER = ".tablevault"
_AGAIN = re.compile(r"_\d+$")
_NS = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class OldInstance:
    """The folder of an instance, and what the histories say of it."""

    id: str
    folder: Path
    description: Mapping[str, Any]
    changed_ns: int
    materialized_ns: int
    success: bool
    columns: Mapping[str, int]

    @property
    def version(self) -> str:
        """What its id begins with."""
        return self.id.removeprefix(TEMPORARY).split("_")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class OldTable:
    """The folder of a table."""

    name: str
    folder: Path
    description: Mapping[str, Any]
    instances: tuple[OldInstance, ...]
    """Materialized ones in order, deleted ones too."""

    deleted: frozenset[str]
    """The ids of those that were deleted."""

    temporary: tuple[OldInstance, ...]
    is_deleted: bool = False


class OldVault:
    """A directory that tablevault made.

    Raises:
        TVArgumentError: it is none.
    """

    def __init__(self, path: Path) -> None:
        if not path.is_dir():
            raise TVArgumentError(f"No folder found at {path}; correct the path")
        if not (path / MARKER).exists():
            raise TVArgumentError(
                f"Path at {path} is not a TableVault Repository of the package tablevault: it has "
                f"no {MARKER}"
            )
        self.path = path
        self._metadata = path / "metadata"
        self._trash = self._metadata / "ARCHIVED_TRASH"

    def description(self) -> str:
        """Return what the vault is for."""
        return str(_described(self.path).get("summary", ""))

    def modules(self) -> dict[str, Path]:
        """Return the file of each code module."""
        files = sorted((self.path / "code_functions").glob("*.py"))
        return {file.stem: file for file in files}

    def tables(self) -> Iterator[OldTable]:
        """Yield deleted tables, then the others in the order of creation."""
        history = self._json("tables_history.json")
        columns = self._json("columns_history.json")
        waiting = self._json("tables_temp.json")
        yield from self._deleted_tables(history)
        for name, instances in history.items():
            folder = self.path / name
            buried = self._buried(name)
            kept = [
                _instance(folder / each, times, columns.get(name, {}).get(each, {}))
                for each, times in instances.items()
            ]
            every = sorted([*kept, *buried], key=lambda one: one.materialized_ns)
            yield OldTable(
                name=name,
                folder=folder,
                description=_described(folder),
                instances=tuple(every),
                deleted=frozenset(one.id for one in buried),
                temporary=tuple(
                    _instance(folder / each, None, {}) for each in waiting.get(name, [])
                ),
            )

    def processes(self) -> Iterator[dict[str, Any]]:
        """Yield the records of all processes in the order in which they ended."""
        log = self._metadata / "logs.txt"
        for line in log.read_text().splitlines() if log.exists() else ():
            if line.strip():
                yield _parsed(log, line)
        yield from self._json("active_logs.json").values()

    def _deleted_tables(self, living: Mapping[str, object]) -> Iterator[OldTable]:
        for folder in _folders(self._trash):
            if folder.name in living and not (folder / "description.yaml").exists():
                continue  # instances of a table that is still there
            # Of two tables of one name the second was put beside the first, with a number.
            name = _AGAIN.sub("", folder.name)
            buried = [_instance(each, None, {}) for each in _folders(folder) if _is_instance(each)]
            yield OldTable(
                name=name if (self._trash / name).exists() else folder.name,
                folder=folder,
                description=_described(folder),
                instances=tuple(buried),
                deleted=frozenset(one.id for one in buried),
                temporary=(),
                is_deleted=True,
            )

    def _buried(self, name: str) -> list[OldInstance]:
        folder = self._trash / name
        if (folder / "description.yaml").exists():
            return []  # those of another table, that had the name before
        return [_instance(each, None, {}) for each in _folders(folder) if _is_instance(each)]

    def _json(self, name: str) -> dict[str, Any]:
        path = self._metadata / name
        return _parsed(path, path.read_text()) if path.exists() else {}


def _instance(folder: Path, times: list[Any] | None, columns: Mapping[str, float]) -> OldInstance:
    description = _described(folder)
    changed, materialized, _, success = times or [0, 0, None, description.get("success", True)]
    return OldInstance(
        id=folder.name,
        folder=folder,
        description=description,
        changed_ns=_ns(changed) or _made(folder.name),
        materialized_ns=_ns(materialized) or _made(folder.name),
        success=bool(success) and bool(description.get("success", True)),
        columns={name: _ns(time) for name, time in columns.items()},
    )


def _is_instance(folder: Path) -> bool:
    return not folder.name.startswith(TEMPORARY) and _made(folder.name) > 0


def _made(instance_id: str) -> int:
    """Return when an instance was made, as its id says, in nanoseconds."""
    parts = instance_id.split("_")
    return int(parts[1]) * _NS if len(parts) == 3 and parts[1].isdecimal() else 0


def _ns(seconds: float) -> int:
    return round(seconds * _NS)


def _described(folder: Path) -> dict[str, Any]:
    path = folder / "description.yaml"
    return read_document(str(path), path.read_text()).data if path.exists() else {}


def _folders(path: Path) -> list[Path]:
    return sorted(each for each in path.iterdir() if each.is_dir()) if path.is_dir() else []


def _parsed(path: Path, text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        raise TVFileError(f"{path} cannot be read: {error}") from error
    if not isinstance(found, dict):
        raise TVFileError(f"{path} holds no mapping: the vault is damaged")
    return found
