"""`nacre diff`: what changed between two positions."""

from pathlib import Path

import click

import nacre
from nacre.cli.terminal import (
    counted,
    json_option,
    print_json,
    print_table,
    progress_bar,
    say,
    vault_argument,
)
from nacre.operations import SubjectDiff
from nacre.operations import diff as find_changes


@click.command(short_help="Show what changed between two positions.")
@vault_argument
@click.argument("before")
@click.argument("after")
@click.option("--subject", help="Only what happened to this subject.")
@json_option
def diff(vault: Path, before: str, after: str, subject: str | None, as_json: bool) -> None:
    """Show what changed from BEFORE to AFTER: positions, times or snapshots."""
    with nacre.open(vault, read_only=True) as opened, progress_bar() as progress:
        report = find_changes(opened.store, before, after, subject=subject, progress=progress)
    if as_json:
        print_json(report)
        return
    print_table(
        ("subject", "commits", "events", "actors", "what became of it"),
        [_row(found) for found in report.subjects],
    )
    commits = counted(report.after - report.before, "commit")
    events = counted(report.events, "event")
    say(f"from position {report.before:,} to {report.after:,}: {commits}, {events}")


def _row(found: SubjectDiff) -> tuple[object, ...]:
    commits = f"{found.first}" if found.first == found.last else f"{found.first} to {found.last}"
    kinds = ", ".join(f"{count} {kind}" for kind, count in found.kinds.items())
    changes = "; ".join(change.text for change in found.changes)
    return found.subject, commits, kinds, ", ".join(found.actors), changes
