"""The gate: many write or one transaction, in turn, and nobody waits for ever."""

import os
import threading
from collections.abc import Callable

import pytest

from nacre_adapters.modelvault.gate import Gate

TURNS = 20


def test_nobody_waits_for_ever() -> None:
    gate = Gate(patience_seconds=0.01)
    gate.shut()

    with pytest.raises(RuntimeError, match="operation blocked: a transaction is open on this"):
        gate.shut()
    with pytest.raises(RuntimeError, match="finish or roll back the transaction first"):
        with gate.writing():
            pass
    gate.open()
    with gate.writing():
        pass


def test_whoever_comes_back_at_once_overtakes_nobody() -> None:
    gate, order = Gate(), []

    def transact() -> None:
        for _ in range(TURNS):
            gate.shut()
            order.append("transaction")
            gate.open()

    def write() -> None:
        for _ in range(TURNS):
            with gate.writing():
                order.append("write")

    gate.shut()
    threads = [_waiting_at(gate, number, act) for number, act in enumerate((transact, write))]
    gate.open()
    for thread in threads:
        thread.join()

    assert order == ["transaction", "write"] * TURNS


def test_those_behind_somebody_who_gives_up_go_in() -> None:
    gate, done = Gate(patience_seconds=0.2), threading.Event()

    def give_up() -> None:
        with pytest.raises(RuntimeError, match="operation blocked"):
            gate.shut()

    def write() -> None:
        with gate.writing():
            done.set()

    with gate.writing():
        thread = _waiting_at(gate, 0, give_up)
        # Only the first gives up, also where it is late to do so.
        gate._patience_seconds = 60
        other = threading.Thread(target=write)
        other.start()
        assert done.wait(60)
    thread.join()
    other.join()
    gate.shut()


def _waiting_at(gate: Gate, number: int, act: Callable[[], None]) -> threading.Thread:
    """Return a thread that waits before the gate, behind *number* others."""
    thread = threading.Thread(target=act)
    thread.start()
    while len(gate._waiting) <= number:
        os.sched_yield()
    return thread
