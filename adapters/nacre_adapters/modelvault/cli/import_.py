"""`nacre-modelvault import`: bring a database of the original over."""

from pathlib import Path

import click

from nacre.cli.terminal import counted, json_option, print_json
from nacre_adapters.modelvault.importing import import_original


@click.command(name="import")
@click.argument("source", type=click.Path(path_type=Path))
@click.argument("target", type=click.Path(path_type=Path))
@json_option
def import_(source: Path, target: Path, as_json: bool) -> int:
    """Bring SOURCE, a file of modelvault 0.16, over into the new file TARGET.

    Exits with 1 when a part of a schema could not be found out.
    """
    done = import_original(source, target)
    if as_json:
        print_json(done)
    else:
        rows = counted(done.rows, "row")
        click.echo(f"imported {counted(done.collections, 'collection')} with {rows} into {target}")
        for note in done.notes:
            click.echo(note)
    return 1 if done.notes else 0
