"""`nacre forget` and `nacre unforget`: old backups go, by rules, and not at once."""

from pathlib import Path

import click

from nacre.cli.targets import open_location, secret_options, target_argument
from nacre.cli.terminal import (
    busy,
    counted,
    json_option,
    print_json,
    print_table,
    progress_bar,
    size_text,
)
from nacre.operations.forget import ForgetReport, plan_forget, report_of
from nacre.operations.forget import forget as let_go
from nacre.operations.forget import unforget as take_back
from nacre.operations.retention import Rules, parse_span

_count = click.IntRange(min=0)


@click.command(short_help="Let go of backups that no rule keeps.")
@target_argument
@click.option("--keep-last", type=_count, default=0, help="The newest N of each vault.")
@click.option("--keep-daily", type=_count, default=0, help="The newest of each of N days.")
@click.option("--keep-weekly", type=_count, default=0, help="The newest of each of N weeks.")
@click.option("--keep-monthly", type=_count, default=0, help="The newest of each of N months.")
@click.option("--keep-yearly", type=_count, default=0, help="The newest of each of N years.")
@click.option("--keep-within", metavar="SPAN", help="All within 36h, 7d, 4w, 6m, 2y of the newest.")
@click.option("--keep-tag", multiple=True, metavar="TAG", help="All with this tag; repeatable.")
@click.option("--vault", help="Apply the rules to this vault alone, by how its id begins.")
@click.option("--window", default="7d", show_default=True, help="How long it can be undone.")
@click.option("--dry-run", is_flag=True, help="Say what would go, and change nothing.")
@secret_options
@json_option
def forget(
    target: str,
    keep_last: int,
    keep_daily: int,
    keep_weekly: int,
    keep_monthly: int,
    keep_yearly: int,
    keep_within: str | None,
    keep_tag: tuple[str, ...],
    vault: str | None,
    window: str,
    dry_run: bool,
    passphrase_file: Path | None,
    key_file: Path | None,
    as_json: bool,
) -> None:
    """Let go of the backups at TARGET that no rule keeps, and delete what was let go long ago.

    A backup stays if any of the rules keeps it. Those that go can be taken back with `nacre
    unforget` until the window is over; a later run then deletes them, and packs that nothing
    needs. The last backup of a vault is never let go.
    """
    rules = Rules(
        last=keep_last,
        daily=keep_daily,
        weekly=keep_weekly,
        monthly=keep_monthly,
        yearly=keep_yearly,
        within=None if keep_within is None else parse_span(keep_within),
        tags=keep_tag,
    )
    span = parse_span(window)
    place = open_location(target, passphrase_file, key_file)
    with busy("plan"):
        sweep = plan_forget(place, rules, vault=vault)
    with progress_bar() as progress:
        report = (
            report_of(sweep) if dry_run else let_go(place, sweep, window=span, progress=progress)
        )
    if as_json:
        print_json(report)
    else:
        _print(report, "would " if dry_run else "", window)


@click.command(short_help="Take back what was forgotten.")
@target_argument
@click.argument("backups", nargs=-1, required=True)
@secret_options
@json_option
def unforget(
    target: str,
    backups: tuple[str, ...],
    passphrase_file: Path | None,
    key_file: Path | None,
    as_json: bool,
) -> None:
    """Take back BACKUPS that were forgotten, by their names or how these begin."""
    found = take_back(open_location(target, passphrase_file, key_file), backups)
    if as_json:
        print_json(found)
    else:
        for each in found:
            click.echo(f"took back {each.name}")


def _print(report: ForgetReport, would: str, window: str) -> None:
    rows = [(k.backup, "keep", ", ".join(k.because)) for k in report.kept]
    rows += [(each, "forget", "") for each in report.forgotten]
    rows += [(each, "delete", "") for each in report.deleted]
    rows.sort(key=lambda row: row[0].time)
    print_table(
        ("backup", "time", "vault", "position", "tags", "", "because"),
        [
            (b.name, b.time, b.vault[:8], b.head, ", ".join(b.tags), what, why)
            for b, what, why in rows
        ],
    )
    click.echo(
        f"{would}delete {counted(report.deleted_packs, 'pack')}, "
        f"{size_text(report.deleted_bytes)}; {would}condemn "
        f"{counted(report.condemned_packs, 'pack')}, {size_text(report.condemned_bytes)}, "
        f"for {window}"
    )
