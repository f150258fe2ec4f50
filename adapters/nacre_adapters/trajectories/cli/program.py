"""The commands put together."""

import click

from nacre.cli.outermost import run as run_program
from nacre_adapters.trajectories.cli.draw import draw
from nacre_adapters.trajectories.cli.export import export
from nacre_adapters.trajectories.cli.history import history
from nacre_adapters.trajectories.cli.import_ import import_
from nacre_adapters.trajectories.cli.keep import keep
from nacre_adapters.trajectories.cli.recover import recover
from nacre_adapters.trajectories.cli.run import run

_COMMANDS = (run, import_, export, history, draw, keep, recover)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="nacre")
def program() -> None:
    """Keep the trajectories of pyTAMS in a vault.

    Exit codes: 0 fine, 1 findings, 2 cannot tell.
    """


for _command in _COMMANDS:
    program.add_command(_command)


def main() -> None:
    """Run the command line."""
    run_program(lambda: program, "nacre-trajectories")
