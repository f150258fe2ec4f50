"""`nacre rebuild`: derive views again from the log."""

from pathlib import Path

import click

import nacre
from nacre.cli.terminal import counted, json_option, print_json, progress_bar, say, vault_argument


@click.command(short_help="Derive the views again from the log.")
@vault_argument
@click.option("--view", "views", multiple=True, help="Only this view; may be repeated.")
@json_option
def rebuild(vault: Path, views: tuple[str, ...], as_json: bool) -> None:
    """Derive the views again from commit 0, beside the live ones, then switch over."""
    with nacre.open(vault, create=False) as opened, progress_bar() as progress:
        report = opened.rebuild(list(views) or None, progress)
    if as_json:
        print_json(report)
    else:
        commits = counted(report.commits, "commit")
        say(f"derived {', '.join(report.views)} again from {commits}")
