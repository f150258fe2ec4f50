"""A vault across fork(): the child reads and commits, and the parent notices nothing of it."""

import multiprocessing
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from processes import in_process

import nacre
from nacre import locks
from nacre.errors import NotFound, StateError

LARGE = 100_000
FORKS = 12


def subjects(vault: nacre.Vault) -> list[str]:
    return [event.subject for event in vault.events()]


def forked(work: Callable[[], None]) -> int:
    """Fork at once, in this thread; return the exit code of *work*."""
    process = os.fork()
    if process == 0:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def test_a_child_reads_and_commits_through_the_handle_of_its_parent(vault: nacre.Vault) -> None:
    vault.record("a.b", subject="parent")

    def work() -> tuple[list[str], int]:
        vault.record("a.b", subject="child")
        return subjects(vault), vault.head

    seen = in_process(work)
    vault.record("a.b", subject="parent again")

    assert seen == (["parent", "child"], 2)
    assert subjects(vault) == ["parent", "child", "parent again"]
    assert vault.verify().is_clean


def test_a_child_of_a_child_commits(vault: nacre.Vault) -> None:
    def work() -> None:
        vault.record("a.b", subject="child")
        assert forked(lambda: vault.record("a.b", subject="grandchild") and None) == 0
        vault.record("a.b", subject="child again")

    assert forked(work) == 0

    assert subjects(vault) == ["child", "grandchild", "child again"]
    assert vault.verify().is_clean


def test_a_child_that_closes_its_handle_leaves_the_parent_alone(vault: nacre.Vault) -> None:
    vault.put(os.urandom(LARGE))

    def work() -> int:
        vault.close()
        with nacre.open(vault.path) as own:
            own.record("a.b", subject="child")
            return own.head

    head = in_process(work)
    vault.record("a.b", subject="parent")

    assert head == 1
    assert subjects(vault) == ["child", "parent"]


def test_a_read_inside_which_a_process_forks_says_so(vault: nacre.Vault) -> None:
    vault.record("a.b", subject="parent")

    with vault.read():
        before = vault.head
        code = forked(lambda: vault.record("a.b", subject="child") and None)
        with pytest.raises(StateError, match="forked inside a read: leave it and read again"):
            _ = vault.head

    assert (code, before) == (0, 1)
    assert subjects(vault) == ["parent", "child"]


def test_a_child_forked_inside_a_read_reads_for_itself(vault: nacre.Vault) -> None:
    vault.record("a.b", subject="parent")

    with vault.read():
        seen = in_process(lambda: (vault.head, subjects(vault)))

    assert seen == (1, ["parent"])


def test_a_transaction_inside_which_a_process_forks_commits(vault: nacre.Vault) -> None:
    with vault.transaction() as tx:
        tx.record("a.b", subject="before")
        code = forked(lambda: None)
        tx.record("a.b", subject="after")
    in_child = in_process(lambda: subjects(vault))

    assert code == 0
    assert subjects(vault) == in_child == ["before", "after"]
    assert vault.verify().is_clean


def test_a_child_forked_inside_a_transaction_sees_nothing_of_it(vault: nacre.Vault) -> None:
    vault.record("a.b", subject="kept")

    with vault.transaction() as tx:
        tx.record("a.b", subject="not yet")
        seen = in_process(lambda: subjects(vault))

    assert seen == ["kept"]
    assert subjects(vault) == ["kept", "not yet"]


def test_a_decision_may_fork(vault: nacre.Vault) -> None:
    codes = []

    def decide(tx: nacre.Transaction) -> None:
        tx.record("a.b", subject="s")
        codes.append(forked(lambda: None))

    vault.commit(decide)
    vault.record("a.b", subject="t")

    assert codes == [0]
    assert subjects(vault) == ["s", "t"]


def test_a_child_that_leaves_the_read_it_was_forked_in_goes_on(
    vault: nacre.Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "_PATIENCE_SECONDS", 0.01)
    environment = vault.store.environment

    def grow_under_a_read() -> None:
        with vault.read(), ThreadPoolExecutor(1) as pool:
            assert isinstance(pool.submit(environment.grow).exception(), StateError)

    child = -1
    try:
        with vault.read():
            child = os.fork()
        if child == 0:
            vault.record("a.b", subject="child")
            grow_under_a_read()
            os._exit(0)
    finally:
        if child == 0:
            os._exit(1)

    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert subjects(vault) == ["child"]


@pytest.mark.parametrize("fate", ["commits", "aborts"])
def test_a_child_cannot_commit_the_transaction_that_it_was_forked_in(
    vault: nacre.Vault, fate: str
) -> None:
    child = -1
    try:
        with vault.transaction() as tx:
            tx.record("a.b", subject="s")
            child = os.fork()
            if child and fate == "aborts":
                raise KeyError
    except KeyError:
        pass
    except StateError as error:
        os._exit(0 if "forked inside this transaction" in str(error) else 1)
    finally:
        if child == 0:
            os._exit(2)

    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert subjects(vault) == (["s"] if fate == "commits" else [])
    vault.record("a.b", subject="later")
    assert vault.verify().is_clean


