"""A damaged target is mended: what is whole stays, and the next backup stores what was lost."""

import os
import random
import shutil
from itertools import count
from pathlib import Path

import pytest
from backup_targets import DAY_NS, KEY, back_up, bring_back, content_of, sealed
from click.testing import CliRunner
from processes import Process

import nacre
from nacre.backups import DirectoryTarget, SealedTarget
from nacre.backups.contents import write_condemned
from nacre.backups.listing import read_listing
from nacre.cli.program import program
from nacre.errors import CorruptionError
from nacre.operations.forget import forget, plan_forget
from nacre.operations.repair_backup import (
    RepairBackupReport,
    find_target_damage,
    repair_backups,
    report_of,
)
from nacre.operations.retention import Rules
from nacre.operations.verify_backup import verify_backups
from nacre.testing import MOMENTS, KillingFiles, Moment

secrets = pytest.mark.parametrize("secret", [None, KEY], ids=["plain", "encrypted"])


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nacre.backups.upload, "PACK_BYTES", 30_000)
    monkeypatch.setattr(nacre.backups.upload, "_WAITING_PACKS", 0)


@pytest.fixture
def vault(tmp_path: Path):
    with nacre.open(tmp_path / "v") as vault:
        yield vault


def fill(vault: nacre.Vault, target: SealedTarget) -> list[dict[str, object]]:
    """Back up three times; return what each backup should bring back."""
    said = []
    for day in range(3):
        for number in range(5):
            blob = vault.put(os.urandom(9000))
            vault.record("a.b", subject=f"{day} {number}", data={"blob": blob, "text": "x" * 300})
        back_up(vault, target, time_ns=(day + 1) * DAY_NS)
        said.append(content_of(vault))
    return said


def mend(target: SealedTarget, **options: bool) -> RepairBackupReport:
    return repair_backups(target, find_target_damage(target), **options)


def check_all(target: SealedTarget, said: list[dict[str, object]], place: Path) -> None:
    assert verify_backups(target, "full").problems == ()
    heads = {content["checkpoint"].head: content for content in said}
    for listed in read_listing(target).backups:
        bring_back(target, place, backup=listed.short)
        with nacre.open(place) as restored:
            assert content_of(restored) == heads[listed.backup.head]
        shutil.rmtree(place)


def flipped(data: bytes, at: int) -> bytes:
    damaged = bytearray(data)
    damaged[at] ^= 1
    return bytes(damaged)


def test_a_sound_target_is_left_alone(vault) -> None:
    target = sealed()
    fill(vault, target)
    before = dict(target.target.files)

    report = mend(target)

    assert (report.packs, report.removed, report.broken) == ((), (), ())
    assert target.target.files == before


@secrets
def test_a_flipped_byte_anywhere_is_mended_by_the_next_backup(tmp_path, vault, secret) -> None:
    choose = random.Random(3)
    target = sealed(secret=secret)
    said = fill(vault, target)
    files = dict(target.target.files)
    whole = 0
    for name in sorted(files):
        if name.startswith(("config", "copies", "backups")):
            continue
        for at in choose.sample(range(len(files[name])), 2):
            target.target.files.clear()
            target.target.files.update({**files, name: flipped(files[name], at)})
            report = mend(target)
            back_up(vault, target, time_ns=4 * DAY_NS)
            assert report.packs + report.removed == (name,)
            assert report.lost_chunks <= 1
            whole += verify_backups(target, "structure").is_clean
            discarded = mend(target, discard=True).discarded
            assert len(discarded) <= 3
            assert verify_backups(target, "full").problems == ()
    check_all(target, said, tmp_path / "r")

    assert whole > 12  # all but those of which a list of blobs was hit


def test_what_cannot_be_read_is_removed_with_what_is_noted_of_it(tmp_path: Path, vault) -> None:
    target = sealed()
    said = fill(vault, target)
    verify_backups(target)
    forget(target, plan_forget(target, Rules(last=2)))
    newest = read_listing(target).backups[-1].name
    damaged = [newest, *(next(iter(target.list(f))) for f in ("indexes", "forgotten", "verified"))]
    for name in damaged:
        target.target.files[name] = flipped(target.target.files[name], 50)
    with pytest.raises(CorruptionError, match="nacre repair-backup"):
        plan_forget(target, Rules(last=2))

    report = mend(target)

    assert len(report.removed) == 4
    assert report.broken == ()
    back_up(vault, target)
    assert len(read_listing(target).backups) == 3
    check_all(target, said, tmp_path / "r")


