"""`nacre-tenants log`: who did what to the tables of a tenant, when and why."""

from pathlib import Path

import click

from nacre.cli.log import event_fields
from nacre.cli.terminal import json_option, print_json, print_table
from nacre_adapters.tenants.cli.options import host_argument, open_host, tenant_argument


@click.command()
@host_argument
@tenant_argument
@click.option("--table", help="Only what happened to this table.")
@click.option(
    "--limit", type=click.IntRange(min=1), default=20, show_default=True, help="How many at most."
)
@json_option
def log(host: Path, tenant: str, table: str | None, limit: int, as_json: bool) -> None:
    """Show the events of TENANT, newest first; of a vault that it shares, its own only."""
    with open_host(host) as opened:
        found = opened.get(tenant).log(table, limit=limit)
    if as_json:
        print_json([event_fields(event) for event in found])
        return
    print_table(
        ("commit", "time", "actor", "kind", "subject", "message"),
        [(e.position, e.time, e.actor, e.kind, e.subject, e.message) for e in found],
    )
