"""What connections raise. No message, and nothing that a message was made from, has a secret.

NacreError
├── PredictException
│   └── ConnectionNotFound   (NotFound, also ValueError)    absent or not permitted
├── StorageError             DatabaseUnreachable, BucketUnreachable: the name of the connection
├── InvalidInput             QueryRefused (also ValueError): correct the query
└── StateError               SecretMissing: rotate the secret, or give the key
"""

from nacre.errors import InvalidInput, NotFound, StateError, StorageError
from nacre_adapters.flowstore.errors import PredictException


class ConnectionNotFound(PredictException, NotFound, ValueError):
    """There is no such connection for this user."""

    code = "connection_not_found"


class SecretMissing(StateError):
    """A secret is not where it should be, or was encrypted with another key."""

    code = "secret_missing"


class QueryRefused(InvalidInput):
    """A database was reached, and did not do what it was asked."""

    code = "query_refused"


class DatabaseUnreachable(StorageError):
    """A database does not answer, or lets nobody in."""

    code = "database_unreachable"


class BucketUnreachable(StorageError):
    """A bucket does not answer, or refused what it was asked."""

    code = "bucket_unreachable"
