"""Tables and a journal in memory, for tests of builders without a vault."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from nacre.errors import NotFound
from nacre_adapters.tablevault.builders.tokens import Tokens
from nacre_adapters.tablevault.errors import FileMissing
from nacre_adapters.tablevault.execution.journal import Part, Stage
from nacre_adapters.tablevault.execution.plan import Plan, planned
from nacre_adapters.tablevault.execution.reuse import Origin
from nacre_adapters.tablevault.execution.run import Made, execute
from nacre_adapters.tablevault.references.resolver import Read

TOKENS = Tokens(artifact_folder="/artifacts", process_id="pid_step")


class Killed(BaseException):
    """Stands for the end of the process."""


class MemoryTables:
    """Instances by table: lists of frames, whose ids are `<version>_<number>`."""

    def __init__(self, tables: Mapping[str, Mapping[str, pd.DataFrame]] | None = None) -> None:
        self.tables = {name: dict(frames) for name, frames in (tables or {}).items()}

    def find(self, table: str, version: str) -> str:
        frames = self.tables.get(table, {})
        found = [name for name in frames if not version or name.split("_")[0] == version]
        if version in frames:
            return version
        if not found:
            raise NotFound(f"there is no instance of {table!r}")
        return found[-1]

    def read(self, table: str, instance_id: str) -> pd.DataFrame:
        return self.tables[table][instance_id]

    def content(self, table: str, instance_id: str, column: str) -> str:
        frame = self.read(table, instance_id)
        if column and column not in frame:
            raise NotFound(f"table {table!r} has no column {column!r}")
        return (frame[[column]] if column else frame).to_json()

    def own_path(self, cell: str) -> str:
        return f"/artifacts/{cell}"


@dataclass
class MemoryJournal:
    """Keeps everything; `kills` says after how many parts the process ends."""

    builders: list[str] = field(default_factory=list)
    last: Stage | None = None
    read: list[Read] = field(default_factory=list)
    kept: list[tuple[str, Part]] = field(default_factory=list)
    kill_after: int | None = None

    def finished(self) -> Sequence[str]:
        return tuple(self.builders)

    def stage(self) -> Stage | None:
        return self.last

    def reads(self) -> Sequence[Read]:
        return tuple(self.read)

    def parts(self, builder: str) -> Sequence[Part]:
        return [part for name, part in self.kept if name == builder]

    def keep(self, builder: str, part: Part) -> None:
        self.kept.append((builder, part))
        if self.kill_after is not None:
            self.kill_after -= 1
            if self.kill_after == 0:
                raise Killed

    def finish(self, builder: str, stage: Stage, reads: Sequence[Read]) -> None:
        self.builders.append(builder)
        self.last = stage
        self.read += reads
        self.kept = [each for each in self.kept if each[0] != builder]

    def check(self) -> None:
        pass


def yaml_of(
    name: str, outputs: Sequence[str], function: str, /, *, more: str = "", **arguments: object
) -> str:
    """Return a builder of the module `m`; its type follows from its name."""
    kind = "IndexBuilder" if name.endswith("_index") else "ColumnBuilder"
    given = "".join(f"\n  {key}: {value}" for key, value in arguments.items()) or " {}"
    return (
        f"builder_type: {kind}\nchanged_columns: [{', '.join(outputs)}]\n"
        f"python_function: {function}\ncode_module: m\nis_custom: true\n"
        f"arguments:{given}\n{more}"
    )


def plan_of(
    builders: Mapping[str, str],
    code: str | Mapping[str, str] = "",
    *,
    tables: MemoryTables | None = None,
    table: str = "t",
) -> Plan:
    def module(name: str) -> str:
        if not isinstance(code, str) and name not in code:
            raise FileMissing(f"there is no module {name!r}")
        return code if isinstance(code, str) else code[name]

    return planned(table, builders, tokens=TOKENS, tables=tables or MemoryTables(), module=module)


def run(
    builders: Mapping[str, str],
    code: str | Mapping[str, str] = "",
    *,
    tables: MemoryTables | None = None,
    journal: MemoryJournal | None = None,
    origin: Origin | None = None,
    table: str = "t",
) -> Made:
    tables = tables or MemoryTables()
    plan = plan_of(builders, code, tables=tables, table=table)
    return execute(plan, tables=tables, journal=journal or MemoryJournal(), origin=origin)


def origin_of(
    made: Made,
    builders: Mapping[str, str],
    code: str = "",
    *,
    tables: MemoryTables | None = None,
    table: str = "t",
) -> Origin:
    return Origin(
        frame=made.frame,
        artifact_columns=made.artifact_columns,
        recipes=dict(plan_of(builders, code, tables=tables, table=table).recipes),
    )
