"""Whatever dies while a snapshot is taken or deleted, or the past is read: nothing is half done.

Every test goes through every operation on files of the same works, those of the cache included.
"""

import os
import shutil
import signal
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from accounts import Accounts, deposit
from works import open_over

from nacre.errors import NacreError
from nacre.files import Files, OsFiles
from nacre.testing import FailingFiles, KillingFiles, Moment, TracingFiles
from nacre.vault import Vault

Work = Callable[[Vault], object]


@pytest.fixture(autouse=True)
def _cache_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def take(vault: Vault) -> None:
    if not [found for found in vault.snapshots.all() if found.name == "second"]:
        vault.snapshots.create("second")


def delete(vault: Vault) -> None:
    if [found for found in vault.snapshots.all() if found.name == "first"]:
        vault.snapshots.delete("first")


def read_back(vault: Vault) -> None:
    vault.at(5).view(Accounts).all()


def replay(vault: Vault) -> None:
    assert vault.replay().is_equal


def begin(path: Path, *, single_file: bool) -> None:
    """Make a vault with a snapshot, then changes."""
    with open_over(path, OsFiles(), single_file=single_file) as vault:
        vault.register(Accounts)
        with vault.transaction() as tx:
            for n in range(200):
                tx.record("deposited", subject=f"o{n * 79 % 200}", data={"amount": n})
        vault.snapshots.create("first")
        for n in range(5):
            deposit(vault, f"o{n}", 1)


def opened(path: Path, files: Files, *, single_file: bool) -> Vault:
    vault = open_over(path, files, single_file=single_file)
    vault.register(Accounts)
    return vault


def trace_of(work: Work, path: Path, *, single_file: bool) -> list[str]:
    """Return the operations that a work is made of, after those of opening."""
    files = TracingFiles()
    with opened(path, files, single_file=single_file) as vault:
        before = len(files.operations)
        work(vault)
    return ["opening"] * before + files.operations[before:]


def die(work: Work, path: Path, files: Files, *, single_file: bool) -> None:
    process = os.fork()
    if process == 0:
        try:
            with opened(path, files, single_file=single_file) as vault:
                work(vault)
        except BaseException:  # noqa: BLE001 - a forked child must not go on as the test
            traceback.print_exc()
        finally:
            os._exit(1)
    status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    assert status == -signal.SIGKILL


def check(work: Work, path: Path, *, single_file: bool) -> None:
    """Check a vault that was cut off, do the work again, and check that it is done."""
    with opened(path, OsFiles(), single_file=single_file) as vault:
        for found in vault.snapshots.all():
            stored = vault.snapshots.content(found.name)
            assert {view.position for view in stored.views} == {found.position}
        work(vault)
        work(vault)
        assert vault.verify().problems == ()
        names = {found.name for found in vault.snapshots.all()}
        assert names == {take: {"first", "second"}, delete: set()}.get(work, {"first"})
        for found in vault.snapshots.all():
            expected = {
                f"o{n * 79 % 200}": n + (n * 79 % 200 < found.position - 2) for n in range(200)
            }
            assert vault.at(found.name).view(Accounts).all() == expected


@pytest.mark.parametrize(
    ("work", "single_file"),
    [
        (take, False),
        (delete, False),
        (read_back, True),
        (replay, False),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_a_kill_at_any_step_leaves_all_or_nothing(
    work: Work, single_file: bool, tmp_path: Path
) -> None:
    begin(tmp_path / "v", single_file=single_file)
    whole = copy(tmp_path / "v", tmp_path / "whole")
    trace = trace_of(work, whole, single_file=single_file)
    # After one step is before the next: nothing on disk changes between them.
    steps: list[tuple[int, Moment]] = []
    for number, name in enumerate(trace):
        if name != "opening":
            steps += [(number, "before")] + [(number, "within")] * (name == "append")
    steps.append((len(trace) - 1, "after"))

    assert {"replace", "sync_file"} <= set(trace) or work in (delete, replay)
    for number, moment in steps:
        shutil.rmtree(tmp_path / "cache", ignore_errors=True)
        path = copy(tmp_path / "v", tmp_path / f"{number}-{moment}")
        die(work, path, KillingFiles(number, moment), single_file=single_file)
        check(work, path, single_file=single_file)


@pytest.mark.parametrize("work", [take, delete, replay], ids=lambda work: work.__name__)
def test_a_failure_at_any_step_is_told_and_leaves_all_or_nothing(
    work: Work, tmp_path: Path
) -> None:
    begin(tmp_path / "v", single_file=False)
    whole = copy(tmp_path / "v", tmp_path / "whole")
    trace = trace_of(work, whole, single_file=False)

    for number in [n for n, name in enumerate(trace) if name != "opening"]:
        shutil.rmtree(tmp_path / "cache", ignore_errors=True)
        path = copy(tmp_path / "v", tmp_path / f"{number}")
        files = FailingFiles(28, range(number, number + 1))
        with opened(path, files, single_file=False) as vault:
            with suppress(NacreError, OSError):
                work(vault)
        assert files.failed
        check(work, path, single_file=False)


def copy(source: Path, target: Path) -> Path:
    if source.is_dir():
        shutil.copytree(source, target)
    else:
        shutil.copy(source, target)
    return target
