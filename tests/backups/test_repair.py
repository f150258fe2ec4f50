"""What a vault lost comes back from a backup of any vault, and what cannot is told."""

import errno
from pathlib import Path

import pytest
from backup_targets import back_up, bring_back, content_of, sealed, worked
from pristine import flipped
from rows import delete, put, rows
from works import LARGE, noise, open_over

import nacre
from nacre.backups import SealedTarget
from nacre.blobs import packs
from nacre.errors import StorageError
from nacre.hashing import digest_of
from nacre.operations.repair import RepairReport, find_ailing, plan_repair, repair
from nacre.prefixes import BLOBS, LOG
from nacre.testing import FailingFiles


@pytest.fixture(params=["directory", "single file"])
def backed_up(request, tmp_path: Path, monkeypatch) -> tuple[Path, SealedTarget, dict]:
    monkeypatch.setattr(packs, "_SEAL_AT_BYTES", 200_000)
    target = sealed()
    with worked(tmp_path / "v", single_file=request.param == "single file") as vault:
        back_up(vault, target)
        return tmp_path / "v", target, content_of(vault)


def mend(path: Path, target: SealedTarget) -> RepairReport:
    with nacre.open(path, create=False) as vault:
        return repair(vault.store, target, find_ailing(vault.store))


def check(path: Path, content: dict) -> None:
    with nacre.open(path, create=False) as vault:
        assert vault.verify().problems == ()
        for digest, blob in content["blobs"].items():
            assert vault.get(digest) == blob


def packs_of(path: Path) -> list[Path]:
    return sorted((path / "packs").glob("*.pack")) if path.is_dir() else []


def test_a_sound_vault_is_left_alone(backed_up) -> None:
    path, target, content = backed_up

    report = mend(path, target)

    assert (report.damaged, report.missing, report.repaired) == (0, 0, ())
    with nacre.open(path) as vault:
        assert vault.checkpoint() == content["checkpoint"]


def test_flipped_bytes_are_mended(backed_up) -> None:
    path, target, content = backed_up
    for pack in packs_of(path):
        data = pack.read_bytes()
        for at in (70, len(data) // 2):
            data = flipped(data, at)
        pack.write_bytes(data)
    small = min(rows(path, BLOBS), key=lambda key: key)
    value = rows(path, BLOBS)[small]
    put(path, small, flipped(value, len(value) - 1))

    report = mend(path, target)

    assert report.damaged > 0
    assert report.beyond_repair == ()
    check(path, content)
    with nacre.open(path) as vault:
        (event,) = vault.events(kind="nacre.repaired")
        assert event.data["count"] == len(report.repaired)


@pytest.mark.parametrize("at", [0, 5, 21])
def test_an_altered_row_is_mended(backed_up, at: int) -> None:
    path, target, content = backed_up
    for key, value in rows(path, BLOBS).items():
        put(path, key, flipped(value, at))

    report = mend(path, target)

    assert report.beyond_repair == ()
    check(path, content)


def test_missing_rows_and_packs_are_mended(backed_up) -> None:
    path, target, content = backed_up
    for pack in packs_of(path)[::2]:
        pack.unlink()
    for key in list(rows(path, BLOBS))[::3]:
        delete(path, key)

    report = mend(path, target)

    assert report.beyond_repair == ()
    assert report.missing > 0
    check(path, content)


def test_what_a_restore_left_out_can_be_fetched_later(tmp_path: Path, backed_up) -> None:
    _, target, content = backed_up
    bring_back(target, tmp_path / "r", only=("one",))

    report = mend(tmp_path / "r", target)

    assert report.missing > 5
    check(tmp_path / "r", content)


def test_what_no_backup_has_is_told(backed_up, tmp_path: Path) -> None:
    path, _, _ = backed_up
    lost = digest_of(noise("chunk 0", LARGE))
    delete(path, bytes([BLOBS]) + lost.raw)

    report = mend(path, sealed())

    assert str(lost) in report.beyond_repair
    assert report.repaired == ()


def test_a_dry_run_changes_nothing(backed_up) -> None:
    path, target, content = backed_up
    delete(path, next(iter(rows(path, BLOBS))))

    with nacre.open(path) as vault:
        report = plan_repair(target, find_ailing(vault.store))
        assert vault.head == content["checkpoint"].head

    assert len(report.repaired) == report.missing == 1


def test_a_damaged_log_needs_a_restore(backed_up) -> None:
    path, target, _ = backed_up
    key = bytes([LOG]) + (1).to_bytes(8, "big")
    put(path, key, flipped(rows(path, LOG)[key], 60))

    report = mend(path, target)

    assert "commit 1" in report.log_problems[0]


def test_a_repair_that_is_cut_short_is_finished_by_the_next(backed_up) -> None:
    path, target, content = backed_up
    for pack in packs_of(path)[::2]:
        pack.write_bytes(flipped(pack.read_bytes(), 70))
    for key in list(rows(path, BLOBS))[::3]:
        delete(path, key)

    for number in range(100):
        files = FailingFiles(errno.ENOSPC, {number})
        try:
            vault = open_over(path, files, single_file=not path.is_dir())
        except StorageError:
            continue
        with vault:
            try:
                repair(vault.store, target, find_ailing(vault.store))
                break
            except StorageError:
                continue

    check(path, content)
