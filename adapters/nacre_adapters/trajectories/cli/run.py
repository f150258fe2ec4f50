"""`nacre-trajectories run`: run a command whose pyTAMS uses the adapter."""

import os
import shutil
from collections.abc import Sequence

import click

from nacre.errors import NotFound
from nacre_adapters.trajectories.install import LEVELS, environment


@click.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.option("--level", type=click.Choice(LEVELS), default="v1", show_default=True)
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def run(level: str, command: Sequence[str]) -> None:
    """Run COMMAND; pyTAMS in it, and in all processes that it starts, uses the adapter.

    LEVEL is that of the pyTAMS that is installed: v1 is 1.0.0.
    """
    found = shutil.which(command[0])
    if found is None:
        raise NotFound(f"there is no command {command[0]!r}: give the path of a program")
    variables = environment(level, os.environ.get("PYTHONPATH", ""))
    os.execve(found, list(command), {**os.environ, **variables})  # noqa: S606 - no shell wanted
