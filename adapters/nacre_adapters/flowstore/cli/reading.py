"""How the commands open a store, and find an asset in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nacre
from nacre_adapters.flowstore.errors import AssetNotFound
from nacre_adapters.flowstore.place import Place


@contextmanager
def reading(vault: Path, at: str | None = None) -> Iterator[Place]:
    """Open a store read-only, as it is or as it was."""
    with nacre.open(vault, read_only=True) as opened:
        if at is None:
            yield Place(opened, is_own=False)
        else:
            with opened.at(at) as past:
                yield Place(past, is_own=False)


def asset_of(place: Place, given: str) -> str:
    """Return the asset of an id, or the newest of a label.

    Raises:
        AssetNotFound: there is none.
    """
    if place.assets.card(given) is not None:
        return given
    found = next(place.assets.newest(given), None)
    if found is None:
        raise AssetNotFound(f"there is no asset with the id or the label {given!r}")
    return found
