"""Whatever dies or fails in a backup or a restore: what was there is whole, and the next run
finishes the work."""

import errno
import os
import shutil
import signal
import traceback
from collections.abc import Callable
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest
from backup_targets import DAY_NS, KEY, back_up, bring_back, content_of, sealed, worked
from works import WORKS

import nacre
from nacre.backups import DirectoryTarget, SealedTarget
from nacre.backups.listing import read_listing
from nacre.blobs import packs
from nacre.errors import DiskFull, NacreError, StorageError
from nacre.files import Files
from nacre.operations.backups import list_backups
from nacre.operations.forget import forget, plan_forget
from nacre.operations.retention import Rules
from nacre.testing import MOMENTS, FailingFiles, KillingFiles, Moment

FOR_EVER = 1 << 40


@pytest.fixture(autouse=True)
def _small_packs(monkeypatch: pytest.MonkeyPatch) -> None:
    # So that one backup and one restore make several.
    monkeypatch.setattr(packs, "_SEAL_AT_BYTES", 200_000)
    monkeypatch.setattr(nacre.backups.upload, "PACK_BYTES", 100_000)
    monkeypatch.setattr(nacre.backups.upload, "_WAITING_PACKS", 0)


@pytest.fixture
def vault(tmp_path: Path):
    with worked(tmp_path / "v") as vault:
        yield vault


def until_killed(work: Callable[[], object]) -> bool:
    """Tell whether *work*, in a process of its own, was killed before it was done."""
    process = os.fork()
    if process == 0:
        code = 1
        try:
            work()
            code = 0
        except BaseException:  # noqa: BLE001 - a forked child must not go on as the test
            traceback.print_exc()
        finally:
            os._exit(code)
    status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    assert status in (0, -signal.SIGKILL)
    return status != 0


def target_over(path: Path, files: Files | None = None):
    return sealed(DirectoryTarget(path, files), KEY)


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_kill_at_any_operation_of_a_backup_loses_nothing(tmp_path, vault, moment: Moment) -> None:
    first = tmp_path / "first"
    earlier = back_up(vault, target_over(first))
    before = content_of(vault)
    for number in range(3):
        blob = vault.put(os.urandom(90_000))
        vault.record("a.b", subject=f"new {number}", data={"blob": blob})
    after = content_of(vault)

    for number in count():
        place = tmp_path / f"t{number}"
        shutil.copytree(first, place)
        files = KillingFiles(number, moment)
        if not until_killed(lambda f=files, p=place: back_up(vault, target_over(p, f))):
            break
        if number % 4 == 0 or number < 4:
            check(place, tmp_path / f"r{number}", before, backup=earlier.name)
        again = back_up(vault, target_over(place))
        if number % 4 == 0 or number < 4:
            check(place, tmp_path / f"s{number}", after)
        assert again.head == after["checkpoint"].head
        shutil.rmtree(place)

    assert number > 15


def test_what_was_stored_before_a_kill_is_used(tmp_path, vault) -> None:
    sizes = []
    for number in count(3, 6):
        place = tmp_path / f"t{number}"
        if not until_killed(lambda n=number, p=place: back_up_until(vault, p, n)):
            break
        stored = {path.name for path in (place / "packs").glob("*")}
        sizes.append(back_up(vault, target_over(place)).added_bytes)
        assert stored <= {path.name for path in (place / "packs").glob("*")}

    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] < sizes[0] / 3


def back_up_until(vault: nacre.Vault, place: Path, number: int) -> None:
    back_up(vault, target_over(place, KillingFiles(number, "after")))


@pytest.mark.parametrize("lasting", [False, True], ids=["once", "from then on"])
@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO], ids=["full", "broken"])
def test_a_failure_of_any_operation_of_a_backup_is_told(tmp_path, vault, error, lasting) -> None:
    first = tmp_path / "first"
    earlier = back_up(vault, target_over(first))
    before = content_of(vault)
    vault.record("a.b", subject="new", data={"blob": vault.put(os.urandom(90_000))})

    for number in count():
        place = tmp_path / f"t{number}"
        shutil.copytree(first, place)
        files = FailingFiles(error, range(number, FOR_EVER if lasting else number + 1))
        failure = outcome(lambda f=files, p=place: back_up(vault, target_over(p, f)))
        if failure is None:
            break
        assert isinstance(failure, DiskFull if error == errno.ENOSPC else StorageError)
        if number % 5 == 0:
            check(place, tmp_path / f"r{number}", before, backup=earlier.name)
        back_up(vault, target_over(place))

    assert number > 10


