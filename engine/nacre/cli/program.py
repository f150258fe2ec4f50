"""The commands put together; each is imported when it is called, because some need pandas."""

from importlib import import_module

import click

from nacre.cli.outermost import run

_COMMANDS = (
    *("demo", "init", "info", "log", "history", "diff", "show", "frames", "get", "put", "rows"),
    *("sql", "verify", "rebuild", "replay", "space", "retain", "compact", "compress", "purge"),
    *("snapshot", "backup", "backups", "restore", "verify-backup", "drill", "forget", "unforget"),
    *("repair", "repair-backup", "archive", "unarchive", "metrics"),
    *("keygen", "checkpoint", "prove", "prove-consistency", "export", "import", "trace"),
)
# Where the module or the function has another name than the command.
_MODULES = {"unforget": "forget", "import": "import_"}
_FUNCTIONS = {"import": "import_"}


class _Commands(click.Group):
    """A group of which a command is imported when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        name = cmd_name.replace("-", "_")
        module = import_module(f"nacre.cli.{_MODULES.get(cmd_name, name)}")
        command: click.Command = getattr(module, _FUNCTIONS.get(cmd_name, name))
        return command


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="nacre")
def program() -> None:
    """Keep data in a vault: versioned, provable, in one place.

    Begin with `nacre demo`. The vault is the first argument of every command. Exit codes: 0 fine,
    1 findings, 2 cannot tell.
    """


def main() -> None:
    """Run the command line."""
    run(lambda: program, "nacre")
