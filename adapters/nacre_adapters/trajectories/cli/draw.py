"""`nacre-trajectories draw`: a picture of the ensemble."""

from pathlib import Path

import click

from nacre.cli.terminal import json_option, print_json
from nacre_adapters.trajectories import SQLFile


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("picture", type=click.Path(path_type=Path))
@json_option
def draw(file: Path, picture: Path, as_json: bool) -> None:
    """Draw scores and branchings by iteration into PICTURE, a name that ends in .svg or .png."""
    database = SQLFile(file, ro_mode=True)
    try:
        database.draw(picture)
    finally:
        database.close()
    if as_json:
        print_json({"picture": str(picture)})
    else:
        click.echo(f"drawn into {picture}")
