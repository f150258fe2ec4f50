"""`nacre-trajectories import`: bring a database of the original over."""

from pathlib import Path

import click

from nacre.cli.terminal import json_option, print_json, progress_bar
from nacre_adapters.trajectories.errors import OperationalError
from nacre_adapters.trajectories.places import open_place
from nacre_adapters.trajectories.sqlite import import_sqlite


@click.command(name="import")
@click.argument("source", type=click.Path(path_type=Path))
@click.argument("target", type=click.Path(path_type=Path))
@json_option
def import_(source: Path, target: Path, as_json: bool) -> None:
    """Bring SOURCE, an SQL file of pyTAMS, over into the new file TARGET."""
    if not source.is_file():
        raise OperationalError(f"there is no file {source}: name a database of pyTAMS")
    place = open_place(target, in_memory=False, read_only=False)
    try:
        with progress_bar() as progress:
            done = import_sqlite(source, place, progress)
    finally:
        place.vault.close()
    if as_json:
        print_json(done)
    else:
        click.echo(
            f"imported {done.trajectories} trajectories, {done.archived} archived ones and "
            f"{done.iterations} iterations into {target}"
        )
