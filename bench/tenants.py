"""fh-saas 0.9.14 on SQLite against the adapter: its calls, one after the other."""

from collections.abc import Mapping

from bench.child import Child
from bench.environments import FH_SAAS, peer_python
from bench.measure import Line, Samples, Setting, Target, speedup, take_turns

ROWS = 100_000
_AGAINST = "fh-saas 0.9.14 on SQLite"
_MODULE = "bench.peers.tenant_database"

# What is called, how often, and how much faster it must be.
_CALLS: Mapping[str, tuple[str, int, float]] = {
    "insert": ("insert rows one by one", 200, 2),
    "get": ("one row by its key", 2000, 4),
    "update": ("update rows one by one", 200, 0),
    "find": ("where, indexed: 100 rows of 100,000", 100, 2),
    "find_unindexed": ("where, not indexed: 100 rows of 100,000", 5, 0.7),
    "find_large": ("where, not indexed, limit 10", 20, 0),
    "sort": ("order_by, not indexed, limit 10 of 100,000", 5, 0),
}


def tenants(setting: Setting) -> list[Line]:
    """Every call on one tenant with 100,000 rows, and a thousand tenants at once."""
    python = peer_python("fh-saas", FH_SAAS, setting.say)
    with Child(f"{_MODULE}:Nacre") as ours, Child(f"{_MODULE}:FhSaas", python) as theirs:
        lines = [_first_tenant(setting, ours, theirs)]
        lines.append(_filled(setting, ours, theirs))
        lines.append(_indexed(setting, ours, theirs))
        for name in ("find_unindexed", "find_large", "sort"):
            lines.append(_line(setting, ours, theirs, name))
        for child in (ours, theirs):
            child.call("keep_index")
        for name in ("find", "get", "update", "insert"):
            lines.append(_line(setting, ours, theirs, name))
        lines += _many(setting, ours, theirs)
    return lines


def _first_tenant(setting: Setting, ours: Child, theirs: Child) -> Line:
    setting.say("a first tenant")
    taken: dict[str, list[float]] = {"ours": [], "theirs": []}
    for name, child in (("ours", ours), ("theirs", theirs)):
        taken[name].append(1000 * child.seconds("open", path=str(setting.place("tenants"))))
    ours_taken, theirs_taken = (Samples(tuple(values)) for values in taken.values())
    return Line(
        work="create a tenant",
        against=_AGAINST,
        ours=ours_taken,
        theirs=theirs_taken,
        unit="ms",
        value=ours_taken.median,
        value_unit="ms",
        target=Target(10, "ms", at_most=True),
    )


def _filled(setting: Setting, ours: Child, theirs: Child) -> Line:
    setting.say("insert_all")
    rounds = ROWS // 5000 - 1
    samples = take_turns(
        rounds,
        {
            "first": lambda: 1000 * ours.seconds("insert_all", count=5000),
            "second": lambda: 1000 * theirs.seconds("insert_all", count=5000),
        },
    )
    return _faster("insert_all of 5,000 rows", samples["first"], samples["second"], 0.5)


def _indexed(setting: Setting, ours: Child, theirs: Child) -> Line:
    setting.say("create_index")
    samples = take_turns(
        setting.rounds,
        {
            "first": lambda: 1000 * ours.seconds("index"),
            "second": lambda: 1000 * theirs.seconds("index"),
        },
    )
    work = f"create_index over {ROWS:,} rows"
    return _faster(work, samples["first"], samples["second"], 0.1)


def _line(setting: Setting, ours: Child, theirs: Child, name: str) -> Line:
    work, count, target = _CALLS[name]
    setting.say(work)
    method = "find" if name.startswith("find_un") else name
    samples = take_turns(
        setting.rounds,
        {
            "first": lambda: 1000 * ours.seconds(method, count=count) / count,
            "second": lambda: 1000 * theirs.seconds(method, count=count) / count,
        },
    )
    return _faster(work, samples["first"], samples["second"], target)


def _faster(work: str, ours: Samples, theirs: Samples, target: float) -> Line:
    return Line(
        work=work,
        against=_AGAINST,
        ours=ours,
        theirs=theirs,
        unit="ms",
        value=speedup(ours, theirs),
        target=Target(target, "x") if target else None,
    )


def _many(setting: Setting, ours: Child, theirs: Child) -> list[Line]:
    setting.say("a thousand tenants")
    count = setting.size(1000, 200)
    found = [child.call("tenants", count=count) for child in (ours, theirs)]
    lines = []
    for at, work, unit, target in (
        (0, "open and give a table", "s", None),
        (1, "memory", "MiB", Target(0.2, "x", at_most=True)),
        (2, "file descriptors", "descriptors", Target(64, "descriptors", at_most=True)),
    ):
        mine, other = (Samples((float(each[at]),)) for each in found)  # type: ignore[index]
        ratio = mine.median / other.median
        is_count = at == 2
        lines.append(
            Line(
                work=f"{count:,} tenants held open: {work}",
                against=_AGAINST,
                ours=mine,
                theirs=other,
                unit=unit,
                value=mine.median if is_count else ratio,
                value_unit="descriptors" if is_count else "x",
                target=target,
            )
        )
    return lines
