"""What kinds of connections there are, and which of their fields are secret."""

from collections.abc import Iterable
from enum import Enum

from nacre.errors import InvalidInput


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


SECRET_FIELDS = frozenset(
    {
        "access_token",
        "api_key",
        "aws_secret_access_key",
        "aws_session_token",
        "client_secret",
        "passphrase",
        "password",
        "private_key",
        "secret",
        "secret_access_key",
        "secret_key",
        "session_token",
        "token",
        "url",  # it may have a password in it
    }
)


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
