"""What kinds of connections there are, and which of their fields are secret."""

import re
from collections.abc import Iterable
from enum import Enum

from nacre.errors import InvalidInput
from nacre_adapters.flowstore.secrecy import password_of


class ConnectionType(str, Enum):  # noqa: UP042 - the text of a StrEnum is another than the original's
    """What a connection leads to."""

    POSTGRESQL = "postgresql"
    MYSQL = "mysql"
    MARIADB = "mariadb"
    MSSQL = "mssql"
    MSSQL_PYODBC = "mssql+pyodbc"
    MSSQL_PYMYSQL = "mssql+pymysql"
    ORACLE = "oracle"
    REDSHIFT = "sqlalchemy-redshift"
    DATABRICKS = "databricks"
    SPARK = "spark"
    SNOWFLAKE = "snowflake"
    SQLITE = "sqlite"
    DUCKDB = "duckdb"
    S3 = "s3"
    API = "api"
    OTHER = "other"


_SECRET_WORDS = (
    "connection_string",
    "credential",
    "pass",
    "pwd",
    "secret",
    "signature",
    "token",
    "uri",
    "url",
)
_NO_SECRETS = frozenset({"endpoint_url"})
_NO_SECRET_KEYS = frozenset({"access_key", "public_key"})
_PASSWORD_INSIDE = re.compile(r"\b(pass(word|wd)?|pwd|secret|token)\s*=", re.IGNORECASE)


def is_secret(name: str, value: object) -> bool:
    """Tell whether a field is encrypted without being asked for: by its name, or what it holds.

    Better one too many: what was stored in clear cannot be taken back.
    """
    lower = name.lower()
    is_named = any(word in lower for word in _SECRET_WORDS) and lower not in _NO_SECRETS
    is_key = lower.endswith("key") and lower not in _NO_SECRET_KEYS
    return is_named or is_key or (isinstance(value, str) and _has_password(value))


def _has_password(text: str) -> bool:
    return password_of(text) is not None or _PASSWORD_INSIDE.search(text) is not None


def connection_type(given: "ConnectionType | str") -> ConnectionType:
    """Return the type of that name or value, in any case.

    Raises:
        InvalidInput: there is none.
    """
    if isinstance(given, ConnectionType):
        return given
    for each in ConnectionType:
        if isinstance(given, str) and given.lower() in (each.value, each.name.lower()):
            return each
    known = ", ".join(each.value for each in ConnectionType)
    raise InvalidInput(f"there is no type of connections {given!r:.60}: choose of {known}")


def str_2_connection_type(list_connection_type: Iterable[str]) -> list[ConnectionType]:
    """Return the types of those names or values.

    Raises:
        InvalidInput: (a ValueError) there is none of some name; the message lists all.
    """
    return [connection_type(each) for each in list_connection_type]
