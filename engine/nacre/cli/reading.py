"""How commands that only read open a vault: as it is, or as it was."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

import nacre

at_option = click.option(
    "--at",
    metavar="WHEN",
    help="As it was then: a position, an ISO 8601 date or time, 'yesterday', '2 days ago'.",
)


@contextmanager
def reading(vault: Path, at: str | None) -> Iterator[nacre.Vault]:
    """Open a vault read-only, as of *at* if that is given."""
    with nacre.open(vault, read_only=True) as opened:
        if at is None:
            yield opened
        else:
            with opened.at(at) as past:
                yield past
