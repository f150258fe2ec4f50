"""`nacre-tenants purge`: remove a tenant."""

from pathlib import Path

import click

from nacre.cli.terminal import say
from nacre_adapters.tenants.cli.options import host_argument, open_host, tenant_argument
from nacre_adapters.tenants.keeping import purge_tenant


@click.command()
@host_argument
@tenant_argument
@click.option("--reason", required=True, help="Why; it is recorded, and kept for ever.")
def purge(host: Path, tenant: str, reason: str) -> None:
    """Remove TENANT with all that its tables ever held. Backups are not reached."""
    with open_host(host) as opened:
        purge_tenant(opened, tenant, reason=reason)
    say(f"removed {tenant!r}")
