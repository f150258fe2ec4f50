"""The two that every row runs on."""

from pathlib import Path
from types import ModuleType

import pytest

from nacre_adapters import modelvault as ours


@pytest.fixture(params=["original", "here"], scope="session")
def mv(request: pytest.FixtureRequest) -> ModuleType:
    """The original, and nacre's in its place."""
    return pytest.importorskip("modelvault") if request.param == "original" else ours


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own to be in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path
