"""Opening a large vault must cost what opening a small one does."""

import subprocess
import sys
import time
from pathlib import Path

import nacre
from bench.child import CHECKOUT
from bench.measure import Line, Samples, Setting, Target, take_turns

SMALL = 1000
_EACH = 100
_FIRST = """
import sys, time, nacre
start = time.perf_counter()
with nacre.open(sys.argv[1], create=False) as vault:
    vault.head
print(time.perf_counter() - start)
"""


def opening(setting: Setting) -> list[Line]:
    """A million events against a thousand, in this process and first thing in a new one."""
    events = setting.size(1_000_000, 50_000)
    setting.say(f"filling a vault with {events:,} events")
    large = _filled(setting, events)
    small = _filled(setting, SMALL)
    here = take_turns(
        setting.size(200, 50), {"large": lambda: _open(large), "small": lambda: _open(small)}
    )
    first = take_turns(
        setting.rounds,
        {"large": lambda: _open_first(large), "small": lambda: _open_first(small)},
    )
    return [
        *_lines(f"opening a vault with {events:,} events", here),
        *_lines("the same, first in a new process, without imports", first),
    ]


def _lines(work: str, samples: dict[str, Samples]) -> list[Line]:
    ours, theirs = (
        Samples(tuple(1000 * seconds for seconds in samples[name].values))
        for name in ("large", "small")
    )
    return [
        Line(
            work=work,
            against=f"opening one with {SMALL:,}",
            ours=ours,
            theirs=theirs,
            unit="ms",
            value=ours.median / theirs.median,
            target=Target(1.5, "x", at_most=True),
        ),
        Line(
            work=work,
            against="",
            ours=ours,
            unit="ms",
            value=ours.median,
            value_unit="ms",
            target=Target(20, "ms", at_most=True),
        ),
    ]


def _filled(setting: Setting, events: int) -> Path:
    path = setting.place("opening")
    with nacre.open(path, actor="bench", durability="relaxed") as vault:
        for first in range(0, events, _EACH):
            with vault.transaction() as tx:
                for number in range(first, first + _EACH):
                    subject = f"account-{first % 977:05d}"
                    tx.record("deposited", subject=subject, data={"amount": number})
    return path


def _open(path: Path) -> float:
    start = time.perf_counter()
    with nacre.open(path, actor="bench", create=False) as vault:
        assert vault.head
    return time.perf_counter() - start


def _open_first(path: Path) -> float:
    program = [sys.executable, "-c", _FIRST, str(path)]
    answer = subprocess.run(program, cwd=CHECKOUT, check=True, capture_output=True, text=True)
    return float(answer.stdout)
