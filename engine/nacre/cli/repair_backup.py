"""`nacre repair-backup`: mend a target of which something is damaged."""

from pathlib import Path

import click

from nacre.cli.targets import open_location, secret_options, target_argument
from nacre.cli.terminal import (
    EXIT_FINDINGS,
    counted,
    json_option,
    print_json,
    progress_bar,
    say,
    warn,
)
from nacre.operations.repair_backup import (
    RepairBackupReport,
    find_target_damage,
    repair_backups,
    report_of,
)


@click.command(short_help="Mend a target of which something is damaged.")
@target_argument
@click.option("--dry-run", is_flag=True, help="Say what would be done, and change nothing.")
@click.option("--discard", is_flag=True, help="Let go of backups that are not whole even so.")
@secret_options
@json_option
def repair_backup(
    target: str,
    dry_run: bool,
    discard: bool,
    passphrase_file: Path | None,
    key_file: Path | None,
    as_json: bool,
) -> int:
    """Read every byte at TARGET, replace damaged packs by what is whole in them, and remove files
    that nobody can read.

    Then back up again: the vault stores what was lost. Exit 1 while a backup is not whole.
    """
    place = open_location(target, passphrase_file, key_file)
    with progress_bar() as progress:
        damage = find_target_damage(place, progress)
        if dry_run:
            report = report_of(place, damage)
        else:
            report = repair_backups(place, damage, discard=discard, progress=progress)
    if as_json:
        print_json(report)
    else:
        _print(report, "would be " if dry_run else "")
    return EXIT_FINDINGS if report.broken else 0


def _print(report: RepairBackupReport, done: str) -> None:
    packs = counted(len(report.packs), "damaged pack")
    saved = f"{counted(report.saved_chunks, 'chunk')} saved, {report.lost_chunks:,} lost"
    say(f"{packs} {done}replaced: {saved}")
    for name in report.configs:
        say(f"{done}written again from its copy: {name}")
    for what in report.removed:
        say(f"{done}removed, nobody can read it: {what}")
    for name in report.discarded:
        say(f"let go, it was not whole: the backup {name}")
    for name in report.broken:
        warn(f"not whole: the backup {name}")
    if report.broken:
        warn(
            "run `nacre backup` from each vault, which stores again what it has; after that, "
            "--discard lets go of what is not whole"
        )
