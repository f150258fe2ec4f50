"""`nacre compress`: seal old commits into segments, compress cold packs anew."""

from collections.abc import Iterator
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
    if not report.done:
        say(f"nothing done ({report.reason})")
    for line in _lines(report):
        say(line if report.done else f"could be {line}")
    if report.waiting_packs:
        waiting = counted(report.waiting_packs, "pack")
        say(f"others append to {waiting} that would shrink, too: run it again later")


def _lines(report: CompressReport) -> Iterator[str]:
    """Yield what was done, or could be."""
    if report.commits:
        sizes = _shrunk(report.log_before_bytes, report.log_after_bytes)
        segments = counted(report.segments, "segment")
        yield f"sealed: {counted(report.commits, 'commit')} in {segments}, {sizes}"
    if report.packs:
        sizes = _shrunk(report.packs_before_bytes, report.packs_after_bytes)
        yield f"compressed: {counted(report.packs, 'cold pack')}, {sizes}"
    if report.pairs:
        sizes = _shrunk(report.pairs_before_bytes, report.pairs_after_bytes)
        yield f"packed: {report.pairs:,} rows and entries, {sizes}"


def _shrunk(before: int, after: int) -> str:
    return f"{size_text(before)} before, {size_text(after)} after"
