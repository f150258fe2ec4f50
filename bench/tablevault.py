"""TableVault 0.1.1 against the adapter: the same program on both."""

from collections.abc import Callable

from bench.child import Child
from bench.environments import TABLEVAULT, peer_python
from bench.measure import Line, Samples, Setting, Target, speedup, take_turns

_AGAINST = "tablevault 0.1.1"
_MODULE = "bench.peers.table_vault"
LARGE = 1_000_000
MANY = 300


def tablevault(setting: Setting) -> list[Line]:
    """Large and small instances, builders, versions, several processes."""
    python = peer_python("tablevault", TABLEVAULT, setting.say)
    with Child(f"{_MODULE}:Nacre") as ours, Child(f"{_MODULE}:Original", python) as theirs:
        pair = (ours, theirs)
        for child in pair:
            child.call("make", path=str(setting.place("tablevault") / "large"))
        lines = _large(setting, *pair)
        for child in pair:
            child.call("make", path=str(setting.place("tablevault") / "small"))
        lines += _small(setting, *pair)
        lines.append(_execution(setting, *pair))
        lines.append(_versions(setting, *pair))
        lines.append(_contention(setting, *pair))
    return lines


def _large(setting: Setting, ours: Child, theirs: Child) -> list[Line]:
    rows = setting.size(LARGE, 100_000)
    frame = f"{rows:,} x 10"
    lines = []
    for work, target, take in (
        (f"write an instance of {frame}", 25, lambda one: one.seconds("write", rows=rows)),
        (f"read it, {frame}", 40, lambda one: one.seconds("read", rows=None, count=1)),
        (
            f"read 100 rows of {frame}",
            1,
            lambda one: one.seconds("read", rows=100, count=20) / 20,
        ),
    ):
        setting.say(work)
        lines.append(_faster(work, _turns(setting, ours, theirs, take), target))
    return lines


def _small(setting: Setting, ours: Child, theirs: Child) -> list[Line]:
    def cycles(child: Child) -> float:
        return child.seconds("cycle", count=5) / 5

    setting.say("small instances")
    for child in (ours, theirs):
        child.seconds("cycle", count=2)  # what the first call loads is not what is measured
    first = _turns(setting, ours, theirs, cycles)
    many = setting.size(MANY, 60)
    setting.say(f"{many} instances")
    for child in (ours, theirs):
        child.seconds("cycle", count=max(0, many - 5 * setting.rounds))
    later = _turns(setting, ours, theirs, cycles)
    work = "begin and write an instance of 1,000 x 4"
    growth = Line(
        work=f"{work}, after {many} against the first",
        against="itself",
        ours=later[0],
        theirs=first[0],
        unit="ms",
        value=later[0].median / first[0].median,
        target=Target(1.5, "x", at_most=True),
    )
    return [_faster(work, first, 5), _faster(f"{work}, after {many}", later, 20), growth]


def _execution(setting: Setting, ours: Child, theirs: Child) -> Line:
    rows = setting.size(1000, 200)
    work = f"execute a builder row by row, {rows:,} rows"
    setting.say(work)
    return _faster(
        work, _turns(setting, ours, theirs, lambda one: one.seconds("execute", rows=rows)), 10
    )


def _versions(setting: Setting, ours: Child, theirs: Child) -> Line:
    """Disk: the original shares nothing, so of its versions two are written and counted."""
    rows = setting.size(900_000, 90_000)
    setting.say("versions of a frame")
    count, few = 20, 2
    mine = ours.call("versions", path=str(setting.place("v") / "mine"), rows=rows, count=count)
    other = theirs.call("versions", path=str(setting.place("v") / "other"), rows=rows, count=few)
    assert isinstance(mine, int)
    assert isinstance(other, int)
    whole = other * count / few
    return Line(
        work=f"disk of {count} versions of {rows * 7 * 8 / 1e6:.0f} MB, 10 cells changed in each",
        against=f"{_AGAINST}, from {few} versions",
        ours=Samples((mine / 1e6,)),
        theirs=Samples((whole / 1e6,)),
        unit="MB",
        value=whole / mine,
        target=Target(15, "x"),
    )


def _contention(setting: Setting, ours: Child, theirs: Child) -> Line:
    setting.say("four processes")
    found = []
    for name, child in (("mine", ours), ("other", theirs)):
        answer = child.call(
            "contend", path=str(setting.place("contend") / name), processes=4, instances=5
        )
        assert isinstance(answer, list)
        found.append(answer)
    (done, seconds), (their_done, their_seconds) = found
    return Line(
        work=f"4 processes x 5 instances of one table: {done:.0f} of 20 came",
        against=f"{_AGAINST}: {their_done:.0f} of 20 came",
        ours=Samples((seconds,)),
        theirs=Samples((their_seconds,)),
        unit="s",
        value=seconds if done == 20 else float("inf"),
        value_unit="s",
        target=Target(3, "s", at_most=True),
    )


def _turns(
    setting: Setting, ours: Child, theirs: Child, take: Callable[[Child], float]
) -> tuple[Samples, Samples]:
    samples = take_turns(
        setting.rounds, {"ours": lambda: 1000 * take(ours), "theirs": lambda: 1000 * take(theirs)}
    )
    return samples["ours"], samples["theirs"]


def _faster(work: str, samples: tuple[Samples, Samples], target: float) -> Line:
    return Line(
        work=work,
        against=_AGAINST,
        ours=samples[0],
        theirs=samples[1],
        unit="ms",
        value=speedup(*samples),
        target=Target(target, "x"),
    )
