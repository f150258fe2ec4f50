"""`nacre-flows list`: the flows of a store."""

from pathlib import Path

import click

from nacre.cli.terminal import json_option, print_json, print_table
from nacre_adapters.flowstore.cli.reading import reading
from nacre_adapters.flowstore.place import Place
from nacre_adapters.flowstore.status import flow_status

_COLUMNS = ("flow", "app", "owner", "status", "current step")


@click.command(name="list")
@click.argument("vault", type=click.Path(path_type=Path))
@json_option
def list_(vault: Path, as_json: bool) -> None:
    """List the flows in VAULT."""
    with reading(vault) as place:
        found = _statuses(place)
    if as_json:
        print_json(found)
        return
    fields = ("flow_id", "app", "owner", "status", "current_step")
    print_table(_COLUMNS, [[each[field] for field in fields] for each in found])


def _statuses(place: Place) -> list[dict[str, object]]:
    with place.vault.read():
        return [flow_status(place.flows, flow.flow) for flow in place.flows.flows()]
