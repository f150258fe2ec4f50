"""The commands put together."""

import click

from nacre.cli.outermost import run as run_program
from nacre_adapters.modelvault.cli.import_ import import_


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="nacre")
def program() -> None:
    """Keep collections of ModelVault in a vault.

    Exit codes: 0 fine, 1 findings, 2 cannot tell.
    """


program.add_command(import_)


def main() -> None:
    """Run the command line."""
    run_program(lambda: program, "nacre-modelvault")
