"""`nacre import`: a vault from its JSON Lines export."""

from pathlib import Path

import click

from nacre.cli.terminal import (
    PathType,
    counted,
    json_option,
    print_json,
    progress_bar,
    say,
    vault_argument,
)
from nacre.operations.import_jsonl import import_jsonl


@click.command("import", short_help="Make a vault from its export.")
@vault_argument
@click.argument("file", type=PathType())
@click.option("--single-file", is_flag=True, help="Keep everything in one file.")
@json_option
def import_(vault: Path, file: Path, single_file: bool, as_json: bool) -> None:
    """Make VAULT from FILE, which `nacre export --format jsonl` wrote: all of it, or nothing."""
    with progress_bar() as progress:
        report = import_jsonl(file, vault, single_file=single_file, progress=progress)
    if as_json:
        print_json(report)
    else:
        say(f"made {report.path}: {counted(report.commits, 'commit')}; root {report.root}")
