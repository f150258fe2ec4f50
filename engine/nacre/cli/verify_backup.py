"""`nacre verify-backup`: can every backup be restored?"""

from collections.abc import Callable
from functools import partial
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
from nacre.cli.verify import seconds_of, share_of
from nacre.errors import InvalidInput
from nacre.operations.verify_backup import (
    DEFAULT_SHARE,
    TIERS,
    Tier,
    VerifyBackupReport,
    verify_backups,
    verify_backups_within,
)


@click.command("verify-backup", short_help="Check the backups at a target.")
@target_argument
@click.option("--structure", "flag", flag_value="structure", help="All but packs; the default.")
@click.option("--sample", metavar="SHARE", help="A share of the packs, too, such as 5%.")
@click.option("--seed", type=int, help="Which of them; others each time unless told.")
@click.option("--full", "flag", flag_value="full", help="Every byte.")
@click.option("--budget", metavar="TIME", help="Read for so long, such as 10m: oldest first.")
@click.option("--tier", type=click.Choice(TIERS), help="The same in a word; sample is a tenth.")
@secret_options
@json_option
def verify_backup(
    target: str,
    flag: Tier | None,
    sample: str | None,
    seed: int | None,
    budget: str | None,
    tier: Tier | None,
    passphrase_file: Path | None,
    key_file: Path | None,
    as_json: bool,
) -> int:
    """Check that the backups at TARGET are what was put there; exit 1 when they are not."""
    if sum(choice is not None for choice in (flag, sample, budget, tier)) > 1:
        raise InvalidInput("choose one of --full, --structure, --sample, --budget and --tier")
    check: Callable[..., VerifyBackupReport]
    if budget is None:
        share = DEFAULT_SHARE if sample is None else share_of(sample)
        chosen = tier or flag or ("structure" if sample is None else "sample")
        check = partial(verify_backups, tier=chosen, share=share, seed=seed)
    else:
        check = partial(verify_backups_within, seconds=seconds_of(budget))
    place = open_location(target, passphrase_file, key_file)
    with progress_bar() as progress:
        report = check(place, progress=progress)
    if as_json:
        print_json(report)
    else:
        _print(report)
    return EXIT_FINDINGS if report.problems else 0


def _print(report: VerifyBackupReport) -> None:
    for problem in report.problems:
        say(f"damaged: {problem}")
    found = counted(len(report.problems), "problem") if report.problems else "no problem"
    checked = f"{counted(report.backups, 'backup')} and {counted(report.packs, 'pack')}"
    say(f"{found} in {checked}, {report.packs_read:,} of them read")
    if report.broken:
        say(f"not whole: {', '.join(report.broken)}")
    if report.problems:
        warn("mend it with `nacre repair-backup`, then back up again")
