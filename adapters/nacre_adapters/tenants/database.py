"""A database: the tables of a tenant, in a vault of their own or a namespace of one."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Self, cast

import nacre
from nacre.errors import InvalidInput
from nacre_adapters.tenants import definitions
from nacre_adapters.tenants.errors import Unsupported
from nacre_adapters.tenants.home import Home
from nacre_adapters.tenants.models import Model, constrained
from nacre_adapters.tenants.names import pk_of, plain_name
from nacre_adapters.tenants.places import OpenPlace, PastPlace, Place, in_transaction
from nacre_adapters.tenants.table import Table
from nacre_adapters.tenants.views import Tenants

When = int | str | datetime


class Database:
    """Tables by name. Threads may share it."""

    def __init__(
        self, vault: str | os.PathLike[str] | nacre.Vault | Place, *, namespace: str = ""
    ) -> None:
        """Open the tables in a vault: at a path, one that is open, or where a host keeps it."""
        self.home = Home(_place_of(vault), namespace)
        self._tables: dict[str, Table] = {}
        self.conn = Connection(self)
        self.engine = Engine()
        self.t = TablesByName(self)
        """The tables by attribute: `db.t.users`."""

    def create(
        self,
        cls: type,
        name: str | None = None,
        pk: str | Sequence[str] = "id",
        *,
        not_null: Iterable[str] = (),
        defaults: Mapping[str, object] | None = None,
        transform: bool = False,
        replace: bool = False,
    ) -> Table:
        """Create a table from a class if there is none, and return it; as `register_table`.

        Columns in *not_null* must have a value; *defaults* are those of columns, where the class
        says none or others. With *transform* a table that is there also loses the columns that
        the class has not; with *replace* it is dropped, and made anew. Either is one commit.

        Raises:
            InvalidInput: the table cannot become what the class says; with the plan.
        """
        model = Model(cls)
        name = model.table_name if name is None else plain_name(name)
        fields = constrained(model.fields, not_null or (), defaults or {})

        def decide(tx: nacre.Transaction) -> None:
            if replace:
                self.home.drop_table(tx, name)
            if transform and self.home.knows(tx, name):
                definitions.narrow(self.home, tx, name, model.names)
            definitions.declare(self.home, tx, name, fields, pk_of(pk))

        self.home.change(decide)
        return self.bind(name, model)

    def bind(self, name: str, model: Model) -> Table:
        """Return a new table object whose rows are of a class, which `db[name]` then is."""
        made = self._tables[name] = Table(self.home, name, model)
        return made

    def table(self, name: str) -> Table:
        """Return the table object of a name; the same each time."""
        name = plain_name(name)
        return self._tables.get(name) or self._tables.setdefault(name, Table(self.home, name))

    def __getitem__(self, name: str) -> Table:
        """Return the table object of a name."""
        return self.table(name)

    def __contains__(self, name: object) -> bool:
        return name in self.table_names()

    def table_names(self) -> list[str]:
        """Return the names of all tables, in order."""
        return self.home.read(lambda vault: definitions.tables_of(self.home, vault))

    @contextmanager
    def tx(self, message: str = "") -> Iterator[Self]:
        """Let a block be all or nothing, over all tables; inside one, a savepoint of it.

        What the thread, or the task, does with tables in the block takes part. Other writers
        wait meanwhile. An exception undoes the block; caught outside of an inner block, it
        leaves what the outer one did.
        """
        with in_transaction(self.home.place, message):
            yield self

    def atomic(self) -> AbstractContextManager[Self]:
        """Let a block be all or nothing: `tx`, as sqlite-utils calls it."""
        return self.tx()

    def at(self, when: When) -> "Database":
        """Return the database as it was, read-only; *when* is what `Vault.at` understands.

        It is closed with this one.
        """
        position = self.home.read(lambda vault: vault.at(when).head)
        return Database(PastPlace(self.home.place, position), namespace=self.home.namespace)

    def log(
        self, table: str | None = None, *, since: int = 0, limit: int | None = None
    ) -> list[nacre.Event]:
        """Return what was recorded of these tables, or of one, the newest first.

        Of a vault that is shared only what is in this namespace; also of tables that were dropped.
        """
        if limit is not None and limit < 0:
            raise InvalidInput(f"limit is {limit}: give how many at most")

        def read(vault: nacre.Vault) -> list[nacre.Event]:
            if table is not None:
                subject = self.home.collection_name(plain_name(table))
                events = vault.events(subject=subject, start=since, reverse=True)
            else:
                prefix = self.home.collection_name("")
                events = vault.events(start=since, reverse=True)
                events = (event for event in events if event.subject.startswith(prefix))
            return list(islice(events, limit))

        return self.home.read(read)

    def q(self, query: str, parameters: Sequence[object] = ()) -> list[dict[str, object]]:
        """Return the rows of a SELECT over the tables, through DuckDB; ? stands for a parameter.

        Raises:
            Unsupported: the tables share a vault with those of other tenants.
        """
        if self.home.namespace:
            raise Unsupported("q reads all of a vault, and this one is shared: use where=")
        found = self.home.read(lambda vault: vault.sql(query, parameters=parameters, to="arrow"))
        return cast("list[dict[str, object]]", found.to_pylist())  # type: ignore[attr-defined]

    def schema(self) -> str:
        """Return all tables as SQL would create them."""
        return "\n".join(table.schema for table in self.t)

    def close(self) -> None:
        """Let go of the vault; idempotent."""
        self.home.place.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Database({str(self.home.place.key[0])!r})"


class TablesByName:
    """The tables of a database as attributes, and as a collection of table objects."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def __getattr__(self, name: str) -> Table:
        if name.startswith("_"):
            raise AttributeError(name)
        return self._database[name]

    def __getitem__(self, name: str | tuple[str, ...]) -> Table | list[Table]:
        """Return a table object, or several."""
        if isinstance(name, tuple):
            return [self._database[each] for each in name]
        return self._database[name]

    def __iter__(self) -> Iterator[Table]:
        """Yield the tables, by name."""
        return iter([self._database[name] for name in self._database.table_names()])

    def __contains__(self, table: object) -> bool:
        return (table.name if isinstance(table, Table) else table) in self._database

    def __repr__(self) -> str:
        return ", ".join(self._database.table_names())


class Connection:
    """What callers commit and roll back by; nothing waits for it, every write is committed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def commit(self) -> None:
        """Do nothing: every write is committed when its call returns."""

    def rollback(self) -> None:
        """Do nothing: a write that failed has left nothing behind."""

    def close(self) -> None:
        """Close the database."""
        self._database.close()


class Engine:
    """What callers dispose of."""

    def dispose(self) -> None:
        """Do nothing: idle vaults are closed anyway."""


def _place_of(vault: str | os.PathLike[str] | nacre.Vault | Place) -> Place:
    if isinstance(vault, str | os.PathLike):
        opened = nacre.open(Path(vault))
        opened.register(Tenants)
        return OpenPlace(opened, is_own=True)
    if isinstance(vault, nacre.Vault):
        vault.register(Tenants)
        return OpenPlace(vault)
    return vault
