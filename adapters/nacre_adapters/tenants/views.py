"""The view: which tenants there are, which tables they have, what the columns are declared as.

    tenants  (id,)               {name, layout, vault, created_ns}
    tables   (namespace, table)  {columns: [[name, type], ...]}

What rows, keys and indexes there are is in the view of the collections.
"""

from typing import ClassVar, NamedTuple, cast

import nacre
from nacre_adapters.tenants.events import (
    TABLE_DECLARED,
    TABLE_DROPPED,
    TENANT_CREATED,
)

Columns = list[tuple[str, str]]


class Tenant(NamedTuple):
    """A tenant, as the catalogue has it."""

    id: str
    name: str
    layout: str
    vault: bytes
    """The id of the vault that holds its tables."""

    created_ns: int


class Tenants:
    """Tenants and tables, derived from the log."""

    name: ClassVar[str] = "tenants"
    version: ClassVar[int] = 1
    kinds = (TENANT_CREATED, TABLE_DECLARED, TABLE_DROPPED)

    def __init__(self, state: nacre.State) -> None:
        self._tenants = state.table("tenants")
        self._tables = state.table("tables")

    def apply(self, event: nacre.Event) -> None:
        """Change what is known as the event says."""
        data = cast("dict[str, object]", event.data)
        match event.kind:
            case "tenants.tenant.created":
                self._tenants[event.subject] = {**data, "created_ns": event.time_ns}
            case "tenants.table.declared":
                self._tables[_key(data)] = {"columns": data["columns"]}
            case "tenants.table.dropped":
                if _key(data) in self._tables:
                    del self._tables[_key(data)]

    def tenant(self, tenant_id: str) -> Tenant | None:
        """Return a tenant, or None."""
        row = self._tenants.get(tenant_id)
        return None if row is None else _tenant(tenant_id, row)

    def tenants(self) -> list[Tenant]:
        """Return all tenants, by id."""
        return [_tenant(str(key[0]), row) for key, row in self._tenants.scan()]

    def columns(self, namespace: str, table: str) -> Columns | None:
        """Return the columns of a table with their types, or None."""
        row = cast("dict[str, Columns] | None", self._tables.get((namespace, table)))
        return None if row is None else [(name, kind) for name, kind in row["columns"]]

    def tables(self, namespace: str) -> list[str]:
        """Return the names of the tables of a namespace, in order."""
        return [str(key[1]) for key, _ in self._tables.scan((namespace,))]


def _key(data: dict[str, object]) -> tuple[str, str]:
    return cast("str", data["namespace"]), cast("str", data["table"])


def _tenant(tenant_id: str, row: object) -> Tenant:
    fields = cast("dict[str, object]", row)
    return Tenant(
        tenant_id,
        cast("str", fields["name"]),
        cast("str", fields["layout"]),
        cast("bytes", fields["vault"]),
        cast("int", fields["created_ns"]),
    )
