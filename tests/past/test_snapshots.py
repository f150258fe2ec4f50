"""Snapshots: named positions, pinned, with copies of the views that others begin with."""

import os
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import ClassVar

import pandas as pd
import pytest
from accounts import Accounts, DoubledAccounts, deposit, fill
from processes import in_process

import nacre
from nacre.blobs import index
from nacre.clock import now_ns
from nacre.codec import digests_in, unpack
from nacre.errors import InvalidInput, NotFound, ReadOnly
from nacre.operations import retain
from nacre.operations.compact import compact
from nacre.operations.retain import Retention, set_retention


class Counting(Accounts):
    """Notes the commits whose events it was given."""

    name: ClassVar[str] = "counting"
    applied: ClassVar[list[int]] = []

    def apply(self, event: nacre.Event) -> None:
        self.applied.append(event.position)
        super().apply(event)


@pytest.fixture
def bank_vault(vault: nacre.Vault) -> nacre.Vault:
    """Ten deposits of 1 to o0 to o9, a view that counts, an empty cache."""
    vault.register(Counting)
    for n in range(10):
        deposit(vault, f"o{n}", 1)
    Counting.applied.clear()
    clear_cache()
    return vault


def clear_cache() -> None:
    shutil.rmtree(os.environ["XDG_CACHE_HOME"], ignore_errors=True)


def balances(owners: int) -> dict[str, int]:
    return {f"o{n}": 1 for n in range(owners)}


def test_a_snapshot_pins_the_position_of_now(bank_vault: nacre.Vault) -> None:
    report = bank_vault.snapshots.create("q1", message="end of quarter")
    deposit(bank_vault, "late", 5)

    found = bank_vault.snapshots.get("q1")
    assert report.snapshot == found
    assert (found.name, found.position, found.created) == ("q1", 10, 10)
    assert (found.actor, found.message) == ("ana", "end of quarter")
    assert [view.name for view in report.views] == ["counting", "frames", "nacre.history", "rows"]
    assert {view.position for view in report.views} == {10}
    assert bank_vault.at("q1").head == 10
    assert bank_vault.at("q1").view(Counting).all() == balances(10)
    assert bank_vault.verify().is_clean


def test_creating_one_copies_rows_and_derives_none(bank_vault: nacre.Vault) -> None:
    bank_vault.snapshots.create("q1")

    assert Counting.applied == []


def test_a_past_position_can_be_pinned(bank_vault: nacre.Vault) -> None:
    bank_vault.snapshots.create("half", at=5)
    clear_cache()
    Counting.applied.clear()

    assert bank_vault.at("half").view(Counting).all() == balances(5)
    assert Counting.applied == []


def test_reading_later_begins_with_the_nearest_snapshot(bank_vault: nacre.Vault) -> None:
    bank_vault.snapshots.create("early", at=2)
    bank_vault.snapshots.create("half", at=5)
    clear_cache()
    Counting.applied.clear()

    assert bank_vault.at(8).view(Counting).all() == balances(8)
    assert Counting.applied == [5, 6, 7]


def test_a_later_snapshot_is_of_no_use(bank_vault: nacre.Vault) -> None:
    bank_vault.snapshots.create("half", at=5)
    clear_cache()

    assert bank_vault.at(4).view(Counting).all() == balances(4)


def test_reading_later_begins_with_what_was_read_before(bank_vault: nacre.Vault) -> None:
    bank_vault.at(4).view(Counting).all()
    Counting.applied.clear()

    assert bank_vault.at(6).view(Counting).all() == balances(6)
    assert Counting.applied == [4, 5]


def test_rows_of_other_code_are_not_believed(bank_vault: nacre.Vault) -> None:
    bank_vault.register(Accounts)
    bank_vault.snapshots.create("q1")
    clear_cache()

    assert bank_vault.at("q1").view(DoubledAccounts).get("o1") == 100


def test_a_damaged_snapshot_is_passed_over(bank_vault: nacre.Vault) -> None:
    fill(bank_vault, 3, 3000)  # rows enough for a blob of their own
    report = bank_vault.snapshots.create("q1")
    expected = bank_vault.at("q1").view(Counting).all()
    manifest = report.snapshot.manifest
    path = bank_vault.path
    bank_vault.close()
    damage(path, manifest)
    clear_cache()

    with nacre.open(path) as vault:
        vault.register(Counting)
        problems = vault.verify().problems

        assert vault.at("q1").view(Counting).all() == expected
        assert any("affects snapshot 'q1'" in str(problem) for problem in problems)


