"""What the tests of purged backups share: backups with things that go, and what is left."""

import os
import shutil
from contextlib import suppress
from pathlib import Path

import pandas as pd
from backup_targets import back_up, bring_back

import nacre
from nacre.backups import SealedTarget
from nacre.backups.contents import load_contents
from nacre.backups.fetch import Fetcher
from nacre.backups.listing import read_listing
from nacre.errors import CorruptionError
from nacre.event import open_entry
from nacre.operations.purge import purge as purge_store
from nacre.operations.verify_backup import verify_backups

SECRET = b"the secret of Ana"
REASON = "request 17"


def noted(vault: nacre.Vault, subject: str, note: str, **data: object) -> None:
    vault.record("note.set", subject=subject, data={"note": note, **data})


def fill(vault: nacre.Vault, target: SealedTarget) -> list[str]:
    """Back up three times, with things of ana's in each; return the names."""
    shared = vault.put(b"shared" + os.urandom(20_000))
    with vault.transaction(message="two at once") as tx:
        tx.record("note.set", subject="ana", data={"note": SECRET.decode(), "image": shared})
        tx.record("note.set", subject="bo", data={"note": "hello", "image": shared})
    names = [back_up(vault, target, tags=["first"]).name]
    own = vault.put(SECRET + os.urandom(20_000))
    noted(vault, "ana", "a photo", image=own)
    vault.frames.write("ana", pd.DataFrame({"who": [SECRET.decode()] * 3}))
    vault.snapshots.create("monday")
    names.append(back_up(vault, target).name)
    noted(vault, "bo", "more", image=vault.put(os.urandom(20_000)))
    names.append(back_up(vault, target).name)
    return names


def photo_of(vault: nacre.Vault) -> nacre.Digest:
    events = vault.events(subject="ana")
    return next(e.data["image"] for e in events if e.data.get("note") == "a photo")


def purge(vault: nacre.Vault, subject: str = "ana") -> None:
    assert purge_store(vault.store, subject, reason=REASON).events > 0


def shown(target: SealedTarget) -> bytes:
    """Return all that the files of a target hold, decoded."""
    contents = load_contents(target)
    fetcher = Fetcher(target, contents)
    assert contents.problems == []
    found = []
    for digest in {p.chunk.description.digest for ps in contents.places.values() for p in ps}:
        try:
            content = bytes(fetcher.content(digest))
        except CorruptionError:
            continue  # a part of a blob whose other parts were never stored
        found.append(content)
        try:
            entries = nacre.codec.unpack(content)
        except CorruptionError:
            continue
        with suppress(CorruptionError, TypeError):  # it is something else
            found += [open_entry(entry)[1] for entry in entries]
    return b"\n".join(found)


def check_whole(target: SealedTarget, folder: Path) -> list[dict[str, object]]:
    """Restore every backup there is; return what each vault says."""
    assert verify_backups(target, "full").problems == ()
    said = []
    for number, listed in enumerate(read_listing(target).backups):
        place = folder / f"r{number}"
        report = bring_back(target, place, backup=listed.short)
        assert (report.head, report.root) == (listed.backup.head, listed.backup.root.hex())
        with nacre.open(place) as restored:
            assert restored.verify().problems == ()
            said.append({e.subject: dict(e.data) for e in restored.events() if not e.purged})
        shutil.rmtree(place)
    return said
