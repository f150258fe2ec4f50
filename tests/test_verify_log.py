"""What is wrong with the log or its tree is found, and the commit is named."""

import shutil
from pathlib import Path

import pytest
from accounts import Accounts
from pristine import entry_key
from rows import delete, editing, put, rows
from verified import leaf_key, said, verify

import nacre
from nacre import codec
from nacre.event import decode_commit, encode_commit, event_fields
from nacre.prefixes import LOG


@pytest.fixture
def path(pristine: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(pristine, tmp_path / "v"))


@pytest.mark.parametrize("position", range(6))
def test_a_removed_entry_is_named(path: Path, position: int) -> None:
    delete(path, entry_key(position))

    report = verify(path)

    log = [problem for problem in report.problems if problem.where == "log"]
    assert [problem.affects[0] for problem in log] == [f"commit {position}"]
    assert ("frame 'flights' version 0" in said(report)) == (position == 1)


def test_several_damaged_entries_are_all_named(path: Path) -> None:
    delete(path, entry_key(1))
    delete(path, entry_key(3))
    put(path, entry_key(4), b"garbage")

    log = [problem for problem in verify(path).problems if problem.where == "log"]

    assert [problem.affects[0] for problem in log] == ["commit 1", "commit 3", "commit 4"]


@pytest.mark.parametrize("position", [0, 2, 5])
def test_a_removed_hash_of_the_tree_is_named(path: Path, position: int) -> None:
    delete(path, leaf_key(position))

    report = verify(path)

    assert {problem.where for problem in report.problems} == {"tree"}


def test_an_added_hash_of_the_tree_is_named(path: Path) -> None:
    put(path, leaf_key(0, level=1), bytes(32))

    assert said(verify(path)) == "tree: level 1 has 1 hashes instead of 0"


def rewritten(entry: bytes, **changes: object) -> bytes:
    """Return an entry with other data in its events, or another header, and right checksums."""
    commit = decode_commit(entry)
    header = {name: getattr(commit.header, name) for name in commit.header.__slots__}
    data = changes.pop("data", None)
    events = [
        codec.pack(event_fields(event.kind, event.subject, data or event.data, event.version))
        for event in commit.events
    ]
    return encode_commit(nacre.Header(**{**header, **changes}), events).entry


def test_a_changed_event_is_named(path: Path) -> None:
    entry = rows(path, LOG)[entry_key(0)]
    put(path, entry_key(0), rewritten(entry, data={"amount": 11}))

    report = verify(path)

    assert "commit 1: it does not follow the commit before it" in said(report)
    assert "tree: hash 0 at level 0 was altered" in said(report)


def test_a_changed_last_event_is_named(path: Path) -> None:
    entry = rows(path, LOG)[entry_key(5)]
    put(path, entry_key(5), rewritten(entry, data={"amount": 6}))

    assert "tree: hash 5 at level 0 was altered" in said(verify(path))


@pytest.mark.parametrize(
    ("position", "changes", "what"),
    [
        (2, {"previous": bytes(32)}, "commit 2: it does not follow the commit before it"),
        (0, {"previous": b"\x01" * 32}, "commit 0: it follows a commit, and is the first"),
        (3, {"vault_id": bytes(16)}, "commit 3: it belongs to another vault"),
        (3, {"position": 4}, "commit 3: it says that it is commit 4"),
        (3, {"time_ns": 0}, "commit 3: it is older than the commit before it"),
        (3, {"actor": "eve"}, "commit 4: it does not follow the commit before it"),
    ],
)
def test_a_forged_header_is_named(path: Path, position: int, changes: dict, what: str) -> None:
    entry = rows(path, LOG)[entry_key(position)]
    put(path, entry_key(position), rewritten(entry, **changes))

    assert what in said(verify(path))


def test_swapped_entries_are_named(path: Path) -> None:
    entries = rows(path, LOG)
    put(path, entry_key(2), entries[entry_key(3)])
    put(path, entry_key(3), entries[entry_key(2)])

    report = said(verify(path))

    assert "commit 2: it says that it is commit 3" in report
    assert "commit 3: it says that it is commit 2" in report


def test_a_log_forged_as_a_whole_has_another_checkpoint(path: Path) -> None:
    with nacre.open(path) as vault:
        kept = vault.checkpoint()
    forge(path)

    with nacre.open(path) as vault:
        vault.register(Accounts)
        vault.rebuild()

        assert vault.view(Accounts).get("ana") == 11
        assert vault.verify().is_clean
        assert vault.checkpoint().head == kept.head
        assert vault.checkpoint().root != kept.root


def forge(path: Path) -> None:
    """Change the first event, and make chain and tree fit."""
    entries = rows(path, LOG)
    previous = bytes(32)
    with editing(path) as transaction:
        for position in range(6):
            data = {"data": {"amount": 11}} if position == 0 else {}
            entry = rewritten(entries[entry_key(position)], previous=previous, **data)
            previous = decode_commit(entry).leaf
            transaction.put(entry_key(position), entry)
            transaction.put(leaf_key(position), previous)
