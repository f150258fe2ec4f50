"""What a vault has purged goes from its backups when the next is made, and nothing else does."""

import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from itertools import count
from pathlib import Path

import pandas as pd
import pytest
from backup_targets import KEY, back_up, bring_back, sealed
from click.testing import CliRunner
from processes import Process

import nacre
from nacre.backups import DirectoryTarget, MemoryTarget, SealedTarget
from nacre.backups.contents import load_contents
from nacre.backups.fetch import Fetcher
from nacre.backups.listing import read_listing
from nacre.cli.program import program
from nacre.errors import CorruptionError, NotFound
from nacre.event import open_entry
from nacre.operations.choose import Choice, plan_restore
from nacre.operations.compact import compact
from nacre.operations.compress import compress
from nacre.operations.drill import drill
from nacre.operations.forget import forget, plan_forget, unforget
from nacre.operations.purge import purge as purge_store
from nacre.operations.retain import parse_history, set_retention
from nacre.operations.retention import Rules
from nacre.operations.verify_backup import verify_backups
from nacre.testing import MOMENTS, KillingFiles, Moment

SECRET = b"the secret of Ana"
REASON = "request 17"
WEEK = timedelta(days=7)


@pytest.fixture(autouse=True)
def _small_packs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nacre.backups.upload, "PACK_BYTES", 30_000)
    monkeypatch.setattr(nacre.backups.upload, "_WAITING_PACKS", 0)


@pytest.fixture
def vault(tmp_path: Path):
    with nacre.open(tmp_path / "v", actor="eve") as vault:
        yield vault


def noted(vault: nacre.Vault, subject: str, note: str, **data: object) -> None:
    vault.record("note.set", subject=subject, data={"note": note, **data})


def fill(vault: nacre.Vault, target: SealedTarget) -> list[str]:
    """Back up three times, with things of ana's in each; return the names."""
    shared = vault.put(b"shared" + os.urandom(20_000))
    with vault.transaction(message="two at once") as tx:
        tx.record("note.set", subject="ana", data={"note": SECRET.decode(), "image": shared})
        tx.record("note.set", subject="bo", data={"note": "hello", "image": shared})
    names = [back_up(vault, target, tags=["first"]).name]
    own = vault.put(SECRET + os.urandom(20_000))
    noted(vault, "ana", "a photo", image=own)
    vault.frames.write("ana", pd.DataFrame({"who": [SECRET.decode()] * 3}))
    vault.snapshots.create("monday")
    names.append(back_up(vault, target).name)
    noted(vault, "bo", "more", image=vault.put(os.urandom(20_000)))
    names.append(back_up(vault, target).name)
    return names


def photo_of(vault: nacre.Vault) -> nacre.Digest:
    events = vault.events(subject="ana")
    return next(e.data["image"] for e in events if e.data.get("note") == "a photo")


def purge(vault: nacre.Vault, subject: str = "ana") -> None:
    assert purge_store(vault.store, subject, reason=REASON).events > 0


def shown(target: SealedTarget) -> bytes:
    """Return all that the files of a target hold, decoded."""
    contents = load_contents(target)
    fetcher = Fetcher(target, contents)
    assert contents.problems == []
    found = []
    for digest in {p.chunk.description.digest for ps in contents.places.values() for p in ps}:
        try:
            content = bytes(fetcher.content(digest))
        except CorruptionError:
            continue  # a part of a blob whose other parts were never stored
        found.append(content)
        try:
            entries = nacre.codec.unpack(content)
        except CorruptionError:
            continue
        with suppress(CorruptionError, TypeError):  # it is something else
            found += [open_entry(entry)[1] for entry in entries]
    return b"\n".join(found)


def check_whole(target: SealedTarget, folder: Path) -> list[dict[str, object]]:
    """Restore every backup there is; return what each vault says."""
    assert verify_backups(target, "full").problems == ()
    said = []
    for number, listed in enumerate(read_listing(target).backups):
        place = folder / f"r{number}"
        report = bring_back(target, place, backup=listed.short)
        assert (report.head, report.root) == (listed.backup.head, listed.backup.root.hex())
        with nacre.open(place) as restored:
            assert restored.verify().problems == ()
            said.append({e.subject: dict(e.data) for e in restored.events() if not e.purged})
        shutil.rmtree(place)
    return said


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


# Bad days


def test_what_a_killed_backup_had_stored_is_reached(tmp_path: Path, vault) -> None:
    place = tmp_path / "t"
    target = sealed(DirectoryTarget(place))
    fill(vault, target)
    noted(vault, "ana", SECRET.decode() * 300, image=vault.put(SECRET + os.urandom(50_000)))
    kill(partial(back_up_over, vault, place), 12, "before")
    assert len(read_listing(target).backups) == 3
    for partly in (place / "partial").iterdir():
        partly.unlink()  # as is done a day later
    assert SECRET * 300 in shown(target)
    purge(vault)

    back_up(vault, target)

    assert SECRET not in shown(target)
    check_whole(target, tmp_path)


def back_up_over(vault: nacre.Vault, place: Path, files: KillingFiles) -> object:
    return back_up(vault, sealed(DirectoryTarget(place, files)))


