"""The command `nacre-tablevault`: the original's commands, and what a vault adds."""

import click

from nacre.cli.outermost import run


def main() -> None:
    """Run the command line; a package that is missing is named."""
    run(_program, "nacre-tablevault")


def _program() -> click.Group:
    from nacre_adapters.tablevault.cli.program import program  # noqa: PLC0415 - needs an extra

    return program
