"""Where the bytes of a vault are, and what the commands say of it."""

import json
import os
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

import nacre
from nacre.cli.program import program
from nacre.operations.space import space

LARGE = 20_000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    shared = pd.DataFrame({"shared": list(os.urandom(LARGE))})
    path = tmp_path / "v"
    with nacre.open(path, actor="ana") as vault:
        vault.frames.write("both", shared)
        vault.frames.write("both too", shared)
        vault.frames.write("alone", pd.DataFrame({"own": list(os.urandom(LARGE))}))
        vault.frames.write("alone", pd.DataFrame({"own": list(os.urandom(LARGE))}))
        with nacre.open(path) as other:
            other.put(os.urandom(LARGE))
            other.record("a.b", subject="something else")
    return path


def run(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(program, [str(a) for a in arguments], standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    return result.return_value or 0, result.output


def test_space_tells_what_frames_share(path: Path) -> None:
    with nacre.open(path) as vault:
        report = space(vault.store)

    frames = {frame.name: frame for frame in report.frames}
    assert frames["alone"].versions == 2
    assert frames["alone"].own_bytes > LARGE
    assert frames["both"].shared_bytes > LARGE / 2
    assert frames["both"].own_bytes < 2_000
    assert report.droppable_blobs == 1
    assert report.droppable_bytes > LARGE


def test_space_accounts_for_every_row_and_pack(path: Path) -> None:
    with nacre.open(path) as vault:
        report = space(vault.store)
        environment = vault.store.layout.environment.stat().st_size

    in_rows = sum(used.size_bytes for used in report.rows)
    assert in_rows + report.free_bytes <= environment
    assert report.size_bytes == environment + report.packs_bytes
    assert {used.what for used in report.views} >= {"frames", "nacre.history"}
    assert not any(used.what == "unknown" for used in report.rows)


def test_the_commands_tell_the_same(path: Path) -> None:
    _, output = run("space", path, "--json")
    assert json.loads(output)["droppable_blobs"] == 1

    _, output = run("compact", path, "--dry-run")
    assert "after dropping 1 blob " in output

    _, output = run("compact", path, "--min-gain", "0")
    assert "dropped 1 blob," in output

    _, output = run("space", path)
    assert "0 blobs, 0 B" in output


def test_a_rule_is_set_and_told(path: Path) -> None:
    assert run("retain", path) == (0, "all history is kept\n")
    assert run("retain", path, "--history", "90d") == (0, "history 90d\n")
    assert run("retain", path, "--json") == (0, '{\n  "history_seconds": 7776000\n}\n')


def test_too_little_gain_is_told(path: Path) -> None:
    _, output = run("compact", path, "--min-gain", "99%")

    assert "nothing done (it would give back" in output
