"""`nacre compress`: seal old commits into segments."""

from pathlib import Path

import click

import nacre
from nacre.cli.compact import dry_run_option, gain_option
from nacre.cli.terminal import (
    console,
    json_option,
    print_json,
    progress_bar,
    size_text,
    vault_argument,
)
from nacre.operations.compress import CompressReport
from nacre.operations.compress import compress as compress_store


@click.command(short_help="Seal old commits into segments.")
@vault_argument
@gain_option
@dry_run_option
@json_option
def compress(vault: Path, min_gain: float, dry_run: bool, as_json: bool) -> None:
    """Seal old commits into compressed segments; everything reads and proves as before."""
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
    if report.done:
        console().print(f"sealed {report.commits:,} commits in {report.segments:,} segments: {log}")
    else:
        console().print(f"nothing done ({report.reason}): {report.commits:,} commits, {log}")
