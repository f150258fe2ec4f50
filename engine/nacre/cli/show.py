"""`nacre show`: one commit, whole."""

from pathlib import Path

import click

from nacre.cli.log import event_fields
from nacre.cli.reading import at_option, reading
from nacre.cli.terminal import json_option, print_fields, print_json, say, vault_argument
from nacre.errors import NotFound


@click.command()
@vault_argument
@click.argument("position", type=click.IntRange(min=0))
@at_option
@json_option
def show(vault: Path, position: int, at: str | None, as_json: bool) -> None:
    """Show the commit at POSITION with all its events."""
    with reading(vault, at) as opened:
        commit = opened.commit_at(position)
        if commit is None:
            raise NotFound(f"there is no commit {position}: {_commits(opened.head)}")
    header = commit.header
    fields: dict[str, object] = {
        "position": header.position,
        "time": header.time,
        "actor": header.actor,
        "message": header.message,
        "write id": header.write_id if isinstance(header.write_id, str) else header.write_id.hex(),
        "leaf": commit.leaf.hex(),
        "previous": header.previous.hex(),
    }
    if as_json:
        named = {name.replace(" ", "_"): value for name, value in fields.items()}
        print_json({**named, "events": [event_fields(event) for event in commit.events]})
        return
    print_fields(fields)
    for event in commit.events:
        say(f"\n{event.kind} {event.subject}")
        print_fields({f"  {name}": value for name, value in event.data.items()})


def _commits(head: int) -> str:
    if head == 0:
        return "the vault has none yet"
    return "the only one is 0" if head == 1 else f"commits are 0 to {head - 1}"
