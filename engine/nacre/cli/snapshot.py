"""`nacre snapshot`: pin positions by name, and let go of them."""

from pathlib import Path

import click

import nacre
from nacre.cli.reading import reading
from nacre.cli.terminal import (
    actor_option,
    counted,
    json_option,
    print_json,
    print_table,
    progress_bar,
    say,
    size_text,
    vault_argument,
)

_message_option = click.option("--message", "-m", default="", help="Why.")


@click.group()
def snapshot() -> None:
    """Pin positions by name, with copies of the views there."""


@snapshot.command()
@vault_argument
@click.argument("name")
@click.option("--at", metavar="WHEN", help="Pin not the position of now, but that of then.")
@_message_option
@actor_option
@json_option
def create(
    vault: Path, name: str, at: str | None, message: str, actor: str | None, as_json: bool
) -> None:
    """Pin the position of VAULT under NAME, and store the views there."""
    with (
        nacre.open(vault, create=False, actor=actor) as opened,
        progress_bar() as progress,
    ):
        report = opened.snapshots.create(name, at=at, message=message, progress=progress)
    if as_json:
        print_json(report)
        return
    rows = sum(view.rows for view in report.views)
    size = size_text(sum(view.size_bytes for view in report.views))
    position = report.snapshot.position
    held = f"{counted(len(report.views), 'view')}, {counted(rows, 'row')}, {size}"
    say(f"pinned position {position:,} as {name}: {held}")


@snapshot.command(name="list")
@vault_argument
@json_option
def list_snapshots(vault: Path, as_json: bool) -> None:
    """List the snapshots of VAULT, those of earlier positions first."""
    with reading(vault, None) as opened:
        found = opened.snapshots.all()
    if as_json:
        print_json(found)
        return
    print_table(
        ("snapshot", "position", "created", "actor", "message"),
        [(s.name, s.position, s.time, s.actor, s.message) for s in found],
    )


@snapshot.command()
@vault_argument
@click.argument("name")
@click.option("--dry-run", is_flag=True, help="Only say what would be deleted.")
@_message_option
@actor_option
@json_option
def delete(
    vault: Path, name: str, dry_run: bool, message: str, actor: str | None, as_json: bool
) -> None:
    """Unpin the snapshot NAME; that it existed stays in the log."""
    with nacre.open(vault, create=False, actor=actor) as opened:
        found = opened.snapshots.get(name)
        if not dry_run:
            opened.snapshots.delete(name, message=message)
    if as_json:
        print_json({"deleted": not dry_run, "snapshot": found})
    else:
        did = "would unpin" if dry_run else "unpinned"
        say(f"{did} {name}, which was position {found.position:,}")
