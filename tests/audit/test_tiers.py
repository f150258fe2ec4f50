"""The tiers of verify find what they read, say what they did not, and remember."""

import itertools
import os
import random
import shutil
from pathlib import Path

import pytest
from audit.commands import nacre_command
from pristine import PACKED, flipped, pack_of
from rows import delete, rows

import nacre
from nacre.checkpoint import Checkpoint
from nacre.errors import InvalidInput
from nacre.hashing import Digest
from nacre.operations import (
    VerifyReport,
    checkpoint_at,
    verify,
    verify_sample,
    verify_structure,
    verify_within,
)
from nacre.operations import verify as verify_full
from nacre.operations.checked import Memory, memory_path
from nacre.prefixes import BLOBS

BLOB_COUNT = 60


@pytest.fixture
def path(pristine: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(pristine, tmp_path / "v"))


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """A vault of many payloads, small and packed."""
    chance = random.Random(3)
    with nacre.open(tmp_path / "v") as vault:
        for number in range(BLOB_COUNT):
            size = 100 if number % 2 else 9000
            digest = vault.put(chance.randbytes(size))
            vault.record("file.added", subject=f"f{number}", data={"content": digest})
    return tmp_path / "v"


def damaged(path: Path) -> None:
    """Alter a byte of a packed payload."""
    pack = pack_of(path)
    content = pack.read_bytes()
    pack.write_bytes(flipped(content, content.index(PACKED[:64]) + 1000))


def within(path: Path, seconds: float, memory: Path | None = None) -> VerifyReport:
    with nacre.open(path, read_only=True) as vault:
        return verify_within(vault.store, seconds, memory=memory)


def test_each_tier_says_what_it_read(path: Path) -> None:
    with nacre.open(path, read_only=True) as vault:
        full = verify(vault.store)
        structure = verify_structure(vault.store)
        sample = verify_sample(vault.store, 1.0, seed=1)

    assert (full.tier, full.payloads) == ("full", full.blobs)
    assert full.views
    assert (structure.tier, structure.payloads, structure.views) == ("structure", 0, ())
    assert (sample.tier, sample.payloads) == ("sample", full.blobs)
    assert structure.root == sample.root == full.root
    assert full.is_clean
    assert structure.is_clean


def test_the_structure_tier_reads_no_payload(path: Path) -> None:
    damaged(path)

    with nacre.open(path, read_only=True) as vault:
        assert verify_structure(vault.store).is_clean
        assert not verify(vault.store).is_clean
        assert not verify_sample(vault.store, 1.0, seed=0).is_clean


@pytest.mark.parametrize("work", ["pack", "blob", "log"])
def test_the_structure_tier_finds_what_is_missing(path: Path, work: str) -> None:
    if work == "pack":
        pack_of(path).unlink()
    elif work == "blob":
        delete(path, sorted(rows(path, BLOBS))[0])
    else:
        delete(path, bytes([6]) + bytes(8))

    with nacre.open(path, read_only=True) as vault:
        report = verify_structure(vault.store)

    assert not report.is_clean
    assert all(problem.affects for problem in report.problems)


def test_a_seed_chooses_the_same_payloads_again(many: Path) -> None:
    def chosen(seed: int) -> int:
        with nacre.open(many, read_only=True) as vault:
            return verify_sample(vault.store, 0.2, seed=seed).payload_bytes

    assert chosen(1) == chosen(1)
    assert len({chosen(seed) for seed in range(6)}) > 1


def test_samples_find_damage_sooner_or_later(path: Path) -> None:
    damaged(path)

    with nacre.open(path, read_only=True) as vault:
        found = [bool(verify_sample(vault.store, 0.5, seed=seed).problems) for seed in range(20)]

    assert set(found) == {True, False}


