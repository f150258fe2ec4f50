"""`nacre purge`: remove what must not be kept."""

from pathlib import Path

import click

import nacre
from nacre.cli.compact import dry_run_option
from nacre.cli.terminal import (
    EXIT_FINDINGS,
    actor_option,
    console,
    counted,
    json_option,
    print_json,
    progress_bar,
    size_text,
    vault_argument,
)
from nacre.operations.purge import PurgeReport
from nacre.operations.purge import purge as purge_store


@click.command(short_help="Remove what must not be kept.")
@vault_argument
@click.argument("subject")
@click.option("--reason", required=True, help="Why; it is recorded, and kept for ever.")
@dry_run_option
@actor_option
@json_option
def purge(
    vault: Path, subject: str, reason: str, dry_run: bool, actor: str | None, as_json: bool
) -> int:
    """Remove the payloads of SUBJECT and what its events say; proofs stay valid.

    Exit 1 when bytes of it are left, because others have the vault open: run it again then.
    """
    with (
        nacre.open(vault, create=False, read_only=dry_run, actor=actor) as opened,
        progress_bar() as progress,
    ):
        report = purge_store(
            opened.store, subject, reason=reason, dry_run=dry_run, progress=progress
        )
    if as_json:
        print_json(report)
    else:
        _print(report, dry_run=dry_run)
    return 0 if report.finished or dry_run else EXIT_FINDINGS


def _print(report: PurgeReport, *, dry_run: bool) -> None:
    what = (
        f"{counted(report.events, 'event')} and {counted(report.blobs, 'blob')} "
        f"({size_text(report.size_bytes)}) of {report.subject!r}, and the copies of views in "
        f"{counted(len(report.snapshots), 'snapshot')}"
    )
    if dry_run:
        console().print(f"would remove {what}", markup=False)
        return
    done = "finished an earlier purge" if report.position is None else f"removed {what}"
    console().print(done, markup=False)
    if not report.finished:
        console().print("bytes of it are left in files that others write: run it again later")
