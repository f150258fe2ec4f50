"""`nacre checkpoint`: what an auditor keeps."""

from pathlib import Path

import click

import nacre
from nacre.checkpoint import note_of
from nacre.cli.terminal import (
    hand_out_text,
    json_option,
    key_option,
    output_option,
    print_json,
    vault_argument,
)
from nacre.operations import checkpoint_at, read_key


@click.command(short_help="Print what an auditor keeps, signed with --key.")
@vault_argument
@click.option("--head", type=click.IntRange(min=0), help="As it was at this head; else today's.")
@key_option
@output_option
@json_option
def checkpoint(
    vault: Path, head: int | None, key: Path | None, to: Path | None, as_json: bool
) -> None:
    """Print the checkpoint of a vault: a C2SP note, signed with --key."""
    signer = None if key is None else read_key(key)
    with nacre.open(vault, read_only=True) as opened:
        found = opened.checkpoint() if head is None else checkpoint_at(opened.store, head)
    note = note_of(found, signer)
    if to is not None or not as_json:
        hand_out_text(note, to)
    if as_json:
        root = found.root.hex()
        print_json({"origin": found.origin, "head": found.head, "root": root, "note": note})
