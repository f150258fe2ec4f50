"""`nacre-tenants restore`: make a tenant of a backup."""

from pathlib import Path
from typing import cast

import click

from nacre.cli.terminal import PathType, json_option, print_json, say
from nacre_adapters.tenants import Host
from nacre_adapters.tenants.cli.options import (
    host_argument,
    layout_option,
    name_option,
    tenant_argument,
)
from nacre_adapters.tenants.host import Layout
from nacre_adapters.tenants.keeping import restore_tenant


@click.command()
@host_argument
@tenant_argument
@click.argument("file", type=PathType())
@layout_option
@name_option
@json_option
def restore(  # noqa: PLR0917 - click fills them in
    host: Path, tenant: str, file: Path, layout: str, name: str | None, as_json: bool
) -> None:
    """Make TENANT of FILE, which `nacre-tenants backup` wrote; HOST is made if it is missing."""
    with Host(host) as opened:
        kept = restore_tenant(opened, tenant, file, name=name, layout=cast("Layout", layout))
    if as_json:
        print_json(kept)
    else:
        say(f"restored {kept.tables} tables with {kept.rows} rows of {tenant!r} from {file}")
