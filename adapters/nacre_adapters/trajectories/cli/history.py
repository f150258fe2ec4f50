"""`nacre-trajectories history`: every state that a trajectory ever had."""

from pathlib import Path

import click

from nacre.cli.terminal import json_option, print_json, print_table
from nacre_adapters.trajectories import SQLFile

_COLUMNS = ("commit", "time", "event", "status", "file", "holder")


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("trajectory", type=int)
@json_option
def history(file: Path, trajectory: int, as_json: bool) -> None:
    """List what happened to TRAJECTORY, a number from 0, oldest first."""
    database = SQLFile(file, ro_mode=True)
    try:
        found = database.history(trajectory)
    finally:
        database.close()
    if as_json:
        print_json(found)
        return
    rows = [
        (m.position, m.time, m.kind, m.state.status, m.state.file, m.state.holder) for m in found
    ]
    print_table(_COLUMNS, rows)
