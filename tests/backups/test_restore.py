"""What a restore brings back, and what it leaves alone."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from backup_targets import KEY, back_up, bring_back, content_of, sealed, worked
from works import EVENTS, WORKS

import nacre
from nacre.backups import MemoryTarget, SealedTarget
from nacre.backups.listing import read_listing
from nacre.backups.pack import Packed, pack_parts
from nacre.errors import CorruptionError, InvalidInput, NotFound, StateError
from nacre.operations.backup import open_target
from nacre.operations.choose import Choice, Plan, plan_restore
from nacre.operations.compact import compact
from nacre.operations.restore import report_of, restore
from nacre.operations.retain import parse_history, set_retention

HEAD = len(WORKS)


@pytest.fixture
def target() -> SealedTarget:
    return sealed()


@pytest.fixture
def content(tmp_path: Path, target: SealedTarget) -> dict[str, object]:
    """What was backed up to the target."""
    with worked(tmp_path / "v") as vault:
        back_up(vault, target)
        return content_of(vault)


def restored(path: Path) -> dict[str, object]:
    with nacre.open(path, create=False) as vault:
        assert vault.verify().is_clean
        return content_of(vault)


# At a moment


@pytest.mark.parametrize("position", range(HEAD + 1))
def test_a_position_gives_the_vault_as_it_was(tmp_path, target, content, position: int) -> None:
    report = bring_back(target, tmp_path / "r", at=position)

    found = restored(tmp_path / "r")
    assert report.head == found["checkpoint"].head == position
    assert found["events"] == [event for event in content["events"] if event[0] < position]


def test_what_is_named_later_is_not_restored(tmp_path, target, content) -> None:
    bring_back(target, tmp_path / "r", at=1)

    with nacre.open(tmp_path / "r") as vault:
        assert not any(vault.has_blob(digest) for digest in content["blobs"])


def test_a_time_gives_what_was_committed_by_then(tmp_path, target, content) -> None:
    time_ns = content["events"][1][1]  # of the second commit
    moment = datetime.fromtimestamp(time_ns // 1000 / 1_000_000, UTC)

    report = bring_back(target, tmp_path / "r", at=moment)

    assert report.head == 2


def test_a_later_moment_than_the_last_backup_is_not_found(tmp_path, target, content) -> None:
    with pytest.raises(NotFound, match="no backup that reaches 99"):
        bring_back(target, tmp_path / "r", at=99)
    with pytest.raises(NotFound, match="no backup that reaches"):
        bring_back(target, tmp_path / "r", at="now")

    assert not (tmp_path / "r").exists()


def test_a_moment_before_the_first_commit_is_refused(tmp_path, target, content) -> None:
    first = datetime.fromtimestamp(content["events"][0][1] // 1000 / 1_000_000, UTC)

    with pytest.raises(NotFound, match=re.escape(f"is of {first.isoformat()}, after 2001-01-31")):
        bring_back(target, tmp_path / "r", at="2001-01-31 UTC")

    assert not (tmp_path / "r").exists()
    assert bring_back(target, tmp_path / "r", at=0).head == 0


def test_an_unknown_backup_is_not_found(tmp_path, target, content) -> None:
    with pytest.raises(NotFound, match="no backup 'ffffffffff'"):
        bring_back(target, tmp_path / "r", backup="ffffffffff")


def test_no_target_is_not_found() -> None:
    with pytest.raises(NotFound, match="no backups at memory"):
        open_target(MemoryTarget())


# Of a subject


def test_only_a_subject_gives_the_whole_log_and_its_payloads(tmp_path, target, content) -> None:
    report = bring_back(target, tmp_path / "r", only=("inside",))

    with nacre.open(tmp_path / "r") as vault:
        assert vault.checkpoint() == content["checkpoint"]
        assert vault.verify().is_clean
        wanted = {e.data["blob"] for e in vault.events(subject="inside")}
        for digest, blob in content["blobs"].items():
            if digest in wanted:
                assert vault.get(digest) == blob
            else:
                with pytest.raises(KeyError, match="it was not restored on"):
                    vault.get(digest)
    assert report.blobs == len(wanted) == EVENTS["inside"]
    assert report.left_out > 5


def test_a_manifest_brings_what_it_names(tmp_path, target, content) -> None:
    bring_back(target, tmp_path / "r", only=("frame",))

    with nacre.open(tmp_path / "r") as vault:
        assert len(vault.frames.read("frame")) == 3000


def test_what_was_left_out_can_be_put_again(tmp_path, target, content) -> None:
    bring_back(target, tmp_path / "r", only=("one",))

    with nacre.open(tmp_path / "r") as vault:
        for digest, blob in content["blobs"].items():
            assert vault.put(blob) == digest
        vault.record("a.b", subject="again")
        assert all(vault.get(digest) == blob for digest, blob in content["blobs"].items())


def test_an_unknown_subject_is_not_found(tmp_path, target, content) -> None:
    with pytest.raises(NotFound, match="no event has the subject 'nobody'"):
        bring_back(target, tmp_path / "r", only=("nobody",))


# Its place


def test_nothing_is_replaced_without_leave(tmp_path, target, content) -> None:
    for place in (tmp_path / "v", tmp_path / "file"):
        place.name == "file" and place.write_text("mine")
        with pytest.raises(InvalidInput, match="exists: restore to another place"):
            bring_back(target, place)

    assert (tmp_path / "file").read_text() == "mine"
    assert restored(tmp_path / "v") == content


def test_a_vault_is_replaced_with_leave(tmp_path, target, content) -> None:
    with nacre.open(tmp_path / "v") as vault:
        vault.record("a.mistake", subject="s")
        bring_back(target, tmp_path / "v", replace=True)
        with pytest.raises(nacre.errors.Closed, match="moved, unlinked or replaced"):
            vault.record("a.b", subject="s")

    assert restored(tmp_path / "v") == content
    assert sorted(path.name for path in tmp_path.iterdir()) == ["v"]


def test_a_single_file_is_replaced_with_leave(tmp_path, target) -> None:
    with worked(tmp_path / "v", single_file=True) as vault:
        back_up(vault, target)
        content = content_of(vault)
        vault.record("a.mistake", subject="s")

    bring_back(target, tmp_path / "v", replace=True)

    assert restored(tmp_path / "v") == content


def test_an_empty_directory_is_a_place(tmp_path, target, content) -> None:
    (tmp_path / "r").mkdir()

    bring_back(target, tmp_path / "r")

    assert restored(tmp_path / "r") == content


def test_a_dry_run_changes_nothing(tmp_path, target, content) -> None:
    plan = plan_restore(target, Choice(at=3))

    report = report_of(plan, tmp_path / "r")

    assert report.head == 3
    assert report.blobs > 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["v"]


def test_two_restores_to_one_place_do_not_meet(tmp_path, target, content) -> None:
    class Slow(MemoryTarget):
        def get(self, name: str):
            if name.startswith("packs") and not errors:
                errors.append(None)
                with pytest.raises(StateError, match="another process is writing") as raised:
                    bring_back(target, tmp_path / "r")
                errors.append(raised.value)
            return super().get(name)

    errors: list[object] = []
    place = Slow()
    place.files = target.target.files
    slow = sealed(place)
    plan = plan_restore(target, Choice())

    restore(
        Plan(**{name: getattr(plan, name) for name in plan.__slots__} | {"target": slow}),
        tmp_path / "r",
    )

    assert len(errors) == 2
    assert restored(tmp_path / "r") == content


# Damage


def test_a_lost_pack_is_named_and_the_rest_can_be_had(tmp_path) -> None:
    target = sealed(secret=KEY)
    with worked(tmp_path / "v") as vault:
        back_up(vault, target)
        vault.record("a.b", subject="late", data={"blob": vault.put(b"late" * 2000)})
        before = set(target.target.files)
        back_up(vault, target)
        content = content_of(vault)
    index_of_late = {n for n in target.target.files if n not in before and n.startswith("packs")}
    late = max(index_of_late, key=lambda name: len(target.target.files[name]))
    with nacre.open(tmp_path / "v") as vault:
        lost = next(iter(vault.events(subject="late"))).data["blob"]
    plan = plan_restore(target, Choice())
    assert plan.contents.find(lost).pack == late

    # The log and the lists of the newest backup lie in the same pack: only the blob is lost.
    damage(target, late, plan, lost)

    with pytest.raises(CorruptionError, match=str(lost)):
        bring_back(target, tmp_path / "r")
    assert not (tmp_path / "r").exists()
    report = bring_back(target, tmp_path / "r", incomplete=True)
    assert report.lost == (str(lost),)
    with nacre.open(tmp_path / "r") as vault:
        assert vault.checkpoint() == content["checkpoint"]
        assert vault.verify().is_clean
        with pytest.raises(KeyError, match="was damaged in the backup"):
            vault.get(lost)


def damage(target: SealedTarget, pack: str, plan, lost) -> None:
    """Store all chunks of a pack but one anew, and drop the pack."""
    content = target.get(pack)
    kept = [
        Packed(place.chunk, bytes(content[place.offset : place.offset + place.chunk.packed_size]))
        for places in plan.contents.places.values()
        for place in places
        if place.pack == pack and place.chunk.description.digest != lost
    ]
    target.put("packs", pack_parts(kept))
    target.delete(pack)


# What the vault had dropped


def test_a_vault_that_dropped_blobs_comes_back_clean(tmp_path: Path) -> None:
    target = sealed()
    with nacre.open(tmp_path / "v") as vault:
        first = vault.put(b"first" * 2000)
        vault.record("photo.set", subject="door", data={"image": first})
        vault.record("photo.set", subject="door", data={"image": vault.put(b"second" * 2000)})
        early = back_up(vault, target)
        set_retention(vault.store, parse_history("0s"))
        assert compact(vault.store, min_gain=0).dropped_blobs > 0
        back_up(vault, target)

    bring_back(target, tmp_path / "late")
    bring_back(target, tmp_path / "early", at=2)
    bring_back(target, tmp_path / "between", at=2, backup=newest(target))

    for name, error in (
        ("late", "was dropped by commit"),
        ("between", "was dropped after that"),
    ):
        with nacre.open(tmp_path / name) as vault:
            assert vault.verify().is_clean
            with pytest.raises(NotFound, match=error):
                vault.get(first)
    with nacre.open(tmp_path / "early") as vault:
        assert vault.get(first) == b"first" * 2000
        assert vault.head == early.head == 2


def newest(target: SealedTarget) -> str:
    return read_listing(target).backups[-1].short


def test_a_restored_vault_knows_its_snapshots_at_once(tmp_path, target) -> None:
    with nacre.open(tmp_path / "v") as vault:
        vault.record("note.set", subject="s")
        vault.snapshots.create("monday")
        back_up(vault, target)

    bring_back(target, tmp_path / "r")

    with nacre.open(tmp_path / "r", read_only=True) as vault:
        assert [snapshot.name for snapshot in vault.snapshots.all()] == ["monday"]
        assert vault.at("monday").head == 1
