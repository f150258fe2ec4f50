"""What is not as it was written is found, and said in users' words; what is right is not."""

import os
import random
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from accounts import Accounts, deposit
from pristine import FLIGHTS, PACKED, entry_key, flipped, pack_of
from processes import Process
from rows import delete, put, rows
from verified import digest_of, said, verify

import nacre
from nacre import codec
from nacre.errors import CorruptionError
from nacre.prefixes import BLOBS, VIEWS


@pytest.fixture
def path(pristine: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(pristine, tmp_path / "v"))


# What is right


def test_a_whole_vault_is_clean(path: Path) -> None:
    report = verify(path)

    assert report.is_clean
    assert (report.head, report.events) == (6, 6)
    assert report.views == ("accounts", "frames", "nacre.history", "rows")
    with nacre.open(path, read_only=True) as vault:
        assert report.root == vault.checkpoint().root.hex()


def test_an_empty_vault_is_clean(tmp_path: Path) -> None:
    with nacre.open(tmp_path / "v") as vault:
        assert vault.verify().is_clean


def test_copied_and_moved_vaults_verify_like_the_original(path: Path, tmp_path: Path) -> None:
    with nacre.open(path) as vault:
        checkpoint = vault.checkpoint()

    shutil.copytree(path, tmp_path / "copy")
    (tmp_path / "copy" / "vault.mdb-lock").unlink()
    path.rename(tmp_path / "moved")

    for place in ("copy", "moved"):
        with nacre.open(tmp_path / place) as vault:
            assert vault.checkpoint() == checkpoint
            assert vault.verify().is_clean
            pd.testing.assert_frame_equal(vault.frames.read("flights"), FLIGHTS)


def test_a_single_file_vault_is_copied_like_any_file(tmp_path: Path) -> None:
    with nacre.open(tmp_path / "v", single_file=True) as vault:
        vault.frames.write("flights", FLIGHTS)
        vault.record("file.added", subject="photo", data={"content": vault.put(PACKED)})

    shutil.copy(tmp_path / "v", tmp_path / "copy")

    assert verify(tmp_path / "copy").is_clean


def test_bytes_behind_the_committed_end_of_a_pack_are_no_problem(path: Path) -> None:
    with pack_of(path).open("ab") as pack:
        pack.write(b"half a record that a crash left")

    assert verify(path).is_clean


@pytest.mark.parametrize("single_file", [True, False])
def test_writers_raise_no_false_alarms(tmp_path: Path, single_file: bool) -> None:
    path = tmp_path / "v"
    stop = threading.Event()

    def write_here() -> None:
        with nacre.open(path) as vault:
            for n in range(10_000):
                if stop.is_set():
                    return
                record_blobs(vault, f"here {n}")

    def write_elsewhere(talk) -> None:
        with nacre.open(path) as vault:
            vault.register(Accounts)
            for n in range(10_000):
                if talk.poll():
                    return
                record_blobs(vault, f"there {n}")
                deposit(vault, "ana", 1)

    nacre.open(path, single_file=single_file).close()
    elsewhere = Process(write_elsewhere)
    here = threading.Thread(target=write_here)
    here.start()
    with nacre.open(path) as vault:
        vault.register(Accounts)
        reports = [vault.verify() for _ in range(12)]
        elsewhere.talk.send("stop")
        stop.set()
        here.join()
        elsewhere.end()

        assert [said(report) for report in reports] == [""] * len(reports)
        assert reports[-1].head > reports[0].head
        assert vault.verify().is_clean


def record_blobs(vault: nacre.Vault, text: str) -> None:
    blobs = [vault.put(text.encode()), vault.put(random.Random(text).randbytes(5000))]
    vault.record("file.added", subject="s", data={"blobs": blobs})


def test_damage_in_a_pack_names_what_is_made_of_it(path: Path) -> None:
    pack = pack_of(path)
    content = pack.read_bytes()
    at = content.index(PACKED[:64])

    pack.write_bytes(flipped(content, at + 1000))

    report = verify(path)
    assert [problem.affects for problem in report.problems] == [("file.added 'photo' (commit 2)",)]
    assert str(digest_of(path, "photo")) in said(report)


# What people do to vaults


def test_a_hand_edited_row_of_a_view_is_named(path: Path) -> None:
    (key,) = (key for key in rows(path, VIEWS) if b"ana" in key)
    put(path, key, codec.pack(1_000_000))

    report = verify(path)

    assert said(report) == (
        "view: accounts: balances['ana'] = 1000000, where the replay has "
        "balances['ana'] = 10: run `nacre rebuild`; affects accounts"
    )


def test_a_rebuild_mends_a_hand_edited_row(path: Path) -> None:
    (key,) = (key for key in rows(path, VIEWS) if b"ana" in key)
    put(path, key, codec.pack(1_000_000))

    with nacre.open(path) as vault:
        vault.register(Accounts)
        vault.rebuild()

        assert vault.view(Accounts).get("ana") == 10
        assert vault.verify().is_clean


