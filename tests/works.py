"""The commits that the crash tests cut short, and what must be true of a vault afterwards."""

import random
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

import pandas as pd

import nacre
from nacre import codec
from nacre.decision import Transaction
from nacre.files import Files, OsFiles
from nacre.frames import FrameVersions
from nacre.opening import open_store
from nacre.store import Options
from nacre.vault import Vault

LARGE = 70_000
FRAME = pd.DataFrame({"n": range(3000), "text": [f"row {n * 7919 % 3000}" for n in range(3000)]})


def open_over(path: Path, files: Files, *, single_file: bool) -> Vault:
    """Open a vault as `nacre.open` does, over other files."""
    options = Options(actor="ana", files=files)
    store = open_store(path, options, Transaction, create=True, single_file=single_file)
    try:
        store.register(FrameVersions)
    except BaseException:
        store.close()
        raise
    return Vault(store)


def noise(seed: str, size: int = LARGE) -> bytes:
    return random.Random(seed).randbytes(size)


def record_one(vault: Vault) -> None:
    vault.record("work.noted", subject="one", data={"n": 1})


def put_blobs_of_all_sizes(vault: Vault) -> None:
    chunks = [vault.put(noise(f"chunk {n}")) for n in range(3)]
    blobs = [vault.put(b"small"), vault.put(bytes(LARGE)), vault.put(noise("page", 5000))]
    manifest = vault.put_blob(codec.pack({"chunks": chunks}), manifest=True)
    vault.record("work.put", subject="blobs", data={"blobs": blobs, "manifest": manifest})


def record_many(vault: Vault) -> None:
    with vault.transaction() as tx:
        for n in range(300):
            tx.record("work.listed", subject="many", data={"n": n})


def put_inside_a_decision(vault: Vault) -> None:
    def decide(tx: nacre.Transaction) -> None:
        for n in range(2):
            tx.record("work.put", subject="inside", data={"blob": tx.put(noise(f"inside {n}"))})

    vault.commit(decide)


def write_a_frame(vault: Vault) -> None:
    vault.frames.write("frame", FRAME)


WORKS: dict[str, Callable[[Vault], object]] = {
    "one": record_one,
    "blobs": put_blobs_of_all_sizes,
    "many": record_many,
    "inside": put_inside_a_decision,
    "frame": write_a_frame,
}
EVENTS = {"one": 1, "blobs": 1, "many": 300, "inside": 2, "frame": 1}


def do(vault: Vault, names: Iterable[str], acknowledge: Callable[[str], object]) -> None:
    """Commit the works of these names, and acknowledge each once it is committed."""
    for name in names:
        WORKS[name](vault)
        acknowledge(name)


def missing(vault: Vault) -> list[str]:
    """Return the names of the works that are still to be done."""
    done = {event.subject for event in vault.events()}
    return [name for name in WORKS if name not in done]


def check(vault: Vault, acknowledged: Iterable[str], *, besides: int) -> None:
    """Check that what was acknowledged is there whole, and *besides* at most so many others."""
    events = Counter(event.subject for event in vault.events())
    assert set(acknowledged) <= set(events)
    assert len(events) <= len(set(acknowledged)) + besides
    assert events == {name: EVENTS[name] for name in events}
    assert vault.head == len(events)
    for digest in codec.digests_in([dict(event.data) for event in vault.events()]):
        vault.get(digest)
    if "frame" in events:
        pd.testing.assert_frame_equal(vault.frames.read("frame"), FRAME)
    assert vault.verify().problems == ()


def check_after_crash(
    path: Path, acknowledged: Iterable[str], *, single_file: bool, besides: int = 1
) -> None:
    """Open a vault that was cut off, check it, finish the works, and check again."""
    with open_over(path, OsFiles(), single_file=single_file) as vault:
        check(vault, acknowledged, besides=besides)
        do(vault, missing(vault), lambda name: None)
        check(vault, WORKS, besides=0)
