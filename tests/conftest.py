"""What the tests of the engine share."""

from pathlib import Path

import pytest
from accounts import Accounts, deposit
from pristine import make_pristine

import nacre


@pytest.fixture(autouse=True, scope="session")
def _own_cache(tmp_path_factory: pytest.TempPathFactory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(params=["directory", "single file"])
def vault(request: pytest.FixtureRequest, tmp_path: Path):
    single_file = request.param == "single file"
    with nacre.open(tmp_path / "v", actor="ana", single_file=single_file) as vault:
        yield vault


@pytest.fixture(scope="session")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small vault of everything. Copy it before changing it."""
    return make_pristine(tmp_path_factory.mktemp("pristine"))


@pytest.fixture
def bank(tmp_path: Path) -> Path:
    """The place of a vault in which ana has 10 and bo has 5."""
    with nacre.open(tmp_path / "v") as vault:
        vault.register(Accounts)
        deposit(vault, "ana", 10)
        deposit(vault, "bo", 5)
    return tmp_path / "v"
