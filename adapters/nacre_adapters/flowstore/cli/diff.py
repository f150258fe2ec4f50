"""`nacre-flows diff`: what is different between two revisions of an asset."""

from pathlib import Path

import click

from nacre.cli.terminal import json_option, print_json, say
from nacre_adapters.flowstore.assets.difference import Difference, difference
from nacre_adapters.flowstore.cli.reading import asset_of, reading


@click.command()
@click.argument("vault", type=click.Path(path_type=Path))
@click.argument("asset")
@click.argument("before", type=int)
@click.argument("after", type=int)
@json_option
def diff(vault: Path, asset: str, before: int, after: int, as_json: bool) -> None:
    """Compare the revisions BEFORE and AFTER of ASSET, an id or a label."""
    with reading(vault) as place, place.vault.read():
        found = difference(place, asset_of(place, asset), before, after)
    if as_json:
        print_json(found)
        return
    say("the object is the same" if found.is_same_object else "the object is another")
    for name, (old, new) in found.fields.items():
        say(f"{name}: {old!r} -> {new!r}")
    for line in _frame_lines(found):
        say(line)
    for line in found.lines:
        say(line)


def _frame_lines(found: Difference) -> list[str]:
    frame = found.frame
    if frame is None:
        return []
    added, removed = frame.rows_added, frame.rows_removed
    lines = [f"rows: {added} added, {removed} removed, {frame.rows_changed} changed"]
    lines += [f"column {label!r} added" for label in frame.added_columns]
    lines += [f"column {label!r} removed" for label in frame.removed_columns]
    lines += [f"column {c.label!r}: {c.before} -> {c.after}" for c in frame.retyped_columns]
    return lines + [f"column {c.label!r}: {c.cells} cells" for c in frame.changed_columns]
