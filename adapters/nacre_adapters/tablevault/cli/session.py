"""Which vault a command works on, who does it, and how results are printed."""

import json
import sys
from dataclasses import asdict, dataclass, is_dataclass

import click

from nacre_adapters.tablevault.errors import TVArgumentError
from nacre_adapters.tablevault.tablevault import TableVault


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """The options that stand before the command."""

    db_dir: str | None
    author: str | None

    def open(self) -> TableVault:
        """Open the vault.

        Raises:
            UsageError: it, or who works on it, is not named.
        """
        if not self.db_dir or not self.author:
            raise click.UsageError("Missing option '--db-dir' or '--author': they come first.")
        return TableVault(self.db_dir, self.author)

    def path(self) -> str:
        """Return the path of the vault.

        Raises:
            UsageError: it is not named.
        """
        if not self.db_dir:
            raise click.UsageError("Missing option '--db-dir': it comes first.")
        return self.db_dir


session = click.make_pass_decorator(Session)
process_option = click.option("--process-id", default="", help="Resumable with this id.")
version_option = click.option("--version", default="base", show_default=True)


def show(value: object) -> None:
    """Print a result: lists and dicts as indented JSON, everything else as it is."""
    if isinstance(value, list | dict):
        click.echo(json.dumps(_plain(value), indent=4, ensure_ascii=False))
    elif value is not None:
        click.echo(str(value))


def read_text(path: str) -> str:
    """Return the text of a file, or of the input when the path is `-`.

    Raises:
        TVArgumentError: it cannot be read.
    """
    try:
        if path == "-":
            return sys.stdin.read()
        with click.open_file(path) as file:
            return str(file.read())
    except (OSError, UnicodeDecodeError) as error:
        raise TVArgumentError(f"{path} cannot be read: {error}") from error


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if is_dataclass(value) and not isinstance(value, type):
        return _plain(asdict(value))
    return value if isinstance(value, str | int | float | bool | None) else str(value)
