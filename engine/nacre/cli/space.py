"""`nacre space`: what uses the disk."""

from pathlib import Path

import click

import nacre
from nacre.cli.terminal import (
    counted,
    json_option,
    print_fields,
    print_json,
    print_table,
    progress_bar,
    say,
    size_text,
    vault_argument,
)
from nacre.operations.space import SpaceReport
from nacre.operations.space import space as measure


@click.command()
@vault_argument
@json_option
def space(vault: Path, as_json: bool) -> None:
    """Say what uses the disk, and what could be given back."""
    with nacre.open(vault, read_only=True) as opened, progress_bar() as progress:
        report = measure(opened.store, progress)
    if as_json:
        print_json(report)
    else:
        _print(report)


def _print(report: SpaceReport) -> None:
    unneeded = counted(report.droppable_blobs, "blob")
    print_fields(
        {
            "on disk": size_text(report.size_bytes),
            "in packs": size_text(report.packs_bytes),
            "of that dead": size_text(report.dead_bytes),
            "free pages": size_text(report.free_bytes),
            "not needed": f"{unneeded}, {size_text(report.droppable_bytes)}",
            "compact gives back": size_text(report.gain_bytes),
        }
    )
    say()
    print_table(("rows of", "size"), [(u.what, size_text(u.size_bytes)) for u in report.rows])
    say()
    print_table(("view", "size"), [(u.what, size_text(u.size_bytes)) for u in report.views])
    if report.frames:
        say()
        print_table(
            ("frame", "versions", "alone", "shared"),
            [
                (f.name, f.versions, size_text(f.own_bytes), size_text(f.shared_bytes))
                for f in report.frames
            ],
        )
