"""Whatever happens while backups lose what was purged: all of them stay whole."""

import os
import shutil
from collections.abc import Callable
from functools import partial
from itertools import count
from pathlib import Path

import pytest
from backup_targets import back_up, sealed
from click.testing import CliRunner
from processes import Process
from purged_targets import SECRET, check_whole, fill, noted, photo_of, purge, shown

import nacre
from nacre.backups import DirectoryTarget, MemoryTarget
from nacre.backups.contents import load_contents
from nacre.backups.fetch import Fetcher
from nacre.backups.listing import read_listing
from nacre.cli.program import program
from nacre.operations.forget import forget, plan_forget
from nacre.operations.retention import Rules
from nacre.operations.verify_backup import verify_backups
from nacre.testing import MOMENTS, KillingFiles, Moment


@pytest.fixture(autouse=True)
def _small_packs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nacre.backups.upload, "PACK_BYTES", 30_000)
    monkeypatch.setattr(nacre.backups.upload, "_WAITING_PACKS", 0)


@pytest.fixture
def vault(tmp_path: Path):
    with nacre.open(tmp_path / "v", actor="eve") as vault:
        yield vault


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
    assert "purged from 3 older backups (renamed): " in result.output
