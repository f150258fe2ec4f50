"""Tables and instances as they are, projected from the log.

m[vault]                           description
t[number]                          a table
name[name]                         number of the table that has it
was[name]                          number of the table that had it last, if it was deleted
i[number, sequence]                a materialized instance, deleted ones too
id[number, instance]               sequence
last[number, version, sequence]    0: it is not deleted
x[number, version]                 a temporary instance
c[module]                          [digest of the text, position]
n[tables]                          how many tables there ever were
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import ClassVar

from nacre import Digest, Event, State
from nacre_adapters.tablevault import events
from nacre_adapters.tablevault.state import Instance, Table, Temporary, as_row, of_row


class Tables:
    """Tables by number and name, and their instances in the order of materialization."""

    name: ClassVar[str] = "tablevault"
    version: ClassVar[int] = 3
    kinds: ClassVar[tuple[str, ...]] = (
        events.VAULT_CREATED,
        events.TABLE_CREATED,
        events.TABLE_RENAMED,
        events.TABLE_DELETED,
        events.INSTANCE_BEGUN,
        events.INSTANCE_FILLED,
        events.INSTANCE_MATERIALIZED,
        events.INSTANCE_DELETED,
        events.INSTANCE_DISCARDED,
        events.BUILDER_WRITTEN,
        events.BUILDER_DELETED,
        events.MODULE_WRITTEN,
        events.MODULE_DELETED,
    )

    def __init__(self, state: State) -> None:
        self._state = state
        self._tables = state.table("t")
        self._numbers = state.table("name")
        self._instances = state.table("i")
        self._last = state.table("last")
        self._temporary = state.table("x")

    def apply(self, event: Event) -> None:
        """Change the rows of what the event is about."""
        _APPLY[event.kind](self, event)

    # Reading

    @property
    def is_created(self) -> bool:
        """Whether the vault was made a TableVault."""
        return "vault" in self._state.table("m")

    @property
    def description(self) -> str:
        """What the vault is for."""
        return str(self._state.table("m").get("vault", ""))

    @staticmethod
    def label(event: Event) -> str | None:
        """Return how users call the instance that an event made."""
        made = event.kind == events.INSTANCE_MATERIALIZED
        return f"instance {event.data.get('id')!r}" if made else None

    @property
    def table_count(self) -> int:
        """How many tables there ever were: the number of the next."""
        count = self._state.table("n").get("tables", 0)
        assert isinstance(count, int)
        return count

    def table(self, name: str) -> Table | None:
        """Return the table that has a name now, or None."""
        number = self._numbers.get(name)
        return None if number is None else self.numbered(_integer(number))

    def deleted_table(self, name: str) -> Table | None:
        """Return the table that had a name when it was deleted, the last one, or None."""
        number = self._state.table("was").get(name)
        return None if number is None else self.numbered(_integer(number))

    def numbered(self, number: int) -> Table | None:
        """Return the table of a number, deleted ones too."""
        return of_row(Table, self._tables.get(number))

    def tables(self) -> Iterator[Table]:
        """Yield the tables that are not deleted, in the order of creation."""
        for _, row in self._tables.scan():
            table = of_row(Table, row)
            if table is not None and not table.is_deleted:
                yield table

    def instance(self, number: int, instance_id: str) -> Instance | None:
        """Return a materialized instance of a table, a deleted one too, or None."""
        sequence = self._state.table("id").get((number, instance_id))
        return None if sequence is None else self._at(number, _integer(sequence))

    def instances(
        self, number: int, version: str = "", *, reverse: bool = False
    ) -> Iterator[Instance]:
        """Yield the instances that are not deleted, of a version or all, in order."""
        if version:
            found = self._last.scan((number, version), reverse=reverse)
            for (_, _, sequence), _ in found:
                instance = self._at(number, _integer(sequence))
                assert instance is not None
                yield instance
            return
        for _, row in self._instances.scan((number,), reverse=reverse):
            instance = of_row(Instance, row)
            if instance is not None and not instance.is_deleted:
                yield instance

    def latest(
        self,
        table: Table,
        version: str = "",
        *,
        active_only: bool = True,
        successful_only: bool = False,
        before_ns: int | None = None,
    ) -> Instance | None:
        """Return the instance of a table that was materialized last, or None.

        With *before_ns*: that was the last, and active, at that time.
        """
        since = table.active_since if before_ns is None else self._active_since(table, before_ns)
        for instance in self.instances(table.number, version, reverse=True):
            if active_only and instance.sequence < since:
                return None  # and all before it are not active either
            if successful_only and not instance.success:
                continue
            if before_ns is not None and instance.materialized_ns >= before_ns:
                continue
            return instance
        return None

    def temporary(self, number: int, version: str) -> Temporary | None:
        """Return the temporary instance of a version, or None."""
        return of_row(Temporary, self._temporary.get((number, version)))

    def temporaries(self, number: int) -> Iterator[Temporary]:
        """Yield the temporary instances of a table, by version."""
        yield from self._temporaries((number,))

    def all_temporaries(self) -> Iterator[Temporary]:
        """Yield the temporary instances of all tables."""
        yield from self._temporaries(())

    def _temporaries(self, prefix: tuple[int, ...]) -> Iterator[Temporary]:
        for _, row in self._temporary.scan(prefix):
            temporary = of_row(Temporary, row)
            if temporary is not None:
                yield temporary

    def modules(self) -> dict[str, Digest]:
        """Return the text of each code module."""
        return {str(name): _digest(row) for (name,), row in self._state.table("c").scan()}

    def module(self, name: str) -> Digest | None:
        """Return the text of a code module, or None."""
        row = self._state.table("c").get(name)
        return None if row is None else _digest(row)

    def _active_since(self, table: Table, time_ns: int) -> int:
        """Return what `active_since` of a table was at a time."""
        for _, row in self._instances.scan((table.number,), reverse=True):
            instance = of_row(Instance, row)
            assert instance is not None
            if instance.materialized_ns < time_ns and _deactivates(table, instance):
                return instance.sequence
        return 0

    def _at(self, number: int, sequence: int) -> Instance | None:
        return of_row(Instance, self._instances.get((number, sequence)))

    # How events change the rows

    def _create_vault(self, event: Event) -> None:
        self._state.table("m")["vault"] = event.data["description"]

    def _create_table(self, event: Event) -> None:
        number = _integer(event.data["number"])
        name = str(event.data["name"])
        self._tables[number] = as_row(Table(**event.data))  # type: ignore[arg-type]  # ours
        self._numbers[name] = number
        self._state.table("n")["tables"] = max(self.table_count, number + 1)

    def _rename_table(self, event: Event) -> None:
        table = self._of(event)
        name = str(event.data["name"])
        del self._numbers[table.name]
        self._numbers[name] = table.number
        self._put_table(replace(table, name=name))

    def _delete_table(self, event: Event) -> None:
        table = self._of(event)
        del self._numbers[table.name]
        self._state.table("was")[table.name] = table.number
        self._put_table(replace(table, is_deleted=True))
        for temporary in list(self.temporaries(table.number)):
            del self._temporary[table.number, temporary.version]
        for instance in list(self.instances(table.number)):
            self._bury(instance)

    def _begin(self, event: Event) -> None:
        temporary = Temporary(**event.data, begun=event.position)  # type: ignore[arg-type]  # ours
        self._put_temporary(temporary)

    def _fill(self, event: Event) -> None:
        temporary = self._temporary_of(event)
        if temporary is not None:
            frame, columns = event.data["frame"], event.data["artifact_columns"]
            self._put_temporary(replace(temporary, frame=frame, artifact_columns=columns))  # type: ignore[arg-type]  # ours

    def _materialize(self, event: Event) -> None:
        data = dict(event.data)
        data.pop("made_from", None)
        number, version = _integer(data["table"]), str(data["version"])
        table = self.numbered(number)
        assert table is not None
        data.setdefault("materialized_ns", event.time_ns)
        data.setdefault("changed_ns", data["materialized_ns"])
        instance = Instance(**data, sequence=table.instances, position=event.position)  # type: ignore[arg-type]  # ours
        instance = replace(instance, columns=_dated(instance, event.time_ns))
        self._instances[number, instance.sequence] = as_row(instance)
        self._state.table("id")[number, instance.id] = instance.sequence
        self._last[number, version, instance.sequence] = 0
        self._put_table(_with(table, instance))
        if (number, version) in self._temporary:
            del self._temporary[number, version]

    def _delete_instance(self, event: Event) -> None:
        number = _integer(event.data["table"])
        instance = self.instance(number, str(event.data["instance"]))
        if instance is not None:
            self._bury(instance)

    def _discard(self, event: Event) -> None:
        if self._temporary_of(event) is not None:
            del self._temporary[event.data["table"], event.data["version"]]

    def _write_builder(self, event: Event) -> None:
        temporary = self._temporary_of(event)
        if temporary is not None:
            builders = {**temporary.builders, str(event.data["name"]): _digest(event.data["text"])}
            self._put_temporary(replace(temporary, builders=builders))

    def _delete_builder(self, event: Event) -> None:
        temporary = self._temporary_of(event)
        if temporary is not None:
            builders = dict(temporary.builders)
            builders.pop(str(event.data["name"]), None)
            self._put_temporary(replace(temporary, builders=builders))

    def _write_module(self, event: Event) -> None:
        self._state.table("c")[str(event.data["name"])] = event.data["text"]

    def _delete_module(self, event: Event) -> None:
        del self._state.table("c")[str(event.data["name"])]

    def _of(self, event: Event) -> Table:
        table = self.numbered(_integer(event.data["number"]))
        assert table is not None
        return table

    def _temporary_of(self, event: Event) -> Temporary | None:
        return self.temporary(_integer(event.data["table"]), str(event.data["version"]))

    def _put_table(self, table: Table) -> None:
        self._tables[table.number] = as_row(table)

    def _put_temporary(self, temporary: Temporary) -> None:
        self._temporary[temporary.table, temporary.version] = as_row(temporary)

    def _bury(self, instance: Instance) -> None:
        """Keep what is known of an instance, and let go of its content."""
        del self._last[instance.table, instance.version, instance.sequence]
        buried = replace(instance, frame=None, artifacts=None, is_deleted=True)
        self._instances[instance.table, instance.sequence] = as_row(buried)


_APPLY: Mapping[str, Callable[[Tables, Event], None]] = {
    events.VAULT_CREATED: Tables._create_vault,
    events.TABLE_CREATED: Tables._create_table,
    events.TABLE_RENAMED: Tables._rename_table,
    events.TABLE_DELETED: Tables._delete_table,
    events.INSTANCE_BEGUN: Tables._begin,
    events.INSTANCE_FILLED: Tables._fill,
    events.INSTANCE_MATERIALIZED: Tables._materialize,
    events.INSTANCE_DELETED: Tables._delete_instance,
    events.INSTANCE_DISCARDED: Tables._discard,
    events.BUILDER_WRITTEN: Tables._write_builder,
    events.BUILDER_DELETED: Tables._delete_builder,
    events.MODULE_WRITTEN: Tables._write_module,
    events.MODULE_DELETED: Tables._delete_module,
}


def _dated(instance: Instance, time_ns: int) -> dict[str, int]:
    """Return when each column changed: those that are new with this instance say 0."""
    return {name: changed or time_ns for name, changed in instance.columns.items()}


def _with(table: Table, instance: Instance) -> Table:
    """Return a table after an instance of it was materialized."""
    table = replace(table, instances=instance.sequence + 1)
    if _deactivates(table, instance):
        table = replace(table, active_since=instance.sequence)
    if instance.artifacts is not None and not table.multiple_artifacts and instance.success:
        table = replace(table, artifact_instance=instance.id)
    return table


def _deactivates(table: Table, instance: Instance) -> bool:
    """Tell whether the instances before it are not active any more."""
    return table.side_effects and instance.changed_ns == instance.materialized_ns


def _digest(value: object) -> Digest:
    assert isinstance(value, Digest)
    return value


def _integer(value: object) -> int:
    assert isinstance(value, int)
    return value
