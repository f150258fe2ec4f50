"""A host in a directory of its own, and databases of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from nacre_adapters.tenants import Database, Host


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    with Host(tmp_path / "host") as opened:
        yield opened


@pytest.fixture(params=["vault", "shared"])
def db(host: Host, request: pytest.FixtureRequest) -> Database:
    """A database of each layout."""
    return host.get_or_create("acme", layout=request.param)