def test_a_child_cannot_commit_the_decision_that_it_was_forked_in(vault: nacre.Vault) -> None:
    children = []

    def decide(tx: nacre.Transaction) -> None:
        tx.record("a.b", subject="s")
        children.append(os.fork())

    try:
        vault.commit(decide)
    except StateError as error:
        os._exit(0 if "forked inside this transaction" in str(error) else 1)
    finally:
        if children == [0]:
            os._exit(2)

    assert os.waitstatus_to_exitcode(os.waitpid(children[0], 0)[1]) == 0
    assert subjects(vault) == ["s"]
    assert vault.verify().is_clean


def test_what_a_parent_has_put_is_its_own(vault: nacre.Vault) -> None:
    small, large = vault.put(b"small"), vault.put(os.urandom(LARGE))

    def work() -> None:
        for digest in (small, large):
            with pytest.raises(NotFound):
                vault.record("a.b", subject="child", data={"blob": digest})

    code = forked(work)
    vault.record("a.b", subject="parent", data={"blobs": [small, large]})

    assert code == 0
    assert len(vault.get(large)) == LARGE
    assert vault.verify().is_clean


def test_a_parent_and_its_children_put_at_once(vault: nacre.Vault) -> None:
    vault.put(os.urandom(LARGE))  # so that a pack is open when the children are forked

    def put(name: str) -> None:
        for _ in range(3):
            digest = vault.put(os.urandom(LARGE))
            vault.record("a.b", subject=name, data={"blob": digest})

    children = []
    for number in range(3):
        child = os.fork()
        if child == 0:
            try:
                put(f"child {number}")
            finally:
                os._exit(0)
        children.append(child)
    put("parent")
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]

    assert codes == [0, 0, 0]
    assert vault.head == 12
    assert vault.verify().is_clean


def test_a_process_forks_while_its_threads_commit_and_read(vault: nacre.Vault) -> None:
    stop = threading.Event()

    def commit(number: int) -> int:
        turns = 0
        while not stop.is_set():
            vault.record("a.b", subject=f"thread {number}", data={"turn": turns})
            turns += 1
        return turns

    def read() -> int:
        turns = 0
        while not stop.is_set():
            with vault.read():
                head = vault.head
                assert len(list(vault.events(start=max(0, head - 3)))) == min(head, 3)
            turns += 1
        return turns

    with ThreadPoolExecutor(4) as pool:
        writers = [pool.submit(commit, number) for number in range(3)]
        reader = pool.submit(read)
        try:
            codes = [
                forked(lambda: vault.record("a.b", subject="child") and None) for _ in range(FORKS)
            ]
        finally:
            stop.set()
    turns = [writer.result() for writer in writers]

    assert codes == [0] * FORKS
    assert reader.result() > 0
    assert vault.head == sum(turns) + FORKS
    assert vault.verify().is_clean


def test_threads_of_a_child_commit_together(vault: nacre.Vault) -> None:
    with ThreadPoolExecutor(4) as pool:  # the parent's writer thread has started
        list(pool.map(lambda n: vault.record("a.b", subject=f"parent {n}"), range(20)))

    def work() -> int:
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda n: vault.record("a.b", subject=f"child {n}"), range(20)))
        return vault.head

    head = in_process(work)
    vault.record("a.b", subject="parent")

    assert head == 40
    assert vault.head == 41
    assert vault.verify().is_clean


def test_a_pool_of_forked_workers_commits(tmp_path: Path) -> None:
    with nacre.open(tmp_path / "v") as vault:
        vault.record("a.b", subject="parent")
        _Worker.vault = vault
        with multiprocessing.get_context("fork").Pool(4) as pool:
            positions = pool.map(_commit, range(20))

        assert sorted(positions) == list(range(1, 21))
        assert vault.head == 21
        assert vault.verify().is_clean


def test_a_vault_closed_before_the_fork_stays_closed(tmp_path: Path) -> None:
    vault = nacre.open(tmp_path / "v")
    vault.close()

    def work() -> str:
        with pytest.raises(StateError) as raised:
            vault.record("a.b", subject="s")
        return raised.value.code

    assert in_process(work) == "closed"


def test_a_read_only_handle_survives_a_fork(tmp_path: Path) -> None:
    with nacre.open(tmp_path / "v") as vault:
        vault.record("a.b", subject="s")

    with nacre.open(tmp_path / "v", read_only=True) as vault:
        seen = in_process(lambda: subjects(vault))

        assert seen == subjects(vault) == ["s"]


def test_a_child_forked_while_others_would_not_leave_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "_PATIENCE_SECONDS", 0.01)
    vault = nacre.open(tmp_path / "v")
    entered, leave = threading.Event(), threading.Event()

    def stay() -> None:
        with vault.transaction() as tx:
            tx.record("a.b", subject="slow")
            entered.set()
            leave.wait()

    def work() -> str:
        with pytest.raises(StateError, match="start workers before opening") as raised:
            _ = vault.head
        return raised.value.code

    thread = threading.Thread(target=stay)
    thread.start()
    entered.wait()
    code = in_process(work)
    leave.set()
    thread.join()
    vault.record("a.b", subject="parent")

    assert code == "state"
    assert subjects(vault) == ["slow", "parent"]
    vault.close()


class _Worker:
    """Where the workers of a pool find the vault that they were forked with."""

    vault: nacre.Vault


def _commit(number: int) -> int:
    return _Worker.vault.record("a.b", subject=f"worker {number}").position
