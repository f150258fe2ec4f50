"""`nacre verify-backup`: can every backup be restored?"""

from pathlib import Path

import click

from nacre.cli.targets import open_location, secret_options, target_argument
from nacre.cli.terminal import EXIT_FINDINGS, counted, json_option, print_json, progress_bar, warn
from nacre.operations.verify_backup import TIERS, Tier, verify_backups


@click.command("verify-backup", short_help="Check the backups at a target.")
@target_argument
@click.option(
    "--tier",
    type=click.Choice(TIERS),
    default="structure",
    show_default=True,
    help="structure: all but the packs; sample: some packs, too; full: every byte.",
)
@secret_options
@json_option
def verify_backup(
    target: str, tier: Tier, passphrase_file: Path | None, key_file: Path | None, as_json: bool
) -> int:
    """Check that the backups at TARGET are what was put there; exit 1 when they are not."""
    place = open_location(target, passphrase_file, key_file)
    with progress_bar() as progress:
        report = verify_backups(place, tier, progress=progress)
    if as_json:
        print_json(report)
    else:
        for problem in report.problems:
            click.echo(f"damaged: {problem}")
        found = counted(len(report.problems), "problem") if report.problems else "no problem"
        checked = f"{counted(report.backups, 'backup')} and {counted(report.packs, 'pack')}"
        click.echo(f"{found} in {checked}, {report.packs_read:,} of them read")
        if report.broken:
            click.echo(f"not whole: {', '.join(report.broken)}")
        if report.problems:
            warn("mend it with `nacre repair-backup`, then back up again")
    return EXIT_FINDINGS if report.problems else 0
