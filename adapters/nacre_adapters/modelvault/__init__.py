"""The database of modelvault 0.16, on a nacre vault in one file."""

from nacre_adapters.modelvault import dbapi, models
from nacre_adapters.modelvault.async_database import AsyncDatabase, AsyncTransaction
from nacre_adapters.modelvault.async_query import AsyncCollection, AsyncQuery
from nacre_adapters.modelvault.database import Database
from nacre_adapters.modelvault.errors import (
    ModelVaultFormatError,
    ModelVaultQueryError,
    ModelVaultSchemaError,
    ModelVaultTransactionError,
    ModelVaultValidationError,
)
from nacre_adapters.modelvault.query import Collection, Query
from nacre_adapters.modelvault.transaction import Transaction

__version__ = "0.16.0"

__all__ = [
    "AsyncCollection",
    "AsyncDatabase",
    "AsyncQuery",
    "AsyncTransaction",
    "Collection",
    "Database",
    "ModelVaultFormatError",
    "ModelVaultQueryError",
    "ModelVaultSchemaError",
    "ModelVaultTransactionError",
    "ModelVaultValidationError",
    "Query",
    "Transaction",
    "__version__",
    "dbapi",
    "models",
]
