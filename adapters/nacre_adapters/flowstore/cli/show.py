"""`nacre-flows show`: one flow, its steps and their outputs."""

from pathlib import Path

import click

from nacre.cli.terminal import json_option, print_json, print_table, say, size_text
from nacre_adapters.flowstore.cli.reading import reading
from nacre_adapters.flowstore.outputs import lazily
from nacre_adapters.flowstore.status import flow_status

_STEPS = ("step", "status", "attempt", "stale", "progress", "message", "error")
_OUTPUTS = ("step", "attempt", "output", "type", "size")


@click.command()
@click.argument("vault", type=click.Path(path_type=Path))
@click.argument("flow")
@click.option("--at", metavar="WHEN", help="As it was then, as in `nacre log --at`.")
@json_option
def show(vault: Path, flow: str, at: str | None, as_json: bool) -> None:
    """Show the steps of FLOW, and what later steps see of them."""
    with reading(vault, at) as place, place.vault.read():
        status = flow_status(place.flows, flow)
        outputs = [
            {"step": o.step, "attempt": o.attempt, "name": o.name, "type": o.type}
            | {"size_bytes": o.size_bytes, "identity": o.identity}
            for o in lazily(place, flow, None)
        ]
    if as_json:
        print_json({**status, "outputs": outputs})
        return
    say(f"{status['flow_id']} of {status['owner']}: {status['status']}")
    steps = status["steps"]
    assert isinstance(steps, list)
    names = ("name", "status", "attempt", "is_stale", "progress", "message", "error")
    print_table(_STEPS, [[step[name] for name in names] for step in steps])
    rows = [
        (o["step"], o["attempt"], o["name"], o["type"], size_text(int(str(o["size_bytes"]))))
        for o in outputs
    ]
    print_table(_OUTPUTS, rows)
