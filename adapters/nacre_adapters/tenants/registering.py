"""The functions that make, drop and list tables and indexes: each all or nothing."""

import logging
from collections.abc import Iterable, Mapping, Sequence

import nacre
from nacre.errors import InvalidInput
from nacre_adapters.tenants import definitions
from nacre_adapters.tenants.database import Database
from nacre_adapters.tenants.errors import TableError
from nacre_adapters.tenants.models import Model
from nacre_adapters.tenants.names import pk_of, plain_name
from nacre_adapters.tenants.table import Table

# The original's: whoever listens to it goes on hearing.
_logger = logging.getLogger("fh_saas.utils_db")

Wanted = tuple[str, Model, tuple[str, ...]]


class _Failing:
    """A `with` block in which whatever is raised becomes a TableError that says what was tried."""

    __slots__ = ("_what",)

    def __init__(self, what: str) -> None:
        self._what = what

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, Exception) and not isinstance(error, TableError):
            failed = TableError(f"{self._what}: {error}")
            _logger.error("%s", failed, exc_info=error)
            raise failed from error


def register_table(
    tenant_db: Database, model_class: type, table_name: str, pk: str | Sequence[str] = "id"
) -> Table:
    """Create a table from a class if there is none, and return it.

    A table that is there gets the columns that the class has and it has not.

    Raises:
        TableError: it cannot be; nothing was changed, and the cause says why.
    """
    with _Failing(f"Failed to create table '{table_name}'"):
        model = Model(model_class)
    return _register(tenant_db, [_wanted(table_name, model, pk)])[_name(table_name, model)]


def register_tables(
    tenant_db: Database, models: Iterable[tuple[type, str, str | Sequence[str]]]
) -> dict[str, Table]:
    """Create several tables, of (class, name, key) each, all or none; return them by name.

    Raises:
        TableError: one cannot be; none was made, and the cause says why.
    """
    wanted = []
    for number, item in enumerate(models):
        name = item[1] if isinstance(item, tuple | list) and len(item) > 1 else f"#{number}"
        with _Failing(f"Failed to create table '{name}'"):
            if not isinstance(item, tuple | list) or len(item) != 3:
                raise InvalidInput(f"{item!r:.80} is not (class, name, key): give these three")
            wanted.append(_wanted(item[1], Model(item[0]), item[2]))
    return _register(tenant_db, wanted)


def drop_table(tenant_db: Database, table_name: str) -> None:
    """Drop a table, its rows and its indexes, if it is there.

    Raises:
        TableError: it cannot be.
    """
    with _Failing(f"Failed to drop table '{table_name}'"):
        name = _checked("a table", table_name)
        tenant_db.home.change(lambda tx: tenant_db.home.drop_table(tx, name))


def create_index(
    tenant_db: Database,
    table_name: str,
    columns: Sequence[str],
    unique: bool = False,
    index_name: str | None = None,
) -> None:
    """Create an index, called idx_<table>_<columns> unless it is given a name.

    Raises:
        TableError: it cannot be, or there is another index of that name; nothing was changed.
    """
    create_indexes(tenant_db, [(table_name, columns, unique, index_name)])


def create_indexes(
    tenant_db: Database, indexes: Iterable[tuple[str, Sequence[str], bool, str | None]]
) -> None:
    """Create several indexes, of (table, columns, unique, name or None) each, all or none.

    Raises:
        TableError: one cannot be; none was made.
    """
    wanted = [_wanted_index(number, item) for number, item in enumerate(indexes)]

    def decide(tx: nacre.Transaction) -> None:
        for table, spec in wanted:
            with _Failing(f"Failed to create index '{spec['name']}' on '{table}'"):
                definitions.add_index(tenant_db.home, tx, table, spec)

    if wanted:
        with _Failing("Failed to create indexes"):
            tenant_db.home.change(decide)


def drop_index(tenant_db: Database, index_name: str, table_name: str | None = None) -> None:
    """Drop an index if it is there; with *table_name* only if it is that table's.

    Raises:
        TableError: it cannot be.
    """
    with _Failing(f"Failed to drop index '{index_name}'"):
        name = _checked("an index", index_name)
        tenant_db.home.change(
            lambda tx: definitions.drop_index(tenant_db.home, tx, name, table_name)
        )


def table_exists(tenant_db: Database, table_name: str) -> bool:
    """Tell whether there is a table of exactly that name."""
    with _Failing(f"Failed to check if table '{table_name}' exists"):
        return table_name in tenant_db.table_names()


def list_tables(tenant_db: Database) -> list[str]:
    """Return the names of all tables, in order."""
    with _Failing("Failed to list tables"):
        return tenant_db.table_names()


def list_indexes(tenant_db: Database, table_name: str) -> list[dict[str, object]]:
    """Return name, columns and uniqueness of each index of a table, by name.

    Raises:
        TableError: there is no such table.
    """
    with _Failing(f"Failed to list indexes for '{table_name}'"):
        home = tenant_db.home
        name = plain_name(table_name)
        return home.read(lambda vault: definitions.indexes_of(home, vault, name))


def _register(tenant_db: Database, wanted: Sequence[Wanted]) -> dict[str, Table]:
    def decide(tx: nacre.Transaction) -> None:
        for name, model, pk in wanted:
            with _Failing(f"Failed to create table '{name}'"):
                definitions.declare(tenant_db.home, tx, name, model.fields, pk)

    if wanted:
        with _Failing("Failed to create tables"):
            tenant_db.home.change(decide)
    return {name: tenant_db.bind(name, model) for name, model, _ in wanted}


def _wanted(name: str | None, model: Model, pk: str | Sequence[str]) -> Wanted:
    return _name(name, model), model, pk_of(pk)


def _name(name: str | None, model: Model) -> str:
    return model.table_name if name is None else plain_name(name)


def _wanted_index(number: int, item: object) -> tuple[str, Mapping[str, object]]:
    with _Failing(f"Failed to create index #{number}"):
        if not isinstance(item, tuple | list) or len(item) != 4:
            raise InvalidInput(f"{item!r:.80} is not (table, columns, unique, name): give these")
        table, columns, unique, name = item
    with _Failing(f"Failed to create index '{name}' on '{table}'"):
        names = [columns] if isinstance(columns, str) else columns
        if not isinstance(names, tuple | list) or not names:
            raise TypeError(f"{columns!r:.80} names no columns: give a list of names")
        if not all(isinstance(column, str) for column in names):
            raise TypeError(f"{columns!r:.80} are no columns: give a list of names")
        table, names = plain_name(table), [plain_name(column) for column in names]
        found = f"idx_{table}_{'_'.join(names)}" if name is None else _checked("an index", name)
        return table, definitions.index_spec(found, names, unique=bool(unique))


def _checked(what: str, name: object) -> str:
    if not isinstance(name, str) or not name:
        raise InvalidInput(f"{name!r:.60} is no name of {what}: give a text that is not empty")
    return plain_name(name)
