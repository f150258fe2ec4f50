"""Collections of rows against SQLite with the same indexes, and their SQL against DuckDB."""

from collections.abc import Callable

from bench.child import Child
from bench.measure import Line, Samples, Setting, Target, speedup, take_turns

_SQLITE = "SQLite WAL synchronous=FULL"
_MODULE = "bench.peers.people"
THREADS = 32

# What is asked, how often, in what words, and how fast against SQLite.
_QUERIES: tuple[tuple[str, int, str, float | None], ...] = (
    ("get", 5000, "get by key", 0.5),
    ("one", 5000, "a query of one row by key", None),
    ("equal", 200, "indexed equality, 100 rows", 0.3),
    ("range", 200, "indexed range, 100 rows", 0.3),
    ("in", 200, "100 keys in a list", 0.3),
    ("compound", 200, "compound index, 100 rows", 0.3),
    ("prefix", 200, "prefix of the key, 100 rows", 0.3),
    ("ordered", 200, "first 10 in the order of an index", None),
    ("sorted", 3, "first 10 in an order without index, warm", None),
    ("filter", 3, "filter without index, warm", 5),
    ("aggregate", 3, "filter and aggregate without index, warm", 5),
)


def inserts(setting: Setting) -> list[Line]:
    """Durable single inserts into collections of three sizes, and from many threads."""
    lines = []
    ours_by_size: list[Samples] = []
    for rows in (10, 100_000, setting.size(1_000_000, 200_000)):
        with Child(f"{_MODULE}:Nacre") as ours, Child(f"{_MODULE}:Sqlite") as peer:
            _make(setting, ours, peer, rows)
            count = setting.size(300, 100)
            setting.say(f"inserts into {rows:,} rows")
            samples = take_turns(3 * setting.rounds, _both(ours, peer, "insert", count=count))
            work = f"durable insert into {rows:,} rows, two indexes"
            lines.append(_line(work, samples, 0.35, count))
            ours_by_size.append(samples["ours"])
            if rows == 100_000:
                each = setting.size(60, 20)
                setting.say(f"inserts from {THREADS} threads")
                arguments = {"threads": THREADS, "each": each}
                samples = take_turns(
                    setting.rounds, _both(ours, peer, "insert_from_threads", **arguments)
                )
                lines.append(_line(f"the same from {THREADS} threads", samples, 3, THREADS * each))
    return [*lines, _flat(ours_by_size)]


def loads(setting: Setting) -> list[Line]:
    """Bulk loads: Arrow with a million rows, dicts in one commit."""
    rows, dicts = setting.size(1_000_000, 100_000), setting.size(100_000, 20_000)

    def load(child: Child, method: str, name: str, **arguments: object) -> Callable[[], float]:
        def run() -> float:
            taken = child.seconds(method, path=str(setting.place(name)), **arguments)
            if method == "make":
                child.call("close")
            return taken

        return run

    with Child(f"{_MODULE}:Nacre") as ours, Child(f"{_MODULE}:Sqlite") as peer:
        setting.say("bulk loads")
        columns = take_turns(
            min(3, setting.rounds),
            {
                "ours": load(ours, "make", "arrow", rows=rows, indexes=1),
                "theirs": load(peer, "make", "arrow-sqlite", rows=rows, indexes=1),
            },
            warm_up=False,
        )
        by_row = take_turns(
            setting.rounds,
            {
                "ours": load(ours, "load_dicts", "dicts", rows=dicts),
                "theirs": load(peer, "load_dicts", "dicts-sqlite", rows=dicts),
            },
        )
    return [
        _line(f"bulk load of {rows:,} rows from Arrow, one index", columns, 0.5, rows),
        _line(f"{dicts:,} dicts in one commit, one index", by_row, 0.25, dicts),
    ]


def queries(setting: Setting) -> list[Line]:
    """Queries of a million rows; and what the rows take on disk."""
    rows = setting.size(1_000_000, 100_000)
    lines = []
    with Child(f"{_MODULE}:Nacre") as ours, Child(f"{_MODULE}:Sqlite") as peer:
        _make(setting, ours, peer, rows)
        for what, count, work, target in _QUERIES:
            setting.say(work)
            few = min(count, 10)
            if what not in ("aggregate",):
                assert ours.call("answers", what=what, count=few) == peer.call(
                    "answers", what=what, count=few
                ), what
            samples = take_turns(setting.rounds, _both(ours, peer, "ask", what=what, count=count))
            lines.append(_line(f"{work}, of {rows:,}", samples, target, count, "us"))
        setting.say("bytes")
        lines.append(_bytes(rows, ours.call("sizes"), peer.call("sizes")))
    return lines


def joins(setting: Setting) -> list[Line]:
    """SQL over two collections and a frame, against DuckDB on the same as Parquet."""
    rows = setting.size(1_000_000, 100_000)
    with Child(f"{_MODULE}:Nacre") as ours, Child(f"{_MODULE}:DuckDb") as peer:
        ours.call("make", path=str(setting.place("sql")), rows=rows)
        ours.call("prepare_sql")
        peer.call("make", path=str(setting.place("parquet")), rows=rows)
        samples = take_turns(setting.rounds, _both(ours, peer, "sql"))
        ours.call("close")
    return [
        Line(
            work=f"SQL join and group over two collections and a frame, {rows:,} rows, warm",
            against="DuckDB on Parquet of the same",
            ours=_scaled(samples["ours"], 1000),
            theirs=_scaled(samples["theirs"], 1000),
            unit="ms",
            value=speedup(samples["ours"], samples["theirs"]),
            target=Target(0.5, "x"),
        )
    ]


def _make(setting: Setting, ours: Child, peer: Child, rows: int) -> None:
    setting.say(f"making {rows:,} rows")
    ours.call("make", path=str(setting.place("rows")), rows=rows)
    peer.call("make", path=str(setting.place("rows-sqlite")), rows=rows)


def _both(
    ours: Child, peer: Child, method: str, **arguments: object
) -> dict[str, Callable[[], float]]:
    return {
        "ours": lambda: ours.seconds(method, **arguments),
        "theirs": lambda: peer.seconds(method, **arguments),
    }


def _line(
    work: str, samples: dict[str, Samples], target: float | None, count: int, unit: str = "/s"
) -> Line:
    ours, theirs = samples["ours"], samples["theirs"]
    return Line(
        work=work,
        against=_SQLITE,
        ours=ours.per_second(count) if unit == "/s" else _scaled(ours, 1e6 / count),
        theirs=theirs.per_second(count) if unit == "/s" else _scaled(theirs, 1e6 / count),
        unit=unit,
        value=speedup(ours, theirs),
        target=None if target is None else Target(target, "x"),
    )


def _flat(by_size: list[Samples]) -> Line:
    smallest, largest = by_size[0], by_size[-1]
    return Line(
        work="the insert into the largest against the one into 10 rows",
        against="10 rows",
        ours=_scaled(largest, 1000),
        theirs=_scaled(smallest, 1000),
        unit="ms",
        value=largest.median / smallest.median,
        target=Target(2, "x", at_most=True),
    )


def _bytes(rows: int, ours: object, theirs: object) -> Line:
    assert isinstance(ours, int)
    assert isinstance(theirs, int)
    return Line(
        work="bytes a row, log included, after compress",
        against="the file of SQLite, two indexes as here",
        ours=Samples((ours / rows,)),
        theirs=Samples((theirs / rows,)),
        unit="bytes",
        value=ours / theirs,
        target=Target(1.5, "x", at_most=True),
    )


def _scaled(samples: Samples, factor: float) -> Samples:
    return Samples(tuple(factor * value for value in samples.values))
