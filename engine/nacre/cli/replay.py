"""`nacre replay`: do the views equal what the log says?"""

from pathlib import Path

import click
from rich.markup import escape

import nacre
from nacre.cli.terminal import (
    EXIT_FINDINGS,
    console,
    json_option,
    print_json,
    progress_bar,
    vault_argument,
)


@click.command()
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
        console().print(f"[red]differs[/red] {escape(str(problem))}")
    for view in report.views:
        compared = ", ".join(view.compared_with) or "nothing: it is behind, or of newer code"
        console().print(f"{view.name} from position {view.start:,}, compared with {compared}")
    result = f"{len(report.problems)} differences" if report.problems else "equal"
    console().print(f"{result} at position {report.position:,}")
    return EXIT_FINDINGS if report.problems else 0