def damage(path: Path, digest: nacre.Digest) -> None:
    """Flip a byte of the payload of a blob that lies in LMDB."""
    file = path / "vault.mdb" if path.is_dir() else path
    data = bytearray(file.read_bytes())
    found = -1
    while (found := data.find(digest.raw, found + 1)) >= 0:
        at = found + 32 + 25  # behind the fields of the row
        if b"nacre.snapshot" in data[at : at + 60]:
            data[data.index(b"nacre.snapshot", at)] ^= 1
    file.write_bytes(data)


def test_names_are_unique_until_deleted(bank_vault: nacre.Vault) -> None:
    bank_vault.snapshots.create("q1")
    with pytest.raises(InvalidInput, match="there is a snapshot 'q1' of position 10"):
        bank_vault.snapshots.create("q1")

    bank_vault.snapshots.delete("q1")

    assert bank_vault.snapshots.all() == []
    assert bank_vault.snapshots.create("q1").snapshot.position == 12
    assert bank_vault.verify().is_clean


@pytest.mark.parametrize(
    "name", ["5", "2026-01-31", "now", "Yesterday", "a day ago", "", "-x", "a\n"]
)
def test_a_name_that_could_be_a_moment_is_refused(vault: nacre.Vault, name: str) -> None:
    with pytest.raises(InvalidInput):
        vault.snapshots.create(name)
    assert vault.head == 0


def test_a_snapshot_that_is_not_there_is_named(bank_vault: nacre.Vault) -> None:
    with pytest.raises(NotFound, match="'q9': create one first"):
        bank_vault.snapshots.delete("q9")
    bank_vault.snapshots.create("q1")
    with pytest.raises(NotFound, match="'q9': choose of 'q1'"):
        bank_vault.snapshots.get("q9")
    with pytest.raises(InvalidInput, match="'q9' is not understood"):
        bank_vault.at("q9")


def test_snapshots_are_read_as_they_were(bank_vault: nacre.Vault) -> None:
    bank_vault.snapshots.create("a")
    bank_vault.snapshots.create("b")
    bank_vault.snapshots.delete("a")

    assert [s.name for s in bank_vault.snapshots.all()] == ["b"]
    assert [s.name for s in bank_vault.at(12).snapshots.all()] == ["a", "b"]
    assert bank_vault.at(10).snapshots.all() == []
    assert bank_vault.at(12).at("a").head == 10
    with pytest.raises(ReadOnly):
        bank_vault.at(12).snapshots.create("c")


def test_an_empty_vault_can_be_pinned(vault: nacre.Vault) -> None:
    vault.snapshots.create("start")

    assert vault.at("start").head == 0
    assert vault.verify().is_clean


def test_other_handles_and_processes_see_it(bank_vault: nacre.Vault) -> None:
    path = bank_vault.path
    with nacre.open(path, read_only=True) as reader:
        assert reader.snapshots.all() == []
        in_process(lambda: bank_vault.snapshots.create("q1").snapshot.position)

        assert [s.name for s in bank_vault.snapshots.all()] == ["q1"]
        assert [s.name for s in reader.snapshots.all()] == ["q1"]
    with nacre.open(path) as again:
        assert "nacre.snapshots" in [view.name for view in again.describe().views]
        assert again.at("q1").view(Counting).all() == balances(10)


def test_writers_go_on_while_it_is_created(vault: nacre.Vault) -> None:
    vault.register(Accounts)
    fill(vault, 20, 500)
    stop = threading.Event()

    def write() -> int:
        written = 0
        while not stop.is_set():
            deposit(vault, "busy", 1)
            written += 1
        return written

    with ThreadPoolExecutor(1) as pool:
        writer = pool.submit(write)
        for n in range(5):
            vault.snapshots.create(f"s{n}")
        stop.set()
        assert writer.result() > 0

    for snapshot in vault.snapshots.all():
        events = vault.events(subject="busy", stop=snapshot.position)
        assert vault.at(snapshot.name).view(Accounts).get("busy") == len(list(events))
    assert vault.verify().is_clean


