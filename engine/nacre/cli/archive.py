"""`nacre archive`: a vault as one file."""

from pathlib import Path

import click

import nacre
from nacre.cli.terminal import (
    PathType,
    counted,
    json_option,
    print_json,
    progress_bar,
    say,
    size_text,
    vault_argument,
)
from nacre.operations.archive import archive as archive_store


@click.command(short_help="Write a vault to one file.")
@vault_argument
@click.argument("file", type=PathType())
@json_option
def archive(vault: Path, file: Path, as_json: bool) -> int:
    """Verify a vault and write it to FILE.tar.zst or FILE.tar.xz, to be carried elsewhere.

    Writers go on: it holds what the vault was at one moment. No file is ever replaced.
    """
    with nacre.open(vault, read_only=True) as opened, progress_bar() as progress:
        report = archive_store(opened.store, file.absolute(), progress=progress)
    if as_json:
        print_json(report)
    else:
        sizes = f"{size_text(report.size_bytes)} in {size_text(report.archive_bytes)}"
        say(f"wrote {report.file}: {counted(report.head, 'commit')}, {sizes}")
        say(f"root {report.root}")
    return 0
