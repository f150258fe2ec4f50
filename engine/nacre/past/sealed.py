"""Sealed files: the rows of one view at one position, complete, in slot 0."""

from pathlib import Path

from nacre.environment import Environment
from nacre.errors import CorruptionError, NacreError
from nacre.registry import REGISTRY
from nacre.views.catalogue import decode_catalogue, raw_catalogue
from nacre.views.pairs import ReadPairs
from nacre.views.view import View


def open_sealed(path: Path, view: type[View]) -> Environment:
    """Open a file of the cache; release it later.

    Raises:
        FormatError, CorruptionError: it does not hold the rows of *view*.
    """
    environment = REGISTRY.acquire(path, read_only=True, relaxed=True, sealed=True)
    try:
        sealed_rows(environment, view)
    except NacreError:
        REGISTRY.release(environment)
        raise
    return environment


def sealed_rows(environment: Environment, view: type[View]) -> ReadPairs:
    """Return the rows in an open file of the cache.

    Raises:
        CorruptionError: it does not hold those of *view*.
    """
    with environment.read() as transaction:
        entry = decode_catalogue(raw_catalogue(transaction)).entries.get(view.name)
    if entry is None or entry.current.version != view.version or entry.current.position is not None:
        raise CorruptionError(f"{environment.path} does not hold the view {view.name!r}")
    return ReadPairs(environment, entry.current.prefix)
