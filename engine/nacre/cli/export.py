"""`nacre export`: the log for other programs, and for auditors."""

from pathlib import Path

import click

from nacre.cli.reading import at_option, reading
from nacre.cli.terminal import (
    PathType,
    counted,
    json_option,
    key_option,
    print_json,
    progress_bar,
    say,
    vault_argument,
)
from nacre.operations import read_key
from nacre.operations.export import FORMATS
from nacre.operations.export import export as write


@click.command(short_help="Write the log to a file.")
@vault_argument
@click.option("--format", "form", type=click.Choice(FORMATS), default="jsonl", show_default=True)
@click.option("--to", type=PathType(), required=True, help="The file to write.")
@key_option
@at_option
@json_option
def export(
    vault: Path, form: str, to: Path, key: Path | None, at: str | None, as_json: bool
) -> None:
    """Write the log to a file; only jsonl holds everything and can be imported again."""
    signer = None if key is None else read_key(key)
    with reading(vault, at) as then, progress_bar() as progress:
        report = write(then.store, to, form=form, key=signer, progress=progress)
    if as_json:
        print_json(report)
    else:
        say(f"wrote {counted(report.commits, 'commit')}, {counted(report.events, 'event')} to {to}")
