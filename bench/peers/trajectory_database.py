"""The trajectory database of pyTAMS, and nacre's in its place: the same calls, timed the same."""

import multiprocessing
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

METADATA = (
    '{"id": %d, "weight": "0.032804996", "t_end": 5.0, "t_cur": 0.63, "dt": 0.01, "ended": true, '
    '"converged": true, "score_max": 0.500024, "length": 64, "nstep_compute": 0, '
    '"branching_history": [5, 11]}'
)
FILE = "trajectories/traj%06d_%04d.xml"


class Pytams:
    """pyTAMS's own."""

    _turn = 1

    def make(self, path: str, trajectories: int, iterations: int) -> None:
        """Make a database of that size, and open it."""
        self._path = path
        self._database = self._open()
        # Its own calls would take half a minute for ten thousand rows.
        with closing(sqlite3.connect(path)) as rows, rows:
            rows.executemany(
                "INSERT INTO trajectories VALUES (?, ?, ?, 'idle')",
                ((n + 1, FILE % (n, 0), METADATA % n) for n in range(trajectories)),
            )
            rows.executemany(
                "INSERT INTO splitting_iterations VALUES "
                "(?, ?, 2, '0.9', '[3, 5]', '[1, 1]', '[0.1, 0.2]', '[0.1, 0.7]', 'completed')",
                ((n + 1, n) for n in range(iterations)),
            )
        self._next = trajectories

    def close(self) -> None:
        del self._database

    def add(self, count: int) -> float:
        """Add trajectories."""
        start = time.perf_counter()
        for number in range(self._next, self._next + count):
            self._database.add_trajectory(FILE % (number, 0), METADATA % number)
        taken = time.perf_counter() - start
        self._next += count
        return taken

    def cycle(self, count: int) -> float:
        """Lock, update and complete trajectories through one handle."""
        self._turn += 1
        return _timed(count, lambda number: _cycle(self._database, number, self._turn))

    def worker(self, count: int) -> float:
        """Do what a worker of pyTAMS does for one task: open, lock, update, complete, update."""
        self._turn += 1
        return _timed(count, self._work)

    def weights(self, count: int) -> float:
        """Read the weights of all iterations."""
        return _timed(count, lambda _: self._database.get_weights())

    def weigh(self, count: int) -> float:
        """Set the weights of trajectories, one call each, as pyTAMS does."""
        self._turn += 1  # another weight each time: neither writes what is there already
        weight = 1 / self._turn
        return _timed(count, lambda n: self._database.update_trajectory_weight(n, weight))

    def open_and_close(self, count: int) -> float:
        """Open the database once more, and close it."""
        return _timed(count, lambda _: self._open())

    def fetch(self, count: int) -> float:
        """Fetch trajectories."""
        return _timed(count, self._database.fetch_trajectory)

    def contend(self, processes: int, seconds: float) -> list[float]:
        """Cycle in several processes at once; return cycles a second and the slowest of 100."""
        self._turn += 100
        fork = multiprocessing.get_context("fork")
        barrier = fork.Barrier(processes)
        pipes = [fork.Pipe() for _ in range(processes)]
        workers = [
            fork.Process(target=self._contend, args=(n, processes, seconds, barrier, pipe[1]))
            for n, pipe in enumerate(pipes)
        ]
        for worker in workers:
            worker.start()
        taken = sorted(each for pipe in pipes for each in pipe[0].recv())
        for worker in workers:
            worker.join()
        return [len(taken) / seconds, taken[int(len(taken) * 0.99)]]

    def _contend(
        self, first: int, step: int, seconds: float, barrier: Any, answer: Connection
    ) -> None:
        database = self._open()
        taken = []
        number = first
        barrier.wait()
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            start = time.perf_counter()
            _cycle(database, number % self._next, self._turn + number // self._next)
            taken.append(time.perf_counter() - start)
            number += step
        answer.send(taken)

    def _work(self, number: int) -> None:
        database = self._open()
        database.lock_trajectory(number, allow_completed_lock=True)
        database.update_trajectory(number, FILE % (number, self._turn), METADATA % number)
        database.mark_trajectory_as_completed(number)
        database.update_trajectory(number, FILE % (number, self._turn), METADATA % -number)

    def _open(self) -> Any:
        from pytams.sqldb import SQLFile  # noqa: PLC0415 - only in the peer's environment

        return SQLFile(self._path)


class Nacre(Pytams):
    """The adapter."""

    def make(self, path: str, trajectories: int, iterations: int) -> None:
        self._path = path
        self._database = self._open()
        with self._database.vault.transaction() as transaction:
            for n in range(trajectories):
                data = {"file": FILE % (n, 0), "metadata": METADATA % n}
                transaction.record("trajectories.added", subject=f"trajectory/{n}", data=data)
        for first in range(0, iterations, 1000):
            with self._database.vault.transaction() as transaction:
                for n in range(first, min(first + 1000, iterations)):
                    lists = {"discarded": [3, 5], "ancestors": [1, 1], "min_vals": [0.1, 0.2]}
                    data = {"k": n, "bias": 2, "weight": "0.9", "min_max": [0.1, 0.7], **lists}
                    kind = "trajectories.iteration-added"
                    transaction.record(kind, subject="iterations", data=data)
        self._next = trajectories

    def weigh_all(self) -> float:
        """Set the weights of all trajectories in one call."""
        self._turn += 1
        start = time.perf_counter()
        self._database.update_trajectory_weights(1 / self._turn)
        return time.perf_counter() - start

    def size(self) -> int:
        return Path(self._path).stat().st_size

    def _open(self) -> Any:
        from nacre_adapters.trajectories import SQLFile  # noqa: PLC0415 - not in the peer's

        return SQLFile(self._path)


def _cycle(database: Any, number: int, turn: int) -> None:
    database.lock_trajectory(number, allow_completed_lock=True)
    database.update_trajectory(number, FILE % (number, turn), METADATA % number)
    database.mark_trajectory_as_completed(number)


def _timed(count: int, work: Callable[[int], object]) -> float:
    start = time.perf_counter()
    for number in range(count):
        work(number)
    return time.perf_counter() - start
