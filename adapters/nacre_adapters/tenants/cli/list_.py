"""`nacre-tenants list`: the tenants of a host."""

from datetime import UTC, datetime
from pathlib import Path

import click

from nacre.cli.terminal import json_option, print_json, print_table
from nacre_adapters.tenants.cli.options import host_argument, open_host

_COLUMNS = ("tenant", "name", "layout", "created")


@click.command(name="list")
@host_argument
@json_option
def list_(host: Path, as_json: bool) -> None:
    """List the tenants below HOST."""
    with open_host(host) as opened:
        found = [
            (
                tenant.id,
                tenant.name,
                tenant.layout,
                datetime.fromtimestamp(tenant.created_ns / 1e9, UTC).isoformat(" ", "seconds"),
            )
            for tenant in opened.tenants()
        ]
    if as_json:
        print_json([dict(zip(_COLUMNS, row, strict=True)) for row in found])
    else:
        print_table(_COLUMNS, found)
