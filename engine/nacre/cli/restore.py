"""`nacre restore`: a vault from a backup."""

from pathlib import Path

import click

from nacre.cli.reading import at_option
from nacre.cli.targets import open_location, secret_options, target_argument
from nacre.cli.terminal import (
    EXIT_FINDINGS,
    PathType,
    counted,
    json_option,
    print_json,
    progress_bar,
    say,
    size_text,
    warn,
    warn_of_each,
)
from nacre.operations.beside import is_free
from nacre.operations.choose import Choice, plan_restore
from nacre.operations.restore import RestoreOptions, RestoreReport, report_of
from nacre.operations.restore import restore as bring_back

backup_option = click.option("--backup", help="The name of a backup, or how it begins.")
vault_option = click.option("--vault", help="The id of a vault, or how it begins.")


@click.command(short_help="Restore a vault from a backup.")
@target_argument
@click.argument("destination", type=PathType())
@backup_option
@vault_option
@at_option
@click.option("--only", multiple=True, metavar="SUBJECT", help="Payloads of this subject alone.")
@click.option("--dry-run", is_flag=True, help="Say what would be restored, and restore nothing.")
@click.option("--force", is_flag=True, help="Replace the vault that is there.")
@click.option("--incomplete", is_flag=True, help="Restore what is whole of a damaged backup.")
@secret_options
@json_option
def restore(
    target: str,
    destination: Path,
    backup: str | None,
    vault: str | None,
    at: str | None,
    only: tuple[str, ...],
    dry_run: bool,
    force: bool,
    incomplete: bool,
    passphrase_file: Path | None,
    key_file: Path | None,
    as_json: bool,
) -> int:
    """Restore a vault from TARGET to DESTINATION and verify it; the newest backup by default.

    With --only the log is whole, and reading another payload says that it was not restored.
    """
    place = open_location(target, passphrase_file, key_file)
    choice = Choice(backup=backup, vault=vault, at=at, only=only)
    destination = destination.absolute()
    with progress_bar() as progress:
        plan = plan_restore(place, choice, incomplete=incomplete, progress=progress)
        if dry_run and not force and not is_free(destination):
            warn(f"{destination} exists: only --force would replace it")
        if dry_run:
            report = report_of(plan, destination)
        else:
            how = RestoreOptions(replace=force, incomplete=incomplete)
            report = bring_back(plan, destination, how, progress=progress)
    if as_json:
        print_json(report)
    else:
        _print(report, "would restore" if dry_run else "restored and verified")
    return EXIT_FINDINGS if report.lost or report.damaged else 0


def _print(report: RestoreReport, done: str) -> None:
    size = f"{counted(report.blobs, 'blob')}, {size_text(report.size_bytes)}"
    say(f"{done} {report.destination} at position {report.head:,}: {size}")
    if report.root:
        say(f"from the backup {report.backup}; root {report.root}")
    if report.left_out:
        say(f"left out: {counted(report.left_out, 'blob')} of other subjects")
    later = "another backup may have them: try `nacre repair` from each target"
    warn_of_each("lost", report.lost, later)
    warn_of_each("was damaged before it was backed up", report.damaged, later)
