"""`nacre prove-consistency`: evidence that the log has only grown since a checkpoint."""

from pathlib import Path

import click

import nacre
from nacre.checkpoint import Checkpoint
from nacre.cli.terminal import (
    EXIT_FINDINGS,
    PathType,
    hand_out_evidence,
    json_option,
    key_option,
    output_option,
    print_json,
    read_text,
    say,
    vault_argument,
)
from nacre.operations import prove_consistency as prove
from nacre.operations import read_key


@click.command("prove-consistency", short_help="Show that the log has only grown.")
@vault_argument
@click.argument("old", metavar="OLD-CHECKPOINT", type=PathType(dir_okay=False))
@key_option
@output_option
@json_option
def prove_consistency(
    vault: Path, old: Path, key: Path | None, to: Path | None, as_json: bool
) -> int:
    """Write the evidence that the log has only grown since OLD-CHECKPOINT; exit 1 if it has not."""
    signer = None if key is None else read_key(key)
    before = Checkpoint.parse(read_text(old))
    with nacre.open(vault, read_only=True) as opened:
        proof = prove(opened.store, before, key=signer)
    if proof.problem is None:
        hand_out_evidence(str(proof), to, as_json=as_json)
        return 0
    if as_json:
        print_json({"problem": proof.problem, "first_bad_position": proof.first_bad_position})
    else:
        say(f"not consistent: {proof.problem}")
    return EXIT_FINDINGS
