"""What keeping a vault small costs those who read it meanwhile, and what it saves.

A process reads all the time: a row of a view, the payload that it names, and the newest event of
that subject. Its slowest reads, the 99th percentile, are compared: while nothing else happens, and
while another process compacts, compresses or backs the vault up; and while as many threads of
another only compress something, which shows what the processors alone have to do with it. All are
of one run of the reader, one after the other.
"""

import multiprocessing
import os
import random
import shutil
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path
from typing import ClassVar

import numpy as np

import nacre
from bench.measure import Line, Samples, Setting, Target
from nacre import codec
from nacre.backups import DirectoryTarget
from nacre.operations.backup import backup, open_target
from nacre.operations.compact import compact
from nacre.operations.compress import compress
from nacre.operations.retain import parse_history, set_retention
from nacre.operations.space import space

_COMMITS, _QUICK_COMMITS = 100_000, 20_000
_BLOBS, _QUICK_BLOBS = 4_000, 1_000
_SUBJECTS = 200
_BLOB_BYTES = 50_000
_A_WHILE_SECONDS = 3.0

# How many compress at once: a backup has three on two processors.
_THREADS = {"compact": 1, "compress": 1, "backup": min(4, (os.cpu_count() or 1) + 1)}

Reads = list[tuple[float, float]]
"""When each read ended, and how long it took."""


class Photos:
    """The last photo of every subject: what a compaction has to leave."""

    name: ClassVar[str] = "bench.photos"
    version: ClassVar[int] = 1

    def __init__(self, state: nacre.State) -> None:
        self._photos = state.table("photos")

    def apply(self, event: nacre.Event) -> None:
        if event.kind == "photo.set":
            self._photos[event.subject] = event.data["image"]

    def of(self, subject: str) -> nacre.Digest:
        found = self._photos.get((subject,))
        assert isinstance(found, nacre.Digest)
        return found


def readers(setting: Setting) -> list[Line]:
    """The slowest reads during upkeep, against those without."""
    works: dict[str, Callable[[Path], object]] = {
        "compact": _compact,
        "compress": _compress,
        "backup": _back_up,
    }
    template = setting.place("upkeep") / "vault"
    setting.say("a vault")
    _fill(template, setting)
    slowest: dict[tuple[str, str], list[float]] = {}
    for number in range(setting.rounds):
        for name, work in works.items():
            setting.say(f"round {number}: {name}")
            place = setting.place(name)
            shutil.copytree(template, place / "vault")
            for kind, value in _read_during(place / "vault", work, _THREADS[name]).items():
                slowest.setdefault((name, kind), []).append(value)
            shutil.rmtree(place)
    return [line for name in works for line in _lines(name, slowest)]


def sealed(setting: Setting) -> list[Line]:
    """The log on disk after it was compressed."""
    place = setting.place("sealed")
    _fill(place / "vault", setting)
    with nacre.open(place / "vault") as vault:
        vault.register(Photos)
        before = _log_bytes(vault)
        report = compress(vault.store, min_gain=0)
        after = _log_bytes(vault)
    return [
        Line(
            work=f"log on disk after compress, {report.commits:,} commits of one event",
            against="before",
            ours=Samples((after / 1e6,)),
            theirs=Samples((before / 1e6,)),
            unit="MB",
            value=after / before,
            target=Target(0.2, "x", at_most=True),
            detail={"packs_share": report.packs_after_bytes / max(1, report.packs_before_bytes)},
        )
    ]


def _lines(name: str, slowest: dict[tuple[str, str], list[float]]) -> list[Line]:
    during = Samples(tuple(slowest[name, "during"]))
    against = {
        "without": Target(2.0, "x", at_most=True),
        f"{_THREADS[name]} threads that only compress": None,
    }
    return [
        Line(
            work=f"readers' p99 during {name}",
            against=kind,
            ours=during,
            theirs=(theirs := Samples(tuple(slowest[name, kind.split()[-1]]))),
            unit="us",
            value=during.median / theirs.median,
            target=target,
        )
        for kind, target in against.items()
    ]


def _fill(path: Path, setting: Setting) -> None:
    """Make a vault of small commits, of payloads that compress a little, and of dead ones."""
    random_bytes = np.random.default_rng(1)
    with nacre.open(path, actor="bench", durability="relaxed") as vault:
        vault.register(Photos)
        for number in range(setting.size(_BLOBS, _QUICK_BLOBS)):
            content = random_bytes.bytes(_BLOB_BYTES // 2).hex().encode()
            subject = f"photo {number % _SUBJECTS}"
            vault.record("photo.set", subject=subject, data={"image": vault.put(content)})
        for number in range(setting.size(_COMMITS, _QUICK_COMMITS)):
            data = {"amount": number * 7919 % 1000, "note": "salary"}
            vault.record("account.paid", subject=f"account {number % 1000}", data=data)
        for number in range(_SUBJECTS):
            content = random_bytes.bytes(_BLOB_BYTES)
            subject = f"photo {number}"
            vault.record("photo.set", subject=subject, data={"image": vault.put(content)})
        set_retention(vault.store, parse_history("0s"))


def _compact(path: Path) -> None:
    with nacre.open(path) as vault:
        vault.register(Photos)
        assert compact(vault.store, min_gain=0).done


def _compress(path: Path) -> None:
    with nacre.open(path) as vault:
        vault.register(Photos)
        assert compress(vault.store, min_gain=0).done


def _back_up(path: Path) -> None:
    with nacre.open(path, read_only=True) as vault:
        target = open_target(DirectoryTarget(path.with_name("backups")), create=True)
        backup(vault.store, target)


def _log_bytes(vault: nacre.Vault) -> int:
    return next(used.size_bytes for used in space(vault.store).rows if used.what == "log")


def _read_during(path: Path, work: Callable[[Path], object], threads: int) -> dict[str, float]:
    """Return the 99th percentile of reads, in microseconds, by what else went on."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    reader = context.Process(target=_read, args=(path, there))
    reader.start()
    there.close()
    here.recv()  # it has begun
    times = [time.perf_counter()]
    time.sleep(_A_WHILE_SECONDS)
    times.append(time.perf_counter())
    _compute(threads)
    times.append(time.perf_counter())
    work(path)
    times.append(time.perf_counter())
    here.send(None)
    reads: Reads = here.recv()
    reader.join()
    kinds = ("without", "compress", "during")
    windows = zip(kinds, times, times[1:], strict=False)
    return {kind: _slowest(reads, start, stop) for kind, start, stop in windows}


def _compute(threads: int) -> None:
    """Keep as many processors busy as there are threads, and nothing else."""
    content = random.Random(1).randbytes(1 << 20).hex().encode()
    until = time.perf_counter() + _A_WHILE_SECONDS

    def run(_: int) -> None:
        while time.perf_counter() < until:
            codec.compress(content, level=3)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(run, range(threads)))


def _slowest(reads: Reads, start: float, stop: float) -> float:
    taken = [seconds for at, seconds in reads if start <= at < stop]
    return float(np.percentile(taken, 99)) * 1e6


def _read(path: Path, talk: Connection) -> None:
    """Read until told to stop; send how long each read took."""
    reads: Reads = []
    choose = random.Random(1)
    with nacre.open(path, read_only=True) as vault:
        vault.register(Photos)
        photos = vault.view(Photos)
        talk.send(None)
        while not talk.poll():
            start = time.perf_counter()
            number = choose.randrange(_SUBJECTS)
            vault.get(photos.of(f"photo {number}"))
            next(vault.events(subject=f"photo {number}", reverse=True))
            stop = time.perf_counter()
            reads.append((stop, stop - start))
        talk.send(reads)
