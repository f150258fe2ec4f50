"""A backup is complete to a head, shares what is there already, and stops nobody."""

import threading
from pathlib import Path

import pytest
from backup_targets import KEY, back_up, bring_back, content_of, sealed, worked
from processes import Process
from works import WORKS, check

import nacre
from nacre.backups import DirectoryTarget, MemoryTarget
from nacre.backups.config import COPY, NAME
from nacre.backups.listing import read_listing
from nacre.errors import InvalidInput
from nacre.operations.backups import list_backups
from nacre.operations.choose import Choice, plan_restore
from nacre.operations.drill import drill
from nacre.operations.repair import find_ailing, repair
from nacre.operations.verify_backup import verify_backups

secrets = pytest.mark.parametrize("secret", [None, KEY], ids=["plain", "encrypted"])
layouts = pytest.mark.parametrize("single_file", [False, True], ids=["directory", "single file"])


@layouts
@secrets
def test_what_is_restored_is_what_was_backed_up(tmp_path: Path, single_file, secret) -> None:
    target = sealed(DirectoryTarget(tmp_path / "t"), secret)
    with worked(tmp_path / "v", single_file=single_file) as vault:
        content = content_of(vault)
        report = back_up(vault, target)

    restored = bring_back(target, tmp_path / "r")

    assert (report.head, report.commits, report.damaged) == (len(WORKS), len(WORKS), ())
    assert (restored.head, restored.root) == (report.head, report.root)
    with nacre.open(tmp_path / "r") as vault:
        assert content_of(vault) == content
        assert vault.describe().layout == ("single file" if single_file else "directory")
        check(vault, WORKS, besides=0)


def test_an_empty_vault_comes_back(tmp_path: Path) -> None:
    target = sealed()
    with nacre.open(tmp_path / "v") as vault:
        back_up(vault, target)
        vault_id = vault.vault_id

    bring_back(target, tmp_path / "r")

    with nacre.open(tmp_path / "r") as vault:
        assert (vault.head, vault.vault_id) == (0, vault_id)
        assert vault.verify().is_clean


def test_the_next_backup_stores_only_what_is_new(tmp_path: Path) -> None:
    target = sealed()
    with worked(tmp_path / "v") as vault:
        first = back_up(vault, target)
        again = back_up(vault, target)
        vault.record("file.added", subject="photo", data={"content": vault.put(b"x" * 100_000)})
        new = back_up(vault, target)

    assert first.new_blobs > 10
    assert (again.commits, again.new_blobs, again.added_bytes) == (0, 0, 0)
    assert (new.commits, new.new_blobs) == (1, 1)
    assert new.added_bytes < 5000


def test_every_backup_comes_back_as_it_was(tmp_path: Path) -> None:
    target = sealed()
    contents = {}
    with nacre.open(tmp_path / "v") as vault:
        for number in range(12):
            vault.record("a.b", subject="s", data={"blob": vault.put(bytes([number]) * 5000)})
            contents[back_up(vault, target).name] = content_of(vault)

    for name, content in contents.items():
        bring_back(target, tmp_path / name, backup=name)
        with nacre.open(tmp_path / name) as vault:
            assert content_of(vault) == content


def test_many_small_backups_are_made_of_few_parts(tmp_path: Path) -> None:
    target = sealed()
    with nacre.open(tmp_path / "v", durability="relaxed") as vault:
        for number in range(40):
            vault.record("a.b", subject="s", data={"blob": vault.put(f"{number}".encode() * 40)})
            back_up(vault, target)

    newest = read_listing(target).backups[-1].backup
    assert len(newest.log) <= 7
    assert len(newest.lists) <= 7


def test_vaults_share_a_target_and_what_they_have_in_common(tmp_path: Path) -> None:
    target = sealed()
    with worked(tmp_path / "a") as one, worked(tmp_path / "b") as other:
        first = back_up(one, target)
        second = back_up(other, target)

        assert second.new_blobs == 0
        assert second.added_bytes < first.added_bytes / 5
        with pytest.raises(InvalidInput, match="backups of 2 vaults"):
            bring_back(target, tmp_path / "r")
        bring_back(target, tmp_path / "r", vault=other.vault_id.hex()[:6])
        with nacre.open(tmp_path / "r") as restored:
            assert restored.checkpoint() == other.checkpoint()


