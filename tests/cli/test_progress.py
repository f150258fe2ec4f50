"""What takes long says how far it has come, on a terminal."""

import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import nacre
from nacre.backups import DirectoryTarget
from nacre.operations.backup import backup, open_target


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A vault and its backup."""
    with nacre.open(tmp_path / "v") as vault:
        for number in range(5):
            vault.record(
                "a.b", subject="s", data={"blob": vault.put(os.urandom(9000)), "n": number}
            )
        backup(vault.store, open_target(DirectoryTarget(tmp_path / "t"), create=True))
    return tmp_path


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        ("space v", "mark"),
        ("compress v --dry-run", "packs"),
        ("compact v --dry-run", "mark"),
        ("purge v s --reason r --dry-run", "purge"),
        ("backup v t", "blobs"),
        ("verify-backup t --budget 1s", "packs"),
        ("restore t r --dry-run", "plan"),
        ("restore t r", "payloads"),
        ("drill t", "plan"),
        ("forget t --keep-last 1 --dry-run", "plan"),
        ("repair v --from t", "payloads"),
        ("repair-backup t", "packs"),
        ("archive v a.tar.zst", "archive"),
        ("metrics v --target t", "measure"),
    ],
)
def test_a_bar_is_shown_on_a_terminal(place: Path, command: str, shown: str) -> None:
    printed = on_terminal(place, command.split())

    assert re.search(rf"\b{shown}\b.*━", printed), printed


def on_terminal(place: Path, arguments: list[str]) -> str:
    """Run a command in a terminal of its own, and return all that it printed there."""
    ours, its = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", "from nacre.cli import main; main()", *arguments],
        cwd=place,
        env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "100", "LINES": "40"},
        stdin=its,
        stdout=its,
        stderr=its,
    ) as process:
        os.close(its)
        printed = b"".join(_read_all(ours))
    os.close(ours)
    assert process.returncode == 0, printed
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", printed.decode())


def _read_all(terminal: int) -> Iterator[bytes]:
    while True:
        try:
            printed = os.read(terminal, 65536)
        except OSError:
            return  # as Linux says that the other side has gone
        if not printed:
            return
        yield printed
