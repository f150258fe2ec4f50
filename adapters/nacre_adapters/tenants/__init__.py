"""Databases of tenants: tables made from classes, indexes, transactions, on nacre vaults.

The functions and table objects of fh-saas and fastsql, and the MiniDataAPI of fastHTML. Names are
imported when they are first asked for: `nacre verify` maintains the views without sqlglot.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nacre_adapters.tenants.database import Database
    from nacre_adapters.tenants.errors import (
        BadExpression,
        BadParameters,
        BadTenantId,
        IntegrityError,
        MissingPrimaryKey,
        NotFoundError,
        NotUnique,
        TableError,
        TableMissing,
        UnknownColumn,
        Unsupported,
        WrongType,
        XtraSet,
    )
    from nacre_adapters.tenants.host import Host, get_or_create_tenant_db
    from nacre_adapters.tenants.registering import (
        create_index,
        create_indexes,
        drop_index,
        drop_table,
        list_indexes,
        list_tables,
        register_table,
        register_tables,
        table_exists,
    )
    from nacre_adapters.tenants.table import Table
    from nacre_adapters.tenants.unset import UNSET
    from nacre_adapters.tenants.views import Tenant

__all__ = [
    "UNSET",
    "BadExpression",
    "BadParameters",
    "BadTenantId",
    "Database",
    "Host",
    "IntegrityError",
    "MissingPrimaryKey",
    "NotFoundError",
    "NotUnique",
    "Table",
    "TableError",
    "TableMissing",
    "Tenant",
    "UnknownColumn",
    "Unsupported",
    "WrongType",
    "XtraSet",
    "create_index",
    "create_indexes",
    "drop_index",
    "drop_table",
    "get_or_create_tenant_db",
    "list_indexes",
    "list_tables",
    "register_table",
    "register_tables",
    "table_exists",
]

_HOMES = {
    "Database": "database",
    "Host": "host",
    "Table": "table",
    "Tenant": "views",
    "UNSET": "unset",
    "create_index": "registering",
    "create_indexes": "registering",
    "drop_index": "registering",
    "drop_table": "registering",
    "get_or_create_tenant_db": "host",
    "list_indexes": "registering",
    "list_tables": "registering",
    "register_table": "registering",
    "register_tables": "registering",
    "table_exists": "registering",
}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = import_module(f"{__name__}.{_HOMES.get(name, 'errors')}")
    return getattr(home, name)
