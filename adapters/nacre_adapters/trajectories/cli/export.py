"""`nacre-trajectories export`: write an SQL file that the original opens."""

from pathlib import Path

import click

from nacre.cli.terminal import json_option, print_json, progress_bar
from nacre_adapters.trajectories.places import open_place
from nacre_adapters.trajectories.sqlite import export_sqlite


@click.command()
@click.argument("source", type=click.Path(path_type=Path))
@click.argument("target", type=click.Path(path_type=Path))
@click.option("--level", type=click.Choice(("v1", "head")), default="v1", show_default=True)
@json_option
def export(source: Path, target: Path, level: str, as_json: bool) -> None:
    """Write SOURCE, a trajectory file of nacre, as the new SQL file TARGET.

    LEVEL is that of the pyTAMS that will open it: v1 is 1.0.0.
    """
    place = open_place(source, in_memory=False, read_only=True)
    try:
        with progress_bar() as progress:
            done = export_sqlite(place, target, level=level, progress=progress)
    finally:
        place.vault.close()
    if as_json:
        print_json(done)
    else:
        click.echo(
            f"exported {done.trajectories} trajectories, {done.archived} archived ones and "
            f"{done.iterations} iterations to {target}"
        )
