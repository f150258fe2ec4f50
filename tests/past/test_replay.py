"""A replay derives every view again beside the live ones, and names what is not equal."""

import itertools
import os
import shutil
import signal
import sys
from pathlib import Path
from typing import ClassVar

import pandas as pd
import pytest
from accounts import Accounts, deposit, fill
from click.testing import CliRunner
from processes import in_process
from rows import delete, put, rows

import nacre
from nacre import codec
from nacre.cli.program import program
from nacre.errors import InvalidInput, NotFound, StateError
from nacre.operations import ReplayReport, workers
from nacre.past import work
from nacre.prefixes import BLOBS, VIEWS

SEEN = itertools.count()


class Impure(Accounts):
    """A broken view: what it writes depends on when it is asked."""

    name: ClassVar[str] = "impure"

    def apply(self, event: nacre.Event) -> None:
        if event.subject == "bo":
            self._balances["bo"] = next(SEEN)
        else:
            super().apply(event)


class Remembering(Accounts):
    """A broken view: its rows depend on the events that the same object has seen."""

    name: ClassVar[str] = "remembering"

    def __init__(self, state: nacre.State) -> None:
        super().__init__(state)
        self.seen = 0

    def apply(self, event: nacre.Event) -> None:
        self.seen += 1
        self._balances[event.subject] = self.seen


@pytest.fixture
def path(bank: Path) -> Path:
    with nacre.open(bank, actor="ana") as vault:
        vault.register(Accounts)
        vault.frames.write("f", pd.DataFrame({"n": range(5000)}))
        deposit(vault, "ana", 1)
    return bank


def replayed(path: Path, *views: type[nacre.View], **how: object) -> ReplayReport:
    with nacre.open(path, read_only=True) as vault:
        for view in (Accounts, *views):
            vault.register(view)
        return vault.replay(**how)


def problem(report: ReplayReport) -> str:
    (found,) = report.problems
    return str(found)


def test_a_vault_equals_its_replay(path: Path) -> None:
    before = rows(path, VIEWS)
    report = replayed(path)

    assert report.is_equal
    assert report.position == 4
    assert [view.name for view in report.views] == ["accounts", "frames", "nacre.history", "rows"]
    assert {view.compared_with for view in report.views} == {("live rows",)}
    assert rows(path, VIEWS) == before


def test_a_hand_edited_row_is_named_with_the_commit_that_made_it(path: Path) -> None:
    (key,) = (key for key in rows(path, VIEWS) if b"ana" in key and len(key) > 15)
    put(path, key, codec.pack(1_000_000))

    report = replayed(path)

    (accounts,) = (view for view in report.views if view.name == "accounts")
    divergence = accounts.divergence
    assert (divergence.view, divergence.key, divergence.commit) == (
        "accounts",
        "balances['ana']",
        3,
    )
    assert (divergence.stored, divergence.replayed) == ("1000000", "11")
    assert problem(report) == (
        "view: accounts: balances['ana'] is 1000000, and its replay 11 (commit 3 made that row); "
        "affects accounts"
    )


def test_a_row_that_was_added_or_removed_by_hand_is_named(path: Path) -> None:
    (key,) = (key for key in rows(path, VIEWS) if b"ana" in key and len(key) > 15)
    delete(path, key)
    removed = problem(replayed(path))
    put(path, key, codec.pack(11))
    put(path, key.replace(b"ana", b"zoe"), codec.pack(7))
    added = problem(replayed(path))

    assert "balances['ana'] is missing, and its replay 11 (commit 3" in removed
    assert "balances['zoe'] is 7, and its replay missing (no commit made that row)" in added


def test_an_impure_view_is_named(path: Path) -> None:
    with nacre.open(path) as vault:
        vault.register(Impure)

        report = vault.replay()

    assert "impure: balances['bo'] is" in problem(report)
    assert "(commit 1 made that row)" in problem(report)


def test_an_impure_view_differs_from_itself_in_the_past(path: Path) -> None:
    report = replayed(path, Impure, to=3)

    assert "impure: balances['bo'] is" in problem(report)
    assert report.position == 3
    assert {view.compared_with for view in report.views} == {("a second derivation",)}


def test_a_view_that_remembers_differs_in_batches_of_another_size(tmp_path: Path) -> None:
    with nacre.open(tmp_path / "v") as vault:
        vault.register(Remembering)
        fill(vault, 3, 1000)

        report = vault.replay(to=3, views=["remembering"])

    assert "remembering: balances[" in problem(report)


def test_a_missing_blob_is_named_with_what_it_belongs_to(path: Path) -> None:
    for key in rows(path, BLOBS):
        delete(path, key)

    report = replayed(path)

    said = [str(found) for found in report.problems]
    assert any("is named, but not there; affects frame 'f' version 0" in text for text in said)
    assert replayed(path, views=["accounts"]).is_equal


def test_a_replay_to_a_snapshot_is_compared_with_it(path: Path) -> None:
    with nacre.open(path) as vault:
        vault.register(Accounts)
        vault.snapshots.create("q1", at=2)
        deposit(vault, "ana", 5)

    report = replayed(path, to="q1")

    assert report.is_equal
    by_name = {view.name: view.compared_with for view in report.views}
    assert by_name["accounts"] == ("snapshot 'q1'",)
    assert by_name["nacre.snapshots"] == ("a second derivation",)


