"""Many threads that commit at once: each gets its own receipt or error, and harms no other."""

import contextlib
import threading
import weakref
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from accounts import Accounts, deposit

import nacre
from nacre.errors import Closed, StateError

THREADS = 16


def all_at_once(works: list[Callable[[], object]]) -> list[Future]:
    """Return what came of each, started together in a thread of its own."""
    barrier = threading.Barrier(len(works))

    def work_together(work: Callable[[], object]) -> object:
        barrier.wait()
        return work()

    with ThreadPoolExecutor(len(works)) as threads:
        return [threads.submit(work_together, work) for work in works]


def assert_whole(vault: nacre.Vault) -> None:
    positions = [event.position for event in vault.events()]
    assert sorted(set(positions)) == list(range(vault.head))
    assert vault.verify().is_clean


def test_every_thread_gets_its_own_receipt(vault: nacre.Vault) -> None:
    vault.register(Accounts)

    def work(thread: int) -> Callable[[], list[nacre.Receipt]]:
        return lambda: [deposit(vault, f"t{thread}", n, message=f"{n}") for n in range(30)]

    results = [done.result() for done in all_at_once([work(n) for n in range(THREADS)])]

    by_position = {event.position: event for event in vault.events()}
    for thread, receipts in enumerate(results):
        for n, receipt in enumerate(receipts):
            event = by_position[receipt.position]
            assert (event.subject, event.data["amount"], event.message) == (f"t{thread}", n, f"{n}")
            assert receipt.durable
    assert vault.head == THREADS * 30
    assert vault.view(Accounts).all() == {f"t{n}": 435 for n in range(THREADS)}
    assert_whole(vault)


@pytest.mark.parametrize("when", ["before recording", "after recording"])
def test_a_decision_that_raises_harms_nobody(vault: nacre.Vault, when: str) -> None:
    vault.register(Accounts)

    def refuse(n: int) -> None:
        def decide(tx: nacre.Transaction) -> None:
            if when == "after recording":
                tx.record("deposited", subject="lost", data={"amount": 1})
                tx.put(b"x" * 5000)
            raise ValueError(f"refused {n}")

        vault.commit(decide)

    def work(thread: int) -> Callable[[], list[str]]:
        def repeat() -> list[str]:
            errors = []
            for n in range(30):
                try:
                    refuse(n) if (thread + n) % 3 == 0 else deposit(vault, f"t{thread}", 1)
                except ValueError as error:
                    errors.append(str(error))
            return errors

        return repeat

    results = [done.result() for done in all_at_once([work(n) for n in range(THREADS)])]

    for thread, errors in enumerate(results):
        assert errors == [f"refused {n}" for n in range(30) if (thread + n) % 3 == 0]
    assert vault.view(Accounts).all() == {f"t{n}": 20 for n in range(THREADS)}
    assert vault.head == THREADS * 20
    assert_whole(vault)


def test_decisions_see_what_those_before_them_decided(vault: nacre.Vault) -> None:
    vault.register(Accounts)
    deposit(vault, "ana", 100)

    def withdraw() -> bool:
        def decide(tx: nacre.Transaction) -> None:
            if tx.view(Accounts).get("ana") < 1:
                raise ValueError("not enough")
            tx.record("withdrawn", subject="ana", data={"amount": 1})

        try:
            vault.commit(decide)
        except ValueError:
            return False
        return True

    works = [lambda: sum(withdraw() for _ in range(10)) for _ in range(THREADS)]
    won = [done.result() for done in all_at_once(works)]

    assert sum(won) == 100
    assert vault.view(Accounts).get("ana") == 0
    assert_whole(vault)


def test_transactions_and_decisions_take_turns(vault: nacre.Vault) -> None:
    vault.register(Accounts)

    def interactive() -> None:
        for _ in range(20):
            with vault.transaction() as tx:
                before = tx.view(Accounts).get("ana")
                tx.record("deposited", subject="ana", data={"amount": 1})
                assert tx.view(Accounts).get("ana") == before + 1

    def decided() -> None:
        for _ in range(20):
            deposit(vault, "ana", 1)

    results = all_at_once([interactive, decided] * 4)

    assert [done.result() for done in results] == [None] * 8
    assert vault.view(Accounts).get("ana") == vault.head == 160
    assert_whole(vault)


def test_blobs_put_by_many_threads_are_all_there(vault: nacre.Vault) -> None:
    def work(thread: int) -> Callable[[], list[nacre.Digest]]:
        def put() -> list[nacre.Digest]:
            digests = []
            for n in range(10):
                digest = vault.put(f"{thread % 4} {n} ".encode() * (1 + 500 * (n % 2)))
                vault.record("file.added", subject=f"t{thread}", data={"blob": digest})
                digests.append(digest)
            return digests

        return put

    results = [done.result() for done in all_at_once([work(n) for n in range(THREADS)])]

    for thread, digests in enumerate(results):
        for n, digest in enumerate(digests):
            assert vault.get(digest).startswith(f"{thread % 4} {n} ".encode())
    assert_whole(vault)


