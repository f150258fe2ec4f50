"""modelvault 0.16.0 and SQLite against the adapter: its calls, on a file of 100,000 rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.child import Child
from bench.environments import MODELVAULT, peer_python
from bench.measure import Line, Samples, Setting, Target, speedup, take_turns

ROWS = 100_000
TASKS = 32
_ORIGINAL = "modelvault 0.16.0"
_SQLITE = "SQLite WAL synchronous=FULL"
_MODULE = "bench.peers.model_database"


@dataclass(frozen=True, slots=True)
class _Call:
    """What is called, how often, and how much faster than modelvault and SQLite it must be."""

    method: str
    work: str
    count: int
    faster: float | None = None
    faster_than_sqlite: float | None = None


_CALLS = (
    _Call("get", "get by primary key", 5000, 0.5),
    _Call("equal", "indexed equality, 100 rows", 100, 1),
    _Call("within", "range on an index, 100 rows", 10, 20),
    _Call("any_of", "ten keys in a list", 10, 20),
    _Call("two", "an indexed field and another one, 100 rows", 50),
    _Call("ordered", "order_by with an index, limit 10", 3, 200),
    _Call("sorted", "order_by without an index, limit 10", 3, 3),
    _Call("filtered", "filter without an index, 100 rows, warm", 5, 5),
    _Call("filtered_after_a_write", "the same, once after a write", 1, 1),
    # Last, because what it writes moves what the others find.
    _Call("insert", "autocommit insert", 10, 100, 0.35),
)


@dataclass(frozen=True, slots=True)
class _Trio:
    """The contestants."""

    ours: Child
    theirs: Child
    sqlite: Child

    def take_turns(self, rounds: int, call: _Call) -> Mapping[str, Samples]:
        """Return the milliseconds that a call takes each of them."""
        contestants = {"ours": self.ours, "theirs": self.theirs, "sqlite": self.sqlite}

        def timed(child: Child) -> float:
            return 1000 * child.seconds(call.method, count=call.count) / call.count

        return take_turns(
            rounds,
            {name: lambda child=child: timed(child) for name, child in contestants.items()},
        )


def modelvault(setting: Setting) -> list[Line]:
    """Each call on 100,000 rows, transactions of as many, and tasks at once."""
    python = peer_python("modelvault", MODELVAULT, setting.say)
    rows = setting.size(ROWS, 20_000)
    with (
        Child(f"{_MODULE}:Nacre") as ours,
        Child(f"{_MODULE}:ModelVault", python) as theirs,
        Child(f"{_MODULE}:Sqlite") as sqlite,
    ):
        trio = _Trio(ours, theirs, sqlite)
        lines = _made(setting, trio, rows)
        for call in _CALLS:
            setting.say(call.work)
            samples = trio.take_turns(setting.rounds, call)
            lines += _lines(f"{call.work}, {rows:,} rows", samples, call)
        lines += _tasks(setting, trio)
        lines.append(_size(trio, rows))
    return lines


def modelvault_large(setting: Setting) -> list[Line]:
    """A file of a million rows: to open it, and one more insert."""
    python = peer_python("modelvault", MODELVAULT, setting.say)
    rows = setting.size(1_000_000, 100_000)
    with Child(f"{_MODULE}:Nacre") as small, Child(f"{_MODULE}:Nacre") as large:
        setting.say(f"a file of {rows:,} rows")
        small.call("make", path=str(setting.place("small")), rows=10)
        large.call("make", path=str(setting.place("large")), rows=rows)
        flat = take_turns(
            setting.rounds,
            {
                "large": lambda: 1000 * large.seconds("insert", count=100) / 100,
                "small": lambda: 1000 * small.seconds("insert", count=100) / 100,
            },
        )
        path = str(large.call("where"))
        large.call("close")
    lines = [_flat(rows, flat["large"], flat["small"])]
    with Child(f"{_MODULE}:ModelVault", python) as theirs:
        setting.say(f"a file of {rows:,} rows of modelvault")
        theirs.call("make", path=str(setting.place("original")), rows=rows)
        their_path = str(theirs.call("where"))
        theirs.call("close")
    return lines + _opened(setting, rows, path, (python, their_path))


def _made(setting: Setting, trio: _Trio, rows: int) -> list[Line]:
    setting.say(f"{rows:,} rows in one transaction")
    taken: dict[str, list[float]] = {"ours": [], "theirs": [], "sqlite": []}
    for _ in range(min(3, setting.rounds)):
        for name, child in (("ours", trio.ours), ("theirs", trio.theirs), ("sqlite", trio.sqlite)):
            seconds = child.seconds("make", path=str(setting.place(name)), rows=rows)
            taken[name].append(1000 * seconds)
    samples = {name: Samples(tuple(values)) for name, values in taken.items()}
    call = _Call("make", "", 1, 1)
    return _lines(f"{rows:,} rows in one transaction", samples, call)


def _tasks(setting: Setting, trio: _Trio) -> list[Line]:
    setting.say(f"inserts from {TASKS} tasks")
    each = setting.size(30, 10)

    def timed(child: Child) -> float:
        taken = child.seconds("insert_from_tasks", tasks=TASKS, each=each)
        return 1000 * taken / (TASKS * each)

    samples = take_turns(
        setting.rounds,
        {"ours": lambda: timed(trio.ours), "sqlite": lambda: timed(trio.sqlite)},
    )
    work = f"autocommit insert from {TASKS} tasks at once"
    return [_line(work, _SQLITE, samples["ours"], samples["sqlite"], 3)]


def _size(trio: _Trio, rows: int) -> Line:
    ours, theirs = (
        Samples((float(str(child.call("size"))) / rows,)) for child in (trio.ours, trio.theirs)
    )
    return Line(
        work="bytes a row in the file, log included, after compact",
        against=_ORIGINAL,
        ours=ours,
        theirs=theirs,
        unit="bytes",
        value=ours.median,
        value_unit="bytes",
        target=Target(150, "bytes", at_most=True),
    )


def _flat(rows: int, large: Samples, small: Samples) -> Line:
    return Line(
        work=f"autocommit insert into {rows:,} rows",
        against="into 10 rows",
        ours=large,
        theirs=small,
        unit="ms",
        value=large.median / small.median,
        target=Target(2, "x", at_most=True),
    )


def _opened(setting: Setting, rows: int, path: str, original: tuple[str, str]) -> list[Line]:
    setting.say(f"opening {rows:,} rows")
    python, their_path = original
    ours = [_opened_once("Nacre", path) for _ in range(setting.rounds)]
    theirs = [_opened_once("ModelVault", their_path, python)]
    seconds, memory = (Samples(tuple(each[at] for each in ours)) for at in (0, 1))
    their_seconds, their_memory = (Samples((theirs[0][at],)) for at in (0, 1))
    memory_line = Line(
        work="the same: memory of the process at its peak",
        against=_ORIGINAL,
        ours=memory,
        theirs=their_memory,
        unit="MB",
        value=memory.median,
        value_unit="MB",
        target=Target(100, "MB", at_most=True),
    )
    work = f"open {Path(path).stat().st_size / 1e6:,.0f} MB, {rows:,} rows, and get one"
    return [
        _line(work, _ORIGINAL, _in_ms(seconds), _in_ms(their_seconds), 1000),
        memory_line,
    ]


def _opened_once(contestant: str, path: str, python: str | None = None) -> list[float]:
    more = () if python is None else (python,)
    with Child(f"{_MODULE}:{contestant}", *more) as child:
        found = child.call("open", path=path)
    assert isinstance(found, list)
    return found


def _in_ms(samples: Samples) -> Samples:
    return Samples(tuple(1000 * seconds for seconds in samples.values))


def _lines(work: str, samples: Mapping[str, Samples], call: _Call) -> list[Line]:
    ours = samples["ours"]
    return [
        _line(work, _ORIGINAL, ours, samples["theirs"], call.faster),
        _line(work, _SQLITE, ours, samples["sqlite"], call.faster_than_sqlite),
    ]


def _line(work: str, against: str, ours: Samples, theirs: Samples, target: float | None) -> Line:
    return Line(
        work=work,
        against=against,
        ours=ours,
        theirs=theirs,
        unit="ms",
        value=speedup(ours, theirs),
        target=None if target is None else Target(target, "x"),
    )