def outcome(work: Callable[[], object]) -> NacreError | None:
    try:
        work()
    except NacreError as error:
        return error
    return None


@pytest.mark.parametrize("single_file", [False, True], ids=["directory", "single file"])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_kill_at_any_operation_of_a_restore_loses_nothing(
    tmp_path, single_file: bool, moment: Moment
) -> None:
    target = sealed(DirectoryTarget(tmp_path / "t"))
    with worked(tmp_path / "v", single_file=single_file) as vault:
        back_up(vault, target)
        content = content_of(vault)
    with nacre.open(tmp_path / "old", single_file=single_file) as vault:
        vault.record("a.b", subject="old")
        old = content_of(vault)

    for number in count():
        place = tmp_path / f"r{number}"
        copy(tmp_path / "old", place)
        files = KillingFiles(number, moment)
        if not until_killed(lambda f=files, p=place: bring_back(target, p, files=f, replace=True)):
            break
        if place.exists():
            with nacre.open(place) as vault:
                assert content_of(vault) in (old, content)
        bring_back(target, place, replace=True)
        with nacre.open(place) as vault:
            assert content_of(vault) == content
            assert vault.verify().is_clean
        assert not place.with_name(place.name + ".restoring").exists()

    assert number > 5


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_kill_at_any_operation_of_forgetting_is_finished_by_the_next(
    tmp_path, vault, moment: Moment
) -> None:
    first = tmp_path / "first"
    for day in range(4):
        vault.record("a.b", subject="new", data={"blob": vault.put(os.urandom(30_000))})
        back_up(vault, target_over(first), time_ns=day * DAY_NS)
    content = content_of(vault)
    let_go(target_over(first), day=4)

    for number in count():
        place = tmp_path / f"t{number}"
        shutil.copytree(first, place)
        files = KillingFiles(number, moment)
        if not until_killed(lambda f=files, p=place: let_go(target_over(p, f), day=12)):
            break
        let_go(target_over(place), day=12)
        assert len(read_listing(target_over(place)).backups) == 1
        if number % 4 == 0:
            check(place, tmp_path / f"r{number}", content)
        shutil.rmtree(place)

    assert number > 3


def let_go(target: SealedTarget, *, day: int) -> None:
    now_ns = day * DAY_NS
    sweep = plan_forget(target, Rules(last=1), time_ns=now_ns)
    forget(target, sweep, window=timedelta(days=7), time_ns=now_ns)


def copy(source: Path, place: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, place)
    else:
        shutil.copy(source, place)


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO], ids=["full", "broken"])
def test_a_failure_of_any_operation_of_a_restore_leaves_what_was_there(tmp_path, vault, error):
    target = sealed()
    back_up(vault, target)
    content = content_of(vault)
    place = tmp_path / "r"
    with nacre.open(place) as old:
        old.record("a.b", subject="old")
        before = content_of(old)

    for number in count():
        files = FailingFiles(error, {number})
        failure = outcome(lambda f=files: bring_back(target, place, files=f, replace=True))
        with nacre.open(place, create=False) as found:
            now = content_of(found)
        if failure is None:
            break
        assert now in (before, content)
        assert not place.with_name("r.restoring").exists()

    assert number > 5
    assert now == content


def check(place: Path, restored: Path, content: dict[str, object], **choice: str) -> None:
    """Check that a backup of a target comes back as it was."""
    target = target_over(place)
    assert list_backups(target).problems == ()
    bring_back(target, restored, **choice)
    with nacre.open(restored) as vault:
        assert content_of(vault) == content
    assert len(WORKS) <= content["checkpoint"].head
