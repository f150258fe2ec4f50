"""`nacre trace`: where something came from, and what became of it."""

from pathlib import Path

import click

from nacre.cli.reading import at_option, reading
from nacre.cli.terminal import json_option, print_json, vault_argument
from nacre.operations.draw import DRAWINGS
from nacre.operations.trace import trace as follow


@click.command(short_help="Show what a subject was made from, and into.")
@vault_argument
@click.argument("subject")
@click.option("--position", type=click.IntRange(min=0), help="Only from its events in this commit.")
@click.option("--format", "form", type=click.Choice(list(DRAWINGS)), default="text")
@at_option
@json_option
def trace(
    vault: Path, subject: str, position: int | None, form: str, at: str | None, as_json: bool
) -> None:
    """Show what SUBJECT was made from, and what was made from it."""
    with reading(vault, at) as then:
        found = follow(then.store, subject, position=position)
    if as_json:
        print_json(found)
    else:
        click.echo(DRAWINGS[form](found), nl=False)
