"""`nacre verify`: is everything as it was written?"""

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

import click

import nacre
from nacre.checkpoint import Checkpoint
from nacre.cli.terminal import (
    EXIT_FINDINGS,
    PathType,
    counted,
    json_option,
    print_json,
    progress_bar,
    read_text,
    say,
    say_marked,
    size_text,
    vault_argument,
)
from nacre.errors import InvalidInput
from nacre.operations import (
    VerifyReport,
    verify_sample,
    verify_structure,
    verify_within,
)
from nacre.operations import verify as verify_full

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_PATH = PathType(dir_okay=False)


@click.command(short_help="Check that everything is as it was written.")
@vault_argument
@click.option("--full", "tier", flag_value="full", help="Everything; the default.")
@click.option("--structure", "tier", flag_value="structure", help="Read no payload.")
@click.option("--sample", metavar="SHARE", help="Read a share of the payloads, such as 5%.")
@click.option("--seed", type=int, default=0, show_default=True, help="Which of them.")
@click.option("--budget", metavar="TIME", help="Read for so long, such as 10m: oldest first.")
@click.option("--memory", type=_PATH, help="Where --budget remembers what it checked.")
@click.option("--checkpoint", "checkpoints", multiple=True, type=_PATH, help="Compare with it.")
@click.option("--untrusted", is_flag=True, help="Check the pages of the file before opening it.")
@json_option
def verify(
    vault: Path,
    tier: str | None,
    sample: str | None,
    seed: int,
    budget: str | None,
    memory: Path | None,
    checkpoints: tuple[Path, ...],
    untrusted: bool,
    as_json: bool,
) -> int:
    """Check log, tree, blobs and views; exit 1 when something is not as it was written."""
    if sum(choice is not None for choice in (tier, sample, budget)) > 1:
        raise InvalidInput("choose one of --full, --structure, --sample and --budget")
    check: Callable[..., VerifyReport] = verify_structure if tier == "structure" else verify_full
    if sample is not None:
        check = partial(verify_sample, share=share_of(sample), seed=seed)
    if budget is not None:
        check = partial(verify_within, seconds=seconds_of(budget), memory=memory)
    known = [Checkpoint.parse(read_text(path)) for path in checkpoints]
    with (
        nacre.open(vault, read_only=True, untrusted=untrusted) as opened,
        progress_bar() as progress,
    ):
        report = check(opened.store, progress=progress, checkpoints=known)
    if as_json:
        print_json(report)
    else:
        _print(report)
    return EXIT_FINDINGS if report.problems else 0


def _print(report: VerifyReport) -> None:
    for problem in report.problems:
        say_marked("damaged", str(problem))
    checked = (
        f"{counted(report.head, 'commit')}, {counted(report.events, 'event')}, "
        f"{counted(report.blobs, 'blob')}, {counted(len(report.views), 'view')}"
    )
    found = counted(len(report.problems), "problem") if report.problems else "no problem"
    say(f"{found} in {checked}; root {report.root}")
    if report.left_out:
        say(f"left out of a restore: {counted(report.left_out, 'blob')}")
    if report.tier != "full":
        read = (
            f"{counted(report.payloads, 'payload')} of {report.blobs:,} "
            f"({size_text(report.payload_bytes)})"
        )
        say(f"{report.tier}: read {read}, and replayed no view: --full does all of it")
    if report.not_remembered is not None:
        say(f"what was checked is forgotten: {report.not_remembered}; name --memory FILE")


def share_of(text: str) -> float:
    """Return the share that `--sample` was given."""
    number = re.fullmatch(r"(\d{1,3}(?:\.\d{1,6})?)%", text)
    if number is None:
        raise InvalidInput(f"--sample {text!r} is no share: write 5% or 0.5%")
    return float(number[1]) / 100


def seconds_of(text: str) -> int:
    """Return the time that `--budget` was given."""
    number = re.fullmatch(r"(\d{1,9})([smhd])", text)
    if number is None:
        raise InvalidInput(f"--budget {text!r} is no time: write 90s, 10m, 2h or 1d")
    return int(number[1]) * _SECONDS[number[2]]
