"""What the commands take: a host, a tenant, a layout."""

from pathlib import Path

import click

from nacre.cli.terminal import PathType
from nacre.errors import NotFound
from nacre_adapters.tenants import Host

host_argument = click.argument("host", type=PathType())
tenant_argument = click.argument("tenant")
layout_option = click.option(
    "--layout",
    type=click.Choice(["vault", "shared"]),
    default="vault",
    show_default=True,
    help="A vault of its own, or one with others.",
)
name_option = click.option("--name", help="What it is called; else its id.")


def open_host(path: Path) -> Host:
    """Return the host at a directory that is one.

    Raises:
        NotFound: it is none.
    """
    if not (path / "catalogue.nacre").exists():
        raise NotFound(f"{path} has no catalogue of tenants: name the directory of a host")
    return Host(path)
