"""`nacre get`: a frame into a file."""

from pathlib import Path

import click

from nacre.cli.reading import at_option, reading
from nacre.cli.terminal import json_option, print_json, vault_argument
from nacre.operations.exchange import export_frame


@click.command()
@vault_argument
@click.argument("name")
@click.option(
    "--to",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="The file to write: its ending .parquet, .csv or .arrow says how.",
)
@click.option("--version", type=click.IntRange(min=0), help="Not the last version but this one.")
@at_option
@json_option
def get(
    vault: Path, name: str, file: Path, version: int | None, at: str | None, as_json: bool
) -> None:
    """Write the frame NAME to a file."""
    with reading(vault, at) as opened:
        found = export_frame(opened.frames, name, file, version=version)
    if as_json:
        print_json({"file": str(file), "frame": found})
    else:
        click.echo(f"wrote {found.rows:,} rows of {name} version {found.version} to {file}")
