"""A compact copy takes the place of the file, and nobody who has it open loses anything."""

import errno
import shutil
import threading
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from lmdb_rows import read_open_elsewhere
from processes import Process, in_process

import nacre
from nacre import lmdb_handle, swap
from nacre.errors import Closed, StorageError
from nacre.files import OsFiles
from nacre.lmdb_file import file_id
from nacre.testing import FailingFiles, KillingFiles, TracingFiles

SIZE = 40_000


@pytest.fixture(params=[True, False], ids=["single file", "directory"])
def path(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """Return a vault most of whose pages are free."""
    path = tmp_path / "v"
    with nacre.open(path, single_file=request.param) as vault:
        vault.record("a.b", subject="first")
        environment = vault.store.environment
        for number in range(20):
            key = b"\x7f%d" % number
            environment.run(OsFiles(), lambda t, key=key: t.put(key, bytes(SIZE)))
        for number in range(20):
            environment.run(OsFiles(), lambda t, n=number: t.delete(b"\x7f%d" % n))
    return path


def swap_it(vault: nacre.Vault) -> None:
    vault.store.environment.swap(OsFiles())


def subjects(vault: nacre.Vault) -> list[str]:
    return [event.subject for event in vault.events()]


def size_of(vault: nacre.Vault) -> int:
    return vault.store.layout.environment.stat().st_size


def test_free_pages_are_given_back(path: Path) -> None:
    with nacre.open(path) as vault:
        before = size_of(vault)

        swap_it(vault)

        assert size_of(vault) < before / 4
        assert subjects(vault) == ["first"]
        vault.record("a.b", subject="second")
        assert vault.verify().is_clean
    with nacre.open(path) as vault:
        assert subjects(vault) == ["first", "second"]


def test_nothing_but_the_file_and_its_lock_stays(path: Path) -> None:
    with nacre.open(path) as vault:
        swap_it(vault)
        environment = vault.store.layout.environment

    beside = {entry.name for entry in environment.parent.iterdir() if entry.is_file()}
    assert beside == {environment.name, environment.name + "-lock"}


def test_other_handles_of_the_process_follow(path: Path) -> None:
    with nacre.open(path) as vault, nacre.open(path) as other:
        swap_it(vault)

        other.record("a.b", subject="second")
        swap_it(other)

        assert subjects(vault) == subjects(other) == ["first", "second"]


def test_a_swap_waits_for_reads_of_other_threads_only_when_it_is_followed(path: Path) -> None:
    with nacre.open(path) as vault:
        with read_open_elsewhere(vault.store.environment):
            swap_it(vault)

        assert subjects(vault) == ["first"]


def test_another_process_follows_to_read_and_to_write(path: Path) -> None:
    def work(talk: Connection) -> None:
        with nacre.open(path) as vault:
            talk.send(subjects(vault))
            talk.recv()
            talk.send(subjects(vault))
            vault.record("a.b", subject="theirs")
            talk.send("written")
            talk.recv()

    process = Process(work)
    process.hear()
    with nacre.open(path) as vault:
        swap_it(vault)
        vault.record("a.b", subject="ours")
        process.talk.send("swapped")

        assert process.hear() == ["first", "ours"]
        assert process.hear() == "written"
        assert subjects(vault) == ["first", "ours", "theirs"]
        assert vault.verify().is_clean
    process.talk.send("done")
    process.end()


def test_a_handle_that_slept_through_two_swaps_follows(path: Path) -> None:
    def swap_twice() -> None:
        with nacre.open(path) as vault:
            swap_it(vault)
            vault.record("a.b", subject="second")
            swap_it(vault)

    with nacre.open(path) as vault:
        in_process(swap_twice)

        assert subjects(vault) == ["first", "second"]


def test_a_child_that_was_forked_before_a_swap_goes_on_with_the_copy(path: Path) -> None:
    with nacre.open(path) as vault:

        def work(talk: Connection) -> None:
            talk.recv()
            vault.record("a.b", subject="theirs")
            talk.send(subjects(vault))

        process = Process(work)
        swap_it(vault)
        vault.record("a.b", subject="ours")
        process.talk.send("swapped")

        assert process.hear() == ["first", "ours", "theirs"]
        assert subjects(vault) == ["first", "ours", "theirs"]
        process.end()


def test_a_child_does_not_go_on_with_another_vault(path: Path, tmp_path: Path) -> None:
    with nacre.open(tmp_path / "other", single_file=True) as other:
        other.record("a.b", subject="foreign")
    vault = nacre.open(path)

    def work(talk: Connection) -> None:
        talk.recv()
        with pytest.raises(Closed, match="moved, unlinked or replaced"):
            subjects(vault)
        talk.send("refused")

    process = Process(work)
    (tmp_path / "other").replace(vault.store.layout.environment)
    process.talk.send("replaced")

    assert process.hear() == "refused"
    vault.close()


def test_a_file_that_is_no_copy_of_ours_is_not_followed(path: Path, tmp_path: Path) -> None:
    with nacre.open(tmp_path / "other", single_file=True) as other:
        other.record("a.b", subject="foreign")
    vault = nacre.open(path)
    environment = vault.store.layout.environment
    in_process(lambda: swap_and_replace(path, tmp_path / "other", environment))

    with pytest.raises(Closed, match="moved, unlinked or replaced"):
        vault.record("a.b", subject="lost")
    vault.close()


def swap_and_replace(path: Path, other: Path, environment: Path) -> None:
    with nacre.open(path) as vault:
        swap_it(vault)
    other.replace(environment)


def test_a_copy_taken_before_the_swap_is_not_followed(path: Path, tmp_path: Path) -> None:
    vault = nacre.open(path)
    environment = vault.store.layout.environment
    (tmp_path / "old").write_bytes(environment.read_bytes())
    in_process(lambda: swap_and_replace(path, tmp_path / "old", environment))

    with pytest.raises(Closed):
        vault.record("a.b", subject="lost")
    vault.close()


def test_commits_of_many_threads_and_processes_survive_swaps(path: Path) -> None:
    def commit(name: str, count: int) -> None:
        with nacre.open(path) as vault:
            for number in range(count):
                vault.record("a.b", subject=f"{name} {number}")

    writers = [Process(lambda talk, n=n: commit(f"process {n}", 30)) for n in range(2)]
    threads = [threading.Thread(target=commit, args=(f"thread {n}", 30)) for n in range(2)]
    with nacre.open(path) as vault:
        for thread in threads:
            thread.start()
        for _ in range(8):
            swap_it(vault)
        for thread in threads:
            thread.join()
        for writer in writers:
            writer.end()

        expected = {
            f"{kind} {n} {k}" for kind in ("process", "thread") for n in (0, 1) for k in range(30)
        }
        assert set(subjects(vault)) == expected | {"first"}
        assert vault.head == len(expected) + 1
        assert vault.verify().is_clean


def test_a_file_that_is_replaced_while_it_is_opened_is_never_taken_for_the_other(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = path if path.is_file() else path / "vault.mdb"
    opens = lmdb_handle._open

    def open_and_lose(*place: Path, **how: bool) -> object:
        opened = opens(*place, **how)
        monkeypatch.setattr(lmdb_handle, "_open", opens)
        shutil.copy(file, file.with_name("copy")).replace(file)
        return opened

    monkeypatch.setattr(lmdb_handle, "_open", open_and_lose)
    with nacre.open(path) as vault:
        vault.record("a.b", subject="second")

        assert vault.store.environment.handle.file_id == file_id(file)
        assert in_process(lambda: subjects(nacre.open(path))) == ["first", "second"]


# Death and failure at every step


def steps(path: Path) -> list[str]:
    trace = TracingFiles()
    with nacre.open(path) as vault:
        vault.store.environment.swap(trace)
    return trace.operations


def test_a_swap_goes_through_these_steps(path: Path) -> None:
    assert steps(path) == ["commit", "sync_file", "commit", "replace"]


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("step", range(4))
def test_a_kill_at_any_step_loses_nothing(path: Path, step: int, moment: str) -> None:
    def die(talk: Connection) -> None:
        with nacre.open(path) as vault:
            vault.store.environment.swap(KillingFiles(step, moment))

    with nacre.open(path) as vault:
        Process(die).join()

        assert subjects(vault) == ["first"]
        vault.record("a.b", subject="second")
        swap_it(vault)
        assert subjects(vault) == ["first", "second"]
        assert vault.verify().is_clean
        assert not swap.beside(vault.store.layout.environment).exists()


@pytest.mark.parametrize("step", range(4))
def test_a_failure_at_any_step_changes_nothing(path: Path, step: int) -> None:
    with nacre.open(path) as vault:
        failing = FailingFiles(errno.ENOSPC, {step})
        with pytest.raises(StorageError):
            vault.store.environment.swap(failing)

        vault.record("a.b", subject="second")
        assert subjects(vault) == ["first", "second"]
        assert not swap.beside(vault.store.layout.environment).exists()
        swap_it(vault)
        assert vault.verify().is_clean
