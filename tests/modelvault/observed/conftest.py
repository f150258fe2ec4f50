"""The two that every row runs on."""

from types import ModuleType

import pytest

from nacre_adapters import modelvault as ours


@pytest.fixture(params=["original", "here"], scope="session")
def mv(request: pytest.FixtureRequest) -> ModuleType:
    """The original, and nacre's in its place."""
    return pytest.importorskip("modelvault") if request.param == "original" else ours
