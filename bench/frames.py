"""A frame of 1,000,000 x 10: written, read back, and written again with one column changed."""

import os
import time
from collections.abc import Callable

import nacre
from bench import data
from bench.child import Child
from bench.environments import ARCTICDB, peer_python
from bench.measure import Line, Samples, Setting, Target, speedup, take_turns

ROWS, QUICK_ROWS = 1_000_000, 100_000
ARCTIC = "bench.peers.arctic:Arctic"


class FrameVault:
    """One vault at a time, and the frame that goes into it."""

    def prepare(self, rows: int, seed: int, ids: bool = False) -> str:
        self.frame = data.make_frame(rows, seed, ids=ids)
        return data.fingerprint(self.frame)

    def open(self, path: str) -> None:
        os.sync()
        self._vault = nacre.open(path, actor="bench")

    def write(self) -> float:
        return self._timed_write(self.frame)

    def write_other_column(self, seed: int) -> float:
        return self._timed_write(data.with_other_column(self.frame, seed))

    def write_other_cells(self, cells: int, seed: int) -> float:
        self.frame = data.with_other_cells(self.frame, cells, seed)
        return self._timed_write(self.frame)

    def read_pandas(self) -> float:
        return self._timed_read("pandas")

    def read_arrow(self) -> float:
        return self._timed_read("arrow")

    def check(self) -> bool:
        """Tell whether the vault gives back what went in."""
        return self._vault.frames.read("frame").equals(self.frame)

    def close(self) -> None:
        self._vault.close()

    def _timed_write(self, frame: object) -> float:
        start = time.perf_counter()
        self._vault.frames.write("frame", frame)
        return time.perf_counter() - start

    def _timed_read(self, library: str) -> float:
        start = time.perf_counter()
        frame = self._vault.frames.read("frame", to=library)
        taken = time.perf_counter() - start
        assert len(frame) == len(self.frame)
        return taken


class Pair:
    """nacre and ArcticDB with the same frame, each in its own process."""

    def __init__(self, setting: Setting, *, ids: bool = False) -> None:
        python = peer_python("arcticdb", ARCTICDB, setting.say)
        self.rows = setting.size(ROWS, QUICK_ROWS)
        self._setting = setting
        self.children = {"nacre": Child("bench.frames:FrameVault"), "arctic": Child(ARCTIC, python)}
        prints = {
            child.call("prepare", rows=self.rows, seed=1, ids=ids)
            for child in self.children.values()
        }
        assert len(prints) == 1, "the two environments made different frames"

    def open(self) -> None:
        for name, child in self.children.items():
            child.call("open", path=str(self._setting.place(f"frames-{name}")))

    def close(self) -> None:
        for child in self.children.values():
            assert child.call("check"), "a frame did not come back as it was"
            child.call("close")

    def take_turns(self, rounds: int, **methods: str) -> dict[str, Samples]:
        """Time a method of each, by the names of the contestants."""
        return take_turns(rounds, {name: self._timed(name, m) for name, m in methods.items()})

    def _timed(self, name: str, method: str) -> Callable[[], float]:
        return lambda: self.children[name].seconds(method)

    def __enter__(self) -> "Pair":
        return self

    def __exit__(self, *_: object) -> None:
        for child in self.children.values():
            child.close()


def write(setting: Setting) -> list[Line]:
    """The first version, durable, in a new store each time."""
    with Pair(setting) as pair:

        def new(name: str) -> Callable[[], float]:
            child = pair.children[name]

            def run() -> float:
                child.call("open", path=str(setting.place(f"write-{name}")))
                taken = child.seconds("write")
                child.call("close")
                return taken

            return run

        samples = take_turns(setting.rounds, {"nacre": new("nacre"), "arctic": new("arctic")})
    return [
        _line(f"write a frame, {pair.rows:,} x 10", "ArcticDB on LMDB", samples, Target(1.2, "x"))
    ]


def read(setting: Setting) -> list[Line]:
    """The same frame back, to pandas and to Arrow; strings of few kinds, then one of ids."""
    return [*_read(setting, ids=False), *_read(setting, ids=True)]


def rewrite(setting: Setting) -> list[Line]:
    """The next version, in which all values of one column are new."""
    with Pair(setting) as pair:
        pair.open()
        for child in pair.children.values():
            child.call("write")
        seeds = {name: iter(range(100, 1000)) for name in pair.children}

        def again(name: str) -> Callable[[], float]:
            child = pair.children[name]
            return lambda: child.seconds("write_other_column", seed=next(seeds[name]))

        samples = take_turns(setting.rounds, {"nacre": again("nacre"), "arctic": again("arctic")})
    return [_line("write it again with one column changed", "ArcticDB", samples, Target(3, "x"))]


def _read(setting: Setting, *, ids: bool) -> list[Line]:
    with Pair(setting, ids=ids) as pair:
        pair.open()
        for child in pair.children.values():
            child.call("write")
        rounds = 2 * setting.rounds
        pandas = pair.take_turns(rounds, nacre="read_pandas", arctic="read_pandas")
        arrow = pair.take_turns(rounds, nacre="read_arrow", arctic="read_arrow")
        pair.close()
    mixed = {"nacre": arrow["nacre"], "arctic": pandas["arctic"]}
    with_ids = ", one string column of ids" if ids else ""
    to_pandas, to_arrow = (f"read it back to {name}{with_ids}" for name in ("pandas", "Arrow"))
    return [
        _line(to_pandas, "ArcticDB to pandas", pandas, Target(2.5, "x")),
        _line(to_arrow, "ArcticDB to pandas, its default", mixed, Target(8, "x")),
        _line(to_arrow, "ArcticDB to Arrow", arrow, None),
    ]


def _line(work: str, against: str, samples: dict[str, Samples], target: Target | None) -> Line:
    return Line(
        work=work,
        against=against,
        ours=_milliseconds(samples["nacre"]),
        theirs=_milliseconds(samples["arctic"]),
        unit="ms",
        value=speedup(samples["nacre"], samples["arctic"]),
        target=target,
    )


def _milliseconds(samples: Samples) -> Samples:
    return Samples(tuple(1000 * seconds for seconds in samples.values))
