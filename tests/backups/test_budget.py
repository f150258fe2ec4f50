"""A check with a budget of time goes on where the last one stopped, and ends when it is over."""

import os
from itertools import count
from pathlib import Path

import pytest
from backup_targets import DAY_NS, KEY, back_up, sealed
from click.testing import CliRunner

import nacre
from nacre.backups import DirectoryTarget, SealedTarget
from nacre.cli.program import program
from nacre.operations.verify_backup import verify_backups, verify_backups_within


@pytest.fixture
def target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SealedTarget:
    """A target of some ten packs."""
    monkeypatch.setattr(nacre.backups.upload, "PACK_BYTES", 9000)
    target = sealed(DirectoryTarget(tmp_path / "t"), KEY)
    with nacre.open(tmp_path / "v") as vault:
        for number in range(20):
            vault.record("a.b", subject="s", data={"n": number, "b": vault.put(os.urandom(8000))})
        back_up(vault, target)
    return target


def read_three(target: SealedTarget, day: int):
    """Check on a day, with time for three packs."""
    ticks = count()
    return verify_backups_within(target, 3, time_ns=day * DAY_NS, clock=lambda: next(ticks))


def test_each_run_reads_what_was_read_longest_ago(target) -> None:
    packs = len(target.list("packs"))
    runs = -(-packs // 3)
    pack = max(target.list("packs"))  # the last in the order of names

    read = [read_three(target, day) for day in range(1, runs)]
    flip(target, pack)
    last = read_three(target, runs)

    assert packs > 6
    assert {(each.packs_read, each.is_clean) for each in read} == {(3, True)}
    assert last.problems
    assert all(pack in problem for problem in last.problems)
    assert len(target.list("read")) == 1


def test_one_pack_is_read_in_any_case(target) -> None:
    report = verify_backups_within(target, 0)

    assert (report.tier, report.packs_read, report.is_clean) == ("budget", 1, True)


def test_a_damaged_pack_is_named_by_every_run(target) -> None:
    flip(target, min(target.list("packs")))

    assert not read_three(target, 1).is_clean
    assert not read_three(target, 2).is_clean


def test_a_note_that_cannot_be_read_counts_as_none(target) -> None:
    read_three(target, 1)
    (name,) = target.list("read")
    flip(target, name)

    assert read_three(target, 2).is_clean
    assert not any(name in problem for problem in verify_backups(target, "full").problems)


def test_the_command_takes_a_budget(target, tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"k" * 32)
    arguments = ["verify-backup", str(tmp_path / "t"), "--key-file", str(tmp_path / "key")]

    read = CliRunner().invoke(program, [*arguments, "--budget", "1h"])
    refused = CliRunner().invoke(program, [*arguments, "--budget", "1h", "--full"])

    packs = len(target.list("packs"))
    assert f"no problem in 1 backup and {packs} packs, {packs} of them read" in read.output
    assert "choose one of" in str(refused.exception)


def flip(target: SealedTarget, name: str) -> None:
    """Flip a byte of a file at a target in a directory."""
    assert isinstance(target.target, DirectoryTarget)
    path = target.target.path / name
    data = bytearray(path.read_bytes())
    data[40] ^= 1
    path.write_bytes(data)
