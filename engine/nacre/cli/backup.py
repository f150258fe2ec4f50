"""`nacre backup`: what is new in a vault goes to a target."""

from pathlib import Path

import click

import nacre
from nacre.cli.targets import create_location, secret_options, target_argument
from nacre.cli.terminal import (
    EXIT_FINDINGS,
    counted,
    json_option,
    print_json,
    progress_bar,
    say,
    size_text,
    vault_argument,
    warn,
    warn_of_each,
)
from nacre.operations.backup import BackupReport
from nacre.operations.backup import backup as back_up


@click.command(short_help="Back a vault up to a directory.")
@vault_argument
@target_argument
@click.option("--tag", "tags", multiple=True, help="A word to keep it by; may be repeated.")
@click.option("--encrypt", is_flag=True, help="If the target is new, encrypt all that goes there.")
@secret_options
@json_option
def backup(
    vault: Path,
    target: str,
    tags: tuple[str, ...],
    encrypt: bool,
    passphrase_file: Path | None,
    key_file: Path | None,
    as_json: bool,
) -> int:
    """Back a vault up to TARGET, a directory that many vaults may share.

    Only what is new is stored. Writers go on. Run it again after a failure: it goes on from there.
    """
    with nacre.open(vault, read_only=True) as opened, progress_bar() as progress:
        place = create_location(target, passphrase_file, key_file, encrypt=encrypt)
        report = back_up(opened.store, place, tags=tags, progress=progress)
    if as_json:
        print_json(report)
    else:
        new = f"{counted(report.commits, 'new commit')}, {counted(report.new_blobs, 'new blob')}"
        size = size_text(report.added_bytes)
        say(f"backup {report.name} to position {report.head:,}: {new}, {size} stored")
        if report.forked_from is not None:
            say(f"its history is another than that of the backup {report.forked_from}")
        _print_purged(report)
        then = f"run `nacre repair {vault} --from` a target that has them, then back up again"
        warn_of_each("damaged, and not backed up", report.damaged, then)
    return EXIT_FINDINGS if report.damaged or report.unpurged else 0


def _print_purged(report: BackupReport) -> None:
    if report.purged_backups:
        older = counted(report.purged_backups, "older backup")
        say(f"purged from {older} (renamed): {size_text(report.purged_bytes)} removed")
    for what in report.unpurged:
        warn(f"may still hold what was purged: {what}")
