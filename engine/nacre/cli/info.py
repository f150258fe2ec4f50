"""`nacre info`: what a vault is and holds."""

from pathlib import Path

import click

from nacre.cli.reading import at_option, reading
from nacre.cli.terminal import (
    json_option,
    print_fields,
    print_json,
    print_table,
    say,
    size_text,
    vault_argument,
)


@click.command()
@vault_argument
@at_option
@json_option
def info(vault: Path, at: str | None, as_json: bool) -> None:
    """Say what a vault is and holds."""
    with reading(vault, at) as opened:
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
    say()
    print_table(
        ("view", "version", "commits seen"),
        [(view.name, view.version, view.position) for view in found.views],
    )
