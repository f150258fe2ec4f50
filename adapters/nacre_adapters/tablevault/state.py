"""What tables, instances and processes are, as the views hold them. A row is the same as a dict."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from nacre import Digest
from nacre.holders import Holder

RUNNING, PAUSED, INTERRUPTED = "running", "paused", "interrupted"
COMPLETED, FAILED = "completed", "failed"
ACTIVE = (RUNNING, PAUSED, INTERRUPTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table: its number is for good, its name may change."""

    number: int
    name: str
    description: str
    multiple_artifacts: bool
    side_effects: bool
    is_deleted: bool = False
    instances: int = 0
    """How many were ever materialized: the sequence number of the next."""

    active_since: int = 0
    """Instances before this sequence number are not active any more."""

    strict_artifacts: bool = False
    """Whether files that no cell names are refused."""

    artifact_instance: str = ""
    """The last instance with artifacts of a table that has one folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """A materialized instance. It never changes, but that it may be deleted."""

    id: str
    table: int
    version: str
    description: str
    origin: list[str]
    """Id and table name of the instance that it follows; empty texts when there is none."""

    external_edit: bool
    success: bool
    dependencies: list[list[str]]
    process: str
    frame: Digest | None
    """None when it was deleted."""

    rows: int
    artifacts: Digest | None = None
    """The tree of its files."""

    artifact_columns: list[str] = field(default_factory=list)
    builders: dict[str, Digest] = field(default_factory=dict)
    modules: dict[str, Digest] = field(default_factory=dict)
    recipes: dict[str, str] = field(default_factory=dict)
    """What identifies how each builder made its columns."""

    columns: dict[str, int] = field(default_factory=dict)
    """When the content of each column last changed, ns."""

    changed_ns: int = 0
    materialized_ns: int = 0
    sequence: int = 0
    position: int = 0
    is_deleted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Temporary:
    """A temporary instance: at most one for each table and version."""

    table: int
    version: str
    description: str
    origin: list[str]
    external_edit: bool
    builders: dict[str, Digest]
    frame: Digest | None = None
    artifact_columns: list[str] = field(default_factory=list)
    begun: int = 0
    """The commit that began it: another one of the same version has another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """An operation: that it runs, waits to be resumed, or how it ended."""

    id: str
    operation: str
    author: str
    arguments: dict[str, Any]
    status: str
    named: bool
    """Whether the caller gave the id, and so may resume it."""

    started_ns: int
    logged_ns: int
    pid: int
    holder: list[Any] | None = None
    locks: list[list[Any]] = field(default_factory=list)
    steps: list[list[Any]] = field(default_factory=list)
    """Name and time (ns) of each step that is complete."""

    progress: dict[str, Any] = field(default_factory=dict)
    error: list[str] = field(default_factory=lambda: ["", ""])
    run: int = 0
    """The commit that started or last resumed it: whoever finishes it must know it."""

    @property
    def is_active(self) -> bool:
        """Whether it has not ended."""
        return self.status in ACTIVE

    @property
    def holds_locks(self) -> bool:
        """Whether others must leave what it works on alone, if its holder lives."""
        return self.status in (RUNNING, PAUSED)

    @property
    def who(self) -> Holder | None:
        """The process of the system that runs it, or ran it last."""
        return Holder.of_row(self.holder)


Noun = TypeVar("Noun", Table, Instance, Temporary, Process)


def as_row(noun: Table | Instance | Temporary | Process) -> dict[str, Any]:
    """Return what a view stores."""
    return {name: getattr(noun, name) for name in noun.__slots__}


def of_row(noun: type[Noun], row: object) -> Noun | None:
    """Return the noun in a row; None when there is no row."""
    if not isinstance(row, Mapping):
        return None
    return noun(**row)