def test_readers_see_whole_commits_only(vault: nacre.Vault) -> None:
    vault.register(Accounts)
    vault.commit(lambda tx: tx.record("deposited", subject="ana", data={"amount": 1000}))
    stop = threading.Event()

    def move() -> None:
        def decide(tx: nacre.Transaction) -> None:
            tx.record("withdrawn", subject="ana", data={"amount": 1})
            tx.record("deposited", subject="bo", data={"amount": 1})

        try:
            for _ in range(100):
                vault.commit(decide)
        finally:
            stop.set()

    def watch() -> set[int]:
        totals = set()
        while not stop.is_set():
            with vault.read():
                totals.add(sum(vault.view(Accounts).all().values()))
        return totals

    *movers, first, second = all_at_once([move, move, watch, watch])

    assert [done.result() for done in movers] == [None, None]
    assert first.result() | second.result() <= {1000}


def test_what_is_acknowledged_before_a_close_is_there_after_it(tmp_path: Path) -> None:
    vault = nacre.open(tmp_path / "v")
    started = threading.Barrier(THREADS + 1)

    def commit_until_closed() -> int:
        started.wait()
        acknowledged = 0
        try:
            while True:
                vault.record("a.b", subject="s")
                acknowledged += 1
        except Closed:
            return acknowledged

    with ThreadPoolExecutor(THREADS) as threads:
        committing = [threads.submit(commit_until_closed) for _ in range(THREADS)]
        started.wait()
        while vault.head < 50:
            pass
        vault.close()
        acknowledged = sum(done.result(30) for done in committing)

    with nacre.open(tmp_path / "v") as again:
        assert again.head == acknowledged
        assert_whole(again)


class Interrupted(BaseException):
    """What a signal handler may raise anywhere."""


def test_an_interrupt_in_a_decision_commits_nothing(vault: nacre.Vault) -> None:
    def interrupted(tx: nacre.Transaction) -> None:
        tx.record("a.b", subject="s")
        raise Interrupted

    with pytest.raises(Interrupted):
        vault.commit(interrupted)

    assert vault.head == 0
    assert vault.record("a.b", subject="s").position == 0
    assert_whole(vault)


def test_an_interrupt_among_other_decisions_is_raised_in_its_thread_alone(
    vault: nacre.Vault,
) -> None:
    vault.register(Accounts)

    def interrupted(tx: nacre.Transaction) -> None:
        tx.record("deposited", subject="lost", data={"amount": 1})
        raise Interrupted

    def interrupt() -> int:
        count = 0
        for _ in range(20):
            try:
                vault.commit(interrupted)
            except Interrupted:
                count += 1
        return count

    def work() -> int:
        return len([deposit(vault, "ana", 1) for _ in range(20)])

    results = all_at_once([interrupt, work] * 4)

    assert [done.result() for done in results] == [20] * 8
    assert vault.view(Accounts).all() == {"ana": 80}
    assert_whole(vault)


class Fragile:
    """Changes one row, then raises before it changes the other."""

    name = "fragile"
    version = 1

    def __init__(self, state: nacre.State) -> None:
        self.rows = state.table("rows")

    def apply(self, event: nacre.Event) -> None:
        """Raise half-way."""
        self.rows["first"] = event.position
        raise LookupError("half-way")


def test_a_decision_cannot_go_on_after_a_view_has_raised(tmp_path: Path) -> None:
    def decide(tx: nacre.Transaction) -> None:
        with contextlib.suppress(LookupError):
            tx.record("a.b", subject="s")

    with nacre.open(tmp_path / "v") as vault:
        vault.register(Fragile)

        with pytest.raises(StateError, match="half changed"):
            vault.commit(decide)

        assert vault.head == 0
        assert list(vault.view(Fragile).rows.scan()) == []


def test_what_a_decision_held_is_let_go_when_it_is_committed(vault: nacre.Vault) -> None:
    vault.register(Accounts)
    held: list[weakref.ref[object]] = []

    class Load:
        """Something that a decision holds."""

        amount = 1

    def work() -> None:
        load = Load()
        held.append(weakref.ref(load))
        vault.commit(lambda tx: tx.record("deposited", subject="ana", data={"amount": load.amount}))

    for done in all_at_once([work] * THREADS):
        done.result()

    assert [reference() for reference in held] == [None] * THREADS
