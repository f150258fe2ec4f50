"""SQL over collections and frames: DuckDB reads the Arrow tables of those that a query names.

DuckDB is locked: it opens no file, no network, no extension, and sees no variable of the program.
Only `SELECT` runs, so nothing is ever written.
"""

import json
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Protocol

from nacre.errors import InvalidInput, NotFound, PackageMissing

if TYPE_CHECKING:
    import pyarrow as pa

    from nacre.frames import Frames
    from nacre.rows import Collections

_BATCH_ROWS = 20_480  # ten of DuckDB's vectors
_LOCKED = {
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "python_enable_replacements": "false",
    "lock_configuration": "true",
}


class Readable(Protocol):
    """What is asked: a vault."""

    @property
    def rows(self) -> "Collections":
        """Its collections."""

    @property
    def frames(self) -> "Frames":
        """Its frames."""

    def read(self) -> AbstractContextManager[None]:
        """Let everything that the thread reads in a block be of one head."""


class Statement(Protocol):
    """One statement of a query."""

    @property
    def type(self) -> object:
        """Of which kind it is."""


class Relation(Protocol):
    """What a query gives."""

    def to_arrow_table(self) -> "pa.Table":
        """Return it in Arrow."""


class Sql:
    """DuckDB for one vault handle: made at the first query, which takes a tenth of a second.

    Threads may share it: each query has a connection of its own, and sees no other's tables.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process = 0
        self._database: Connection | None = None
        # Of the process that this one was forked from: its threads are not here to be ended.
        self._left: list[object] = []

    def ask(
        self,
        vault: "Readable",
        query: str,
        *,
        parameters: Sequence[object] | Mapping[str, object] = (),
        to: str = "pandas",
    ) -> object:
        """Return what a query gives, as a dataframe of *to*; all it reads is of one head.

        Raises:
            InvalidInput: it is no single SELECT, DuckDB refuses it, or a name is of both kinds.
            NotFound: it names no collection and no frame.
        """
        from nacre.rows.arrow_rows import LIBRARIES, to_library  # noqa: PLC0415 - Arrow is slow

        if to not in LIBRARIES:
            raise InvalidInput(f"{to!r} is not known: use {', '.join(LIBRARIES)}")
        if not isinstance(query, str) or not isinstance(parameters, Sequence | Mapping):
            raise InvalidInput(
                f"sql({query!r:.60}, parameters={parameters!r:.60}) is not understood: "
                "give text, and a list of values"
            )
        known = [*vault.rows.names(), *vault.frames.names()]
        duckdb = _duckdb()
        connection = self._connect(duckdb)
        try:
            _check_select(duckdb, connection, query)
            asked = _names(connection, query)
            with vault.read():
                for name in _different(asked, known):
                    connection.register(name, _table(vault.rows, vault.frames, name))
            found = connection.sql(query, params=_listed(parameters)).to_arrow_table()
        except duckdb.CatalogException as error:
            names = ", ".join(known[:8]) or "none yet"
            raise NotFound(f"{error}: the collections and frames are {names}") from error
        except duckdb.Error as error:
            raise InvalidInput(f"the query cannot be run: {error}") from error
        finally:
            connection.close()
        return to_library(found, to)

    def close(self) -> None:
        """Release what queries share; idempotent, and the next one makes it anew."""
        if self._process != os.getpid():
            return
        with self._lock:
            # Let go of, not closed: that it refuses while another thread asks it something.
            self._database = None

    def _connect(self, duckdb: ModuleType) -> "Connection":
        if self._process != os.getpid():
            # Whoever held the lock when this process was forked is not here either.
            self._left.append(self._database)
            self._lock, self._database, self._process = threading.Lock(), None, os.getpid()
        with self._lock:
            if self._database is None:
                self._database = duckdb.connect(":memory:", config=_LOCKED)
            return self._database.cursor()


class Connection(Protocol):
    """What is used of a connection to DuckDB."""

    def cursor(self) -> "Connection":
        """Return another connection to the same."""

    def register(self, name: str, table: object) -> object:
        """Give a table a name."""

    def extract_statements(self, query: str) -> Sequence[Statement]:
        """Return the statements of a text."""

    def execute(self, query: str, parameters: Sequence[object]) -> "Connection":
        """Run a query."""

    def fetchone(self) -> tuple[str]:
        """Return a row."""

    def fetchall(self) -> list[tuple[str]]:
        """Return the other rows."""

    def sql(self, query: str, *, params: object) -> Relation:
        """Return what a query gives."""

    def close(self) -> None:
        """End it."""


def _listed(parameters: Sequence[object] | Mapping[str, object]) -> object:
    return dict(parameters) if isinstance(parameters, Mapping) else list(parameters)


def _check_select(duckdb: ModuleType, connection: Connection, query: str) -> None:
    statements = connection.extract_statements(query)
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise InvalidInput(
            "a query is one SELECT: rows and frames are written with their own calls"
        )


def _names(connection: Connection, query: str) -> set[str]:
    """Return the names of tables in a query, as DuckDB's own parser finds them."""
    statement = connection.execute("select json_serialize_sql(?)", [query])
    (tree,) = statement.fetchone()
    statement.fetchall()
    return set(_tables_in(json.loads(tree)))


def _tables_in(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        if node.get("type") == "BASE_TABLE":
            yield str(node["table_name"])
        for inner in node.values():
            yield from _tables_in(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from _tables_in(inner)


def _different(asked: set[str], known: Sequence[str]) -> Iterator[str]:
    """Yield the names of the collections and frames that are asked for.

    DuckDB takes upper and lower case for the same, so a name is one that it may mean: as it is
    written, or in the only other way there is.

    Raises:
        InvalidInput: two of them differ in nothing else.
    """
    for folded in sorted({name.lower() for name in asked}):
        here = sorted({name for name in asked if name.lower() == folded} & set(known))
        here = here or sorted({name for name in known if name.lower() == folded})
        if len(here) > 1:
            raise InvalidInput(
                f"{' and '.join(map(repr, here))} are the same name in SQL: ask for one at a time"
            )
        yield from here  # none: a name that the query itself gives, or an error


def _table(rows: "Collections", frames: "Frames", name: str) -> "pa.Table":
    is_frame = name in frames.names()
    if name in rows:
        if is_frame:
            raise InvalidInput(f"{name!r} is a collection and a frame: drop or rename one of them")
        return _in_batches(rows[name].query().to_encoded())
    return _in_batches(frames.read(name, to="arrow"))


def _in_batches(table: "pa.Table") -> "pa.Table":
    """Return a table in parts of which DuckDB gives each thread some: it never divides one."""
    batches = table.to_batches(max_chunksize=_BATCH_ROWS)
    return table.from_batches(batches, table.schema)


def _duckdb() -> ModuleType:
    try:
        return import_module("duckdb")
    except ModuleNotFoundError as error:
        raise PackageMissing("this needs DuckDB: pip install 'nacre[sql]'") from error
