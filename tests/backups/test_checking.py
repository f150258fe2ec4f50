"""What is wrong at a target is found, a rehearsal restores it, and figures tell how it is."""

import errno
import random
from pathlib import Path

import pytest
from accounts import Accounts, deposit
from backup_targets import DAY_NS, KEY, back_up, sealed, worked
from click.testing import CliRunner
from people_rows import create_people, person

import nacre
from nacre import codec
from nacre.backups import DirectoryTarget, MemoryTarget, SealedTarget, Secret
from nacre.backups.listing import read_listing
from nacre.cli.program import program
from nacre.errors import DiskFull
from nacre.operations.backup import open_target
from nacre.operations.backups import list_backups
from nacre.operations.choose import Choice, plan_restore
from nacre.operations.drill import drill
from nacre.operations.metrics import metrics_of, text_of, write_metrics
from nacre.operations.verify_backup import TIERS, verify_backups
from nacre.testing import FailingFiles
from nacre_adapters.tablevault import TableVault

secrets = pytest.mark.parametrize("secret", [None, KEY], ids=["plain", "encrypted"])


@pytest.fixture
def vault(tmp_path: Path):
    with worked(tmp_path / "v") as vault:
        yield vault


@secrets
@pytest.mark.parametrize("tier", TIERS)
def test_a_whole_target_is_clean(vault, secret, tier) -> None:
    target = sealed(secret=secret)
    back_up(vault, target)
    vault.record("a.b", subject="s")
    back_up(vault, target)

    report = verify_backups(target, tier)

    assert report.is_clean
    assert (report.backups, report.broken) == (2, ())
    assert report.packs_read == {"structure": 0, "sample": 2, "full": 2}[tier]


def test_blobs_of_many_parts_are_checked(vault, monkeypatch) -> None:
    monkeypatch.setattr(nacre.backups.pack, "PART_BYTES", 10_000)
    target = sealed()
    back_up(vault, target)

    assert verify_backups(target, "full").is_clean


@secrets
def test_any_flipped_byte_is_found(vault, secret) -> None:
    target = sealed(secret=secret)
    back_up(vault, target)
    verify_backups(target, "full")
    choose = random.Random(3)
    for name, data in list(target.target.files.items()):
        if name.startswith("verified"):
            continue
        for at in choose.sample(range(len(data)), 8):
            damaged = bytearray(data)
            damaged[at] ^= 1 << choose.randrange(8)
            target.target.files[name] = bytes(damaged)
            assert not verify_backups(target, "full").is_clean, (name, at)
        target.target.files[name] = data

    assert verify_backups(target, "full").is_clean


def test_a_verified_backup_that_vanished_is_told(vault) -> None:
    target = sealed()
    name = back_up(vault, target).name
    verify_backups(target)
    target.delete(next(iter(target.list("backups"))))

    (problem,) = verify_backups(target).problems

    assert f"the backup {name} was verified before, and is not there any more" in problem


@pytest.mark.parametrize("folder", ["packs", "backups"])
def test_what_is_missing_or_cut_off_is_found_without_reading_packs(vault, folder) -> None:
    target = sealed(secret=KEY)
    report = back_up(vault, target)
    (name,) = target.list(folder)
    data = target.target.files[name]

    cases = [data[:-1]] if folder == "backups" else [None, data[:-1]]
    for damaged in cases:
        target.target.files.pop(name, None)
        if damaged is not None:
            target.target.files[name] = damaged
        found = verify_backups(target, "structure")
        assert found.problems
        assert target.list("verified") == {}
        if damaged is None and folder == "packs":
            assert found.broken == (report.name,)


# Rehearsals


@pytest.mark.parametrize("share", [1.0, 0.3])
def test_a_rehearsal_restores_and_compares(vault, tmp_path, share: float) -> None:
    target = sealed(secret=KEY)
    back_up(vault, target)

    report = drill(
        plan_restore(target, Choice()), share=share, original=vault.store, scratch=tmp_path
    )

    assert report.is_clean
    assert report.root == vault.checkpoint().root.hex()
    assert set(report.views) == {"frames", "nacre.history"}
    assert (report.left_out > 0) == (share < 1)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["v"]


