"""The tables of one database: where each is kept, and what shape it has now."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol, TypeVar

import nacre
from nacre.rows import Collection, Collections, Rows
from nacre.views import View
from nacre_adapters.tenants.errors import TableMissing
from nacre_adapters.tenants.events import TABLE_DROPPED
from nacre_adapters.tenants.places import Place, change, transaction_of
from nacre_adapters.tenants.shape import Shape, Values
from nacre_adapters.tenants.views import Tenants


class _Stale:
    """Says that a table is no longer what it was."""


AnyView = TypeVar("AnyView", bound=View)
Made = TypeVar("Made")


class Holder(Protocol):
    """A vault, or a transaction of one."""

    @property
    def rows(self) -> Collections:
        """The collections."""

    def view(self, view: type[AnyView]) -> AnyView:
        """Return a view."""


@dataclass(frozen=True, slots=True)
class OpenTable:
    """A table as it is now, in a vault or a transaction."""

    holder: Holder
    definition: object
    """What the collection is defined as: another object when that has changed."""

    collection: Collection
    shape: Shape


class Home:
    """A namespace of a vault: the tables of a tenant."""

    def __init__(self, place: Place, namespace: str) -> None:
        self.place = place
        self.namespace = namespace
        self._open: dict[str, OpenTable] = {}

    def collection_name(self, table: str) -> str:
        """Return the name of the collection that holds a table."""
        return f"{self.namespace}/{table}" if self.namespace else table

    def table(self, holder: Holder, table: str) -> OpenTable:
        """Return a table as it is now.

        Raises:
            TableMissing: there is none of that name.
        """
        name = self.collection_name(table)
        definition = holder.view(Rows).find(name)
        known = self._open.get(table)
        if known is not None and known.definition is definition:
            if known.holder is holder:
                return known
            return OpenTable(holder, definition, holder.rows[name], known.shape)
        types = holder.view(Tenants).columns(self.namespace, table)
        if definition is None or types is None:
            raise TableMissing(f"there is no table {table!r}: register it first")
        collection = holder.rows[name]
        found = OpenTable(holder, definition, collection, Shape(table, collection.schema, types))
        # What a transaction shows may be undone, and be another table under the same definition.
        if isinstance(holder, nacre.Vault) and transaction_of(self.place) is None:
            self._open[table] = found
        return found

    def read(self, work: Callable[[nacre.Vault], Made]) -> Made:
        """Return what *work* returns of the vault; a transaction sees what it has written."""
        vault = self.place.take()
        try:
            return work(vault)
        finally:
            self.place.give_back()

    def row(self, table: str, key: object) -> tuple[Shape, Values | None]:
        """Return the shape of a table, and the row of a key that a user gives, or None."""
        vault = self.place.take()
        try:
            rows = vault.view(Rows)
            known = self._open.get(table) or self.table(vault, table)
            found = rows.at_once(partial(self._row, known=known, key=key))
            while isinstance(found, _Stale):
                known = self.table(vault, table)
                found = rows.at_once(partial(self._row, known=known, key=key))
            return known.shape, found
        finally:
            self.place.give_back()

    def _row(self, rows: Rows, known: OpenTable, key: object) -> "Values | _Stale | None":
        definition = rows.find(self.collection_name(known.shape.table))
        if definition is None or definition is not known.definition:
            return _Stale()
        at = known.shape.key_from(key)
        if at is None:
            return None
        row = rows.row(definition, definition.layout.key_from(at)[0])
        return None if row is None else definition.layout.give(row)

    def read_table(self, table: str, work: Callable[[OpenTable], Made]) -> Made:
        """Return what *work* returns of a table, all of one moment."""
        vault = self.place.take()
        try:
            with vault.read():
                return work(self.table(vault, table))
        finally:
            self.place.give_back()

    def has_table(self, table: str) -> bool:
        """Tell whether there is a table of that name."""
        return self.read(lambda vault: self.knows(vault, table))

    def knows(self, holder: Holder, table: str) -> bool:
        """Tell whether a vault or a transaction has a table."""
        columns = holder.view(Tenants).columns(self.namespace, table)
        return columns is not None and self.collection_name(table) in holder.rows

    def drop_table(self, tx: nacre.Transaction, table: str) -> bool:
        """Record that a table is no more; tell whether there was one."""
        collection = self.collection_name(table)
        if tx.view(Tenants).columns(self.namespace, table) is None:
            return False
        if collection in tx.rows:
            tx.rows.drop(collection)
        data = {"namespace": self.namespace, "table": table}
        tx.record(TABLE_DROPPED, subject=collection, data=data)
        return True

    def change(self, decide: Callable[[nacre.Transaction], Made]) -> Made:
        """Commit what a decision records, or let the running transaction take it along."""
        return change(self.place, decide)

    def change_table(self, table: str, decide: Callable[[OpenTable], Made]) -> Made:
        """Commit what a decision about a table records."""
        return change(self.place, lambda tx: decide(self.table(tx, table)))
