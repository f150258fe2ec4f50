"""The commands put together."""

import click

from nacre.cli.outermost import run as run_program
from nacre_adapters.flowstore.cli.asset import asset
from nacre_adapters.flowstore.cli.assets import assets
from nacre_adapters.flowstore.cli.cancel import cancel
from nacre_adapters.flowstore.cli.diff import diff
from nacre_adapters.flowstore.cli.lineage import lineage
from nacre_adapters.flowstore.cli.list import list_
from nacre_adapters.flowstore.cli.retire import retire
from nacre_adapters.flowstore.cli.revisions import revisions
from nacre_adapters.flowstore.cli.show import show

_COMMANDS = (list_, show, assets, asset, revisions, diff, lineage, retire, cancel)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="nacre")
def program() -> None:
    """Look at flows and assets in a vault.

    Who may read the vault's files sees everything: groups do not count here.

    Exit codes: 0 fine, 1 findings, 2 cannot tell.
    """


for _command in _COMMANDS:
    program.add_command(_command)


def main() -> None:
    """Run the command line."""
    run_program(lambda: program, "nacre-flows")
