"""The command `nacre-tenants`: one file a command.

Exit codes: 0 fine, 1 findings, 2 cannot tell.
"""

import click

from nacre.cli.outermost import run


def main() -> None:
    """Run the command line; a package that is missing is named."""
    run(_program, "nacre-tenants")


def _program() -> click.Group:
    from nacre_adapters.tenants.cli.program import program  # noqa: PLC0415 - needs an extra

    return program
