"""Whatever dies or fails within a compaction: nothing needed is lost, and it can go on."""

import errno
import os
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from processes import Process
from works import open_over

import nacre
from nacre.blobs import index, packs
from nacre.blobs.index import Epitaph
from nacre.errors import NacreError
from nacre.files import Files
from nacre.operations.compact import compact
from nacre.operations.retain import Retention, set_retention
from nacre.testing import MOMENTS, FailingFiles, KillingFiles, Moment, TracingFiles

LARGE = 20_000
KEPT = 3

layouts = pytest.mark.parametrize("single_file", [False, True], ids=["directory", "single file"])


@pytest.fixture(autouse=True)
def _small_packs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packs, "_SEAL_AT_BYTES", 10 * LARGE)


def make(path: Path, *, single_file: bool) -> None:
    """Make a vault in which every step of a compaction has something to do."""
    with nacre.open(path, single_file=single_file) as vault:
        for number in range(KEPT):
            digest = vault.put(bytes([number]) + os.urandom(LARGE))
            vault.record("blob.kept", subject=f"kept {number}", data={"blob": digest})
            lost = [vault.put(os.urandom(LARGE)) for _ in range(8)]
            data = {"blobs": lost}
            vault.record("blob.kept", subject="old", data=data)
        set_retention(vault.store, Retention(seconds=0))
        vault.register(Kept)


class Kept:
    """What the events of `kept` name."""

    name = "kept"
    version = 1

    def __init__(self, state: nacre.State) -> None:
        self._rows = state.table("rows")

    def apply(self, event: nacre.Event) -> None:
        if event.subject.startswith("kept"):
            self._rows[event.subject] = event.data["blob"]


def run(path: Path, files: Files, *, single_file: bool) -> None:
    with open_over(path, files, single_file=single_file) as vault:
        vault.register(Kept)
        compact(vault.store, min_gain=0)


def check(path: Path) -> None:
    """Everything needed is there now, and after another compaction, which finishes the work."""
    with nacre.open(path) as vault:
        vault.register(Kept)
        for _ in range(2):
            for event in vault.events(kind="blob.kept"):
                if event.subject.startswith("kept"):
                    assert vault.get(event.data["blob"])[0] == int(event.subject[-1])
            assert vault.verify().is_clean
            compact(vault.store, min_gain=0)
        assert compact(vault.store, min_gain=0).dropped_blobs == 0
        layout = vault.store.layout
        if layout.packs is not None:
            # One that was begun and never committed to is taken by the next who writes.
            used = [p for p in layout.packs.glob("*.pack") if p.stat().st_size > 2 * LARGE]
            assert sum(p.stat().st_size for p in used) < 2 * KEPT * LARGE


def steps(path: Path, *, single_file: bool) -> list[str]:
    trace = TracingFiles()
    run(path, trace, single_file=single_file)
    return trace.operations


@layouts
def test_a_compaction_goes_through_these_operations(tmp_path: Path, single_file: bool) -> None:
    make(tmp_path / "v", single_file=single_file)

    found = set(steps(tmp_path / "v", single_file=single_file))

    in_packs = set() if single_file else {"open_append", "append", "truncate", "sync", "remove"}
    assert found == {"commit", "sync_file", "replace"} | in_packs
    check(tmp_path / "v")


@layouts
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_kill_at_any_operation_loses_nothing(
    tmp_path: Path, single_file: bool, moment: Moment
) -> None:
    make(tmp_path / "whole", single_file=single_file)
    trace = steps(tmp_path / "whole", single_file=single_file)
    numbers = [n for n, name in enumerate(trace) if moment != "within" or name == "append"]

    for number in numbers:
        path = tmp_path / f"v{number}"
        make(path, single_file=single_file)

        def die(talk: Connection, path: Path = path, number: int = number) -> None:
            run(path, KillingFiles(number, moment), single_file=single_file)

        Process(die).join()
        check(path)


@layouts
def test_a_failure_at_any_operation_loses_nothing(tmp_path: Path, single_file: bool) -> None:
    make(tmp_path / "whole", single_file=single_file)
    trace = steps(tmp_path / "whole", single_file=single_file)

    for number in range(len(trace)):
        path = tmp_path / f"v{number}"
        make(path, single_file=single_file)
        files = FailingFiles(errno.ENOSPC, {number})
        try:
            run(path, files, single_file=single_file)
        except (NacreError, OSError):
            assert files.failed
        else:
            # Which packs are tried for room first is chance, and so is the number of operations.
            assert not files.failed
        check(path)


@layouts
def test_a_blob_that_no_commit_dropped_is_reported(tmp_path: Path, single_file: bool) -> None:
    make(tmp_path / "v", single_file=single_file)
    with nacre.open(tmp_path / "v") as vault:
        vault.register(Kept)
        compact(vault.store, min_gain=0)
        event = next(vault.events(subject="kept 1"))
        store = vault.store
        epitaph = Epitaph(1, "history 0d")
        store.environment.run(store.files, lambda t: index.drop_row(t, event.data["blob"], epitaph))

        problems = vault.verify().problems

    assert any("is named, but not there" in str(problem) for problem in problems)
