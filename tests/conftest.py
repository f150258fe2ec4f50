"""What the tests of the engine share."""

from pathlib import Path

import pytest
from pristine import make_pristine

import nacre


@pytest.fixture(params=["directory", "single file"])
def vault(request: pytest.FixtureRequest, tmp_path: Path):
    single_file = request.param == "single file"
    with nacre.open(tmp_path / "v", actor="ana", single_file=single_file) as vault:
        yield vault


@pytest.fixture(scope="session")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small vault of everything. Copy it before changing it."""
    return make_pristine(tmp_path_factory.mktemp("pristine"))
