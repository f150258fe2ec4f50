"""`nacre log`: who did what, when and why."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice, takewhile
from pathlib import Path

import click

import nacre
from nacre.cli.reading import at_option, reading
from nacre.cli.terminal import json_option, print_json, print_table, say, vault_argument
from nacre.errors import InvalidInput


@click.command()
@vault_argument
@click.option("--subject", help="Only events of this subject.")
@click.option("--kind", help="Only events of this kind.")
@click.option("--since", help="Only from this position on, or from this ISO 8601 date or time on.")
@click.option(
    "--limit", type=click.IntRange(min=1), default=20, show_default=True, help="How many at most."
)
@at_option
@json_option
def log(
    vault: Path,
    subject: str | None,
    kind: str | None,
    since: str | None,
    limit: int,
    at: str | None,
    as_json: bool,
) -> None:
    """Show the events of a vault, newest first."""
    with reading(vault, at) as opened:
        found = list(islice(_events(opened, subject, kind, since), limit + 1))
    shown = found[:limit]
    if as_json:
        print_json([event_fields(event) for event in shown])
        return
    print_table(
        ("commit", "time", "actor", "kind", "subject", "message"),
        [(e.position, e.time, e.actor, e.kind, e.subject, e.message) for e in shown],
    )
    if len(found) > limit:
        say(f"there are more: show them with --limit {10 * limit}, or narrow it with --since")


def event_fields(event: nacre.Event) -> dict[str, object]:
    """Return everything about an event and its commit, for JSON."""
    return {
        "position": event.position,
        "ordinal": event.ordinal,
        "time": event.time,
        "actor": event.actor,
        "message": event.message,
        "kind": event.kind,
        "subject": event.subject,
        "version": event.version,
        "data": event.data,
    }


def _events(
    vault: nacre.Vault, subject: str | None, kind: str | None, since: str | None
) -> Iterator[nacre.Event]:
    if since is not None and since.isdecimal():
        return vault.events(subject=subject, kind=kind, start=int(since), reverse=True)
    events = vault.events(subject=subject, kind=kind, reverse=True)
    if since is None:
        return events
    earliest = _time(since)
    # Times never go back along the log, so the first one that is older ends it.
    return takewhile(lambda event: event.time >= earliest, events)


def _time(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidInput(
            f"--since {text!r} is no position and no time: write 120, 2026-05-01 or "
            "2026-05-01T12:00+02:00"
        ) from None
