"""`nacre history`: everything that happened to one subject."""

from pathlib import Path

import click

from nacre.cli.log import event_fields
from nacre.cli.reading import at_option, reading
from nacre.cli.terminal import json_option, print_json, print_table, vault_argument
from nacre.operations import history as find_history

_SHOWN = 80


@click.command(short_help="Show every event of a subject.")
@vault_argument
@click.argument("subject")
@at_option
@json_option
def history(vault: Path, subject: str, at: str | None, as_json: bool) -> None:
    """Show every event of SUBJECT, oldest first: who, when, why."""
    with reading(vault, at) as opened:
        found = find_history(opened.store, subject)
    if as_json:
        print_json([event_fields(event) for event in found])
        return
    print_table(
        ("commit", "time", "actor", "kind", "data", "message"),
        [
            (e.position, e.time, e.actor, e.kind, _short(", ".join(_said(e.data))), e.message)
            for e in found
        ],
    )


def _said(data: object) -> list[str]:
    assert isinstance(data, dict)
    return [f"{name}={value}" for name, value in data.items()]


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."
