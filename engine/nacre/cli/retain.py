"""`nacre retain`: how much history keeps its payloads."""

from pathlib import Path

import click

import nacre
from nacre.cli.terminal import actor_option, json_option, print_json, say, vault_argument
from nacre.operations.retain import parse_history, retention_of, set_retention


@click.command(short_help="Set how much history keeps its payloads.")
@vault_argument
@click.option("--history", help="Keep the payloads of this much history: 90d, 12h, 2w, or all.")
@click.option(
    "--keep-snapshots",
    is_flag=True,
    expose_value=False,
    help="Keep what snapshots name, too: so it is with every rule; delete a snapshot to let it go.",
)
@actor_option
@json_option
def retain(vault: Path, history: str | None, actor: str | None, as_json: bool) -> None:
    """Set the rule that `nacre compact` follows; without --history, say which one holds.

    Events and proofs are always kept, and so is what views and snapshots name.
    """
    if history is None:
        with nacre.open(vault, read_only=True) as opened:
            rule = retention_of(opened.store)
    else:
        with nacre.open(vault, create=False, actor=actor) as opened:
            rule = set_retention(opened.store, parse_history(history))
    if as_json:
        print_json({"history_seconds": rule.seconds})
    else:
        say(str(rule))