def test_the_manifest_names_every_blob(bank_vault: nacre.Vault) -> None:
    report = bank_vault.snapshots.create("q1")

    seen, pending = set(), [report.snapshot.manifest]
    while pending:
        blob = pending.pop()
        seen.add(blob)
        if bank_vault.store.blobs.is_manifest(blob):
            pending += digests_in(unpack(bank_vault.get_blob(blob)))

    assert len(seen) == 1 + 3 + 2  # itself, a run a view, a chunk for each that has rows


def test_a_snapshot_keeps_what_its_rows_name(vault: nacre.Vault) -> None:
    written = vault.frames.write("f", pd.DataFrame({"n": [1]}))
    vault.snapshots.create("q1")

    assert written.frame in blobs_of(vault, "q1")


def space(vault: nacre.Vault, digests: set[nacre.Digest]) -> int:
    """Return what blobs take: their content, compressed or not, and the rows that describe them."""
    with vault.store.environment.read() as transaction:
        rows = [index.get_row(transaction, digest) for digest in digests]
    return sum(row.description.stored_size + 64 for row in rows)


def blobs_of(vault: nacre.Vault, name: str) -> set[nacre.Digest]:
    seen, pending = set(), [vault.snapshots.get(name).manifest]
    while pending:
        blob = pending.pop()
        if blob not in seen:
            seen.add(blob)
            if vault.store.blobs.is_manifest(blob):
                pending += digests_in(unpack(vault.get_blob(blob)))
    return seen


@pytest.mark.parametrize("spread", ["scattered", "clustered"])
def test_a_second_snapshot_takes_what_has_changed(vault: nacre.Vault, spread: str) -> None:
    vault.register(Accounts)
    owners = [f"owner {n:06d} of an account" for n in range(20_000)]
    with vault.transaction() as tx:
        for n, owner in enumerate(owners):
            tx.record("deposited", subject=owner, data={"amount": n * 7919 % 100_003})
    vault.snapshots.create("first")
    chosen = owners[::100] if spread == "scattered" else owners[9_000:9_200]
    with vault.transaction() as tx:
        for owner in chosen:
            tx.record("deposited", subject=owner, data={"amount": 1})
    expected = vault.view(Accounts).all()

    vault.snapshots.create("second")

    first, second = blobs_of(vault, "first"), blobs_of(vault, "second")
    assert space(vault, second - first) <= 0.05 * space(vault, first)
    clear_cache()
    assert vault.at("second").view(Accounts).all() == expected


def test_many_snapshots_of_a_changing_view_all_read_right(vault: nacre.Vault) -> None:
    vault.register(Accounts)
    expected = {}
    for n in range(11):
        with vault.transaction() as tx:
            for owner in range(0, 600, 1 if n in (0, 7) else 50):
                tx.record("deposited", subject=f"o{owner * (n + 1)}", data={"amount": n})
        vault.snapshots.create(f"s{n}")
        expected[f"s{n}"] = vault.view(Accounts).all()
    clear_cache()

    found = {name: vault.at(name).view(Accounts).all() for name in expected}

    assert found == expected
    runs = [len(vault.snapshots.content(name).view("accounts", 1).runs) for name in expected]
    assert max(runs) > 2


def test_retention_never_touches_what_a_snapshot_pins(
    vault: nacre.Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, newer = (pd.DataFrame({"n": range(start, start + 20_000)}) for start in (0, 10**6))
    pinned = vault.frames.write("f", old)
    vault.snapshots.create("q1")
    dropped = vault.frames.write("f", newer)
    vault.frames.write("f", pd.DataFrame({"n": [1]}))
    set_retention(vault.store, Retention(seconds=1))
    monkeypatch.setattr(retain, "now_ns", lambda: now_ns() + 10**12)
    compact(vault.store, min_gain=0.0)
    clear_cache()

    assert vault.at("q1").frames.read("f").equals(old)
    assert vault.has_blob(pinned.frame)
    assert not vault.has_blob(dropped.frame)
    assert vault.verify().is_clean
    vault.snapshots.delete("q1")
    compact(vault.store, min_gain=0.0)
    assert not vault.has_blob(pinned.frame)
