"""`nacre-flows lineage`: what an asset was made from, or what was made of it."""

from pathlib import Path

import click

from nacre.cli.terminal import json_option, print_json, say
from nacre_adapters.flowstore.cli.reading import asset_of, reading
from nacre_adapters.flowstore.lineage import Link
from nacre_adapters.flowstore.lineage import impact as impact_of
from nacre_adapters.flowstore.lineage import lineage as lineage_of
from nacre_adapters.flowstore.making import making_of
from nacre_adapters.flowstore.place import Place
from nacre_adapters.flowstore.views.lineage import Thing


@click.command()
@click.argument("vault", type=click.Path(path_type=Path))
@click.argument("asset")
@click.option("--revision", type=int, help="Of this revision; the last one by default.")
@click.option("--impact", is_flag=True, help="What was made of it, instead of what it is made of.")
@json_option
def lineage(vault: Path, asset: str, revision: int | None, impact: bool, as_json: bool) -> None:
    """List what ASSET, an id or a label, was made from."""
    with reading(vault) as place:
        id_ = asset_of(place, asset)
        card = place.assets.card(id_)
        last = 0 if card is None else card.revision
        thing: Thing = ("asset", id_, last if revision is None else revision)
        graph = impact_of(place, thing) if impact else lineage_of(place, thing)
        lines = [_line(place, link) for link in graph.links]
        making = making_of(place, thing)
    if as_json:
        print_json({"things": graph.things, "links": graph.links, "making": making})
        return
    for line in lines or ["nothing is known"]:
        say(line)
    if making is not None and making.python is not None:
        packages = "".join(f", {name} {version}" for name, version in making.packages.items())
        say(f"made with code {making.code or 'unknown'}, python {making.python}{packages}")


def _line(place: Place, link: Link) -> str:
    how = "linked by hand"
    if link.by is not None:
        how = f"by {link.by.step!r} of flow {link.by.flow!r}, attempt {link.by.attempt}"
    return f"{_name(place, link.made)} from {_name(place, link.source)} {how}"


def _name(place: Place, thing: Thing) -> str:
    if thing[0] == "asset":
        revision = place.assets.revision(str(thing[1]), int(thing[2]))
        label = repr("?" if revision is None else revision.label)
        if revision is not None and revision.name is not None:
            label = f"{label} named {revision.name!r}"
        return f"asset {label} ({thing[1]}, revision {thing[2]})"
    return " ".join(map(str, thing))
