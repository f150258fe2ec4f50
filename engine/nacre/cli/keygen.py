"""`nacre keygen`: a key that signs checkpoints."""

from pathlib import Path

import click

import nacre
from nacre.checkpoint import origin_of
from nacre.cli.terminal import PathType, json_option, print_fields, print_json, vault_argument
from nacre.operations import make_key


@click.command(short_help="Make a key that signs checkpoints.")
@vault_argument
@click.argument("file", type=PathType())
@click.option("--name", help="Of the key; else the origin of the vault, as checkpoints show it.")
@json_option
def keygen(vault: Path, file: Path, name: str | None, as_json: bool) -> None:
    """Make an Ed25519 key: the secret half goes to FILE, the public half to FILE.pub."""
    with nacre.open(vault, read_only=True) as opened:
        origin = origin_of(opened.vault_id)
    made = make_key(file, name=name or origin)
    if as_json:
        print_json(made)
    else:
        print_fields({"secret": made.secret_file, "public": made.public_file, "key": made.key})
