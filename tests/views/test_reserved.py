"""The names of the engine's own views cannot be taken; a vault where one was is put right."""

from pathlib import Path
from typing import ClassVar

import pandas as pd
import pytest

import nacre
from nacre.errors import FormatError, InvalidInput
from nacre.frames.view import FrameVersions
from nacre.views.history import History
from nacre.views.view import View


def view_named(name: str) -> type[View]:
    class Taker:
        version: ClassVar[int] = 7

        def __init__(self, state: nacre.State) -> None: ...

        def apply(self, event: nacre.Event) -> None: ...

    Taker.name = name
    return Taker


@pytest.mark.parametrize("name", ["frames", "rows", "nacre.history", "nacre.anything"])
def test_a_reserved_name_is_refused(name: str, vault: nacre.Vault) -> None:
    with pytest.raises(InvalidInput, match=f"'{name}' is that of a view of the engine's own"):
        vault.register(view_named(name))

    vault.frames.write("f", pd.DataFrame({"a": [1]}))
    assert vault.verify().is_clean


def test_a_subclass_of_an_own_view_cannot_take_its_name(vault: nacre.Vault) -> None:
    class Mine(FrameVersions):
        version: ClassVar[int] = 2

    with pytest.raises(InvalidInput, match=r"give the class .*Mine another name"):
        vault.register(Mine)


@pytest.fixture(params=[FrameVersions, History])
def taken(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A vault whose own view was derived by code that is newer than what is installed."""
    view = request.param
    newer = type(view.__name__, (view,), {"version": 99, "__module__": view.__module__})
    with nacre.open(tmp_path / "v") as vault:
        vault.frames.write("f", pd.DataFrame({"a": [1]}))
        vault.register(newer)
    return tmp_path / "v"


def test_an_own_view_that_cannot_be_read_is_a_finding(taken: Path) -> None:
    with nacre.open(taken, read_only=True) as vault:
        (problem,) = vault.verify().problems

    assert problem.where == "view"
    assert "upgrade the program, or derive it again with `nacre rebuild --view" in problem.what


@pytest.mark.parametrize("named", [True, False])
def test_a_rebuild_puts_an_own_view_right_that_newer_code_derived(named: bool, taken: Path) -> None:
    with nacre.open(taken) as vault:
        with pytest.raises(FormatError):
            (vault.frames.names(), list(vault.events(kind="frame.written")))

        vault.rebuild(["frames", "nacre.history"] if named else None)

        assert vault.frames.names() == ["f"]
        assert len(list(vault.events(kind="frame.written"))) == 1
        assert vault.verify().is_clean


def test_views_that_are_named_as_text_are_refused(vault: nacre.Vault) -> None:
    with pytest.raises(InvalidInput, match="'frames': give a list"):
        vault.rebuild("frames")
