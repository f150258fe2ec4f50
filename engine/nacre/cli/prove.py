"""`nacre prove`: evidence that a commit is in the log."""

from pathlib import Path

import click

import nacre
from nacre.checkpoint import Checkpoint
from nacre.cli.terminal import (
    PathType,
    hand_out_evidence,
    json_option,
    key_option,
    output_option,
    read_text,
    vault_argument,
)
from nacre.operations import prove_inclusion, read_key


@click.command(short_help="Show that a commit is in the log.")
@vault_argument
@click.argument("position", type=click.IntRange(min=0))
@click.option("--event", type=click.IntRange(min=0), help="Show only this event of the commit.")
@click.option(
    "--checkpoint",
    type=PathType(dir_okay=False),
    help="Prove it for the head of this checkpoint; else for the head of today.",
)
@key_option
@output_option
@json_option
def prove(
    vault: Path,
    position: int,
    event: int | None,
    checkpoint: Path | None,
    key: Path | None,
    to: Path | None,
    as_json: bool,
) -> None:
    """Write the evidence that the commit at POSITION is in the log."""
    head = None if checkpoint is None else Checkpoint.parse(read_text(checkpoint)).head
    signer = None if key is None else read_key(key)
    with nacre.open(vault, read_only=True) as opened:
        proof = prove_inclusion(opened.store, position, event=event, head=head, key=signer)
    hand_out_evidence(str(proof), to, as_json=as_json)
