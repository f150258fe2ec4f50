"""`nacre info`: what a vault is and holds."""

from pathlib import Path

import click

import nacre
from nacre.cli.terminal import (
    json_option,
    print_fields,
    print_json,
    print_table,
    size_text,
    vault_argument,
)


@click.command()
@vault_argument
@json_option
def info(vault: Path, as_json: bool) -> None:
    """Say what a vault is and holds."""
    with nacre.open(vault, read_only=True) as opened:
        found = opened.describe()
    if as_json:
        print_json(found)
        return
    print_fields(
        {
            "vault": found.path,
            "id": found.vault_id,
            "layout": found.layout,
            "created": found.created,
            "commits": found.head,
            "last commit": found.last_commit,
            "root": found.root,
            "frames": found.frames,
            "packs": found.packs,
            "on disk": size_text(found.size_bytes),
        }
    )
    click.echo()
    print_table(
        ("view", "version", "commits seen"),
        [(view.name, view.version, view.position) for view in found.views],
    )