def test_a_rehearsal_finds_views_that_were_otherwise(vault) -> None:
    target = sealed()
    back_up(vault, target)
    (name,) = target.list("backups")
    fields = codec.unpack(target.get(name))
    fields["views"] = [[n, v, bytes(32) if n == "frames" else d] for n, v, d in fields["views"]]
    target.delete(name)
    target.put("backups", [codec.pack(fields)])

    report = drill(plan_restore(target, Choice()))

    assert [p for p in report.problems if "frames has other rows" in p]


def test_a_rehearsal_finds_a_vault_that_went_another_way(vault, tmp_path) -> None:
    target = sealed()
    back_up(vault, target)
    plan = plan_restore(target, Choice())

    with worked(tmp_path / "other") as other:
        assert "another history" in drill(plan, original=other.store).problems[0]
    with nacre.open(tmp_path / "short") as other:
        assert "before" in drill(plan, original=other.store).problems[0]


def test_a_rehearsal_of_a_damaged_backup_tells(vault) -> None:
    target = sealed()
    back_up(vault, target)
    plan = plan_restore(target, Choice())
    (pack,) = target.list("packs")
    target.target.files[pack] = target.target.files[pack][:-9] + b"damaged!!"

    report = drill(plan)

    assert not report.is_clean
    assert target.list("verified") == {}


def test_a_sample_is_chosen_by_its_seed(vault, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nacre.backups.upload, "PACK_BYTES", 9000)
    place = NotingTarget()
    target = sealed(place)
    back_up(vault, target)

    read = [place.packs_read(target, share=0.5, seed=seed) for seed in (3, 3, 4, 5, 6)]

    assert len(target.list("packs")) > 5
    assert read[0] == read[1]
    assert len({*read}) > 1


class NotingTarget(MemoryTarget):
    """Notes what is read."""

    def __init__(self) -> None:
        super().__init__()
        self.read: list[str] = []

    def get(self, name: str) -> bytes:
        self.read.append(name)
        return super().get(name)

    def packs_read(self, target: SealedTarget, **how) -> tuple[str, ...]:
        self.read.clear()
        verify_backups(target, "sample", **how)
        return tuple(name for name in self.read if name.startswith("packs"))


def test_a_disk_that_is_full_is_no_finding_of_a_rehearsal(vault, tmp_path) -> None:
    target = sealed()
    back_up(vault, target)

    with pytest.raises(DiskFull):
        drill(
            plan_restore(target, Choice()), scratch=tmp_path, files=FailingFiles(errno.ENOSPC, {3})
        )


def test_a_rehearsal_of_a_log_that_is_gone_is_a_finding(tmp_path: Path, vault) -> None:
    target = sealed(DirectoryTarget(tmp_path / "t"))
    back_up(vault, target)
    for pack in (tmp_path / "t" / "packs").iterdir():
        pack.unlink()

    assert command("drill", tmp_path / "t").startswith("1: damaged: the backup ")


def test_views_of_others_are_compared_when_their_code_is_there(tmp_path: Path) -> None:
    target = sealed()
    with nacre.open(tmp_path / "v") as vault:
        vault.register(Accounts)
        deposit(vault, "ana", 10)
        back_up(vault, target)

        report = drill(plan_restore(target, Choice()))

    assert report.is_clean
    assert "accounts" not in report.views


def test_views_of_adapters_are_compared(tmp_path: Path) -> None:
    """A restore derives only the engine's own, and a rehearsal is to show that all come back."""
    target = sealed()
    with nacre.open(tmp_path / "v") as vault:
        TableVault(vault, author="ana", create=True).create_table("delays")
        create_people(vault).insert(person("ana"))
        back_up(vault, target)
        kept = {name for name, _, _ in read_listing(target).backups[0].backup.views}

        report = drill(plan_restore(target, Choice()), original=vault.store)

    assert report.is_clean
    assert {*report.views} == kept > {"tablevault", "tablevault.processes", "rows"}


# Figures


