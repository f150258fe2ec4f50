"""What the tests of the engine share."""

from pathlib import Path

import pytest

import nacre


@pytest.fixture(params=["directory", "single file"])
def vault(request: pytest.FixtureRequest, tmp_path: Path):
    single_file = request.param == "single file"
    with nacre.open(tmp_path / "v", actor="ana", single_file=single_file) as vault:
        yield vault
