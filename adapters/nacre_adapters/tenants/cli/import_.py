"""`nacre-tenants import`: bring an SQLite database over."""

from pathlib import Path
from typing import cast

import click

from nacre.cli.terminal import EXIT_FINDINGS, PathType, json_option, print_json, say
from nacre_adapters.tenants import Host
from nacre_adapters.tenants.cli.options import (
    host_argument,
    layout_option,
    name_option,
    tenant_argument,
)
from nacre_adapters.tenants.host import Layout
from nacre_adapters.tenants.sqlite_import import Imported, import_sqlite


@click.command(name="import")
@host_argument
@tenant_argument
@click.argument("file", type=PathType())
@layout_option
@name_option
@json_option
def import_(  # noqa: PLR0917 - click fills them in
    host: Path, tenant: str, file: Path, layout: str, name: str | None, as_json: bool
) -> int:
    """Bring the tables of FILE, an SQLite database, into TENANT; what is missing is made.

    fh-saas keeps the tenant `acme` in the file acme_db.db. Exit 1 when something of it is
    otherwise than it was.
    """
    with Host(host) as opened:
        db = opened.get_or_create(tenant, name, layout=cast("Layout", layout))
        done = import_sqlite(file, db)
    if as_json:
        print_json(done)
    else:
        _print(done, tenant)
    return EXIT_FINDINGS if done.notes else 0


def _print(done: Imported, tenant: str) -> None:
    rows = sum(done.tables.values())
    say(
        f"imported {len(done.tables)} tables with {rows} rows and {len(done.indexes)} indexes "
        f"into {tenant!r}"
    )
    for note in done.notes:
        say(note)
