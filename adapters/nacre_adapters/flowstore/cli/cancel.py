"""`nacre-flows cancel`: end an attempt whose process has died."""

import getpass
from pathlib import Path

import click

import nacre
from nacre.cli.terminal import json_option, print_json, say
from nacre_adapters.flowstore.attempts import cancel_dead
from nacre_adapters.flowstore.place import Place


@click.command()
@click.argument("vault", type=click.Path(path_type=Path))
@click.argument("flow")
@click.argument("step")
@json_option
def cancel(vault: Path, flow: str, step: str, as_json: bool) -> None:
    """End the attempt at STEP of FLOW that is running; what it saved is not published.

    The next attempt does this by itself.
    """
    with nacre.open(vault, create=False) as opened:
        place = Place(opened, is_own=False)
        number = cancel_dead(place, flow, step, user=getpass.getuser())
    if as_json:
        print_json({"flow": flow, "step": step, "attempt": number})
    else:
        say(f"attempt {number} at {step} of flow {flow} is cancelled")
