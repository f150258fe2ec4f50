"""Sealed commits read, prove and verify as before, and take a fraction."""

import random
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from processes import Process, heard
from works import open_over

import nacre
from nacre.errors import CorruptionError
from nacre.event import Header, encode_commit, open_entry
from nacre.log import segment
from nacre.operations.compress import CompressReport, compress
from nacre.testing import MOMENTS, KillingFiles

COMMITS = 700
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@pytest.fixture(autouse=True)
def _small_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nacre.operations.compress.MOST_COMMITS", 64)
    monkeypatch.setattr("nacre.operations.compress._KEPT_OPEN", 32)


def fill(vault: nacre.Vault, commits: int = COMMITS) -> None:
    chosen = random.Random(1)
    for number in range(commits):
        data = {"amount": chosen.randrange(1000), "note": "salary", "n": number}
        write_id = f"w{number}" if number % 5 == 0 else None
        subject = f"account {number % 7}"
        vault.record("account.paid", subject=subject, data=data, write_id=write_id)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with nacre.open(tmp_path / "v", actor="ana", durability="relaxed") as vault:
        fill(vault)
    return tmp_path / "v"


def compressed(vault: nacre.Vault) -> CompressReport:
    return compress(vault.store, min_gain=0)


def opened(vault: nacre.Vault) -> list[tuple[bytes, bytes]]:
    return [open_entry(entry) for entry in vault.store.log.read()]


def test_everything_reads_as_before(path: Path) -> None:
    with nacre.open(path) as vault:
        before, checkpoint = opened(vault), vault.checkpoint()
        report = compressed(vault)

        assert report.done
        assert report.commits == COMMITS - 32
        assert opened(vault)[:COMMITS] == before
        assert vault.at(COMMITS).checkpoint() == checkpoint
        assert vault.verify().is_clean
        assert report.log_after_bytes < report.log_before_bytes / 3
    with nacre.open(path) as vault:
        assert opened(vault)[:COMMITS] == before


def test_any_range_is_read_out_of_segments(path: Path) -> None:
    with nacre.open(path) as vault:
        before = opened(vault)
        compressed(vault)
        chosen = random.Random(2)

        for _ in range(100):
            start, stop = sorted(chosen.sample(range(COMMITS + 2), 2))
            found = [open_entry(entry) for entry in vault.store.log.read(start, stop)]
            assert found == before[start:stop] + opened(vault)[COMMITS:stop][: max(0, stop - start)]


def test_views_queries_and_repeats_work_on_sealed_commits(path: Path) -> None:
    with nacre.open(path) as vault:
        subject = [event.data["n"] for event in vault.events(subject="account 3")]
        compressed(vault)

        assert [event.data["n"] for event in vault.events(subject="account 3")] == subject
        receipt = vault.record("account.paid", subject="account 0", write_id="w0")
        assert receipt.position == 0
        assert vault.rebuild().commits == vault.head
        assert vault.verify().is_clean


def test_what_is_sealed_is_not_sealed_again(path: Path) -> None:
    with nacre.open(path) as vault:
        compressed(vault)
        assert not compressed(vault).done

        fill(vault, 100)
        report = compressed(vault)

        assert report.done
        assert report.commits == 81  # twenty of them were repeats, with a write id that was there
        assert vault.verify().is_clean


def test_another_handle_reads_what_was_sealed_under_it(path: Path) -> None:
    with nacre.open(path) as vault, nacre.open(path, read_only=True) as reader:
        events = reader.events()
        first = next(events)
        compressed(vault)

        assert first.data["n"] == 0
        assert [e.data["n"] for e in events if e.kind == "account.paid"] == [*range(1, COMMITS)]


def test_a_dry_run_predicts_and_changes_nothing(path: Path) -> None:
    with nacre.open(path) as vault:
        head = vault.head
        predicted = compress(vault.store, min_gain=0, dry_run=True)
        assert vault.head == head

        report = compressed(vault)

        assert predicted.commits == report.commits
        assert abs(predicted.log_after_bytes - report.log_after_bytes) < 0.3 * (
            report.log_after_bytes
        )


def test_too_little_gain_changes_nothing(path: Path) -> None:
    with nacre.open(path) as vault:
        report = compress(vault.store, min_gain=0.99)

        assert not report.done
        assert "less than 99.0%" in report.reason


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_kill_at_any_operation_leaves_a_log_that_reads_as_before(
    path: Path, moment: str, tmp_path: Path
) -> None:
    with nacre.open(path) as vault:
        before = opened(vault)
    steps = 0
    while True:

        def die(talk: Connection, step: int = steps) -> None:
            with open_over(path, KillingFiles(step, moment), single_file=False) as vault:
                compressed(vault)
                talk.send("survived")

        process = Process(die)
        survived = process.talk.poll(30) and heard(process)
        process.join()
        with nacre.open(path) as vault:
            assert opened(vault)[:COMMITS] == before
            assert vault.verify().is_clean
        if survived:
            break
        steps += 1

    assert steps >= 2


def test_a_flipped_byte_in_a_segment_is_reported(path: Path) -> None:
    with nacre.open(path) as vault:
        compressed(vault)
        environment = vault.store.environment
        key = b"\x06" + bytes(8) + b"s"
        with environment.read() as transaction:
            row = transaction.get(key)
        for at in [*range(26), len(row) // 2, len(row) - 1]:
            damaged = bytearray(row)
            damaged[at] ^= 1
            environment.run(vault.store.files, lambda t, d=damaged: t.put(key, bytes(d)))

            problems = vault.verify().problems

            assert any("commit 0" in str(problem) for problem in problems), at
        environment.run(vault.store.files, lambda t: t.put(key, row))
        assert vault.verify().is_clean


HEADERS = st.builds(
    dict,
    actor=TEXTS,
    message=TEXTS,
    write_id=TEXTS | st.binary(min_size=16, max_size=16),
    time_ns=st.integers(0, 1 << 62),
)


@given(st.lists(st.tuples(HEADERS, st.lists(st.binary(max_size=50))), min_size=1, max_size=8))
def test_sealing_gives_back_every_byte(commits: list[tuple[dict, list[bytes]]]) -> None:
    entries, previous = [], bytes(32)
    for number, (fields, events) in enumerate(commits):
        header = Header(vault_id=b"v" * 16, position=5 + number, previous=previous, **fields)
        encoded = encode_commit(header, events)
        entries.append(encoded.entry)
        previous = encoded.leaf

    row = segment.seal(entries, None)

    assert row is not None
    found = segment.open_segment(row, 5, None)
    assert [open_entry(entry) for entry in found] == [open_entry(entry) for entry in entries]
    assert segment.commits_in(row) == len(entries)


def test_a_missing_dictionary_is_reported(path: Path) -> None:
    with nacre.open(path) as vault:
        entries = list(vault.store.log.read(0, 600))
    dictionary = segment.train(entries)
    assert dictionary is not None
    row = segment.seal(entries[:64], dictionary)
    assert row is not None

    with pytest.raises(CorruptionError, match="dictionary"):
        segment.open_segment(row, 0, None)
    with pytest.raises(CorruptionError, match="dictionary"):
        segment.open_segment(row, 0, segment.Dictionary(b"other"))