def test_a_lost_pack_is_stored_again(tmp_path: Path, vault) -> None:
    target = sealed()
    said = fill(vault, target)
    for pack in list(target.list("packs"))[:3]:
        target.delete(pack)

    with pytest.raises(CorruptionError, match="run `nacre repair-backup`"):
        plan_forget(target, Rules(last=2))
    assert mend(target).broken != ()
    back_up(vault, target)
    mend(target, discard=True)

    check_all(target, said, tmp_path / "r")


def test_a_pack_with_purged_bytes_is_not_carried_over(vault) -> None:
    target = sealed()
    fill(vault, target)
    pack = max(target.list("packs"))
    write_condemned(target, [pack], after_ns=0, purged_by=vault.vault_id)
    target.target.files[pack] = flipped(target.target.files[pack], 40)

    report = mend(target)

    assert (report.packs, report.saved_chunks) == ((pack,), 0)
    assert pack not in target.list("packs")


def test_the_last_whole_backup_of_a_vault_is_never_let_go(vault) -> None:
    target = sealed()
    fill(vault, target)
    for pack in list(target.list("packs")):
        target.delete(pack)

    report = mend(target, discard=True)

    assert (len(report.broken), report.discarded) == (3, ())
    assert len(read_listing(target).backups) == 3


def test_a_dry_run_changes_nothing(vault) -> None:
    target = sealed()
    fill(vault, target)
    pack = max(target.list("packs"))
    target.target.files[pack] = flipped(target.target.files[pack], 40)
    before = dict(target.target.files)

    report = report_of(target, find_target_damage(target))

    assert report.packs == (pack,)
    assert target.target.files == before


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_kill_anywhere_is_finished_by_running_it_again(tmp_path, vault, moment: Moment) -> None:
    first = tmp_path / "first"
    said = fill(vault, sealed(DirectoryTarget(first)))
    for pack in sorted((first / "packs").iterdir())[:2]:
        pack.write_bytes(flipped(pack.read_bytes(), 100))
    (backup, *_) = sorted((first / "backups").iterdir())
    backup.write_bytes(backup.read_bytes()[:-1])

    for number in count():
        place = tmp_path / f"t{number}"
        shutil.copytree(first, place)
        done = tmp_path / f"done{number}"
        mend_in_child(place, done, KillingFiles(number, moment))
        target = sealed(DirectoryTarget(place))
        mend(target)
        back_up(vault, target)
        mend(target, discard=True)
        assert verify_backups(target, "full").problems == ()
        if number % 5 == 0:
            check_all(target, said, tmp_path / "r")
        shutil.rmtree(place)
        if done.exists():
            break

    assert number > 5


def mend_in_child(place: Path, done: Path, files: KillingFiles) -> None:
    def child(_: object) -> None:
        mend(sealed(DirectoryTarget(place, files)))
        done.touch()

    Process(child).join()


def test_the_command_says_what_to_do_next(tmp_path: Path, vault) -> None:
    target = tmp_path / "t"
    fill(vault, sealed(DirectoryTarget(target)))
    pack = max((target / "packs").iterdir(), key=lambda path: path.stat().st_size)
    pack.write_bytes(flipped(pack.read_bytes(), 100))

    dry = run("repair-backup", target, "--dry-run")
    done = run("repair-backup", target)
    backed_up = run("backup", vault.path, target)
    again = run("repair-backup", target)

    assert dry.startswith("0: 1 damaged pack would be replaced")
    assert done.startswith("1: 1 damaged pack replaced")
    assert "1 lost" in done
    assert "run `nacre backup` from each vault" in done
    assert backed_up.startswith("0: ")
    assert again.startswith("0: 0 damaged packs replaced")


def run(*arguments: object) -> str:
    result = CliRunner().invoke(program, list(map(str, arguments)), standalone_mode=False)
    assert result.exception is None, result.exception
    return f"{result.return_value or 0}: {result.output}"
