"""Bring the tables of an SQLite database over: columns, rows, keys and indexes, all or nothing."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import nacre
from nacre.errors import FormatError, InvalidInput, NotFound
from nacre_adapters.tenants import definitions
from nacre_adapters.tenants.columns import COLUMN_TYPES, NotTakenError
from nacre_adapters.tenants.copying import pages
from nacre_adapters.tenants.database import Database
from nacre_adapters.tenants.models import ModelField

_ROWID = "rowid"
_TYPES = (("INT", "int"), ("CHAR", "str"), ("CLOB", "str"), ("TEXT", "str"), ("BLOB", "bytes"))
_REALS = ("REAL", "FLOA", "DOUB", "NUMERIC", "DECIMAL")
_COMPUTED = (2, 3)
"""How SQLite marks columns that it computes."""

_FITS: Mapping[str, frozenset[str]] = {
    "int": frozenset({"integer"}),
    "float": frozenset({"integer", "real"}),
    "str": frozenset({"text"}),
    "bytes": frozenset({"blob"}),
}


@dataclass(slots=True, kw_only=True)
class Imported:
    """What was brought over, and what was not."""

    tables: dict[str, int] = field(default_factory=dict)
    """How many rows each has."""

    indexes: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What is otherwise than it was."""


@dataclass(frozen=True, slots=True)
class _Source:
    """A table as SQLite has it."""

    name: str
    columns: dict[str, str]
    """Names and declared types."""

    pk: tuple[str, ...]


def import_sqlite(file: Path, db: Database) -> Imported:
    """Bring every table of an SQLite file into a database.

    Raises:
        NotFound: there is no such file.
        FormatError: it is no SQLite database.
        InvalidInput: the database has a table of the same name, or a name cannot be kept.
    """
    if not file.is_file():
        raise NotFound(f"there is no file {file}: name an SQLite database")
    done = Imported()
    try:
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as source, db.tx():
            source.execute("BEGIN")  # one moment for all tables
            for table in _tables(source, done):
                _bring(source, table, db, done)
    except sqlite3.DatabaseError as error:
        raise FormatError(f"{file} cannot be read as an SQLite database: {error}") from error
    return done


def _tables(source: sqlite3.Connection, done: Imported) -> list[_Source]:
    found = []
    kinds = _kinds(source)
    for found_kind, name, text in source.execute(
        "SELECT type, name, sql FROM sqlite_master WHERE type != 'index' ORDER BY name"
    ).fetchall():
        if name.startswith("sqlite_"):
            continue
        kind = kinds.get(name, found_kind)
        if kind == "table":
            found.append(_table(source, name, done))
            _note_rules(source, name, text, done)
        elif kind != "shadow":  # which belongs to a virtual table
            what = "virtual table" if kind == "virtual" else kind
            done.notes.append(f"the {what} {name!r} was left out")
    return found


def _kinds(source: sqlite3.Connection) -> dict[str, str]:
    """Return what each table is: a virtual one, a shadow of one, a table."""
    if sqlite3.sqlite_version_info < (3, 37):
        return {}
    return dict(source.execute("SELECT name, type FROM pragma_table_list WHERE schema = 'main'"))


def _note_rules(source: sqlite3.Connection, table: str, text: str, done: Imported) -> None:
    """Note what SQLite would have held rows to, and collections do not."""
    columns = source.execute(
        'SELECT name, "notnull" AND NOT pk, dflt_value, hidden FROM pragma_table_xinfo(?)', [table]
    )
    for name, required, default, hidden in columns.fetchall():
        for holds, what in (
            (required and not hidden, "may be NULL now"),
            (default is not None, f"has no default now; it was {default}"),
            (hidden in _COMPUTED, "is no longer computed; its values were kept"),
        ):
            if holds:
                done.notes.append(f"the column {table}.{name} {what}")
    rules = {"CHECK": "CHECK" in text.upper(), "COLLATE": "COLLATE" in text.upper()}
    rules["FOREIGN KEY"] = bool(
        source.execute("SELECT 1 FROM pragma_foreign_key_list(?)", [table]).fetchall()
    )
    done.notes += [
        f"the table {table!r} has {rule}, which is not kept"
        for rule, there in rules.items()
        if there
    ]


def _table(source: sqlite3.Connection, name: str, done: Imported) -> _Source:
    info = source.execute(
        "SELECT name, type, pk FROM pragma_table_xinfo(?) WHERE hidden != 1", [name]
    ).fetchall()
    columns = {column: declared for column, declared, _ in info}
    pk = tuple(column for column, _, number in sorted(info, key=lambda c: c[2]) if number)
    if pk and not _has_null(source, name, pk):
        return _Source(name, columns, pk)
    done.notes.append(f"the table {name!r} has no primary key: {_ROWID!r} is now one")
    if _ROWID in {column.lower() for column in columns}:
        raise InvalidInput(f"the table {name!r} has no primary key, and a column {_ROWID!r}")
    return _Source(name, {_ROWID: "INTEGER", **columns}, (_ROWID,))