def test_a_budget_begins_with_what_was_checked_longest_ago(many: Path, tmp_path: Path) -> None:
    with nacre.open(many, read_only=True) as vault:
        everything = {Digest(key[1:]) for key in vault_blobs(vault)}
        identity = vault.vault_id
    memory = Memory(tmp_path / "m", identity, 1000)
    recent = set(sorted(everything)[: BLOB_COUNT // 2])
    for digest in recent:
        memory.note(digest)
    memory.write()

    report = within(many, 3600, tmp_path / "m")

    assert report.payloads == BLOB_COUNT
    assert report.is_clean
    again = Memory(tmp_path / "m", identity, 2**32 - 1)
    assert min(again.last_checked(digest) for digest in everything) > 1000


def vault_blobs(vault: nacre.Vault) -> list[bytes]:
    with vault.store.environment.read() as transaction:
        cursor = transaction.cursor()
        cursor.set_range(bytes([BLOBS]))
        return [key for key in cursor.iternext(values=False) if key[0] == BLOBS]


def test_budgets_that_are_spent_at_once_still_check_the_structure(many: Path) -> None:
    report = within(many, 0)

    assert (report.payloads, report.head, report.is_clean) == (0, BLOB_COUNT, True)


def test_a_budget_that_ends_goes_on_where_it_was(many: Path, tmp_path: Path) -> None:
    ticks = itertools.count()
    reports = []
    with nacre.open(many, read_only=True) as vault:
        for _ in range(4):
            memory = tmp_path / "m"
            store = vault.store
            reports.append(verify_within(store, 25, memory=memory, clock=lambda: next(ticks)))

    known = Memory(tmp_path / "m", vault_id(many), 2**32 - 1)
    assert all(0 < report.payloads < BLOB_COUNT for report in reports)
    with nacre.open(many, read_only=True) as vault:
        blobs = [Digest(key[1:]) for key in vault_blobs(vault)]
    assert all(known.last_checked(digest) for digest in blobs)


def vault_id(path: Path) -> bytes:
    with nacre.open(path, read_only=True) as vault:
        return vault.vault_id


def test_a_memory_is_kept_beside_the_vault(path: Path, tmp_path: Path) -> None:
    within(path, 60)
    with nacre.open(tmp_path / "single", single_file=True) as vault:
        vault.record("a", subject="s")
    within(tmp_path / "single", 60)

    assert (path / "checked").is_file()
    assert (tmp_path / "single-checked").is_file()
    with nacre.open(path) as vault:
        assert memory_path(vault.store) == path / "checked"
        assert vault.verify().is_clean


@pytest.mark.parametrize("content", [b"", b"garbage", b"nacre checked 1\n" + bytes(16) + b"x" * 13])
def test_a_damaged_memory_counts_as_none(path: Path, content: bytes) -> None:
    (path / "checked").write_bytes(content)

    assert within(path, 60).is_clean


def test_what_was_checked_in_the_future_was_not(tmp_path: Path) -> None:
    digest = Digest(bytes(32))
    later = Memory(tmp_path / "m", bytes(16), 2000)
    later.note(digest)
    later.write()

    assert Memory(tmp_path / "m", bytes(16), 1999).last_checked(digest) == 0
    assert Memory(tmp_path / "m", bytes(16), 2000).last_checked(digest) == 2000


def test_a_memory_that_cannot_be_written_is_told(path: Path, tmp_path: Path) -> None:
    report = within(path, 60, tmp_path / "no such folder" / "m")

    assert report.is_clean
    assert "no such folder" in str(report.not_remembered)


def test_a_checkpoint_finds_another_past(path: Path) -> None:
    with nacre.open(path, read_only=True) as vault:
        right = checkpoint_at(vault.store, 4)
        forged = Checkpoint(right.origin, 4, bytes(32))
        longer = Checkpoint(right.origin, 99, right.root)
        other = Checkpoint("nacre/other", 4, right.root)

        said = [
            [problem.what for problem in verify_full(vault.store, checkpoints=[c]).problems]
            for c in (right, forged, longer, other)
        ]

    assert said[0] == []
    assert said[1] == ["the first 4 commits are not those of the checkpoint"]
    assert said[2] == ["commits are missing from 6 on: the checkpoint covers 99"]
    assert "the checkpoint is of nacre/other" in said[3][0]


def test_the_command_takes_one_tier(path: Path, tmp_path: Path) -> None:
    note = tmp_path / "note"
    nacre_command("checkpoint", path, "--to", note)

    assert "no problem" in nacre_command("verify", path, "--full", "--checkpoint", note)
    assert "read 0 payloads" in nacre_command("verify", path, "--structure")
    assert "sample: read" in nacre_command("verify", path, "--sample", "50%", "--seed", 7)
    assert "budget: read" in nacre_command("verify", path, "--budget", "10m")
    damaged(path)
    assert "damaged" in nacre_command("verify", path, code=1)
    for options in (["--full", "--sample", "5%"], ["--sample", "5"], ["--budget", "10"]):
        with pytest.raises(InvalidInput):
            nacre_command("verify", path, *options)


def test_a_read_only_place_is_no_obstacle(path: Path, tmp_path: Path) -> None:
    if os.geteuid() == 0:
        memory = tmp_path / "m"  # root may write anywhere, so that another place stands for it
        assert "forgotten" not in nacre_command(
            "verify", path, "--budget", "1m", "--memory", memory
        )
        assert memory.is_file()
        return
    path.chmod(0o500)
    assert "forgotten" in nacre_command("verify", path, "--budget", "1m")
    path.chmod(0o700)
