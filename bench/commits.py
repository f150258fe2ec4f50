"""Durable commits of one event: from one thread, and from sixteen at once."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

import nacre
from bench.child import Child
from bench.measure import Line, Setting, Target, speedup, take_turns

THREADS = 16


class Commits:
    """A new vault for each measurement."""

    def commit_each(self, path: str, commits: int) -> float:
        """Record events one by one."""
        with nacre.open(path, actor="bench") as vault:
            # The first commit also makes what a vault has only once.
            _record(vault, 0)
            start = time.perf_counter()
            for number in range(commits):
                _record(vault, number)
            return time.perf_counter() - start

    def commit_from_threads(self, path: str, threads: int, each: int) -> float:
        """Record from *threads* at once, and return the seconds until the last is done."""
        barrier = threading.Barrier(threads + 1)
        with nacre.open(path, actor="bench") as vault:

            def work(first: int) -> None:
                barrier.wait()
                for number in range(first, first + each):
                    _record(vault, number)

            workers = [threading.Thread(target=work, args=(n * each,)) for n in range(threads)]
            for worker in workers:
                worker.start()
            barrier.wait()
            start = time.perf_counter()
            for worker in workers:
                worker.join()
            taken = time.perf_counter() - start
            assert vault.head == threads * each
        return taken


def commits(setting: Setting) -> list[Line]:
    """One thread, against raw LMDB with the same bytes and flags."""
    # Short turns and many of them: what a sync takes changes from second to second.
    count = setting.size(1000, 300)
    with Child("bench.commits:Commits") as ours, Child("bench.peers.raw_lmdb:RawLmdb") as raw:
        model = setting.place("commits-model")
        ours.seconds("commit_each", path=str(model), commits=count - 1)
        raw.call("prepare", vault=str(model / "vault.mdb"))

        def with_lmdb(method: str) -> Callable[[], float]:
            def run() -> float:
                raw.call("open", path=str(setting.place("commits-lmdb")))
                taken = raw.seconds(method)
                raw.call("close")
                return taken

            return run

        samples = take_turns(
            3 * setting.rounds,
            {
                "nacre": lambda: ours.seconds(
                    "commit_each", path=str(setting.place("commits")), commits=count
                ),
                "lmdb": with_lmdb("commit_each"),
            },
        )
    return [
        Line(
            work="durable commits of one event, one thread",
            against="raw lmdb, same bytes, same flags",
            ours=samples["nacre"].per_second(count),
            theirs=samples["lmdb"].per_second(count),
            unit="/s",
            value=speedup(samples["nacre"], samples["lmdb"]),
            target=Target(0.75, "x"),
        )
    ]


def threads(setting: Setting) -> list[Line]:
    """Sixteen threads, against SQLite with as many connections."""
    each = setting.size(400, 60)
    count = THREADS * each
    size = _entry_bytes(setting.place("threads-model"))
    with Child("bench.commits:Commits") as ours, Child("bench.peers.sqlite_wal:SqliteWal") as peer:

        def with_sqlite() -> float:
            peer.call("open", path=str(setting.place("threads-sqlite")))
            taken = peer.seconds(
                "commit_from_threads", threads=THREADS, each=each, entry_bytes=size
            )
            assert peer.call("count") == count
            peer.call("close")
            return taken

        samples = take_turns(
            setting.rounds,
            {
                "nacre": lambda: ours.seconds(
                    "commit_from_threads",
                    path=str(setting.place("threads")),
                    threads=THREADS,
                    each=each,
                ),
                "sqlite": with_sqlite,
            },
        )
    return [
        Line(
            work=f"the same from {THREADS} threads",
            against=f"SQLite WAL synchronous=FULL, {THREADS} threads",
            ours=samples["nacre"].per_second(count),
            theirs=samples["sqlite"].per_second(count),
            unit="/s",
            value=speedup(samples["nacre"], samples["sqlite"]),
            target=Target(2.5, "x"),
        )
    ]


def _record(vault: nacre.Vault, number: int) -> None:
    vault.record("deposited", subject=f"account-{number % 50:05d}", data={"amount": number})


def _entry_bytes(path: Path) -> int:
    """Return how large an entry of the log is that holds one such event."""
    with nacre.open(path, actor="bench") as vault:
        _record(vault, 1000)
        return len(next(vault.store.log.read()))
