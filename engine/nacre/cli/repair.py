"""`nacre repair`: what a vault lost, from its backups."""

from pathlib import Path

import click

import nacre
from nacre.cli.targets import open_location, secret_options
from nacre.cli.terminal import (
    EXIT_FINDINGS,
    actor_option,
    counted,
    json_option,
    print_json,
    progress_bar,
    say,
    vault_argument,
    warn_of_each,
)
from nacre.operations.repair import find_ailing, plan_repair
from nacre.operations.repair import repair as mend


@click.command(short_help="Fetch damaged blobs from a backup.")
@vault_argument
@click.option("--from", "target", required=True, metavar="TARGET", help="Where backups are.")
@click.option("--dry-run", is_flag=True, help="Say what would be fetched, and change nothing.")
@actor_option
@secret_options
@json_option
def repair(
    vault: Path,
    target: str,
    dry_run: bool,
    actor: str | None,
    passphrase_file: Path | None,
    key_file: Path | None,
    as_json: bool,
) -> int:
    """Verify the blobs of a vault, and fetch what is missing or damaged from TARGET.

    Exit 1 when something is left that TARGET does not have, or that only a restore can mend.
    """
    place = open_location(target, passphrase_file, key_file)
    with nacre.open(vault, create=False, actor=actor) as opened, progress_bar() as progress:
        ailing = find_ailing(opened.store, progress)
        report = (
            plan_repair(place, ailing) if dry_run else mend(opened.store, place, ailing, progress)
        )
    if as_json:
        print_json(report)
    else:
        done = "would repair" if dry_run else "repaired"
        found = f"{report.damaged:,} damaged and {report.missing:,} missing"
        named = len(report.repaired) + len(report.beyond_repair) - report.damaged - report.missing
        found += f" ones, and {named:,} that these name" if named > 0 else " ones"
        say(f"{done} {counted(len(report.repaired), 'blob')} of {found}")
        then = "another target may have them: try `nacre repair` from that"
        warn_of_each(f"not at {report.target}", report.beyond_repair, then)
        for problem in report.log_problems:
            click.echo(f"needs a restore: {problem}")
    return EXIT_FINDINGS if report.beyond_repair or report.log_problems else 0
