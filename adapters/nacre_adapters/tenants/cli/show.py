"""`nacre-tenants show`: the tables, columns and indexes of a tenant."""

from pathlib import Path

import click

from nacre.cli.terminal import json_option, print_json, print_table
from nacre_adapters.tenants import list_indexes
from nacre_adapters.tenants.cli.options import host_argument, open_host, tenant_argument

_COLUMNS = ("table", "rows", "columns", "key", "indexes")


@click.command()
@host_argument
@tenant_argument
@json_option
def show(host: Path, tenant: str, as_json: bool) -> None:
    """Show the tables of TENANT with their columns, keys and indexes."""
    with open_host(host) as opened:
        db = opened.get(tenant)
        found = []
        for table in db.t:
            shape = table.shape()
            columns = {column.name: column.type.name for column in shape.columns}
            indexes = list_indexes(db, table.name)
            found.append((table.name, len(table), columns, list(shape.pk), indexes))
    if as_json:
        print_json([dict(zip(_COLUMNS, row, strict=True)) for row in found])
        return
    rows = [
        (
            name,
            count,
            ", ".join(f"{column} {kind}" for column, kind in columns.items()),
            ", ".join(key),
            ", ".join(f"{index['name']}{' (unique)' * bool(index['unique'])}" for index in indexes),
        )
        for name, count, columns, key, indexes in found
    ]
    print_table(_COLUMNS, rows)
