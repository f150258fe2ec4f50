"""Payloads that only history names take less, and are what they were."""

import os
import random
from multiprocessing.connection import Connection
from pathlib import Path

import pandas as pd
import pytest
from backup_targets import back_up, bring_back, content_of, sealed
from processes import Process
from works import open_over

import nacre
from nacre.backups.contents import Contents, Place
from nacre.backups.pack import PART_BYTES, Chunk
from nacre.blobs import index
from nacre.blobs.record import Description
from nacre.operations.compress import CompressReport, compress
from nacre.testing import MOMENTS, KillingFiles, TracingFiles

OLD, NEWEST = 12, 4


@pytest.fixture(autouse=True)
def _few_are_new(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nacre.operations.compress._KEPT_OPEN", NEWEST)


def letters(seed: int, size: int = 20_000) -> bytes:
    """Return bytes that shrink by a half: too little to be compressed when they are put."""
    return random.Random(seed).randbytes(size // 2).hex().encode()


def fill(vault: nacre.Vault) -> None:
    for number in range(OLD + NEWEST):
        vault.record("photo.set", subject="p", data={"blob": vault.put(letters(number))})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with nacre.open(tmp_path / "v", actor="ana") as vault:
        fill(vault)
    return tmp_path / "v"


def stored_sizes(vault: nacre.Vault) -> list[int]:
    return [
        vault.store.blobs.stored(event.data["blob"])[0].stored_size
        for event in vault.events(kind="photo.set")
    ]


def packed(vault: nacre.Vault, **options) -> CompressReport:
    return compress(vault.store, **({"min_gain": 0.1} | options))


def test_what_only_history_names_takes_less(path: Path) -> None:
    with nacre.open(path) as vault:
        before = content_of(vault)
        size = sum(p.stat().st_size for p in (path / "packs").iterdir())
        report = packed(vault)

        assert (report.done, report.packs, report.waiting_packs) == (True, 1, 0)
        assert report.packs_before_bytes == size
        assert report.packs_after_bytes < 0.75 * size
        sizes = stored_sizes(vault)
        assert max(sizes[:OLD]) < 0.6 * 20_000
        assert set(sizes[OLD:]) == {20_000}
        assert content_of(vault)["blobs"] == before["blobs"]
        assert vault.verify().is_clean
        assert vault.replay().is_equal
    after = sum(p.stat().st_size for p in (path / "packs").iterdir())
    assert after == report.packs_after_bytes + 64


def test_what_a_view_shows_now_is_left(tmp_path: Path) -> None:
    versions = [
        pd.DataFrame({"text": [letters(1000 * n + row, 40).decode() for row in range(900)]})
        for n in (1, 2)
    ]
    with nacre.open(tmp_path / "v") as vault:
        for version in versions:
            vault.frames.write("frame", version)
        for number in range(2 * NEWEST):
            vault.record("a.b", subject="later", data={"n": number})
    with nacre.open(tmp_path / "v") as vault:
        before = forms(vault)
        packed(vault, min_gain=0)
        after = forms(vault)

        now = vault.store.view(nacre.frames.FrameVersions).get("frame", 1).frame
        shown = {now, *nacre.codec.digests_in(nacre.codec.unpack(vault.store.blobs.get_blob(now)))}
        changed = {digest for digest in before if before[digest] != after[digest]}
        assert changed
        assert not changed & shown
        for number, version in enumerate(versions):
            assert vault.frames.read("frame", version=number).equals(version)
        assert vault.verify().is_clean


def forms(vault: nacre.Vault) -> dict[nacre.Digest, Description]:
    with vault.store.environment.read() as transaction:
        return {digest: row.description for digest, row in index.rows(transaction)}


def test_a_second_time_nothing_is_left_to_do(path: Path) -> None:
    with nacre.open(path) as vault:
        packed(vault)
        head = vault.head

        report = packed(vault)

        assert (report.done, report.packs) == (False, 0)
        assert vault.head == head


def test_too_little_gain_changes_nothing(path: Path) -> None:
    with nacre.open(path) as vault:
        report = packed(vault, min_gain=0.9)

        assert (report.done, report.packs) == (False, 0)
        assert set(stored_sizes(vault)) == {20_000}


def test_a_dry_run_predicts(path: Path) -> None:
    with nacre.open(path, read_only=True) as vault:
        predicted = packed(vault, dry_run=True)
    with nacre.open(path) as vault:
        assert set(stored_sizes(vault)) == {20_000}
        report = packed(vault)

    assert not predicted.done
    assert predicted.packs == report.packs
    assert abs(predicted.packs_after_bytes - report.packs_after_bytes) < 0.1 * (
        report.packs_after_bytes
    )


def test_a_pack_that_somebody_appends_to_waits(path: Path) -> None:
    with nacre.open(path) as writer:
        writer.record("photo.set", subject="p", data={"blob": writer.put(os.urandom(9000))})
        with nacre.open(path) as vault:
            report = packed(vault)

    assert (report.packs, report.waiting_packs) == (0, 1)
    with nacre.open(path) as vault:
        assert packed(vault).packs == 1


def test_a_single_file_has_no_packs(tmp_path: Path) -> None:
    with nacre.open(tmp_path / "v", single_file=True) as vault:
        fill(vault)
        packed(vault)

        assert set(stored_sizes(vault)) == {20_000}


def test_who_read_the_row_before_reads_what_is_there_now(path: Path) -> None:
    with nacre.open(path, read_only=True) as reader, nacre.open(path) as vault:
        first = next(iter(vault.events(kind="photo.set"))).data["blob"]
        with reader.store.environment.read() as transaction:
            row = index.get_row(transaction, first)
        packed(vault)

        description, payload = reader.store.blobs._stored(row)

        assert len(payload) == description.stored_size < row.description.stored_size
        assert reader.get(first) == letters(0)


def test_a_mapped_payload_stays_what_it_was(path: Path) -> None:
    with nacre.open(path, read_only=True) as reader, nacre.open(path) as vault:
        first = next(iter(reader.events(kind="photo.set"))).data["blob"]
        mapped = reader.get(first)
        packed(vault)

        assert mapped == letters(0)
        assert reader.get(first) == letters(0)


def test_a_damaged_payload_is_not_carried_over(path: Path) -> None:
    (pack,) = (path / "packs").glob("*.pack")
    raw = bytearray(pack.read_bytes())
    raw[700] ^= 1
    pack.write_bytes(raw)
    with nacre.open(path) as vault:
        with pytest.raises(nacre.errors.CorruptionError, match="damaged on disk"):
            packed(vault)

        assert len(vault.verify().problems) == 1


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_kill_at_any_operation_is_finished_by_running_it_again(
    path: Path, tmp_path: Path, moment: str
) -> None:
    trace = TracingFiles()
    with open_over(tmp_path / "whole", trace, single_file=False) as vault:
        fill(vault)
    begun = len(trace.operations)
    with open_over(tmp_path / "whole", trace, single_file=False) as vault:
        packed(vault)
    steps = trace.operations[begun:]
    numbers = [n for n, name in enumerate(steps) if moment != "within" or name == "append"]
    assert len(numbers) > 5

    for number in numbers:
        copy = tmp_path / f"v{number}"
        with nacre.open(copy) as vault:
            fill(vault)
            before = content_of(vault)["blobs"]

        def die(talk: Connection, copy: Path = copy, number: int = number) -> None:
            with open_over(copy, KillingFiles(number, moment), single_file=False) as vault:
                packed(vault)

        Process(die).join()
        with nacre.open(copy) as vault:
            assert content_of(vault)["blobs"] == before
            assert vault.verify().is_clean
            packed(vault)
            assert max(stored_sizes(vault)[:OLD]) < 0.6 * 20_000
            assert vault.verify().is_clean


# Backups


def test_a_backup_afterwards_stores_nothing_again(path: Path, tmp_path: Path) -> None:
    target = sealed()
    with nacre.open(path) as vault:
        back_up(vault, target)
        packed(vault)
        report = back_up(vault, target)
        content = content_of(vault)

    assert report.new_blobs == 0
    bring_back(target, tmp_path / "r")
    with nacre.open(tmp_path / "r") as restored:
        assert content_of(restored) == content


def test_a_blob_in_two_forms_is_read_in_one(tmp_path: Path) -> None:
    digest = nacre.Digest(b"d" * 32)
    forms = [
        Description(
            digest=digest,
            size=3 * PART_BYTES,
            stored_size=size,
            stored_checksum=bytes(8),
            is_zstd=size < 3 * PART_BYTES,
            is_manifest=False,
        )
        for size in (3 * PART_BYTES, 2 * PART_BYTES)
    ]
    contents = Contents({"a": 1, "b": 1})
    held = [("a", forms[0], 0), ("a", forms[0], 1), ("b", forms[1], 0), ("b", forms[1], 1)]
    for pack, form, part in held:
        chunk = Chunk(form, part, PART_BYTES, PART_BYTES, 0)
        contents.places.setdefault(chunk.key, []).append(Place(pack, 0, chunk))

    places = contents.places_of(digest)

    assert places is not None
    assert [place.pack for place in places] == ["b", "b"]