def kill(work: Callable[[KillingFiles], object], number: int, moment: Moment) -> bool:
    """Tell whether *work* was killed before it was done."""
    done = Path(os.environ["NACRE_TEST_DONE"])
    done.unlink(missing_ok=True)

    def child(_: object) -> None:
        work(KillingFiles(number, moment))
        done.touch()

    Process(child).join()
    return not done.exists()


@pytest.fixture(autouse=True)
def _done(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NACRE_TEST_DONE", str(tmp_path_factory.mktemp("done") / "done"))


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_kill_at_any_operation_leaves_a_whole_target(tmp_path, vault, moment: Moment) -> None:
    first = tmp_path / "first"
    fill(vault, sealed(DirectoryTarget(first)))
    forget(
        sealed(DirectoryTarget(first)), plan_forget(sealed(DirectoryTarget(first)), Rules(last=2))
    )
    with nacre.open(tmp_path / "other") as other:
        noted(other, "ana", "hers", image=other.put(os.urandom(9000)))
        back_up(other, sealed(DirectoryTarget(first)))
    purge(vault)

    for number in count():
        place = tmp_path / f"t{number}"
        shutil.copytree(first, place)
        target = sealed(DirectoryTarget(place))
        if not kill(
            lambda f, p=place: back_up(vault, sealed(DirectoryTarget(p, f))), number, moment
        ):
            break
        assert verify_backups(target, "full").problems == ()
        if number % 7 == 0:
            check_whole(target, tmp_path)
        report = back_up(vault, target)
        assert report.unpurged == ()
        assert SECRET not in shown(target)
        listing = read_listing(target)
        assert len({each.backup.time_ns for each in listing.backups}) == len(listing.backups)
        assert len(listing.forgotten.keys() & {each.name for each in listing.backups}) == 1
        assert len(target.list("condemned")) <= 1  # that of `forget`
        if number % 7 == 0:
            check_whole(target, tmp_path)
        shutil.rmtree(place)

    assert number > 30


class Interrupting(MemoryTarget):
    """Calls something the first time that a file of a folder is put or deleted."""

    def __init__(self, files: dict[str, bytes], call: str, folder: str, then: Callable[[], object]):
        super().__init__()
        self.files = files
        self._when = (call, folder)
        self._then = [then]

    def put(self, name: str, parts) -> bool:
        self._meet("put", name)
        return super().put(name, parts)

    def delete(self, name: str) -> None:
        self._meet("delete", name)
        super().delete(name)

    def _meet(self, call: str, name: str) -> None:
        if self._when == (call, name.partition("/")[0]) and self._then:
            self._then.pop()()


MEETINGS = [
    (call, folder)
    for call in ("put", "delete")
    for folder in ("packs", "indexes", "backups", "condemned")
    if (call, folder) != ("delete", "indexes")
]


@pytest.mark.parametrize(("call", "folder"), MEETINGS)
@pytest.mark.parametrize("who", ["another vault", "the same vault"])
def test_a_backup_at_the_same_time_loses_nothing(tmp_path, vault, who, call, folder) -> None:
    target = sealed()
    fill(vault, target)
    photo = photo_of(vault)
    content = bytes(vault.get(photo))
    with nacre.open(tmp_path / "other") as other:
        noted(other, "ana", "hers", image=other.put(content))
        purge(vault)
        met = other if who == "another vault" else vault
        place = Interrupting(
            target.target.files, call, folder, lambda: back_up(met, sealed(plain_over(place)))
        )

        back_up(vault, sealed(place))
        back_up(other, target)

        assert not place._then
        said = check_whole(target, tmp_path)
        assert [each["ana"]["image"] for each in said if "ana" in each and len(each) == 1]
        names = {digest for each in read_listing(target).backups for digest in each.backup.log}
        assert SECRET not in b"".join(
            bytes(Fetcher(target, load_contents(target)).content(part.digest)) for part in names
        )


def plain_over(place: MemoryTarget) -> MemoryTarget:
    plain = MemoryTarget()
    plain.files = place.files
    return plain


def test_a_purge_while_a_backup_is_made_is_in_it(tmp_path: Path, vault) -> None:
    target = sealed()
    fill(vault, target)
    noted(vault, "bo", "new", image=vault.put(os.urandom(9000)))
    place = Interrupting(target.target.files, "put", "packs", lambda: purge(vault))

    report = back_up(vault, sealed(place))

    assert report.head == vault.head
    assert SECRET not in shown(target)
    check_whole(target, tmp_path)


def test_what_cannot_be_read_is_told(tmp_path: Path, vault) -> None:
    place = tmp_path / "t"
    target = sealed(DirectoryTarget(place))
    fill(vault, target)
    for pack in (place / "packs").iterdir():
        raw = bytearray(pack.read_bytes())
        raw[100] ^= 1
        pack.write_bytes(raw)
    purge(vault)

    result = CliRunner().invoke(
        program, ["backup", str(vault.path), str(place)], standalone_mode=False
    )

    assert result.return_value == 1
    assert "may still hold what was purged: " in result.output


def test_the_command_tells_what_it_removed(tmp_path: Path, vault) -> None:
    target = sealed(DirectoryTarget(tmp_path / "t"))
    fill(vault, target)
    purge(vault)

    arguments = ["backup", str(vault.path), str(tmp_path / "t")]
    result = CliRunner().invoke(program, arguments, standalone_mode=False)

    assert (result.return_value or 0) == 0
    assert "purged from 3 older backups: " in result.output
