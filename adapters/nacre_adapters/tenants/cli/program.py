"""The commands put together."""

import click

from nacre_adapters.tenants.cli.backup import backup
from nacre_adapters.tenants.cli.import_ import import_
from nacre_adapters.tenants.cli.list_ import list_
from nacre_adapters.tenants.cli.log import log
from nacre_adapters.tenants.cli.purge import purge
from nacre_adapters.tenants.cli.restore import restore
from nacre_adapters.tenants.cli.show import show

_COMMANDS = (list_, show, log, backup, restore, purge, import_)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="nacre")
def program() -> None:
    """Look after the tenants below a directory.

    Exit codes: 0 fine, 1 findings, 2 cannot tell.
    """


for _command in _COMMANDS:
    program.add_command(_command)
