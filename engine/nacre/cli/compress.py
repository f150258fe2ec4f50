"""`nacre compress`: seal old commits into segments, compress cold packs anew."""

from pathlib import Path

import click

import nacre
from nacre.cli.compact import dry_run_option, gain_option
from nacre.cli.terminal import (
    counted,
    json_option,
    print_json,
    progress_bar,
    say,
    size_text,
    vault_argument,
)
from nacre.operations.compress import CompressReport
from nacre.operations.compress import compress as compress_store


@click.command(short_help="Compress old commits and cold packs.")
@vault_argument
@gain_option
@dry_run_option
@json_option
def compress(vault: Path, min_gain: float, dry_run: bool, as_json: bool) -> None:
    """Seal old commits into segments, compress anew what only history names, and pack rows.

    Everything reads and proves as before. Payloads that views show now, and the newest commits, are
    left.
    """
    with (
        nacre.open(vault, create=False, read_only=dry_run) as opened,
        progress_bar() as progress,
    ):
        report = compress_store(opened.store, min_gain=min_gain, dry_run=dry_run, progress=progress)
    if as_json:
        print_json(report)
    else:
        _print(report)


def _print(report: CompressReport) -> None:
    log = f"{size_text(report.log_before_bytes)} of log, {size_text(report.log_after_bytes)} after"
    packs = (
        f"{counted(report.packs, 'cold pack')}: {size_text(report.packs_before_bytes)}, "
        f"{size_text(report.packs_after_bytes)} after"
    )
    packed = f"{size_text(report.pairs_before_bytes)}, {size_text(report.pairs_after_bytes)} after"
    pairs = f"{report.pairs:,} rows and entries: {packed}"
    if report.done:
        segments = counted(report.segments, "segment")
        say(f"sealed {counted(report.commits, 'commit')} in {segments}: {log}")
        say(f"compressed {packs}")
        say(f"packed {pairs}")
        if report.waiting_packs:
            waiting = counted(report.waiting_packs, "pack")
            say(f"others append to {waiting} that would shrink, too: run it again later")
    else:
        commits = counted(report.commits, "commit")
        say(f"nothing done ({report.reason}): {commits}, {log}; {packs}; {pairs}")
