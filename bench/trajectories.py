"""The trajectory database of pyTAMS 1.0.0 against the adapter: its calls, one after the other."""

from collections.abc import Mapping

from bench.child import Child
from bench.environments import PYTAMS, peer_python
from bench.measure import Line, Samples, Setting, Target, speedup, take_turns

LARGE = 10_000
SMALL = 100
_AGAINST = "pyTAMS 1.0.0"
_MODULE = "bench.peers.trajectory_database"

# What is called, how often, and how much faster it must be.
_CALLS: Mapping[str, tuple[str, int, float]] = {
    "add": ("add a trajectory", 200, 3),
    "cycle": ("lock, update and complete a trajectory", 100, 3),
    "worker": ("a worker's task: open, lock, update, complete, update", 25, 5),
    "weights": (f"read the weights of {LARGE:,} iterations", 20, 20),
    "weigh": (f"set the weight of one of {LARGE:,} trajectories", 200, 3),
    "fetch": ("fetch a trajectory", 500, 0),
    "open_and_close": ("open and close", 25, 0),
}


def trajectories(setting: Setting) -> list[Line]:
    """Every call of a run, on ten thousand trajectories and as many iterations."""
    python = peer_python("pytams", PYTAMS, setting.say)
    with Child(f"{_MODULE}:Nacre") as ours, Child(f"{_MODULE}:Pytams", python) as theirs:
        for child in (ours, theirs):
            place = setting.place("trajectories") / "trajPool.db"
            child.call("make", path=str(place), trajectories=LARGE, iterations=LARGE)
        lines = []
        taken = {}
        for name, (work, count, target) in _CALLS.items():
            setting.say(work)
            taken[name] = _alternate(setting, ours, theirs, name, count)
            lines.append(_faster(work, *taken[name], Target(target, "x") if target else None))
        lines.append(_opening(taken["open_and_close"][0]))
        lines.append(_batch(setting, ours, taken["weigh"][1]))
        lines += _contention(setting, ours, theirs)
    return lines


def growth(setting: Setting) -> list[Line]:
    """What a call costs with 10,000 trajectories and iterations, against 100 of each."""
    with Child(f"{_MODULE}:Nacre") as large, Child(f"{_MODULE}:Nacre") as small:
        for child, size in ((large, LARGE), (small, SMALL)):
            place = setting.place("growth") / "trajPool.db"
            child.call("make", path=str(place), trajectories=size, iterations=size)
        lines = []
        for name in ("add", "cycle", "weigh", "fetch", "open_and_close"):
            work, count, _ = _CALLS[name]
            few = min(count, SMALL)
            samples = _alternate(setting, large, small, name, few)
            lines.append(
                Line(
                    work=f"{work}, {LARGE:,} of them",
                    against=f"{SMALL} of them",
                    ours=samples[0],
                    theirs=samples[1],
                    unit="ms",
                    value=samples[0].median / samples[1].median,
                    target=Target(1.5, "x", at_most=True),
                )
            )
    return lines


def _alternate(
    setting: Setting, first: Child, second: Child, method: str, count: int
) -> tuple[Samples, Samples]:
    """Return the milliseconds that a call takes in each, in turns."""
    count = setting.size(count, max(1, count // 5))
    samples = take_turns(
        setting.rounds,
        {
            "first": lambda: 1000 * first.seconds(method, count=count) / count,
            "second": lambda: 1000 * second.seconds(method, count=count) / count,
        },
    )
    return samples["first"], samples["second"]


def _faster(work: str, ours: Samples, theirs: Samples, target: Target | None) -> Line:
    return Line(
        work=work,
        against=_AGAINST,
        ours=ours,
        theirs=theirs,
        unit="ms",
        value=speedup(ours, theirs),
        target=target,
    )


def _opening(ours: Samples) -> Line:
    return Line(
        work="open and close",
        against="",
        ours=ours,
        unit="ms",
        value=ours.median,
        value_unit="ms",
        target=Target(2, "ms", at_most=True),
    )


def _batch(setting: Setting, ours: Child, each: Samples) -> Line:
    setting.say("setting all weights")
    taken = Samples(tuple(1000 * ours.seconds("weigh_all") for _ in range(setting.rounds)))
    theirs = Samples(tuple(LARGE * value for value in each.values))
    return _faster(
        f"set the weights of {LARGE:,} trajectories in one call", taken, theirs, Target(100, "x")
    )


def _contention(setting: Setting, ours: Child, theirs: Child) -> list[Line]:
    setting.say("four processes")
    seconds = setting.size(3, 1)
    rounds: dict[str, list[list[float]]] = {"ours": [], "theirs": []}
    for _ in range(min(setting.rounds, 3)):
        for name, child in (("ours", ours), ("theirs", theirs)):
            found = child.call("contend", processes=4, seconds=seconds)
            assert isinstance(found, list)
            rounds[name].append(found)
    rate, peer_rate = (Samples(tuple(each[0] for each in rounds[name])) for name in rounds)
    slow, peer_slow = (Samples(tuple(1000 * each[1] for each in rounds[name])) for name in rounds)
    work = "the cycle from 4 processes at once"
    return [
        Line(
            work=work,
            against=_AGAINST,
            ours=rate,
            theirs=peer_rate,
            unit="/s",
            value=rate.median / peer_rate.median,
            target=Target(3, "x"),
        ),
        Line(
            work=f"{work}, the slowest of 100",
            against=_AGAINST,
            ours=slow,
            theirs=peer_slow,
            unit="ms",
            value=slow.median,
            value_unit="ms",
            target=Target(30, "ms", at_most=True),
        ),
    ]