def _has_null(source: sqlite3.Connection, table: str, columns: Sequence[str]) -> bool:
    tests = " OR ".join(f"{_quoted(column)} IS NULL" for column in columns)
    query = f"SELECT EXISTS (SELECT 1 FROM {_quoted(table)} WHERE {tests})"  # noqa: S608 - quoted
    return bool(_first(source, query))


def _bring(source: sqlite3.Connection, table: _Source, db: Database, done: Imported) -> None:
    fields = [
        ModelField(name=name, type=COLUMN_TYPES[_type_of(source, table, name, done)])
        for name in table.columns
    ]

    def decide(tx: nacre.Transaction) -> None:
        if db.home.knows(tx, table.name):
            raise InvalidInput(f"there is a table {table.name!r} already: drop it, or rename it")
        definitions.declare(db.home, tx, table.name, fields, table.pk)
        mixed = {found.name for found in fields if found.type.name == "json"}
        collection = tx.rows[db.home.collection_name(table.name)]
        for page in pages(_rows(source, table, fields)):
            collection.insert_many(page)
        done.tables[table.name] = len(collection)
        for name, columns, unique in _indexes(source, table, mixed, done):
            spec = definitions.index_spec(name, columns, unique=unique)
            definitions.add_index(db.home, tx, table.name, spec)
            done.indexes.append(name)

    db.home.change(decide)


def _type_of(source: sqlite3.Connection, table: _Source, column: str, done: Imported) -> str:
    """Return the type of a column: what it is declared as, if all its values are that."""
    declared = table.columns[column].upper()
    wanted = next((kind for word, kind in _TYPES if word in declared), "str")
    if any(word in declared for word in _REALS):
        wanted = "float"
    name, quoted = _quoted(column), _quoted(table.name)
    held = {kind for (kind,) in source.execute(f"SELECT DISTINCT typeof({name}) FROM {quoted}")}  # noqa: S608 - quoted
    held.discard("null")
    if "BOOL" in declared:
        others = f"SELECT EXISTS (SELECT 1 FROM {quoted} WHERE {name} NOT IN (0, 1))"  # noqa: S608 - quoted
        if held <= {"integer"} and not _first(source, others):
            return "bool"
        wanted = "int"
    for kind in (wanted, *_FITS):
        if held <= _FITS[kind]:
            break
    else:
        kind = "json"
        if column in table.pk:
            raise InvalidInput(f"the key {column!r} of {table.name!r} holds {', '.join(held)}")
    if kind != wanted:
        what = ", ".join(sorted(held))
        done.notes.append(f"the column {table.name}.{column} holds {what}: it is now {kind}")
    return kind


def _rows(
    source: sqlite3.Connection, table: _Source, fields: Sequence[ModelField]
) -> Iterator[dict[str, object]]:
    names = [field.name for field in fields]
    selected = ", ".join(map(_quoted, names))
    for row in source.execute(f"SELECT {selected} FROM {_quoted(table.name)}"):  # noqa: S608 - quoted
        try:
            yield {
                found.name: None if value is None else found.type.take(value)
                for found, value in zip(fields, row, strict=True)
            }
        except NotTakenError as error:
            raise InvalidInput(f"a column of {table.name!r} takes {error}") from error


def _indexes(
    source: sqlite3.Connection, table: _Source, mixed: set[str], done: Imported
) -> Iterator[tuple[str, list[str], bool]]:
    """Yield name, columns and uniqueness of the indexes that can be kept, and note the others."""
    listed = source.execute(
        'SELECT name, "unique", origin, partial FROM pragma_index_list(?) ORDER BY name',
        [table.name],
    ).fetchall()
    for name, unique, origin, partial in listed:
        if origin == "pk":
            continue
        parts = source.execute(
            "SELECT name, coll FROM pragma_index_xinfo(?) WHERE key", [name]
        ).fetchall()
        columns = [column for column, _ in parts]
        if partial or None in columns:
            done.notes.append(f"the index {name!r} is partial or of an expression: left out")
        elif mixed & set(columns):
            done.notes.append(f"the index {name!r} is of a column of several types: left out")
        else:
            if any(collation != "BINARY" for _, collation in parts):
                done.notes.append(f"the index {name!r} has COLLATE, which is not kept")
            own = f"unique_{table.name}_{'_'.join(columns)}" if origin == "u" else name
            yield own, columns, bool(unique)


def _first(source: sqlite3.Connection, query: str) -> object:
    return source.execute(query).fetchone()[0]


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
