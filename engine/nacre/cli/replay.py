"""`nacre replay`: do the views equal what the log says?"""

from pathlib import Path

import click

import nacre
from nacre.cli.terminal import (
    EXIT_FINDINGS,
    counted,
    json_option,
    print_json,
    progress_bar,
    say,
    say_marked,
    vault_argument,
)


@click.command(short_help="Derive the views again, and compare.")
@vault_argument
@click.option("--to", metavar="WHEN", help="Only up to then: a position, a time, a snapshot.")
@click.option("--from", "start", metavar="SNAPSHOT", help="Begin with the rows of a snapshot.")
@click.option("--view", "views", multiple=True, help="Only this view; may be repeated.")
@json_option
def replay(
    vault: Path, to: str | None, start: str | None, views: tuple[str, ...], as_json: bool
) -> int:
    """Derive the views again beside the live ones; exit 1 when something differs."""
    with nacre.open(vault, read_only=True) as opened, progress_bar() as progress:
        report = opened.replay(to=to, start=start, views=list(views) or None, progress=progress)
    if as_json:
        print_json(report)
        return EXIT_FINDINGS if report.problems else 0
    for problem in report.problems:
        say_marked("differs", str(problem))
    for view in report.views:
        compared = ", ".join(view.compared_with) or "nothing: it is behind, or of newer code"
        say(f"{view.name} from position {view.start:,}, compared with {compared}")
    result = counted(len(report.problems), "difference") if report.problems else "equal"
    say(f"{result} at position {report.position:,}")
    return EXIT_FINDINGS if report.problems else 0