def test_a_blob_of_many_parts_comes_back(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(nacre.backups.pack, "PART_BYTES", 10_000)
    monkeypatch.setattr(nacre.backups.pack, "PACK_BYTES", 35_000)
    monkeypatch.setattr(nacre.backups.upload, "PACK_BYTES", 35_000)
    target = sealed()
    with worked(tmp_path / "v") as vault:
        back_up(vault, target)
        content = content_of(vault)

    bring_back(target, tmp_path / "r")

    assert len(target.list("packs")) > 5
    with nacre.open(tmp_path / "r") as vault:
        assert content_of(vault) == content


def test_backups_are_listed_with_what_they_are(tmp_path: Path) -> None:
    target = sealed(secret=KEY)
    with worked(tmp_path / "v") as vault:
        back_up(vault, target, tags=["weekly", "before the move"])
        vault.record("a.b", subject="s")
        back_up(vault, target)
        found = list_backups(target)

    assert [(b.head, b.tags) for b in found.backups] == [
        (len(WORKS), ("weekly", "before the move")),
        (len(WORKS) + 1, ()),
    ]
    assert found.is_encrypted
    assert found.backups[1].root == vault_root(tmp_path / "v")
    files = target.target.files
    assert found.size_bytes == sum(len(files[name]) for name in {*files} - {NAME, COPY})


def vault_root(path: Path) -> str:
    with nacre.open(path) as vault:
        return vault.checkpoint().root.hex()


@pytest.mark.parametrize("tag", ["", "a\nb", " x"])
def test_odd_tags_are_refused(tmp_path: Path, tag: str) -> None:
    with nacre.open(tmp_path / "v") as vault, pytest.raises(InvalidInput):
        back_up(vault, sealed(), tags=[tag])


# Others at work


def test_a_backup_while_others_commit_is_complete_to_its_head(tmp_path: Path) -> None:
    target = sealed()

    def write(talk) -> None:
        with nacre.open(tmp_path / "v", durability="relaxed") as vault:
            for number in range(100_000):
                if talk.poll():
                    return
                blob = vault.put(f"{number}".encode() * 2000)
                vault.record("a.b", subject=f"s{number}", data={"blob": blob})

    with nacre.open(tmp_path / "v") as vault:
        process = Process(write)
        while vault.head < 5:
            pass
        reports = [back_up(vault, target) for _ in range(5)]
        process.talk.send("stop")
        process.end()

    for report in reports:
        bring_back(target, tmp_path / report.name, backup=report.name)
        with nacre.open(tmp_path / report.name) as vault:
            assert vault.head == report.head
            assert vault.verify().is_clean


def test_two_backups_at_once_are_both_whole(tmp_path: Path) -> None:
    place = MemoryTarget()
    with worked(tmp_path / "a") as one, worked(tmp_path / "b") as other:
        reports = []

        def run(vault: nacre.Vault) -> None:
            reports.append(back_up(vault, sealed(place)))

        threads = [threading.Thread(target=run, args=(vault,)) for vault in (one, other, one)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert len(reports) == 3
    for report in reports:
        bring_back(sealed(place), tmp_path / report.name, backup=report.name)
        with nacre.open(tmp_path / report.name) as vault:
            check(vault, WORKS, besides=0)


# Histories that part


def test_a_vault_that_went_on_from_an_earlier_state_is_backed_up_beside(tmp_path: Path) -> None:
    target = sealed()
    with worked(tmp_path / "v") as vault:
        back_up(vault, target)
        vault.record("a.mistake", subject="s")
        mistaken = back_up(vault, target)
    bring_back(target, tmp_path / "r", at=len(WORKS))

    with nacre.open(tmp_path / "r") as vault:
        vault.record("a.b", subject="right")
        vault.record("a.b", subject="right")
        report = back_up(vault, target)
        content = content_of(vault)

    assert report.forked_from == mistaken.name
    assert report.commits == 2
    bring_back(target, tmp_path / "again")
    with nacre.open(tmp_path / "again") as vault:
        assert content_of(vault) == content


def test_a_damaged_blob_is_told_and_the_rest_is_backed_up(tmp_path: Path) -> None:
    target = sealed()
    with worked(tmp_path / "v") as vault:
        whole = content_of(vault)
    pack = max((tmp_path / "v" / "packs").iterdir())
    data = bytearray(pack.read_bytes())
    data[200] ^= 1
    pack.write_bytes(data)

    with nacre.open(tmp_path / "v") as vault:
        report = back_up(vault, target)
    restored = bring_back(target, tmp_path / "r")

    assert len(report.damaged) == 1
    assert restored.damaged == report.damaged
    with nacre.open(tmp_path / "r") as vault:
        for digest, content in whole["blobs"].items():
            if str(digest) in report.damaged:
                with pytest.raises(KeyError, match="was damaged when it was backed up"):
                    vault.get(digest)
            else:
                assert vault.get(digest) == content


def test_a_backup_of_a_damaged_vault_is_told_until_the_blobs_are_there(tmp_path: Path) -> None:
    target, other = sealed(), sealed()
    with worked(tmp_path / "v") as vault:
        back_up(vault, other)
    pack = max((tmp_path / "v" / "packs").iterdir())
    data = bytearray(pack.read_bytes())
    data[200] ^= 1
    pack.write_bytes(data)
    with nacre.open(tmp_path / "v") as vault:
        first = back_up(vault, target)
        (problem,) = verify_backups(target, "full").problems
        (missing,) = drill(plan_restore(target, Choice()), scratch=tmp_path).problems
        repair(vault.store, other, find_ailing(vault.store))
        back_up(vault, target)

    assert first.damaged[0] in problem
    assert first.damaged[0] in missing
    assert verify_backups(target, "full").is_clean
    # What a later backup has brought is restored with the earlier one.
    assert bring_back(target, tmp_path / "r", backup=first.name).damaged == ()
    with nacre.open(tmp_path / "r") as vault:
        assert vault.verify().is_clean
        assert vault.has_blob(nacre.Digest.parse(first.damaged[0]))
