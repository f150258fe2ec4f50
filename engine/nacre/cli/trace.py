"""`nacre trace`: where something came from, and what became of it."""

from pathlib import Path

import click

import nacre
from nacre.cli.terminal import json_option, print_json, vault_argument
from nacre.operations.draw import DRAWINGS
from nacre.operations.trace import trace as follow


@click.command(short_help="Show what a subject was made from, and into.")
@vault_argument
@click.argument("subject")
@click.option("--position", type=click.IntRange(min=0), help="Only from its events in this commit.")
@click.option("--format", "form", type=click.Choice(list(DRAWINGS)), default="text")
@json_option
def trace(vault: Path, subject: str, position: int | None, form: str, as_json: bool) -> None:
    """Show what SUBJECT was made from, and what was made from it."""
    with nacre.open(vault, read_only=True) as opened:
        found = follow(opened.store, subject, position=position)
    if as_json:
        print_json(found)
    else:
        click.echo(DRAWINGS[form](found), nl=False)
