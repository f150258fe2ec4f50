"""`nacre frames`: the frames of a vault, or the versions of one."""

from pathlib import Path

import click

import nacre
from nacre.cli.reading import at_option, reading
from nacre.cli.terminal import json_option, print_json, print_table, size_text, vault_argument

_COLUMNS = ("version", "commit", "time", "actor", "rows", "columns", "size", "message")


@click.command(short_help="List the frames of a vault, or the versions of one.")
@vault_argument
@click.argument("name", required=False)
@at_option
@json_option
def frames(vault: Path, name: str | None, at: str | None, as_json: bool) -> None:
    """List the frames of a vault, or the versions of the frame NAME."""
    with reading(vault, at) as opened:
        if name is not None:
            found = opened.frames.versions(name)
        else:
            found = [opened.frames.version(known) for known in opened.frames.names()]
    if as_json:
        print_json(found)
        return
    rows = [_row(version) for version in found]
    if name is not None:
        print_table(_COLUMNS, rows)
    else:
        names = [version.name for version in found]
        print_table(("frame", *_COLUMNS), [(n, *row) for n, row in zip(names, rows, strict=True)])


def _row(found: nacre.FrameVersion) -> tuple[object, ...]:
    size = size_text(found.size_bytes)
    commit = (found.version, found.position, found.time, found.actor)
    return (*commit, found.rows, found.columns, size, found.message)
