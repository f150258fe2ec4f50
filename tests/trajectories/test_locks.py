"""Locks: exactly one holder among processes, and those of the dead are taken over."""

import multiprocessing
import os
from collections import Counter
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from processes import Process
from trajectories.ensembles import make, statuses

from nacre.holders import Holder, is_dead, this_process
from nacre_adapters.trajectories import SQLFile, decisions, events

RACES = 12


@pytest.mark.parametrize("processes", [2, 4, 8])
def test_of_processes_that_race_exactly_one_gets_the_lock(tmp_path: Path, processes: int) -> None:
    make(tmp_path / "x.db", RACES)
    barrier = multiprocessing.get_context("fork").Barrier(processes)

    def race(talk: Connection) -> None:
        database = SQLFile(tmp_path / "x.db")
        won = []
        for trajectory in range(RACES):
            barrier.wait(30)
            if database.lock_trajectory(trajectory):
                won.append(trajectory)
        talk.send(won)
        talk.recv()  # alive until all have tried: nobody's lock is that of a dead process

    racers = [Process(race) for _ in range(processes)]
    won = [racer.hear() for racer in racers]
    for racer in racers:
        racer.talk.send("done")
        racer.end()

    assert Counter(t for each in won for t in each) == dict.fromkeys(range(RACES), 1)


def test_a_spawned_process_sees_the_lock_and_its_holder(tmp_path: Path) -> None:
    database = make(tmp_path / "x.db")
    database.lock_trajectory(1)

    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(_try_to_lock, (str(tmp_path / "x.db"), 1)) is False
        assert pool.apply(_try_to_lock, (str(tmp_path / "x.db"), 2)) is True

        holder = database.ensemble.trajectory(2).holder
        assert holder is not None
        assert holder.pid != os.getpid()
        assert holder.host == this_process().host
        assert not is_dead(holder)


def _try_to_lock(path: str, trajectory: int) -> bool:
    return SQLFile(path).lock_trajectory(trajectory)


def test_the_lock_of_a_killed_process_is_taken_over_with_an_event(tmp_path: Path) -> None:
    database = make(tmp_path / "x.db")
    worker = holding(tmp_path / "x.db", 2)
    assert not database.lock_trajectory(2, allow_completed_lock=True)
    dead = database.ensemble.trajectory(2).holder

    worker.kill()

    assert database.lock_trajectory(2)
    assert [(m.kind, m.state.holder) for m in database.history(2)[1:]] == [
        (events.LOCKED, dead),
        (events.ABANDONED, None),
        (events.LOCKED, this_process()),
    ]
    (abandoned,) = database.vault.events(kind=events.ABANDONED)
    assert Holder.of_row(abandoned.data["holder"]) == dead
    assert database.history(2)[-1].position == database.history(2)[-2].position


def test_of_those_that_take_over_exactly_one_gets_the_lock(tmp_path: Path) -> None:
    make(tmp_path / "x.db", 1)
    holding(tmp_path / "x.db", 0).kill()
    barrier = multiprocessing.get_context("fork").Barrier(4)

    def race(talk: Connection) -> None:
        database = SQLFile(tmp_path / "x.db")
        barrier.wait(30)
        talk.send(database.lock_trajectory(0))
        talk.recv()

    racers = [Process(race) for _ in range(4)]
    won = [racer.hear() for racer in racers]
    for racer in racers:
        racer.talk.send("done")

    assert sorted(won) == [False, False, False, True]


def test_stale_locks_are_recovered_at_once(tmp_path: Path) -> None:
    database = make(tmp_path / "x.db")
    database.lock_trajectory(0)
    holding(tmp_path / "x.db", 1).kill()
    holding(tmp_path / "x.db", 3).kill()
    head = database.vault.head

    assert database.recover_stale_locks() == [1, 3]
    assert statuses(database) == ["locked", "idle", "idle", "idle"]
    assert database.recover_stale_locks() == []
    assert database.vault.head == head + 1


@pytest.mark.parametrize(
    ("change", "dead"),
    [
        ({}, False),
        ({"started": 1}, True),  # the number belongs to another process by now
        ({"pid": 2**22 - 1}, True),
        ({"boot": "before"}, True),  # the machine has started again
        ({"host": "elsewhere", "boot": "before"}, False),
        ({"namespace": "pid:[1]", "pid": 2**22 - 1}, False),  # a container
    ],
)
def test_dead_is_only_what_this_machine_can_prove(change: dict[str, object], dead: bool) -> None:
    assert is_dead(replace(this_process(), **change)) is dead


def test_a_process_that_ended_and_is_not_waited_for_is_dead(tmp_path: Path) -> None:
    database = make(tmp_path / "x.db")
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        SQLFile(tmp_path / "x.db").lock_trajectory(0)
        os._exit(0)
    os.close(writer)
    os.read(reader, 1)  # ends when the child has
    os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)

    assert database.lock_trajectory(0)
    os.waitpid(child, 0)
    os.close(reader)


def test_a_lock_of_nobody_known_stays(tmp_path: Path) -> None:
    database = SQLFile(tmp_path / "x.db")
    database.vault.commit(
        lambda tx: tx.record(
            events.ADDED,
            subject="trajectory/0",
            data={"file": "a", "metadata": "{}", "status": "locked"},
        )
    )

    assert not database.lock_trajectory(0)
    assert database.recover_stale_locks() == []
    database.release_trajectory(0)
    assert database.lock_trajectory(0)


def test_a_decision_frees_only_the_holder_that_was_found_dead(tmp_path: Path) -> None:
    database = make(tmp_path / "x.db")
    database.lock_trajectory(0)
    other = replace(this_process(), pid=1)

    facts = decisions.lock(
        database.ensemble, 0, lockable=("idle",), holder=this_process(), dead=other
    )

    assert facts == []
    assert decisions.abandon(database.ensemble, dead={0: other}) == []


def holding(path: Path, trajectory: int) -> Process:
    """Return a process that holds a lock."""

    def hold(talk: Connection) -> None:
        database = SQLFile(path)
        talk.send(database.lock_trajectory(trajectory))
        talk.recv()

    process = Process(hold)
    assert process.hear()
    return process
