"""`nacre-flows asset`: all that is said of one asset."""

from pathlib import Path

import click

from nacre.cli.terminal import json_option, print_json, say
from nacre_adapters.flowstore.assets.catalog import as_asset
from nacre_adapters.flowstore.cli.assets import plain
from nacre_adapters.flowstore.cli.reading import asset_of, reading
from nacre_adapters.flowstore.place import Place


@click.command()
@click.argument("vault", type=click.Path(path_type=Path))
@click.argument("asset")
@click.option("--revision", type=int, help="At this revision; the last one by default.")
@click.option("--at", metavar="WHEN", help="As it was then, as in `nacre log --at`.")
@json_option
def asset(vault: Path, asset: str, revision: int | None, at: str | None, as_json: bool) -> None:
    """Show what is known of ASSET, an id or a label, without reading the object."""
    with reading(vault, at) as place, place.vault.read():
        said = _said(place, asset, revision)
    if as_json:
        print_json(said)
        return
    for name, value in said.items():
        if value not in (None, {}, []):
            say(f"{name}: {value}")


def _said(place: Place, given: str, number: int | None) -> dict[str, object]:
    id_ = asset_of(place, given)
    card = place.assets.card(id_)
    assert card is not None
    at = card.revision if number is None else number
    revision = place.assets.revision(id_, at)
    if revision is None:
        raise click.BadParameter(f"the asset {id_} has no revision {at}", param_hint="--revision")
    found = as_asset(place, card, revision, at)
    notes = {"metadata": found.metadata, "user_notes": found.user_notes}
    stand = {"groups": card.groups, "is_pinned": card.is_pinned, "is_deleted": card.is_deleted}
    more = {**notes, "engineer_notes": found.engineer_notes}
    links = {"links": dict(revision.links), "origin": revision.origin, "retired": revision.retired}
    return {**plain(found), **stand, **more, **links}
