"""`nacre get`: a frame into a file."""

from pathlib import Path

import click

from nacre.cli.reading import at_option, reading
from nacre.cli.terminal import PathType, busy, counted, json_option, print_json, say, vault_argument
from nacre.operations.exchange import export_frame


@click.command()
@vault_argument
@click.argument("name")
@click.option(
    "--to",
    "file",
    type=PathType(dir_okay=False),
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
    with reading(vault, at) as opened, busy(f"get {name}"):
        found = export_frame(opened.frames, name, file, version=version)
    if as_json:
        print_json({"file": str(file), "frame": found})
    else:
        say(f"wrote {counted(found.rows, 'row')} of {name} version {found.version} to {file}")
