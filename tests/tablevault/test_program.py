"""A program written for tablevault.core sees what it saw there, except for what now works."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ORIGINAL = HERE.parent / "fixtures" / "tablevault" / "program-0.1.1.json"
NOW_WORK = {"a folder", "decompress", "it is back"}
"""What fails in the original."""

NOW_NAMED = {
    "create 'a/b'": "FileNotFoundError",
    "follow nobody": "TVLockError",
    "run templates": "KeyError",
    "no frame": "AttributeError",
    "a wrong type": "KeyError",
    "no function named": "ValidationError",
    "no YAML": "ParserError",
    "another call": "TypeError",
}
"""What the original raises by accident: here it is an exception of TableVault."""

Note = tuple[str, str, object]


@pytest.fixture(scope="module")
def notes(tmp_path_factory: pytest.TempPathFactory) -> list[Note]:
    path = tmp_path_factory.mktemp("program") / "notes.json"
    program = [sys.executable, HERE / "program", "nacre_adapters.tablevault.core", path]
    subprocess.run(program, check=True)
    return read(path)


def read(path: Path) -> list[Note]:
    return [(label, outcome, what) for label, outcome, what in json.loads(path.read_text())]


def test_the_program_sees_what_it_saw_in_the_original(notes: list[Note]) -> None:
    seen = read(ORIGINAL)
    assert [label for label, _, _ in notes] == [label for label, _, _ in seen]

    others = {}
    for (label, outcome, what), before in zip(notes, seen, strict=True):
        if outcome == before[1] == "raised":
            if before[2][0] not in what:
                others[label] = before[2][0]
        elif (outcome, what) != before[1:]:
            others[label] = (outcome, what, before)

    assert {label: why for label, why in others.items() if label not in NOW_WORK} == NOW_NAMED
    assert others.keys() >= NOW_WORK


def test_what_failed_there_works_and_is_refused_by_name(notes: list[Note]) -> None:
    found = {label: (outcome, what) for label, outcome, what in notes}

    assert {found[label][0] for label in NOW_WORK} == {"returned"}
    for label in NOW_NAMED:
        outcome, classes = found[label]
        assert outcome == "raised"
        assert "TableVaultError" in classes
