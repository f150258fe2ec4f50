"""`nacre init`: create a vault."""

from pathlib import Path

import click

import nacre
from nacre.cli.terminal import json_option, print_json, vault_argument
from nacre.errors import InvalidInput


@click.command()
@vault_argument
@click.option("--single-file", is_flag=True, help="Keep everything in one file.")
@json_option
def init(vault: Path, single_file: bool, as_json: bool) -> None:
    """Create an empty vault."""
    if vault.exists() and not (vault.is_dir() and not any(vault.iterdir())):
        raise InvalidInput(f"{vault} exists: choose a new name, or look at it with `nacre info`")
    with nacre.open(vault, single_file=single_file) as created:
        info = created.describe()
    if as_json:
        print_json(info)
    else:
        click.echo(f"created {info.path}; put a frame: nacre put {vault} NAME FILE")
