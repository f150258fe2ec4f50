"""`nacre-trajectories keep`: store the trajectory files in the vault."""

from pathlib import Path

import click

from nacre.cli.terminal import json_option, print_json
from nacre.errors import VaultMissing
from nacre_adapters.trajectories import SQLFile


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--directory",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="What the names of the files are relative to; else where FILE lies.",
)
@json_option
def keep(file: Path, directory: Path | None, as_json: bool) -> None:
    """Store the files of all trajectories, active and archived, as blobs in FILE."""
    if not file.exists():
        raise VaultMissing(f"there is no file {file}: name a trajectory file of nacre")
    database = SQLFile(file)
    try:
        kept = database.keep_files(file.parent if directory is None else directory)
    finally:
        database.close()
    if as_json:
        print_json({"kept": kept})
    else:
        click.echo(f"kept {len(kept)} files")
