"""Whatever dies, fails or goes dark in the middle of a commit: nothing acknowledged is lost,
and nothing else is there in part.

Every test goes through every operation on files of the same commits: see `works`.
"""

import errno
import os
import random
import resource
import signal
import subprocess
import sys
import traceback
from collections.abc import Iterable
from itertools import count
from pathlib import Path

import pytest
from processes import in_process
from works import WORKS, check, check_after_crash, do, missing, open_over

import nacre
from nacre.blobs import packs
from nacre.errors import DiskFull, NacreError, Poisoned, StorageError
from nacre.files import Files
from nacre.testing import (
    MOMENTS,
    FailingFiles,
    KillingFiles,
    Moment,
    PowerLossFiles,
    PowerLostError,
    TracingFiles,
)

ROOT = Path(__file__).parent.parent
FOR_EVER = 1 << 40

pytestmark = pytest.mark.usefixtures("_small_packs")
layouts = pytest.mark.parametrize("single_file", [False, True], ids=["directory", "single file"])


@pytest.fixture
def _small_packs(monkeypatch: pytest.MonkeyPatch) -> None:
    # So that one commit seals packs, and begins others.
    monkeypatch.setattr(packs, "_SEAL_AT_BYTES", 100_000)


def operations(path: Path, *, single_file: bool) -> list[str]:
    """Return the operations that creating a vault and all works are made of."""
    files = TracingFiles()
    with open_over(path, files, single_file=single_file) as vault:
        do(vault, WORKS, lambda name: None)
        check(vault, WORKS, besides=0)
    return files.operations


@layouts
def test_the_works_go_through_every_operation(tmp_path: Path, single_file: bool) -> None:
    trace = operations(tmp_path / "v", single_file=single_file)

    in_packs = set() if single_file else {"open_append", "append", "truncate", "sync"}
    assert set(trace) == {"commit"} | in_packs
    assert trace.count("commit") >= len(WORKS) + 3
    assert single_file or trace.count("open_append") >= 3


# Death of the process


@layouts
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_kill_at_any_operation_loses_nothing(
    tmp_path: Path, single_file: bool, moment: Moment
) -> None:
    trace = operations(tmp_path / "whole", single_file=single_file)
    # Only an append has a middle.
    numbers = [n for n, name in enumerate(trace) if moment != "within" or name == "append"]

    for number in numbers:
        path = tmp_path / f"v{number}"
        acknowledged = work_and_die(path, KillingFiles(number, moment), single_file=single_file)
        assert len(acknowledged) < len(WORKS)
        check_after_crash(path, acknowledged, single_file=single_file)


@layouts
def test_kills_one_after_the_other_lose_nothing(tmp_path: Path, single_file: bool) -> None:
    path = tmp_path / "v"
    acknowledged: list[str] = []

    for number in (0, 1, 2, 3, 4, 5, 3, 2, 1, 0, 4, 2, 6, 3, 2):
        files = KillingFiles(number, MOMENTS[number % 3])
        acknowledged = work_and_die(path, files, single_file=single_file)
        with open_over(path, TracingFiles(), single_file=single_file) as vault:
            check(vault, acknowledged, besides=len(WORKS))

    check_after_crash(path, acknowledged, single_file=single_file, besides=len(WORKS))


def test_kills_at_random_moments_under_load_lose_nothing(tmp_path: Path) -> None:
    campaign = [sys.executable, "-m", "bench.crash", "--rounds", "20", "--directory", tmp_path]

    result = subprocess.run(campaign, cwd=ROOT, capture_output=True, text=True, check=False)

    assert result.returncode == 0, result.stdout + result.stderr
    assert "20 kills" in result.stdout


def work_and_die(path: Path, files: Files, *, single_file: bool) -> list[str]:
    """Do the missing works in a process until *files* kills it; return what it acknowledged."""
    told = path.with_name(path.name + " told")
    # What was written to it is in the hands of the system, whatever dies.
    pipe = os.open(told, os.O_RDWR | os.O_APPEND | os.O_CREAT)
    process = os.fork()
    if process == 0:
        code = 1
        try:
            vault = open_over(path, files, single_file=single_file)
            do(vault, missing(vault), lambda name: os.write(pipe, f"{name}\n".encode()))
            code = 0
        except BaseException:  # noqa: BLE001 - a forked child must not go on as the test
            traceback.print_exc()
        finally:
            os._exit(code)
    status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    os.close(pipe)
    assert status in (0, -signal.SIGKILL)  # 0: all works were done before the kill was due
    return told.read_text().split()


# Operations that fail


@layouts
@pytest.mark.parametrize("lasting", [False, True], ids=["once", "from then on"])
@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO], ids=["full", "broken"])
def test_a_failure_of_any_operation_is_reported_and_undone(
    tmp_path: Path, single_file: bool, error: int, lasting: bool
) -> None:
    for number in count():
        files = FailingFiles(error, range(number, FOR_EVER if lasting else number + 1))
        path = tmp_path / f"v{number}"
        acknowledged, failure = make_and_work(path, files, single_file=single_file)
        if failure is None:
            break
        assert isinstance(failure, expected_error(files.failed[0], error)), files.failed
        check_after_crash(path, acknowledged, single_file=single_file, besides=0)

    assert number > 7


