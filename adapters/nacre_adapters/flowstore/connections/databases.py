"""Databases through SQLAlchemy: a query to a dataframe, a dataframe to a table.

What the library raises may quote a URL with its password, so its exceptions end here: what is
raised instead names the connection, is made of masked text, and has no cause.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple, TypeVar
from urllib.parse import quote, quote_plus

import pandas as pd
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from nacre.errors import InvalidInput, NacreError, PackageMissing
from nacre_adapters.flowstore.connections.adbc import read_arrow
from nacre_adapters.flowstore.connections.connection import Connection
from nacre_adapters.flowstore.connections.errors import DatabaseUnreachable, QueryRefused
from nacre_adapters.flowstore.connections.kinds import ConnectionType
from nacre_adapters.flowstore.secrecy import MASK

_PACKAGES = {
    ConnectionType.DATABRICKS: "databricks-sqlalchemy",
    ConnectionType.DUCKDB: "duckdb-engine",
    ConnectionType.POSTGRESQL: "psycopg",
    ConnectionType.REDSHIFT: "sqlalchemy-redshift",
    ConnectionType.SNOWFLAKE: "snowflake-sqlalchemy",
}
IF_EXISTS = ("fail", "replace", "append")
_READ_OPTIONS = frozenset({"dtype", "dtype_backend", "index_col", "params", "parse_dates"})
_WRITE_OPTIONS = frozenset({"chunksize", "dtype", "index", "index_label", "method", "schema"})
_CONNECT_OPTIONS = frozenset({"connect_args", "http_path"})
_LONGEST_REASON = 300
_SHORTEST_SECRET = 3

_DIALECTS = {
    ConnectionType.MSSQL: "mssql+pymssql",
    ConnectionType.MSSQL_PYMYSQL: "mssql+pymssql",
    ConnectionType.REDSHIFT: "redshift+psycopg2",
    ConnectionType.SPARK: "hive",
}
_NO_DATABASES = frozenset({ConnectionType.S3, ConnectionType.API})

Result = TypeVar("Result")
Options = Mapping[str, object]


class _Target(NamedTuple):
    connection: Connection
    url: sa.URL
    connect_args: dict[str, object]


def read_frame(connection: Connection, query: str, options: Options) -> pd.DataFrame:
    """Return what *query* selects. Nothing is committed, and a ':' or '%' stands for itself.

    Raises:
        DatabaseUnreachable: the database does not answer.
        QueryRefused: it does not do what the query says.
        TypeError: an option is unknown.
    """
    reading, connecting = _split(options, _READ_OPTIONS, "db_to_pandas")
    target = _target(connection, connecting)
    _check_file(target)
    if reading == {"dtype_backend": "pyarrow"} and not target.connect_args:
        frame = read_arrow(target.url, query)
        if frame is not None:
            return frame
    no_parameters = reading.get("params") is None

    def read(opened: sa.Connection) -> pd.DataFrame:
        _forbid_writing(opened)
        plain = opened.execution_options(no_parameters=no_parameters)
        return pd.read_sql_query(query, plain, **reading)

    return _run(target, read)


def write_frame(
    connection: Connection, frame: pd.DataFrame, table: str, *, if_exists: str, options: Options
) -> None:
    """Write *frame* to a table in one transaction: all rows or none.

    Raises:
        InvalidInput: *if_exists* is unknown; or it is "fail", and there is such a table.
        DatabaseUnreachable: the database does not answer.
        QueryRefused: it does not take the rows; the table is as it was.
    """
    if if_exists not in IF_EXISTS:
        raise InvalidInput(f"if_exists={if_exists!r:.40} is unknown: choose of {IF_EXISTS}")
    writing, connecting = _split(options, _WRITE_OPTIONS, "pandas_to_db")
    target = _target(connection, connecting)
    writing.setdefault("index", False)

    def write(opened: sa.Connection) -> None:
        with opened.begin():
            frame.to_sql(table, opened, if_exists=if_exists, **writing)

    _run(target, write)


def _split(
    options: Options, known: frozenset[str], call: str
) -> tuple[dict[str, object], dict[str, object]]:
    odd = sorted(set(options) - known - _CONNECT_OPTIONS)
    if odd:
        raise TypeError(f"{call}() got an unexpected keyword argument {odd[0]!r}")
    own = {name: value for name, value in options.items() if name in known}
    return own, {name: value for name, value in options.items() if name not in known}


def _target(connection: Connection, connecting: dict[str, object]) -> _Target:
    if connection.type in _NO_DATABASES:
        raise InvalidInput(f"the connection {connection.name!r} leads to no database")
    arguments = connecting.get("connect_args") or {}
    if not isinstance(arguments, Mapping):
        raise TypeError("connect_args is a dict of what the driver takes")
    http_path = connecting.get("http_path") or connection.get("http_path")
    return _Target(connection, _url(connection, http_path), dict(arguments))


def _url(connection: Connection, http_path: object) -> sa.URL:
    if "url" in connection:
        try:
            return sa.make_url(str(connection["url"]))
        except ArgumentError:
            pass
        raise InvalidInput(f"the URL of the connection {connection.name!r} is none: update it")
    if connection.type is ConnectionType.OTHER:
        raise DatabaseUnreachable(
            f"the database of the connection {connection.name!r} cannot be reached: it has no url"
        )
    query = {} if http_path is None else {"http_path": str(http_path)}
    return sa.URL.create(
        _dialect(connection.type),
        username=_first(connection, "user_name", "username", "user"),
        password=_first(connection, "password", "access_token"),
        host=_first(connection, "host", "server_hostname"),
        port=_port(connection),
        database=_first(connection, "dbname", "database", "path"),
        query=query,
    )


def _dialect(kind: ConnectionType) -> str:
    if kind is ConnectionType.POSTGRESQL and find_spec("psycopg"):
        return "postgresql+psycopg"
    return _DIALECTS.get(kind, kind.value)


def _first(connection: Connection, *names: str) -> str | None:
    return next((str(connection[name]) for name in names if name in connection), None)


def _port(connection: Connection) -> int | None:
    given = connection.get("port")
    if given is None:
        return None
    try:
        return int(str(given))
    except ValueError:
        raise InvalidInput(f"the port of {connection.name!r} is no number: update it") from None


def _check_file(target: _Target) -> None:
    """SQLite makes the file that it should read."""
    name = target.url.database
    if target.url.get_backend_name() != "sqlite" or not name or name.startswith((":", "file:")):
        return
    if not Path(name).exists():
        raise DatabaseUnreachable(
            f"the database of the connection {target.connection.name!r} is not there: "
            "correct the connection"
        )


def _run(target: _Target, use: Callable[[sa.Connection], Result]) -> Result:
    """Open the database, use it, and close it; say what went wrong without its secrets."""
    refusal: type[NacreError] = DatabaseUnreachable
    advice = "correct the connection, or try again"
    try:
        with _engine(target) as engine, engine.connect() as opened:
            return _used(target, opened, use)
    except NacreError:
        raise
    except (NoSuchModuleError, ModuleNotFoundError) as error:
        reason, refusal, advice = _masked(error, target), PackageMissing, _package(target)
    except (SQLAlchemyError, ImportError, OSError, ValueError, TypeError) as error:
        reason = _masked(error, target)
    # Not in the handler: what is raised there would bring the library's own along.
    raise refusal(
        f"the database of the connection {target.connection.name!r} cannot be reached: {reason}; "
        f"{advice}"
    )


def _package(target: _Target) -> str:
    package = _PACKAGES.get(target.connection.type)
    return f"pip install {package}" if package else "install the package of its dialect or driver"


def _used(target: _Target, opened: sa.Connection, use: Callable[[sa.Connection], Result]) -> Result:
    try:
        return use(opened)
    except (SQLAlchemyError, pd.errors.DatabaseError, ValueError, TypeError, LookupError) as error:
        reason = _masked(error, target)
    raise QueryRefused(
        f"the database of the connection {target.connection.name!r} refused it: {reason}"
    )


@contextmanager
def _engine(target: _Target) -> Iterator[sa.Engine]:
    engine = sa.create_engine(
        target.url, poolclass=NullPool, connect_args=target.connect_args, hide_parameters=True
    )
    if engine.dialect.name == "sqlite":
        # Its driver would commit each change of a table on its own.
        event.listen(engine, "connect", _leave_transactions)
        event.listen(engine, "begin", _begin)
    try:
        yield engine
    finally:
        engine.dispose()


def _leave_transactions(opened: object, _: object) -> None:
    opened.isolation_level = None  # type: ignore[attr-defined]  # a connection of sqlite3


def _begin(opened: sa.Connection) -> None:
    opened.exec_driver_sql("BEGIN")


def _forbid_writing(opened: sa.Connection) -> None:
    if opened.dialect.name == "sqlite":
        opened.exec_driver_sql("PRAGMA query_only = ON")
    elif opened.dialect.name == "postgresql":
        opened.exec_driver_sql("SET TRANSACTION READ ONLY")


def _masked(error: Exception, target: _Target) -> str:
    original = getattr(error, "orig", None) or error.__cause__ or error
    text = " ".join(str(original).split()) or type(original).__name__
    for secret in _secrets(target):
        text = text.replace(secret, MASK)
    return text[:_LONGEST_REASON]


def _secrets(target: _Target) -> list[str]:
    names = target.connection.secret_names
    texts = [str(target.connection[name]) for name in names]
    texts += [str(target.url.password or ""), *map(str, target.connect_args.values())]
    texts += [quote_plus(text) for text in texts] + [quote(text, safe="") for text in texts]
    return sorted((t for t in texts if len(t) >= _SHORTEST_SECRET), key=len, reverse=True)
