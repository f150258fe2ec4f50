"""`nacre unarchive`: a vault from one file."""

from pathlib import Path

import click

from nacre.cli.terminal import (
    PathType,
    counted,
    json_option,
    print_json,
    progress_bar,
    say,
    size_text,
)
from nacre.operations.unarchive import unarchive as bring_back


@click.command(short_help="Unpack the archive of a vault, and verify it.")
@click.argument("file", type=PathType())
@click.argument("destination", type=PathType())
@click.option(
    "--max-bytes",
    type=click.IntRange(min=1),
    help="What it may become at most; a hundred times the size of FILE unless told.",
)
@json_option
def unarchive(file: Path, destination: Path, max_bytes: int | None, as_json: bool) -> int:
    """Unpack FILE, which `nacre archive` made, to DESTINATION, and verify it.

    FILE may come from anywhere: whatever is not the archive of a sound vault is refused, and
    nothing of it is kept. What is at DESTINATION is never replaced.
    """
    with progress_bar() as progress:
        report = bring_back(file, destination.absolute(), max_bytes=max_bytes, progress=progress)
    if as_json:
        print_json(report)
    else:
        size = f"{counted(report.blobs, 'blob')}, {size_text(report.size_bytes)}"
        say(f"unpacked and verified {report.destination} at position {report.head:,}: {size}")
        say(f"root {report.root}")
    return 0
