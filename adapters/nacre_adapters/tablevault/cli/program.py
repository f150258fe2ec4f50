"""The commands put together, and what becomes of errors: as the original has it."""

import sys

import click

from nacre.cli.terminal import warn
from nacre_adapters.tablevault.cli import changing, creating, moving, showing
from nacre_adapters.tablevault.cli.session import Session
from nacre_adapters.tablevault.errors import TableVaultError

EXIT_REFUSED = 1

_COMMANDS = (*creating.COMMANDS, *changing.COMMANDS, *showing.COMMANDS, *moving.COMMANDS)


class Refusals(click.Group):
    """Commands whose refusals are one line, and exit code 1."""

    def invoke(self, context: click.Context) -> object:
        """Run a command."""
        try:
            return super().invoke(context)
        except TableVaultError as error:
            warn(f"TableVault error: {error}")
            sys.exit(EXIT_REFUSED)


@click.group(cls=Refusals, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--db-dir", help="The vault.")
@click.option("--author", help="Who works on it.")
@click.version_option(package_name="nacre")
@click.pass_context
def program(context: click.Context, db_dir: str | None, author: str | None) -> None:
    """Keep tables, their instances and the code that makes them in a vault.

    Exit codes: 0 fine, 1 refused, 2 cannot tell.
    """
    context.obj = Session(db_dir=db_dir, author=author)


for _command in _COMMANDS:
    program.add_command(_command)
