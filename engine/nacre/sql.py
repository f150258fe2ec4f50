"""SQL over collections and frames: DuckDB reads the Arrow tables of those that a query names.

DuckDB is locked: it opens no file, no network, no extension, and sees no variable of the program.
Only `SELECT` runs, so nothing is ever written.
"""

import json
from collections.abc import Iterator, Sequence
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

from nacre.errors import InvalidInput, NotFound, PackageMissing

if TYPE_CHECKING:
    import pyarrow as pa

    from nacre.frames import Frames
    from nacre.rows import Collections

_BATCH_ROWS = 122_880  # a row group of DuckDB
_LOCKED = {
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "python_enable_replacements": "false",
    "lock_configuration": "true",
}


def run_sql(
    rows: "Collections",
    frames: "Frames",
    query: str,
    *,
    parameters: Sequence[object] = (),
    to: str = "pandas",
) -> object:
    """Return what a query gives, as a dataframe of *to*.

    Raises:
        InvalidInput: it is no single SELECT, DuckDB refuses it, or a name is of both kinds.
        NotFound: it names no collection and no frame.
    """
    from nacre.rows.arrow_rows import LIBRARIES, to_library  # noqa: PLC0415 - Arrow is slow

    if to not in LIBRARIES:
        raise InvalidInput(f"{to!r} is not known: use {', '.join(LIBRARIES)}")
    duckdb = _duckdb()
    connection = duckdb.connect(":memory:", config=_LOCKED)
    try:
        _check_select(duckdb, connection, query)
        for name in _different(_names(connection, query), [*rows.names(), *frames.names()]):
            connection.register(name, _table(rows, frames, name))
        found = connection.sql(query, params=list(parameters)).to_arrow_table()
    except duckdb.CatalogException as error:
        known = ", ".join([*rows.names(), *frames.names()][:8]) or "none yet"
        raise NotFound(f"{error}: the collections and frames are {known}") from error
    except duckdb.Error as error:
        raise InvalidInput(f"the query cannot be run: {error}") from error
    finally:
        connection.close()
    return to_library(found, to)


def _check_select(duckdb: ModuleType, connection: object, query: str) -> None:
    statements = connection.extract_statements(query)  # type: ignore[attr-defined]  # DuckDB's
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise InvalidInput(
            "a query is one SELECT: rows and frames are written with their own calls"
        )


def _names(connection: object, query: str) -> set[str]:
    """Return the names of tables in a query, as DuckDB's own parser finds them."""
    statement = connection.execute("select json_serialize_sql(?)", [query])  # type: ignore[attr-defined]  # DuckDB's
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
        return _in_batches(rows[name].to_frame("arrow"))
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
