"""Tables from one database to another: columns, rows and indexes, in one commit."""

from collections.abc import Iterator
from itertools import islice

import nacre
from nacre_adapters.tenants import definitions
from nacre_adapters.tenants.database import Database
from nacre_adapters.tenants.home import Home
from nacre_adapters.tenants.views import Tenants

_PAGE = 5000


def copy_tables(source: Database, target: Database) -> None:
    """Copy all tables; nothing is copied if one of them cannot be."""

    def read(vault: nacre.Vault) -> None:
        with target.tx():
            target.home.change(lambda tx: _copy(source.home, vault, target.home, tx))

    source.home.read(read)


def _copy(source: Home, vault: nacre.Vault, target: Home, tx: nacre.Transaction) -> None:
    for table in definitions.tables_of(source, vault):
        collection = vault.rows[source.collection_name(table)]
        columns = vault.view(Tenants).columns(source.namespace, table)
        assert columns is not None
        schema = collection.schema
        made = tx.rows.create(
            target.collection_name(table),
            definitions.specs_of(schema),
            key=schema.key,
            indexes=definitions.index_specs(schema),
        )
        definitions.record_columns(target, tx, table, columns)
        for page in pages(iter(collection)):
            made.insert_many(page)


def pages(rows: Iterator[dict[str, object]]) -> Iterator[list[dict[str, object]]]:
    """Yield rows in lists of a few thousand."""
    while page := list(islice(rows, _PAGE)):
        yield page
