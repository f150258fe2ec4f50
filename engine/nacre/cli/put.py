"""`nacre put`: a file into a frame."""

from pathlib import Path

import click

import nacre
from nacre.cli.terminal import (
    PathType,
    actor_option,
    busy,
    counted,
    json_option,
    print_json,
    say,
    vault_argument,
)
from nacre.operations.exchange import import_frame, import_text


@click.command(short_help="Write a file as the next version of a frame.")
@vault_argument
@click.argument("name")
@click.argument("file", type=PathType(dir_okay=False))
@click.option("--message", "-m", default="", help="Why.")
@click.option("--as-text", is_flag=True, help="Of a .csv: keep every column as text.")
@actor_option
@json_option
def put(
    vault: Path,
    name: str,
    file: Path,
    message: str,
    as_text: bool,
    actor: str | None,
    as_json: bool,
) -> None:
    """Write FILE (.parquet, .csv or .arrow) as the next version of the frame NAME."""
    read = import_text if as_text else import_frame
    with nacre.open(vault, create=False, actor=actor) as opened, busy(f"put {file.name}"):
        written = read(opened.frames, name, file, message=message)
    if as_json:
        print_json(written)
    else:
        size = f"{counted(written.rows, 'row')}, {counted(written.columns, 'column')}"
        say(f"{name} version {written.version}: {size}")
