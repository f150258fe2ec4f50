"""`nacre-flows revisions`: every revision of an asset."""

from pathlib import Path

import click

from nacre.cli.terminal import json_option, print_json, print_table, size_text
from nacre_adapters.flowstore.assets.types import iso_of
from nacre_adapters.flowstore.cli.reading import asset_of, reading

_COLUMNS = ("revision", "version", "saved", "by", "flow", "step", "type", "size", "retired")


@click.command()
@click.argument("vault", type=click.Path(path_type=Path))
@click.argument("asset")
@json_option
def revisions(vault: Path, asset: str, as_json: bool) -> None:
    """List the revisions of ASSET, an id or a label, oldest first."""
    with reading(vault) as place, place.vault.read():
        found = list(place.assets.revisions(asset_of(place, asset)))
    rows = []
    for number, each in found:
        flow, step = each.origin[:2]
        saved, size = iso_of(each.time_ns // 1000), each.value["size_bytes"]
        kind = each.value["type"]
        rows.append((number, each.version, saved, each.actor, flow, step, kind, size, each.retired))
    if as_json:
        print_json([dict(zip(_COLUMNS, row, strict=True)) for row in rows])
        return
    print_table(_COLUMNS, [(*row[:7], size_text(row[7]), row[8]) for row in rows])
