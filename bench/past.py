"""Going back in time, snapshots, replay."""

import os
import random
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

import nacre
from bench.measure import Line, Samples, Setting, Target, speedup, take_turns
from nacre import codec
from nacre.blobs import index
from nacre.stage import Words
from nacre.transaction import Request

_OWNERS = 100_000
_TOGETHER = 5_000
_EACH = 1_000
_BLOB_BYTES = 64  # what a blob costs besides its payload: a row of the index, or a record's head


class Balances:
    """How much each of many owners holds."""

    name: ClassVar[str] = "bench.balances"
    version: ClassVar[int] = 1
    kinds = ("deposited",)

    def __init__(self, state: nacre.State) -> None:
        self._balances = state.table("balances")

    def apply(self, event: nacre.Event) -> None:
        amount = event.data["amount"]
        self._balances[event.subject] = self._balances.get(event.subject, 0) + amount

    def get(self, owner: str) -> int:
        return self._balances.get(owner, 0)


class NewBalances(Balances):
    """The same by newer code, which believes no snapshot: it is derived from commit 0."""

    version: ClassVar[int] = 2


def past(setting: Setting) -> list[Line]:
    """Open a view as of the middle of many commits: from 0, from a snapshot, from the cache."""
    commits = setting.size(1_000_000, 40_000)
    middle = commits // 2
    setting.say(f"making {commits:,} commits")
    path = _with_commits(setting, commits)
    with _cache(setting) as cache, nacre.open(path, actor="bench") as vault:
        vault.register(Balances)
        vault.snapshots.create("near", at=middle - commits // 1000)
        cold = take_turns(
            min(setting.rounds, 3),
            {
                "snapshot": lambda: _opened(vault, middle, Balances, cache),
                "zero": lambda: _opened(vault, middle, NewBalances, cache),
            },
            warm_up=False,
        )
        warm = take_turns(50, {"warm": lambda: _opened(vault, middle, Balances, None)})["warm"]
    work = f"open as of the middle of {commits:,} commits and read a row"
    ours, theirs, again = map(_ms, (cold["snapshot"], cold["zero"], warm))
    return [
        Line(
            work=f"{work}, cold, a snapshot {commits // 1000:,} commits before",
            against="replay from 0",
            ours=ours,
            theirs=theirs,
            unit="ms",
            value=speedup(ours, theirs),
            target=Target(20, "x"),
        ),
        _alone(f"{work}, warm", again, "ms", Target(10, "ms", at_most=True)),
    ]


def snapshots(setting: Setting) -> list[Line]:
    """What a second snapshot takes, when one in a hundred rows has changed."""
    owners = [f"owner-{number:06d}" for number in range(setting.size(_OWNERS, 20_000))]
    count = len(owners) // 100
    chosen = {
        "scattered": random.Random(1).sample(owners, count),
        "clustered": owners[len(owners) // 2 :][:count],
    }
    return [_second(setting, owners, spread, changed) for spread, changed in chosen.items()]


def replays(setting: Setting) -> list[Line]:
    """Derive views again and compare them."""
    events = setting.size(1_000_000, 50_000)
    setting.say(f"recording {events:,} events")
    bulk = setting.place("replay") / "v"
    with nacre.open(bulk, actor="bench", durability="relaxed") as vault:
        vault.register(Balances)
        for first in range(0, events, _EACH):
            _deposit(vault, (_owner(number) for number in range(first, first + _EACH)))
    single = _with_commits(setting, events)
    lines = []
    for path, size in ((bulk, f"commits of {_EACH:,}"), (single, "commits of one")):
        for views, besides in (((), ""), ((Balances,), ", and a view of a row an event")):
            rounds = setting.rounds if path is bulk else 1
            rate = _replayed(setting, path, views, rounds).per_second(events)
            is_target = path is bulk and not views
            lines.append(
                _alone(
                    f"replay and compare {events:,} events in {size}: the engine's views{besides}",
                    rate,
                    "events/s",
                    Target(150_000, "events/s") if is_target else None,
                )
            )
    return lines


def _replayed(
    setting: Setting, path: Path, views: Iterable[type[nacre.View]], rounds: int
) -> Samples:
    def run() -> float:
        with _cache(setting), nacre.open(path, read_only=True) as vault:
            for view in views:
                vault.register(view)
            start = time.perf_counter()
            report = vault.replay()
            taken = time.perf_counter() - start
        assert report.is_equal
        return taken

    return take_turns(rounds, {"nacre": run}, warm_up=False)["nacre"]


def _second(setting: Setting, owners: list[str], spread: str, changed: list[str]) -> Line:
    with (
        _cache(setting),
        nacre.open(setting.place("snapshots") / "v", durability="relaxed") as vault,
    ):
        vault.register(Balances)
        _deposit(vault, owners)
        vault.snapshots.create("first")
        _deposit(vault, changed)
        vault.snapshots.create("second")
        first, second = (_blobs_of(vault, name) for name in ("first", "second"))
        old, new = _space(vault, first), _space(vault, second - first)
    return Line(
        work=f"second snapshot, 1 % of {len(owners):,} rows changed, {spread}",
        against="the first one's space",
        ours=Samples((new / 1e6,)),
        theirs=Samples((old / 1e6,)),
        unit="MB",
        value=100 * new / old,
        value_unit="%",
        target=Target(5, "%", at_most=True),
    )


def _blobs_of(vault: nacre.Vault, name: str) -> set[nacre.Digest]:
    """Return the blobs of the bench's view in a snapshot: the history's would hide them."""
    stored = vault.snapshots.content(name).view(Balances.name, Balances.version)
    assert stored is not None
    chunks = {
        digest for run in stored.runs for digest in codec.digests_in(codec.unpack(vault.get(run)))
    }
    return {vault.snapshots.get(name).manifest, *stored.runs, *chunks}


def _space(vault: nacre.Vault, digests: set[nacre.Digest]) -> int:
    with vault.store.environment.read() as transaction:
        rows = [index.get_row(transaction, digest) for digest in digests]
    return sum(row.description.stored_size + _BLOB_BYTES for row in rows if row is not None)


def _opened(vault: nacre.Vault, position: int, view: type[Balances], cache: Path | None) -> float:
    if cache is not None:
        shutil.rmtree(cache, ignore_errors=True)
    start = time.perf_counter()
    with vault.at(position) as then:
        assert then.view(view).get(_owner(1))
    return time.perf_counter() - start


def _with_commits(setting: Setting, commits: int) -> Path:
    """Make a vault of commits of one event each; many share a sync, so that it ends today."""
    path = setting.place("commits") / "v"
    with nacre.open(path, actor="bench", durability="relaxed") as vault:
        vault.register(Balances)
        words = Words(actor="bench", message="", write_id=None)
        for first in range(0, commits, _TOGETHER):
            numbers = range(first, min(first + _TOGETHER, commits))
            requests = [Request(_decision(number), words) for number in numbers]
            vault.store._committer._commit_together(requests)
    return path


def _decision(number: int):
    def decide(tx: nacre.Transaction) -> None:
        tx.record("deposited", subject=_owner(number), data={"amount": number % 100 + 1})

    return decide


def _deposit(vault: nacre.Vault, owners: Iterable[str]) -> None:
    with vault.transaction() as tx:
        for number, owner in enumerate(owners):
            tx.record("deposited", subject=owner, data={"amount": number * 7919 % 100_003})


def _owner(number: int) -> str:
    return f"owner-{number * 7919 % _OWNERS:06d}"


@contextmanager
def _cache(setting: Setting) -> Iterator[Path]:
    """Let derived files lie in a place of their own."""
    before = os.environ.get("XDG_CACHE_HOME")
    place = setting.place("cache")
    os.environ["XDG_CACHE_HOME"] = str(place)
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)
        if before is None:
            del os.environ["XDG_CACHE_HOME"]
        else:
            os.environ["XDG_CACHE_HOME"] = before


def _ms(samples: Samples) -> Samples:
    return Samples(tuple(1000 * seconds for seconds in samples.values))


def _alone(work: str, samples: Samples, unit: str, target: Target | None) -> Line:
    return Line(
        work=work,
        against="",
        ours=samples,
        unit=unit,
        value=samples.median,
        value_unit=unit,
        target=target,
    )
