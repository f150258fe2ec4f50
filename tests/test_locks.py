"""The gate of an environment: whoever closes it is alone, however many come and go."""

import sys
import threading

from nacre.locks import Gate

ROUNDS = 50


def test_nobody_is_inside_while_one_is_alone() -> None:
    gate, seen = Gate(), Seen()
    threads = [threading.Thread(target=come_and_go, args=(gate, seen)) for _ in range(4)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for thread in threads:
            thread.start()
        for _ in range(ROUNDS):
            with gate.alone():
                seen.while_alone.append(len(seen.inside))
    finally:
        seen.is_over = True
        for thread in threads:
            thread.join()
        sys.setswitchinterval(interval)

    assert seen.while_alone == [0] * ROUNDS
    assert seen.times > 0


def test_who_waits_for_the_gate_to_open_is_not_waited_for() -> None:
    gate = Gate()
    waiting = threading.Thread(target=gate.enter)
    with gate.alone():
        waiting.start()
        assert waiting.is_alive()

    waiting.join()
    gate.enter()
    gate.leave()


class Seen:
    """What came of it."""

    def __init__(self) -> None:
        self.inside: set[int] = set()
        self.while_alone: list[int] = []
        self.times = 0
        self.is_over = False


def come_and_go(gate: Gate, seen: Seen) -> None:
    own = threading.get_ident()
    while not seen.is_over:
        gate.enter()
        seen.inside.add(own)
        seen.times += 1
        seen.inside.discard(own)
        gate.leave()
