"""A DB-API 2.0 (PEP 249) that reads: one SELECT at a time over one collection."""

from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Self

from nacre_adapters.modelvault import dbapi_errors as errors
from nacre_adapters.modelvault.database import Database
from nacre_adapters.modelvault.dbapi_errors import (
    DatabaseError,
    DataError,
    Error,
    IntegrityError,
    InterfaceError,
    InternalError,
    NotSupportedError,
    OperationalError,
    ProgrammingError,
    Warning,  # noqa: A004 - its name in PEP 249
)
from nacre_adapters.modelvault.dbapi_types import (
    BINARY,
    DATETIME,
    NUMBER,
    ROWID,
    STRING,
    Binary,
    Date,
    DateFromTicks,
    Time,
    TimeFromTicks,
    Timestamp,
    TimestampFromTicks,
)
from nacre_adapters.modelvault.places import Source
from nacre_adapters.modelvault.selecting import Found, run

apilevel = "2.0"
threadsafety = 2
paramstyle = "qmark"

__all__ = [
    "BINARY",
    "Binary",
    "Connection",
    "Cursor",
    "DATETIME",
    "DataError",
    "DatabaseError",
    "Date",
    "DateFromTicks",
    "Error",
    "IntegrityError",
    "InterfaceError",
    "InternalError",
    "NUMBER",
    "NotSupportedError",
    "OperationalError",
    "ProgrammingError",
    "ROWID",
    "STRING",
    "Time",
    "TimeFromTicks",
    "Timestamp",
    "TimestampFromTicks",
    "Warning",
    "apilevel",
    "connect",
    "paramstyle",
    "threadsafety",
]

Row = tuple[object, ...]
Description = tuple[tuple[str, None, None, None, None, None, None], ...]


def connect(path: Source) -> "Connection":
    """Open a database to read, beside whoever writes it.

    Raises:
        OperationalError: there is none at the path; an OSError as well.
    """
    with errors.as_dbapi:
        return Connection(Database.open(path, read_only=True))


class Connection:
    """A database that is open to be read; each statement sees what was committed before it."""

    def __init__(self, database: Database) -> None:
        self._database: Database | None = database

    def cursor(self) -> "Cursor":
        """Return what executes statements.

        Raises:
            InterfaceError: the connection is closed; a RuntimeError as well.
        """
        self.database()
        return Cursor(self)

    def database(self) -> Database:
        """Return the database.

        Raises:
            InterfaceError: the connection is closed; a RuntimeError as well.
        """
        if self._database is None:
            raise errors.IsClosed("connection is closed")
        return self._database

    def commit(self) -> None:
        """Do nothing: there is nothing to commit."""

    def rollback(self) -> None:
        """Do nothing: there is nothing to undo."""

    def close(self) -> None:
        """Release the file. Idempotent."""
        if self._database is not None:
            self._database.close()
        self._database = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class Cursor:
    """Executes statements, and gives their rows as tuples."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.arraysize = 1
        self._found: Found | None = None
        self._at = 0
        self._is_closed = False

    @property
    def description(self) -> Description | None:
        """The columns of the last statement: a name, and six times None."""
        if self._found is None:
            return None
        return tuple((name, None, None, None, None, None, None) for name in self._found.names)

    @property
    def rowcount(self) -> int:
        """How many rows the last statement found; -1 before there was one."""
        return -1 if self._found is None else len(self._found.rows)

    def execute(self, sql: str, params: Sequence[object] | None = None) -> None:
        """Run one SELECT; each `?` in it stands for one of *params*.

        A statement that fails leaves the rows of the one before.

        Raises:
            ProgrammingError: it is not understood, or names what there is not.
        """
        if self._is_closed:
            raise errors.IsClosed("cursor is closed")
        database = self.connection.database()
        with errors.as_dbapi:
            self._found = run(database, sql, params)
        self._at = 0

    def executemany(self, sql: str, seq_of_params: Sequence[Sequence[object]]) -> None:
        """Refuse: a SELECT is run once.

        Raises:
            NotSupportedError: always.
        """
        raise NotSupportedError("executemany is for statements that write: use execute")

    def fetchone(self) -> Row | None:
        """Return the next row, or None."""
        rows = self.fetchmany(1)
        return rows[0] if rows else None

    def fetchmany(self, size: int | None = None) -> list[Row]:
        """Return the next rows."""
        if self._found is None:
            return []
        start = self._at
        self._at = min(len(self._found.rows), start + (self.arraysize if size is None else size))
        return self._found.rows[start : self._at]

    def fetchall(self) -> list[Row]:
        """Return the rest of the rows."""
        return self.fetchmany(0 if self._found is None else len(self._found.rows))

    def setinputsizes(self, sizes: object) -> None:
        """Do nothing, as PEP 249 allows."""

    def setoutputsize(self, size: int, column: int | None = None) -> None:
        """Do nothing, as PEP 249 allows."""

    def close(self) -> None:
        """Let go of the rows. Idempotent."""
        self._is_closed = True
        self._found = None

    def __iter__(self) -> Iterator[Row]:
        """Yield the rest of the rows."""
        while (row := self.fetchone()) is not None:
            yield row
