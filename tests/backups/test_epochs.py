"""Fifty days of everything that is done to a vault and its backups, compared with a model."""

import random
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pytest
from backup_targets import DAY_NS, back_up, bring_back, sealed

import nacre
from nacre.backups.listing import read_listing
from nacre.errors import NotFound
from nacre.operations.compact import compact
from nacre.operations.compress import compress
from nacre.operations.forget import forget, plan_forget
from nacre.operations.purge import purge
from nacre.operations.retain import parse_history, set_retention
from nacre.operations.retention import Rules
from nacre.operations.verify_backup import verify_backups

DAYS = 50
START_NS = 1_767_225_600 * 10**9
RULES = Rules(last=2, weekly=2, tags=("keep",))


class Said(NamedTuple):
    """All that a vault says; None in the place of what it lacks."""

    checkpoint: nacre.Checkpoint
    events: tuple[tuple[int, str, nacre.Digest], ...]
    blobs: dict[nacre.Digest, bytes | None]
    frames: dict[str, list[float]]


def test_every_backup_that_is_kept_comes_back_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nacre.operations.compress._KEPT_OPEN", 8)
    choose = random.Random(11)
    target = sealed()
    model: dict[int, Said] = {}
    counts = {"compact": 0, "compress": 0, "purge": 0}
    with nacre.open(tmp_path / "v", durability="relaxed") as vault:
        set_retention(vault.store, parse_history("0s"))
        for day in range(DAYS):
            now_ns = START_NS + day * DAY_NS
            write(vault, choose, day)
            keep_frames(vault, day)
            if day % 9 == 6:
                vault.snapshots.create(f"day {day}")
            if day % 18 == 13:
                vault.snapshots.delete(f"day {day - 7}")
            if day % 7 == 3:
                counts["compact"] += compact(vault.store, min_gain=0).done
            if day % 8 == 5:
                counts["compress"] += compress(vault.store, min_gain=0).done
            if day % 10 == 8:
                subject = choose.choice(sorted({s for _, s, _ in readable(vault).events}))
                counts["purge"] += purge(vault.store, subject, reason=f"day {day}").events > 0
                model = {time: without(said, subject) for time, said in model.items()}
            back_up(vault, target, time_ns=now_ns, tags=["keep"] if day % 13 == 5 else [])
            model[now_ns] = readable(vault)
            sweep = plan_forget(target, RULES, time_ns=now_ns)
            forget(target, sweep, window=timedelta(days=3), time_ns=now_ns)

            chosen = choose.choice(read_listing(target).backups)
            bring_back(target, tmp_path / str(day), backup=chosen.short)
            with nacre.open(tmp_path / str(day)) as restored:
                assert readable(restored) == model[chosen.backup.time_ns]
                assert day % 5 or restored.verify().is_clean

    live = read_listing(target).live()
    assert verify_backups(target, "full").is_clean
    assert min(counts.values()) >= 3
    assert 4 <= len(live) <= 10
    assert {"keep"} <= {tag for each in live for tag in each.backup.tags}
    assert len(read_listing(target).backups) < 20


def write(vault: nacre.Vault, choose: random.Random, day: int) -> None:
    """Set some of a few photos anew, some of them as they were before."""
    for _ in range(choose.randint(1, 3)):
        content = choose.randbytes(8).hex().encode() * choose.choice((10, 900))
        blob = vault.put(content if day % 5 else f"{day % 10} ".encode() * 4000)
        subject = f"photo-{choose.randint(0, 4)}"
        vault.record("photo.set", subject=subject, data={"image": blob})


def keep_frames(vault: nacre.Vault, day: int) -> None:
    """Write one of a few frames anew, and delete one now and then."""
    vault.frames.write(f"frame-{day % 5}", pd.DataFrame({"n": [day / 7] * 100 + [1.0] * 900}))
    if day % 4 == 2:
        vault.frames.delete(vault.frames.names()[0])


def readable(vault: nacre.Vault) -> Said:
    events = tuple((e.position, e.subject, e.data["image"]) for e in vault.events(kind="photo.set"))
    blobs = {digest: found(vault, digest) for *_, digest in events}
    frames = {name: list(vault.frames.read(name)["n"]) for name in vault.frames.names()}
    return Said(vault.checkpoint(), events, blobs, frames)


def found(vault: nacre.Vault, digest: nacre.Digest) -> bytes | None:
    try:
        return bytes(vault.get(digest))
    except NotFound:
        return None


def without(said: Said, subject: str) -> Said:
    """Return what an earlier state says after a purge: what others name stays."""
    events = tuple(event for event in said.events if event[1] != subject)
    return said._replace(events=events, blobs={d: said.blobs[d] for *_, d in events})
