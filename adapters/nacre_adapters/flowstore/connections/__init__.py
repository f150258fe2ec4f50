"""Named connections to databases and buckets, whose secrets never enter the log."""

from nacre_adapters.flowstore.connections.connection import Connection, Secret
from nacre_adapters.flowstore.connections.errors import (
    BucketUnreachable,
    ConnectionNotFound,
    DatabaseUnreachable,
    QueryRefused,
    SecretMissing,
)
from nacre_adapters.flowstore.connections.kinds import ConnectionType, str_2_connection_type
from nacre_adapters.flowstore.connections.store import Connections

__all__ = [
    "BucketUnreachable",
    "Connection",
    "ConnectionNotFound",
    "ConnectionType",
    "Connections",
    "DatabaseUnreachable",
    "QueryRefused",
    "Secret",
    "SecretMissing",
    "str_2_connection_type",
]
