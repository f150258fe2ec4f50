"""Backups of vaults that were compressed, compacted and purged: the same as of any other."""

import os
from pathlib import Path

import pandas as pd
import pytest
from backup_targets import KEY, back_up, bring_back, content_of, sealed

import nacre
from nacre.errors import NotFound
from nacre.event import open_entry
from nacre.operations.choose import Choice, plan_restore
from nacre.operations.compact import compact
from nacre.operations.compress import compress
from nacre.operations.drill import drill
from nacre.operations.purge import purge
from nacre.operations.repair import find_ailing, plan_repair, repair
from nacre.operations.retain import parse_history, set_retention
from nacre.operations.verify_backup import verify_backups

COMMITS = 300


@pytest.fixture(autouse=True)
def _small_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nacre.operations.compress.MOST_COMMITS", 64)
    monkeypatch.setattr("nacre.operations.compress._KEPT_OPEN", 16)


def fill(vault: nacre.Vault, commits: int = COMMITS) -> None:
    for number in range(commits):
        vault.record("account.paid", subject=f"account {number % 7}", data={"n": number})


def entries(vault: nacre.Vault) -> list[tuple[bytes, bytes]]:
    return [open_entry(entry) for entry in vault.store.log.read()]


@pytest.mark.parametrize("secret", [None, KEY], ids=["plain", "encrypted"])
@pytest.mark.parametrize("single_file", [False, True], ids=["directory", "single file"])
def test_segments_come_back_as_the_commits_that_they_are(tmp_path, single_file, secret) -> None:
    target = sealed(secret=secret)
    with nacre.open(tmp_path / "v", single_file=single_file, durability="relaxed") as vault:
        fill(vault)
        before = back_up(vault, target)
        assert compress(vault.store, min_gain=0).segments > 3
        fill(vault, 5)
        after = back_up(vault, target)
        expected, content = entries(vault), content_of(vault)

    assert after.commits == 6  # and the one that records the compression
    assert after.added_bytes < before.added_bytes
    bring_back(target, tmp_path / "r")
    with nacre.open(tmp_path / "r") as restored:
        assert entries(restored) == expected
        assert content_of(restored) == content
        assert restored.verify().is_clean


def test_a_first_backup_of_a_compressed_vault_has_all_of_it(tmp_path: Path) -> None:
    target = sealed()
    with nacre.open(tmp_path / "v", durability="relaxed") as vault:
        fill(vault)
        compress(vault.store, min_gain=0)
        back_up(vault, target)
        expected = entries(vault)

        assert drill(plan_restore(target, Choice()), original=vault.store).is_clean
    bring_back(target, tmp_path / "r", at=100)
    with nacre.open(tmp_path / "r") as restored:
        assert entries(restored) == expected[:100]


def test_what_was_dropped_by_rule_and_by_purge_is_told_apart(tmp_path: Path) -> None:
    target = sealed()
    with nacre.open(tmp_path / "v") as vault:
        old, secret = (vault.put(os.urandom(9000)) for _ in range(2))
        vault.record("photo.set", subject="p", data={"image": old})
        vault.record("photo.set", subject="ana", data={"image": secret})
        for number in range(3):
            vault.frames.write("frame", pd.DataFrame({"a": range(number, number + 2000)}))
        vault.snapshots.create("monday")
        set_retention(vault.store, parse_history("0s"))
        purge(vault.store, "ana", reason="asked for")
        compact(vault.store, min_gain=0)
        kept = vault.put(os.urandom(9000))
        vault.record("photo.set", subject="p", data={"image": kept})
        back_up(vault, target)
        frame = vault.frames.read("frame")

    assert verify_backups(target, "full").is_clean
    bring_back(target, tmp_path / "r")
    with nacre.open(tmp_path / "r") as restored:
        assert restored.verify().is_clean
        assert restored.frames.read("frame").equals(frame)
        assert len(restored.get(kept)) == 9000
        with pytest.raises(NotFound, match="history 0"):
            restored.get(old)
        with pytest.raises(NotFound, match="purged: asked for"):
            restored.get(secret)
        assert restored.snapshots.get("monday").position == 5


def test_a_repair_brings_back_nothing_that_was_dropped(tmp_path: Path) -> None:
    target = sealed()
    with nacre.open(tmp_path / "v") as vault:
        old = vault.put(os.urandom(9000))
        vault.record("photo.set", subject="p", data={"image": old})
        back_up(vault, target)
        set_retention(vault.store, parse_history("0s"))
        compact(vault.store, min_gain=0)

        ailing = find_ailing(vault.store)
        assert plan_repair(target, ailing).repaired == ()
        assert repair(vault.store, target, ailing).repaired == ()
        with pytest.raises(NotFound, match="history 0"):
            vault.get(old)


def test_a_damaged_vault_is_repaired_from_a_backup_of_another_form(tmp_path: Path) -> None:
    """The backup has the payloads as they were before they were compressed anew."""
    target = sealed()
    with nacre.open(tmp_path / "v") as vault:
        blobs = [vault.put(os.urandom(9000).hex().encode()) for _ in range(20)]
        for blob in blobs:
            vault.record("photo.set", subject="p", data={"image": blob})
        fill(vault, 20)
        back_up(vault, target)
        content = [bytes(vault.get(blob)) for blob in blobs]
    with nacre.open(tmp_path / "v") as vault:
        assert compress(vault.store, min_gain=0).packs == 1
    (pack,) = (tmp_path / "v" / "packs").glob("*.pack")
    raw = bytearray(pack.read_bytes())
    raw[len(raw) // 2] ^= 1
    pack.write_bytes(raw)

    with nacre.open(tmp_path / "v") as vault:
        report = repair(vault.store, target, find_ailing(vault.store))

        assert len(report.repaired) == 1
        assert [bytes(vault.get(blob)) for blob in blobs] == content
        assert vault.verify().is_clean
