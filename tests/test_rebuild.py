"""Rebuilds and long catch-ups: in batches, beside commits, and killed midway."""

import os
import shutil
import signal
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from accounts import Accounts, DoubledAccounts, deposit, fill
from processes import Process

import nacre
from nacre.errors import NotFound

BATCH_EVENTS = 50_000  # that many events are applied in one transaction


def test_a_rebuild_gives_the_same_rows(bank: Path) -> None:
    with nacre.open(bank) as vault:
        vault.register(Accounts)
        before = vault.view(Accounts).all()

        report = vault.rebuild()

        assert (report.views, report.commits) == (
            ("accounts", "frames", "nacre.history", "rows"),
            2,
        )
        assert vault.view(Accounts).all() == before
        assert deposit(vault, "ana", 1).position == 2
        assert vault.view(Accounts).get("ana") == 11
        assert vault.verify().is_clean


def test_an_unknown_view_is_not_rebuilt(bank: Path) -> None:
    with nacre.open(bank) as vault:
        with pytest.raises(NotFound, match="choose of"):
            vault.rebuild(["nobody"])


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A vault whose log takes more than one batch to replay."""
    path = tmp_path_factory.mktemp("large") / "v"
    with nacre.open(path, durability="relaxed") as vault:
        fill(vault, 12, BATCH_EVENTS // 10)
    return path


@pytest.fixture
def large_copy(large: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(large, tmp_path / "large"))


def test_a_long_log_is_replayed_in_batches(large_copy: Path) -> None:
    reports: list[tuple[int, int]] = []
    with nacre.open(large_copy) as vault:
        vault.register(Accounts)
        vault.rebuild(progress=lambda _, done, total: reports.append((done, total)))

        assert vault.view(Accounts).get("o0") == 600
        assert reports == [(10, 12)]
        assert vault.verify().is_clean


def test_commits_of_other_processes_during_a_rebuild_are_in_it(large_copy: Path) -> None:
    def commit_when_told(talk: Connection) -> None:
        with nacre.open(large_copy) as vault:
            while talk.recv() == "commit":
                talk.send(deposit(vault, "late", 1).position)

    other = Process(commit_when_told)

    def let_it_commit(*_: object) -> None:
        other.talk.send("commit")
        other.hear()

    with nacre.open(large_copy) as vault:
        vault.register(Accounts)
        vault.rebuild(progress=let_it_commit)
        let_it_commit()
        other.talk.send("end")
        other.end()

        assert vault.view(Accounts).get("late") == vault.head - 12 >= 2
        assert vault.verify().is_clean


def die(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_killed_rebuild_leaves_the_live_rows_and_is_begun_again(large_copy: Path) -> None:
    with nacre.open(large_copy) as vault:
        vault.register(Accounts)

    def rebuild_and_die(_: Connection) -> None:
        with nacre.open(large_copy) as vault:
            vault.register(Accounts)
            vault.rebuild(progress=die)

    Process(rebuild_and_die).join()
    with nacre.open(large_copy) as vault:
        vault.register(Accounts)
        deposit(vault, "o0", 1)
        after_the_kill = vault.view(Accounts).get("o0")
        was_clean = vault.verify().is_clean
        vault.rebuild()

        assert (after_the_kill, was_clean) == (601, True)
        assert vault.view(Accounts).get("o0") == 601
        assert vault.verify().is_clean


def test_a_killed_catch_up_goes_on_where_it_was(large_copy: Path) -> None:
    class Dying(DoubledAccounts):
        def apply(self, event: nacre.Event) -> None:
            if event.position == 11:
                die()
            super().apply(event)

    applied = []

    class Going(DoubledAccounts):
        def apply(self, event: nacre.Event) -> None:
            applied.append(event.position)
            super().apply(event)

    Process(lambda _: nacre.open(large_copy).register(Dying)).join()
    with nacre.open(large_copy) as vault:
        vault.register(Going)

        assert sorted(set(applied)) == [10, 11]
        assert vault.view(Going).get("o0") == 60_000
        assert vault.verify().is_clean


def test_old_code_does_not_continue_a_build_of_newer_code(large_copy: Path) -> None:
    with nacre.open(large_copy) as vault:
        vault.register(Accounts)

    class Dying(DoubledAccounts):
        def apply(self, event: nacre.Event) -> None:
            if event.position == 11:
                die()
            super().apply(event)

    Process(lambda _: nacre.open(large_copy).register(Dying)).join()
    with nacre.open(large_copy) as vault:
        vault.register(Accounts)
        vault.rebuild()
        assert vault.view(Accounts).get("o0") == 600
        assert vault.verify().is_clean

    with nacre.open(large_copy) as vault:
        assert vault.view(DoubledAccounts).get("o0") == 60_000
        assert vault.verify().is_clean
