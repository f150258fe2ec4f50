"""`nacre init`: create a vault."""

from pathlib import Path

import click

import nacre
from nacre.cli.terminal import json_option, print_json, say, vault_argument
from nacre.errors import InvalidInput
from nacre.layout import is_vault


@click.command()
@vault_argument
@click.option("--single-file", is_flag=True, help="Keep everything in one file.")
@json_option
def init(vault: Path, single_file: bool, as_json: bool) -> None:
    """Create an empty vault."""
    _refuse_existing(vault)
    with nacre.open(vault, single_file=single_file) as created:
        info = created.describe()
    if as_json:
        print_json(info)
    else:
        say(f"created {info.path}; put a frame: nacre put {vault} NAME FILE")


def _refuse_existing(path: Path) -> None:
    if not path.exists() or (path.is_dir() and not any(path.iterdir())):
        return
    if is_vault(path):
        raise InvalidInput(f"{path} is a vault: look at it with `nacre info {path}`")
    what = "a directory with other files" if path.is_dir() else "another file"
    raise InvalidInput(f"{path} exists, and is {what}: choose a new name")