def test_added_and_removed_rows_of_a_view_are_named(path: Path) -> None:
    (key,) = (key for key in rows(path, VIEWS) if b"ana" in key)
    delete(path, key)
    missing = said(verify(path))
    put(path, key, codec.pack(10))
    put(path, key.replace(b"ana", b"zoe"), codec.pack(7))
    added = said(verify(path))

    assert "balances['ana'] = 10 is missing from the view" in missing
    assert "balances['zoe'] = 7 is in the view, but not in its replay" in added


@pytest.mark.parametrize(
    ("subject", "affected"),
    [
        ("photo", "file.added 'photo' (commit 2)"),
        ("thumbnail", "file.added 'thumbnail' (commit 3)"),
        ("folder", "file.added 'folder' (commit 4)"),
    ],
)
def test_a_deleted_blob_is_named(path: Path, subject: str, affected: str) -> None:
    digest = digest_of(path, subject)
    delete(path, bytes([BLOBS]) + digest.raw)

    problems = verify(path).problems

    assert [(problem.affects, problem.what) for problem in problems] == [
        ((affected,), f"{digest} is named, but not there")
    ]


def test_a_deleted_file_of_a_tree_names_the_tree(path: Path) -> None:
    with nacre.open(path) as vault:
        notes = vault.put(b"notes")
    delete(path, bytes([BLOBS]) + notes.raw)

    (problem,) = verify(path).problems

    assert problem.affects == ("file.added 'folder' (commit 4)",)


def test_deleted_chunks_name_the_frame(path: Path) -> None:
    with nacre.open(path) as vault:
        manifest = vault.frames.version("flights").frame
        chunks = list(codec.digests_in(codec.unpack(vault.get(manifest))))
    assert chunks
    for digest in (manifest, *chunks):
        row = rows(path, BLOBS)[bytes([BLOBS]) + digest.raw]
        delete(path, bytes([BLOBS]) + digest.raw)

        report = verify(path)

        assert "frame 'flights' version 0" in said(report)
        put(path, bytes([BLOBS]) + digest.raw, row)


def test_a_missing_pack_names_everything_in_it(path: Path) -> None:
    pack_of(path).unlink()

    (problem,) = verify(path).problems

    assert "is missing" in problem.what
    assert problem.affects == ("file.added 'photo' (commit 2)",)


@pytest.mark.parametrize("kept", [0, 10, 64, 100, 1000])
def test_a_truncated_pack_names_what_was_cut_off(path: Path, kept: int) -> None:
    os.truncate(pack_of(path), kept)

    (problem,) = verify(path).problems

    assert f"is cut off at {kept} of" in problem.what
    assert problem.affects == ("file.added 'photo' (commit 2)",)


def test_a_damaged_vault_reads_what_is_whole(path: Path) -> None:
    pack = pack_of(path)
    content = pack.read_bytes()
    pack.write_bytes(flipped(content, len(content) - 2000))

    with nacre.open(path) as vault:
        with pytest.raises(CorruptionError, match="was damaged on disk"):
            vault.get(digest_of(path, "photo"))

        pd.testing.assert_frame_equal(vault.frames.read("flights"), FLIGHTS)
        assert deposit(vault, "ana", 1).position == 6


def test_events_behind_a_damaged_entry_are_reported_when_read(path: Path) -> None:
    put(path, entry_key(2), b"garbage")

    with nacre.open(path) as vault:
        with pytest.raises(CorruptionError, match="run `nacre verify`"):
            list(vault.events())

        assert [event.subject for event in vault.events(start=3)] == ["thumbnail", "folder", "bo"]


@pytest.fixture
def two_packs(tmp_path: Path) -> Iterator[Path]:
    """A vault to which two processes wrote blobs at once."""
    with nacre.open(tmp_path / "v") as vault:
        mine = vault.put(random.Random(2).randbytes(5000))

        def write(_) -> None:
            with nacre.open(tmp_path / "v") as other:
                record_blobs(other, "theirs")

        Process(write).end()
        vault.record("file.added", subject="mine", data={"content": mine})
    return tmp_path / "v"


def test_only_what_lies_in_the_missing_pack_is_affected(two_packs: Path) -> None:
    packs = sorted((two_packs / "packs").glob("*.pack"), key=lambda pack: pack.stat().st_mtime_ns)
    assert len(packs) == 2
    with nacre.open(two_packs) as vault:
        whole = [vault.verify().is_clean]
    packs[0].unlink()

    with nacre.open(two_packs) as vault:
        problems = vault.verify().problems

    assert whole == [True]
    assert len(problems) == 1
    assert len(problems[0].affects) == 1
