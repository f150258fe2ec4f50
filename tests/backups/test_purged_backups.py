"""What a vault has purged goes from its backups when the next is made, and nothing else does."""

import os
from pathlib import Path

import pytest
from backup_targets import KEY, back_up, bring_back, sealed
from purged_targets import SECRET, check_whole, fill, noted, photo_of, purge, shown

import nacre
from nacre.backups.listing import read_listing
from nacre.errors import NotFound
from nacre.operations.choose import Choice, plan_restore
from nacre.operations.compact import compact
from nacre.operations.compress import compress
from nacre.operations.drill import drill
from nacre.operations.forget import forget, plan_forget, unforget
from nacre.operations.retain import parse_history, set_retention
from nacre.operations.retention import Rules


@pytest.fixture(autouse=True)
def _small_packs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nacre.backups.upload, "PACK_BYTES", 30_000)
    monkeypatch.setattr(nacre.backups.upload, "_WAITING_PACKS", 0)


@pytest.fixture
def vault(tmp_path: Path):
    with nacre.open(tmp_path / "v", actor="eve") as vault:
        yield vault


@pytest.mark.parametrize("secret", [None, KEY], ids=["plain", "encrypted"])
def test_older_backups_lose_what_was_purged(tmp_path: Path, vault, secret) -> None:
    target = sealed(secret=secret)
    fill(vault, target)
    roots = [each.backup.root for each in read_listing(target).backups]
    assert SECRET in shown(target)
    purge(vault)

    report = back_up(vault, target)

    listed = read_listing(target).backups
    assert (report.purged_backups, report.unpurged) == (3, ())
    assert report.purged_bytes > 20_000
    assert SECRET not in shown(target)
    assert [each.backup.root for each in listed][:3] == roots
    assert [each.backup.tags for each in listed] == [("first",), (), (), ()]
    assert len(target.list("condemned")) == 0
    check_whole(target, tmp_path)


def test_what_is_gone_says_why(tmp_path: Path, vault) -> None:
    target = sealed()
    fill(vault, target)
    photo = photo_of(vault)
    purge(vault)
    back_up(vault, target)
    second = read_listing(target).backups[1]

    bring_back(target, tmp_path / "r", backup=second.short)

    with nacre.open(tmp_path / "r") as restored:
        with pytest.raises(NotFound, match="purged: request 17"):
            restored.get(photo)
        assert [e.subject for e in restored.events(subject="ana")] == []
        assert [dict(e.data)["note"] for e in restored.events(subject="bo")] == ["hello"]
        assert restored.frames.names() == []


def test_the_rest_goes_on_as_before(tmp_path: Path, vault) -> None:
    target = sealed()
    fill(vault, target)
    purge(vault)
    back_up(vault, target)
    before = dict(target.target.files)

    noted(vault, "bo", "again")
    report = back_up(vault, target)

    assert report.purged_backups == report.purged_bytes == 0
    assert before.keys() <= target.target.files.keys()
    assert (
        drill(plan_restore(target, Choice()), original=vault.store, scratch=tmp_path).problems == ()
    )


def test_a_backup_of_a_vault_that_was_never_purged_looks_at_nothing(tmp_path: Path, vault) -> None:
    target = sealed()
    fill(vault, target)

    assert back_up(vault, target).purged_backups == 0


def test_each_purge_reaches_them(tmp_path: Path, vault) -> None:
    target = sealed()
    fill(vault, target)
    purge(vault)
    back_up(vault, target)
    noted(vault, "carl", "another secret", image=vault.put(b"another secret" * 2000))
    back_up(vault, target)
    purge(vault, "carl")

    assert back_up(vault, target).purged_backups == 5
    assert b"another secret" not in shown(target)
    check_whole(target, tmp_path)


def test_a_subject_that_comes_back_is_kept(tmp_path: Path, vault) -> None:
    target = sealed()
    fill(vault, target)
    purge(vault)
    noted(vault, "ana", "a new life", image=vault.put(SECRET + b"again" * 5000))

    back_up(vault, target)

    assert check_whole(target, tmp_path)[-1]["ana"]["note"] == "a new life"


def test_what_another_vault_still_has_stays(tmp_path: Path, vault) -> None:
    target = sealed()
    fill(vault, target)
    photo = photo_of(vault)
    with nacre.open(tmp_path / "other") as other:
        noted(other, "ana", "hers", image=other.put(vault.get(photo)))
        vault_id, content = other.vault_id, bytes(other.get(photo))
        assert back_up(other, target).new_blobs == 0  # shared
    purge(vault)

    back_up(vault, target)

    said = check_whole(target, tmp_path)
    bring_back(target, tmp_path / "o", vault=vault_id.hex())
    with nacre.open(tmp_path / "o") as restored:
        assert restored.get(photo) == content
    assert {"ana"} in [set(each) for each in said]


def test_forgotten_backups_are_reached_and_stay_forgotten(tmp_path: Path, vault) -> None:
    target = sealed()
    names = fill(vault, target)
    forget(target, plan_forget(target, Rules(last=1)))
    purge(vault)

    report = back_up(vault, target)

    listing = read_listing(target)
    assert report.purged_backups == 3
    assert SECRET not in shown(target)
    assert len(listing.live()) == 2
    assert len(listing.forgotten) == 2
    assert not {each.short for each in listing.backups} & set(names)
    unforget(target, [listing.backups[0].short])
    assert len(read_listing(target).live()) == 3
    check_whole(target, tmp_path)


def test_packs_that_were_condemned_before_are_reached(tmp_path: Path, vault) -> None:
    target = sealed()
    fill(vault, target)
    set_retention(vault.store, parse_history("0s"))
    noted(vault, "bo", "last")
    back_up(vault, target)
    forget(target, plan_forget(target, Rules(last=1)))
    purge(vault)

    back_up(vault, target)

    assert SECRET not in shown(target)
    check_whole(target, tmp_path)


def test_backups_of_another_history_are_reached(tmp_path: Path, vault) -> None:
    target = sealed()
    fill(vault, target)
    noted(vault, "ana", SECRET.decode() + " of later", image=vault.put(SECRET + os.urandom(9000)))
    vault.snapshots.create("tuesday")
    back_up(vault, target)
    bring_back(target, tmp_path / "again", at=2)
    with nacre.open(tmp_path / "again") as again:
        noted(again, "bo", "went on")
        back_up(again, target)
        purge(again)
        report = back_up(again, target)

    assert report.purged_backups == 5
    assert SECRET not in shown(target)
    check_whole(target, tmp_path)


def test_a_vault_restored_from_such_a_backup_is_backed_up_and_restored(tmp_path, vault) -> None:
    target = sealed()
    fill(vault, target)
    purge(vault)
    back_up(vault, target)
    bring_back(target, tmp_path / "old", backup=read_listing(target).backups[1].short)
    fresh = sealed()
    with nacre.open(tmp_path / "old") as old:
        noted(old, "bo", "went on")
        back_up(old, fresh)

    check_whole(fresh, tmp_path)


def test_segments_and_what_was_compacted_are_no_obstacle(tmp_path, vault, monkeypatch) -> None:
    monkeypatch.setattr("nacre.operations.compress._KEPT_OPEN", 1)
    target = sealed()
    fill(vault, target)
    assert compress(vault.store, min_gain=0).done
    set_retention(vault.store, parse_history("0s"))
    compact(vault.store, min_gain=0)
    back_up(vault, target)
    purge(vault)

    back_up(vault, target)

    assert SECRET not in shown(target)
    check_whole(target, tmp_path)