def test_a_snapshot_of_edited_rows_is_found(path: Path) -> None:
    (key,) = (key for key in rows(path, VIEWS) if b"ana" in key and len(key) > 15)
    put(path, key, codec.pack(1_000_000))
    with nacre.open(path) as vault:
        vault.register(Accounts)
        vault.snapshots.create("q1")
    put(path, key, codec.pack(11))

    assert "balances['ana'] is 1000000, and its replay 11" in problem(replayed(path, to="q1"))
    assert replayed(path).is_equal
    assert "balances['ana'] is 11, and its replay 1000000" in problem(replayed(path, start="q1"))


def test_a_replay_from_a_snapshot_applies_what_followed(path: Path) -> None:
    with nacre.open(path) as vault:
        vault.register(Accounts)
        vault.snapshots.create("q1")
        deposit(vault, "cy", 5)

    report = replayed(path, start="q1")

    assert report.is_equal
    starts = {view.name: view.start for view in report.views}
    assert starts == {
        "accounts": 4,
        "frames": 4,
        "nacre.history": 4,
        "nacre.snapshots": 0,
        "rows": 4,
    }


def test_what_cannot_be_replayed_is_refused(path: Path) -> None:
    with nacre.open(path) as vault:
        vault.register(Accounts)
        vault.snapshots.create("q1", at=3)
        with pytest.raises(NotFound, match="no view 'nothing' is installed"):
            vault.replay(views=["nothing"])
        with pytest.raises(NotFound, match="no snapshot 'q9'"):
            vault.replay(start="q9")
        with pytest.raises(InvalidInput, match="is of position 3, after 1"):
            vault.replay(start="q1", to=1)
        with pytest.raises(StateError, match="replay works on what is stored"):
            vault.at(1).replay()
        with vault.read(), pytest.raises(StateError, match="leave the transaction or the read"):
            vault.replay()


def test_writers_go_on_meanwhile(path: Path) -> None:
    with nacre.open(path) as vault, nacre.open(path) as writer:
        for handle in (vault, writer):
            handle.register(Accounts)
        report = vault.replay(progress=lambda *_: deposit(writer, "ana", 1) and None)

        assert report.is_equal
        assert report.position > 4


def test_views_are_derived_in_several_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "_WORTH_A_PROCESS", 1)
    monkeypatch.setattr(os, "cpu_count", lambda: 4)
    with nacre.open(tmp_path / "v") as vault:
        vault.register(Accounts)
        vault.register(Remembering)
        fill(vault, 30, 100)
        vault.snapshots.create("q1")

        assert vault.replay(views=["accounts", "frames", "nacre.history"]).is_equal
        assert vault.replay(views=["accounts"], to=12).is_equal
        vault.register(Raising)
        with pytest.raises(ZeroDivisionError):
            vault.replay()


class Raising(Accounts):
    """A view whose code has come to raise."""

    name: ClassVar[str] = "raising"
    raised: ClassVar[list[int]] = []

    def apply(self, event: nacre.Event) -> None:
        self.raised.append(event.position)
        if len(self.raised) > 4000:
            raise ZeroDivisionError


def test_a_killed_replay_goes_on_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules["nacre.operations.replay"], "BATCH_EVENTS", 100)
    with nacre.open(tmp_path / "v") as vault:
        vault.register(Accounts)
        fill(vault, 20, 100)
        advance = work.Work.advance

        def dying(self: work.Work, until: int) -> None:
            if self.position == 12:
                os.kill(os.getpid(), signal.SIGKILL)
            advance(self, until)

        def at_once(self: work.Work, until: int) -> None:
            positions.append(self.position)
            advance(self, until)

        assert dies(lambda: patched(dying, vault, monkeypatch))
        positions: list[int] = []
        monkeypatch.setattr(work.Work, "advance", at_once)

        assert vault.replay(views=["accounts"]).is_equal
        assert positions == list(range(12, 20))
        positions.clear()
        assert vault.replay(views=["accounts"]).is_equal
        assert positions == list(range(20))


def patched(advance: object, vault: nacre.Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work.Work, "advance", advance)
    vault.replay(views=["accounts"])


def dies(action: object) -> bool:
    process = os.fork()
    if process == 0:
        try:
            action()
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == -signal.SIGKILL


def test_a_damaged_scratch_file_is_begun_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "cache"
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    with nacre.open(tmp_path / "v") as vault:
        vault.register(Accounts)
        fill(vault, 5, 10)
        broken = lambda *_: (_ for _ in ()).throw(KeyboardInterrupt)  # noqa: E731
        with pytest.raises(KeyboardInterrupt):
            vault.replay(progress=broken)
        (folder,) = cache.glob("nacre/*/work-*")
        for file in folder.iterdir():
            file.write_bytes(b"not LMDB" * 1000)

        assert vault.replay().is_equal
        assert not folder.exists()


def test_two_replays_at_once_do_not_meet(path: Path) -> None:
    with nacre.open(path) as vault:
        vault.register(Accounts)
        found: list[bool] = []

        def again(what: str, done: int, total: int) -> None:
            if not found:
                found.append(False)
                found[0] = in_process(lambda: replayed(path).is_equal)

        assert vault.replay(progress=again).is_equal
        assert found == [True]


def test_the_command_tells_by_its_exit_code(path: Path) -> None:
    run = CliRunner().invoke
    equal = run(program, ["replay", str(path)], standalone_mode=False)
    (key,) = (key for key in rows(path, VIEWS) if b"f" in key and b"versions" in key)
    delete(path, key)
    differs = run(program, ["replay", str(path), "--view", "frames"], standalone_mode=False)
    as_json = run(program, ["replay", str(path), "--json"], standalone_mode=False)

    assert equal.return_value == 0
    assert "equal at position 4" in equal.output
    assert differs.return_value == 1
    assert "versions['f', 0] is missing, and its replay" in differs.output
    assert '"commit": 2' in as_json.output
    shutil.rmtree(path)
