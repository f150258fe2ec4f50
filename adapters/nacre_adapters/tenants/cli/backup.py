"""`nacre-tenants backup`: write a tenant to a file."""

from pathlib import Path

import click

from nacre.cli.terminal import PathType, json_option, print_json, say
from nacre_adapters.tenants.cli.options import host_argument, open_host, tenant_argument
from nacre_adapters.tenants.keeping import backup_tenant


@click.command()
@host_argument
@tenant_argument
@click.argument("file", type=PathType())
@json_option
def backup(host: Path, tenant: str, file: Path, as_json: bool) -> None:
    """Write TENANT to FILE, a vault, while others go on working."""
    with open_host(host) as opened:
        kept = backup_tenant(opened, tenant, file)
    if as_json:
        print_json(kept)
    else:
        say(f"wrote {kept.tables} tables with {kept.rows} rows of {tenant!r} to {file}")
