"""`nacre compact`: give back the space that nothing needs."""

from pathlib import Path

import click

import nacre
from nacre.cli.terminal import (
    counted,
    json_option,
    print_json,
    progress_bar,
    say,
    size_text,
    vault_argument,
)
from nacre.operations.compact import DEFAULT_GAIN, CompactReport
from nacre.operations.compact import compact as compact_store


def _share(_: click.Context, parameter: click.Parameter, text: str) -> float:
    """Return a share that was written `10%` or `0.1`."""
    try:
        return float(text[:-1]) / 100 if text.endswith("%") else float(text)
    except ValueError:
        raise click.BadParameter(f"{text!r} is no share: write 10% or 0.1") from None


gain_option = click.option(
    "--min-gain",
    default=f"{DEFAULT_GAIN:.0%}",
    show_default=True,
    callback=_share,
    help="Do nothing for less than this share.",
)
dry_run_option = click.option("--dry-run", is_flag=True, help="Only predict.")


@click.command(short_help="Give back the space that nothing needs.")
@vault_argument
@gain_option
@dry_run_option
@json_option
def compact(vault: Path, min_gain: float, dry_run: bool, as_json: bool) -> None:
    """Drop what nothing needs, rewrite packs that are mostly dead, give free pages back.

    Others may go on reading and writing meanwhile.
    """
    with (
        nacre.open(vault, create=False, read_only=dry_run) as opened,
        progress_bar() as progress,
    ):
        report = compact_store(opened.store, min_gain=min_gain, dry_run=dry_run, progress=progress)
    if as_json:
        print_json(report)
    else:
        _print(report)


def _print(report: CompactReport) -> None:
    before, after = size_text(report.size_before_bytes), size_text(report.size_after_bytes)
    blobs = counted(report.dropped_blobs, "blob")
    packs = counted(report.rewritten_packs, "pack")
    if report.done:
        say(f"{before} before, {after} after: dropped {blobs}, wrote {packs} anew")
    else:
        say(
            f"nothing done ({report.reason}): {before} now, {after} after dropping {blobs} and "
            f"writing {packs} anew"
        )
    if report.waiting_blobs or report.waiting_packs:
        blobs = counted(report.waiting_blobs, "blob")
        packs = counted(report.waiting_packs, "pack")
        say(f"left for handles that are putting: {blobs} and {packs}: run it again later")