def figures(vault: nacre.Vault, target: SealedTarget, time_ns: int) -> dict[str, float]:
    return {m.name: m.value for m in metrics_of(vault.store, target, time_ns=time_ns)}


def test_metrics_say_how_old_what_was_verified_is(vault) -> None:
    target = sealed()
    start = 1_767_225_600 * 10**9
    back_up(vault, target, time_ns=start)
    vault.record("a.b", subject="s")
    before = figures(vault, target, start + DAY_NS)
    verify_backups(target, "full", time_ns=start + DAY_NS)
    back_up(vault, target, time_ns=start + 2 * DAY_NS)
    vault.record("a.b", subject="s")

    found = figures(vault, target, start + 3 * DAY_NS)

    assert "verified_backup_age_seconds" not in before
    assert before["backup_behind_commits"] == 1
    assert found["backup_age_seconds"] == 24 * 3600
    assert found["verified_backup_age_seconds"] == 3 * 24 * 3600
    assert found["backup_verification_age_seconds"] == 2 * 24 * 3600
    assert found["backup_timestamp_seconds"] == start // 10**9 + 2 * 24 * 3600
    assert found["verified_backup_timestamp_seconds"] == start // 10**9
    assert found["backup_verification_timestamp_seconds"] == start // 10**9 + 24 * 3600
    assert (found["head"], found["backups"]) == (vault.head, 2)
    assert 0 <= found["dead_share"] < 1


def test_metrics_are_text_that_a_scraper_reads(vault, tmp_path: Path) -> None:
    text = text_of(metrics_of(vault.store), 'a "quoted" \\ path')
    write_metrics(text, tmp_path / "nacre.prom")

    assert (tmp_path / "nacre.prom").read_text() == text
    assert sorted(path.name for path in tmp_path.iterdir()) == ["nacre.prom", "v"]
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    assert f'nacre_head{{vault="a \\"quoted\\" \\\\ path"}} {vault.head}' in lines
    assert all(float(line.rpartition(" ")[2]) >= 0 for line in lines)


# Commands


def command(*arguments: object) -> str:
    result = CliRunner().invoke(program, list(map(str, arguments)), standalone_mode=False)
    assert result.exception is None, result.exception
    return f"{result.return_value}: {result.output}"


def test_an_operator_needs_only_commands(tmp_path: Path, vault) -> None:
    target = tmp_path / "t"
    key = tmp_path / "key"
    key.write_text("k" * 64)
    with_key = ("--key-file", key)

    assert "position 5" in command("backup", tmp_path / "v", target, "--encrypt", *with_key)
    assert "position 5" in command("backup", tmp_path / "v", target, *with_key)
    assert "2 backups" in command("backups", target, *with_key)
    assert command("verify-backup", target, "--tier", "full", *with_key).startswith("0: no problem")
    assert "comes back" in command("drill", target, "--against", tmp_path / "v", *with_key)
    assert "would restore" in command("restore", target, tmp_path / "r", "--dry-run", *with_key)
    assert "restored and verified" in command("restore", target, tmp_path / "r", *with_key)
    assert "forget" in command("forget", target, "--keep-last", 1, "--dry-run", *with_key)
    command("forget", target, "--keep-last", 1, *with_key)
    (name,) = forgotten(target)
    assert f"took back {name}" in command("unforget", target, name, *with_key)
    text = command("metrics", tmp_path / "v", "--target", target, *with_key)
    assert "nacre_verified_backup_age_seconds" in text


def test_a_rehearsal_against_a_vault_takes_its_backup(tmp_path: Path, vault) -> None:
    """As the line for cron says it, also when the newest backup at the target is of another one."""
    target = tmp_path / "t"
    command("init", tmp_path / "other")
    command("backup", tmp_path / "v", target)
    command("backup", tmp_path / "other", target)

    assert "5 commits" in command("drill", target, "--against", tmp_path / "v")


def forgotten(target: Path) -> list[str]:
    place = open_target(DirectoryTarget(target), Secret(key_file=b"k" * 64))
    return [each.name for each in list_backups(place).backups if each.is_forgotten]
