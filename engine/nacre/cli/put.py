"""`nacre put`: a file into a frame."""

from pathlib import Path

import click

import nacre
from nacre.cli.terminal import actor_option, json_option, print_json, vault_argument
from nacre.operations.exchange import import_frame


@click.command()
@vault_argument
@click.argument("name")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--message", "-m", default="", help="Why.")
@actor_option
@json_option
def put(vault: Path, name: str, file: Path, message: str, actor: str | None, as_json: bool) -> None:
    """Write FILE (.parquet, .csv or .arrow) as the next version of the frame NAME."""
    with nacre.open(vault, create=False, actor=actor) as opened:
        written = import_frame(opened.frames, name, file, message=message)
    if as_json:
        print_json(written)
    else:
        size = f"{written.rows:,} rows, {written.columns} columns"
        click.echo(f"{name} version {written.version}: {size}")
