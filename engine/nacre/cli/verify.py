"""`nacre verify`: is everything as it was written?"""

from pathlib import Path

import click
from rich.markup import escape

import nacre
from nacre.cli.terminal import (
    EXIT_FINDINGS,
    console,
    json_option,
    print_json,
    progress_bar,
    vault_argument,
)


@click.command()
@vault_argument
@click.option("--untrusted", is_flag=True, help="Check the pages of the file before opening it.")
@json_option
def verify(vault: Path, untrusted: bool, as_json: bool) -> int:
    """Check log, tree, blobs and views; exit 1 when something is not as it was written."""
    with (
        nacre.open(vault, read_only=True, untrusted=untrusted) as opened,
        progress_bar() as progress,
    ):
        report = opened.verify(progress)
    if as_json:
        print_json(report)
    else:
        for problem in report.problems:
            console().print(f"[red]damaged[/red] {escape(str(problem))}")
        checked = f"{report.head:,} commits, {report.events:,} events, {report.blobs:,} blobs"
        found = f"{len(report.problems)} problems" if report.problems else "no problem"
        if report.left_out:
            console().print(f"{report.left_out:,} blobs were left out of a restore")
        console().print(f"{found} in {checked}, {len(report.views)} views; root {report.root}")
    return EXIT_FINDINGS if report.problems else 0
