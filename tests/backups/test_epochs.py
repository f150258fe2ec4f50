"""Fifty days of writing, dropping, backing up, forgetting and restoring, compared with a model."""

import random
from datetime import timedelta
from pathlib import Path

from backup_targets import DAY_NS, back_up, bring_back, sealed

import nacre
from nacre.backups.listing import read_listing
from nacre.errors import NotFound
from nacre.operations.compact import compact
from nacre.operations.forget import forget, plan_forget
from nacre.operations.retain import parse_history, set_retention
from nacre.operations.retention import Rules
from nacre.operations.verify_backup import verify_backups

DAYS = 50
START_NS = 1_767_225_600 * 10**9
RULES = Rules(last=2, weekly=2, tags=("keep",))


def test_every_backup_that_is_kept_comes_back_as_it_was(tmp_path: Path) -> None:
    choose = random.Random(11)
    target = sealed()
    model: dict[str, dict[str, object]] = {}
    with nacre.open(tmp_path / "v", durability="relaxed") as vault:
        set_retention(vault.store, parse_history("0s"))
        for day in range(DAYS):
            now_ns = START_NS + day * DAY_NS
            write(vault, choose, day)
            if day % 7 == 3:
                compact(vault.store, min_gain=0)
            tags = ["keep"] if day % 13 == 5 else []
            name = back_up(vault, target, time_ns=now_ns, tags=tags).name
            model[name] = readable(vault)
            sweep = plan_forget(target, RULES, time_ns=now_ns)
            forget(target, sweep, window=timedelta(days=3), time_ns=now_ns)

            chosen = choose.choice(read_listing(target).backups).short
            bring_back(target, tmp_path / str(day), backup=chosen)
            with nacre.open(tmp_path / str(day)) as restored:
                assert readable(restored) == model[chosen]

    live = read_listing(target).live()
    assert verify_backups(target, "full").is_clean
    assert 4 <= len(live) <= 10
    assert {"keep"} <= {tag for each in live for tag in each.backup.tags}
    assert len(read_listing(target).backups) < 20


def write(vault: nacre.Vault, choose: random.Random, day: int) -> None:
    """Set some of a few photos anew, some of them as they were before."""
    for _ in range(choose.randint(1, 3)):
        content = choose.randbytes(8) * choose.choice((10, 900))
        blob = vault.put(content if day % 5 else f"{day % 10} ".encode() * 4000)
        subject = f"photo-{choose.randint(0, 4)}"
        vault.record("photo.set", subject=subject, data={"image": blob})


def readable(vault: nacre.Vault) -> dict[str, object]:
    """Return all that a vault says, None in the place of what it dropped."""
    blobs: dict[nacre.Digest, bytes | None] = {}
    for event in vault.events(kind="photo.set"):
        try:
            blobs[event.data["image"]] = vault.get(event.data["image"])
        except NotFound:
            blobs[event.data["image"]] = None
    checkpoint = vault.checkpoint()
    return {"checkpoint": checkpoint, "blobs": blobs}