@layouts
def test_a_vault_goes_on_when_there_is_space_again(tmp_path: Path, single_file: bool) -> None:
    for number in count():
        files = FailingFiles(errno.ENOSPC, range(number, FOR_EVER))
        path = tmp_path / f"v{number}"
        try:
            vault = open_over(path, files, single_file=single_file)
        except DiskFull:
            continue
        with vault:
            acknowledged, failure = work(vault)
            files.heal()
            if failure is None:
                break
            if not isinstance(failure, Poisoned):
                check(vault, acknowledged, besides=0)
                do(vault, [n for n in WORKS if n not in acknowledged], acknowledged.append)
                check(vault, WORKS, besides=0)

    assert number > 7


@layouts
def test_a_poisoned_vault_writes_nothing_until_it_is_opened_again(
    tmp_path: Path, single_file: bool
) -> None:
    poisoned = 0
    for number in count():
        files = FailingFiles(errno.EIO, range(number, number + 1))
        path = tmp_path / f"v{number}"
        try:
            vault = open_over(path, files, single_file=single_file)
        except StorageError:
            continue
        with vault:
            acknowledged, failure = work(vault)
            if failure is None:
                break
            if files.failed[0] in ("sync", "commit"):
                poisoned += 1
                again = [work(vault, [name]) for name in WORKS]
                assert [type(error) for _, error in again] == [Poisoned] * len(WORKS)
        check_after_crash(path, acknowledged, single_file=single_file, besides=0)

    assert poisoned >= len(WORKS)


Outcome = tuple[list[str], NacreError | None]


def make_and_work(path: Path, files: Files, *, single_file: bool) -> Outcome:
    """Open a vault and do all works until something fails."""
    try:
        vault = open_over(path, files, single_file=single_file)
    except NacreError as error:
        return [], error
    with vault:
        return work(vault)


def work(vault: nacre.Vault, names: Iterable[str] = WORKS) -> Outcome:
    """Do works until one fails; return what was acknowledged, and the error of ours, if any."""
    acknowledged: list[str] = []
    try:
        do(vault, names, acknowledged.append)
    except NacreError as error:
        return acknowledged, error
    return acknowledged, None


def expected_error(operation: str, error: int) -> type[NacreError]:
    if operation == "sync":
        return Poisoned
    return DiskFull if error == errno.ENOSPC else StorageError


# A disk that is really full


@layouts
@pytest.mark.parametrize("free_bytes", [0, 4096, 30_000, 80_000, 150_000, 300_000])
def test_a_full_disk_is_reported_and_the_vault_goes_on(
    tmp_path: Path, single_file: bool, free_bytes: int
) -> None:
    path = tmp_path / "v"

    def fill() -> list[str]:
        with open_over(path, TracingFiles(), single_file=single_file) as vault:
            file = path if single_file else path / "vault.mdb"
            limit_file_size(file.stat().st_size + free_bytes)
            acknowledged, failure = work(vault)
            assert failure is None or isinstance(failure, DiskFull)
            limit_file_size(resource.RLIM_INFINITY)
            check(vault, acknowledged, besides=0)
            do(vault, [n for n in WORKS if n not in acknowledged], acknowledged.append)
            return acknowledged

    acknowledged = in_process(fill)

    assert set(acknowledged) == set(WORKS)
    check_after_crash(path, acknowledged, single_file=single_file)


def test_a_vault_that_finds_no_room_at_all_is_made_later(tmp_path: Path) -> None:
    def make() -> str:
        limit_file_size(0)
        with pytest.raises(DiskFull) as raised:
            nacre.open(tmp_path / "v", single_file=True)
        limit_file_size(resource.RLIM_INFINITY)
        with nacre.open(tmp_path / "v", single_file=True) as vault:
            vault.record("a.b", subject="s")
        return raised.value.code

    assert in_process(make) == "disk_full"


def limit_file_size(size: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


# Power loss


@pytest.mark.parametrize("seed", [None, 1, 2], ids=["all is lost", "some is kept", "more is kept"])
def test_power_loss_at_any_operation_loses_nothing(tmp_path: Path, seed: int | None) -> None:
    for number in count():
        files = PowerLossFiles(number)
        path = tmp_path / f"v{number}"
        acknowledged: list[str] = []
        try:
            with open_over(path, files, single_file=False) as vault:
                do(vault, WORKS, acknowledged.append)
            break
        except PowerLostError:
            files.lose_power(None if seed is None else random.Random(seed + number))
        check_after_crash(path, acknowledged, single_file=False, besides=0)

    assert number > 20


def test_the_double_of_power_loss_notices_what_was_not_synced(tmp_path: Path) -> None:
    files = PowerLossFiles()
    with open_over(tmp_path / "v", files, single_file=False) as vault:
        digest = vault.put(os.urandom(5000))
    (pack,) = (tmp_path / "v" / "packs").iterdir()
    before = pack.stat().st_size

    files.lose_power()

    assert digest
    assert before > 5000
    assert pack.stat().st_size == 0
