"""`nacre-flows assets`: the assets of a store, newest first."""

from pathlib import Path

import click

from nacre.cli.terminal import json_option, print_json, print_table, size_text
from nacre_adapters.flowstore.assets import Asset, AssetType
from nacre_adapters.flowstore.assets.catalog import Query, as_asset
from nacre_adapters.flowstore.cli.reading import reading
from nacre_adapters.flowstore.place import Place

_COLUMNS = ("id", "type", "label", "name", "version", "revision", "owner", "created", "size", "")


@click.command()
@click.argument("vault", type=click.Path(path_type=Path))
@click.option("--label", help="Only those of this label.")
@click.option("--type", "type_", type=click.Choice([each.value for each in AssetType]))
@click.option("--at", metavar="WHEN", help="As it was then, as in `nacre log --at`.")
@json_option
def assets(
    vault: Path, label: str | None, type_: str | None, at: str | None, as_json: bool
) -> None:
    """List the assets in VAULT that are not deleted, newest first."""
    with reading(vault, at) as place, place.vault.read():
        found = _found(place, Query.of(label=label, type_=type_))
    if as_json:
        print_json([plain(asset) for asset in found])
        return
    print_table(_COLUMNS, [row(asset) for asset in found])


def row(asset: Asset) -> list[object]:
    """Return an asset as a row of a table."""
    saved = asset.saved
    assert saved is not None
    stand = (saved.version, saved.revision, saved.owner, asset.time_created)
    kind, size = asset.type.value, size_text(saved.size_bytes)
    said = [asset.id, kind, asset.label, asset.name, *stand, size]
    return [*said, ", ".join([*saved.aliases, *(f"{k}={v}" for k, v in saved.tags.items())])]


def plain(asset: Asset) -> dict[str, object]:
    """Return an asset as JSON has it, without its object."""
    saved = asset.saved
    assert saved is not None
    names = ("version", "revision", "owner", "size_bytes", "identity", "py_type", "aliases")
    said = {"id": asset.id, "type": asset.type.value, "label": asset.label, "name": asset.name}
    stand = {name: getattr(saved, name) for name in names}
    more = {"created": asset.time_created, "tags": dict(saved.tags)}
    return {**said, **stand, **more, "description": asset.description}


def _found(place: Place, query: Query) -> list[Asset]:
    found = []
    for id_ in place.assets.newest(query.label, None if query.type is None else query.type.value):
        card = place.assets.card(id_)
        revision = None if card is None else place.assets.revision(id_, card.revision)
        if card and revision and not card.is_deleted and query.fits(card, revision):
            found.append(as_asset(place, card, revision))
    return found
