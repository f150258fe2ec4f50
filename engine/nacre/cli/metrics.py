"""`nacre metrics`: figures for a monitoring system."""

from pathlib import Path

import click

import nacre
from nacre.cli.targets import open_location, secret_options
from nacre.cli.terminal import busy, json_option, print_json, vault_argument
from nacre.operations.metrics import metrics_of, text_of, write_metrics


@click.command(short_help="Print figures for a monitor.")
@vault_argument
@click.option("--target", help="Where its backups are.")
@click.option(
    "--to",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A file, replaced in one step; else they are printed.",
)
@secret_options
@json_option
def metrics(
    vault: Path,
    target: str | None,
    file: Path | None,
    passphrase_file: Path | None,
    key_file: Path | None,
    as_json: bool,
) -> None:
    """Print head, size, dead share and the age of backups in Prometheus' text format."""
    with nacre.open(vault, read_only=True) as opened:
        place = None if target is None else open_location(target, passphrase_file, key_file)
        with busy("measure"):
            found = metrics_of(opened.store, place)
        text = text_of(found, str(opened.path))
    if file is not None:
        write_metrics(text, file)
    if as_json:
        print_json(found)
    elif file is None:
        click.echo(text, nl=False)
