"""What an audit costs: proofs out of a large log, and the tiers of verify."""

import json
import random
import time
from collections.abc import Callable
from pathlib import Path

from blake3 import blake3

import nacre
import nacre_check
from bench.measure import Line, Samples, Setting, Target, speedup, take_turns
from nacre.operations import prove_inclusion, verify, verify_structure
from nacre.stage import Words
from nacre.transaction import Request

_PROOFS = 20
_GROUP = 2000
_PAYLOAD = 1 << 20


def proofs(setting: Setting) -> list[Line]:
    """Inclusion proofs out of a million commits, and the structure tier over them."""
    commits = setting.size(1_000_000, 20_000)
    setting.say(f"filling a vault with {commits:,} commits")
    path = _filled(setting, commits)
    with nacre.open(path, read_only=True) as vault:
        trusted = nacre_check.read_note(str(vault.checkpoint()))
        positions = random.Random(1).sample(range(commits), _PROOFS)
        files = [str(prove_inclusion(vault.store, position)) for position in positions]
        setting.say("making and checking proofs")
        taken = take_turns(
            setting.rounds,
            {
                "make": lambda: _each(lambda n: prove_inclusion(vault.store, positions[n])),
                "check": lambda: _each(
                    lambda n: nacre_check.check_inclusion(json.loads(files[n]), trusted)
                ),
            },
        )
        setting.say("verifying the structure")
        structure = take_turns(
            min(setting.rounds, 3),
            {"structure": lambda: 1000 * _seconds(lambda: verify_structure(vault.store))},
            warm_up=False,
        )["structure"]
    work = f"inclusion proof out of {commits:,} commits"
    return [
        _line(f"make an {work}", taken["make"], "ms", 50),
        _line(f"check an {work}", taken["check"], "ms", 5),
        _line(f"verify the structure of {commits:,} commits", structure, "ms", 20_000),
    ]


def payloads(setting: Setting) -> list[Line]:
    """`verify --full` of a gigabyte of payload, against reading and hashing the same bytes."""
    count = setting.size(1000, 100)
    setting.say(f"filling a vault with {count} MiB")
    path = setting.place("payloads") / "v"
    chance = random.Random(2)
    with nacre.open(path, actor="bench") as vault:
        for number in range(count):
            digest = vault.put(chance.randbytes(_PAYLOAD))
            vault.record("file.added", subject=f"file-{number}", data={"content": digest})
    with nacre.open(path, read_only=True) as vault:
        taken = take_turns(
            setting.rounds,
            {
                "verify": lambda: 1000 * _seconds(lambda: verify(vault.store)),
                "hash": lambda: 1000 * _seconds(lambda: _hash_all(path)),
            },
        )
    return [
        Line(
            work=f"verify --full of {count} MiB of payload",
            against="reading and hashing the same bytes with blake3",
            ours=taken["verify"],
            theirs=taken["hash"],
            unit="ms",
            value=speedup(taken["verify"], taken["hash"]),
            target=Target(0.5, "x"),
        )
    ]


def _line(work: str, ours: Samples, unit: str, bound: float) -> Line:
    return Line(
        work=work,
        against="",
        ours=ours,
        unit=unit,
        value=ours.median,
        value_unit=unit,
        target=Target(bound, unit, at_most=True),
    )


def _filled(setting: Setting, commits: int) -> Path:
    path = setting.place("proofs") / "v"
    words = Words(actor="bench", message="", write_id=None)
    with nacre.open(path, actor="bench", durability="relaxed") as vault:
        committer = vault.store._committer  # one durable write for many commits
        for first in range(0, commits, _GROUP):
            group = range(first, min(first + _GROUP, commits))
            committer._commit_together([Request(_deposit(number), words) for number in group])
        assert vault.head == commits
    return path


def _deposit(number: int) -> Callable[[nacre.Transaction], None]:
    subject = f"account-{number % 977:05d}"
    return lambda tx: tx.record("deposited", subject=subject, data={"amount": number})


def _each(work: Callable[[int], object]) -> float:
    """Return milliseconds for one."""
    start = time.perf_counter()
    for number in range(_PROOFS):
        work(number)
    return (time.perf_counter() - start) * 1000 / _PROOFS


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _hash_all(path: Path) -> None:
    for pack in sorted((path / "packs").iterdir()):
        with pack.open("rb") as file:
            while block := file.read(_PAYLOAD):
                blake3(block, max_threads=blake3.AUTO).digest()
