"""`nacre-trajectories recover`: free the trajectories whose holders are dead."""

from pathlib import Path

import click

from nacre.cli.terminal import json_option, print_json
from nacre.errors import VaultMissing
from nacre_adapters.trajectories import SQLFile


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@json_option
def recover(file: Path, as_json: bool) -> None:
    """Free the trajectories that processes hold which are provably dead."""
    if not file.exists():
        raise VaultMissing(f"there is no file {file}: name a trajectory file of nacre")
    database = SQLFile(file)
    try:
        freed = database.recover_stale_locks()
    finally:
        database.close()
    if as_json:
        print_json({"freed": freed})
    else:
        click.echo(f"freed {len(freed)} trajectories{': ' if freed else ''}{_listed(freed)}")


def _listed(numbers: list[int]) -> str:
    return ", ".join(map(str, numbers))
