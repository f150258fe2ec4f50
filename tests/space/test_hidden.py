"""An event whose hash stands in its place is found, unless a purge lists it."""

from pathlib import Path

import pytest
from audit.attacks import commits_of
from backup_targets import back_up, bring_back, sealed
from pristine import entry_key
from rows import put, rows

import nacre
from nacre import codec
from nacre.event import StoredEvent, join_entry, split_entry
from nacre.operations.purge import purge
from nacre.operations.verify import verify_structure
from nacre.prefixes import LOG, META


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A vault of which a purge has hidden the first event of commit 1."""
    with nacre.open(tmp_path / "v") as vault:
        vault.record("note.set", subject="bo", data={"n": 0})
        with vault.transaction() as tx:
            tx.record("note.set", subject="ana", data={"n": 1})
            tx.record("note.set", subject="bo", data={"n": 2})
        vault.record("note.set", subject="cy", data={"n": 3})
        assert purge(vault.store, "ana", reason="request 17").events == 1
        vault.record("note.set", subject="bo", data={"n": 4})
    return tmp_path / "v"


def hide(path: Path, position: int, ordinal: int = 0) -> None:
    """Put the hash of an event in its place, as somebody with access to the files can."""
    header, stored = split_entry(rows(path, LOG)[entry_key(position)])
    events = list(stored)
    events[ordinal] = StoredEvent(events[ordinal].hash, True)
    put(path, entry_key(position), join_entry(header, events).entry)


def problems(path: Path) -> list[str]:
    with nacre.open(path, read_only=True) as vault:
        return [problem.what for problem in verify_structure(vault.store).problems]


def test_a_purge_lists_the_events_that_it_hides(path: Path) -> None:
    (said,) = (e for c in commits_of(path) for e in c.events if "hidden" in e.data)

    assert (said.kind, said.subject, said.data["hidden"]) == ("nacre.purged", "ana", [[1, 0]])
    assert problems(path) == []


@pytest.mark.parametrize(("position", "ordinal"), [(0, 0), (1, 1), (2, 0), (4, 0)])
def test_an_event_that_no_purge_lists_is_named(path: Path, position: int, ordinal: int) -> None:
    hide(path, position, ordinal)

    what = f"event {ordinal} is hidden, and no later commit purged it"
    assert problems(path) == [f"commit {position}: {what}"]


def test_a_hidden_purge_explains_nothing(path: Path) -> None:
    hide(path, 3)

    assert len(problems(path)) == 2


def test_a_purge_explains_nothing_that_came_after_it(path: Path) -> None:
    with nacre.open(path) as vault:
        vault.store.commit(
            lambda tx: tx.record_own("nacre.purged", subject="x", data={"hidden": [[6, 0]]})
        )
        vault.record("note.set", subject="bo", data={"n": 5})
    hide(path, 6)

    assert problems(path) == ["commit 6: event 0 is hidden, and no later commit purged it"]


@pytest.mark.parametrize("listed", [7, [7], [[]], [["a", 1]], [[True, 1]], [[2, None]], {"a": 1}])
def test_what_lists_no_events_explains_none(path: Path, listed: object) -> None:
    with nacre.open(path) as vault:
        vault.store.commit(
            lambda tx: tx.record_own("nacre.purged", subject="x", data={"hidden": listed})
        )
    hide(path, 2)

    assert len(problems(path)) == 1


def test_a_restore_to_before_a_purge_notes_what_is_hidden(path: Path, tmp_path: Path) -> None:
    target = sealed()
    with nacre.open(path) as vault:
        back_up(vault, target)
    bring_back(target, tmp_path / "r", at=2)

    assert problems(tmp_path / "r") == []
    hide(tmp_path / "r", 0)
    assert len(problems(tmp_path / "r")) == 1


def test_a_restore_does_not_accept_an_event_that_was_hidden_before(
    path: Path, tmp_path: Path
) -> None:
    hide(path, 0)
    target = sealed()
    with nacre.open(path) as vault:
        back_up(vault, target)

    with pytest.raises(nacre.errors.CorruptionError, match="event 0 is hidden"):
        bring_back(target, tmp_path / "r", at=2)


def test_a_damaged_note_of_a_restore_explains_nothing(path: Path) -> None:
    hide(path, 2)
    put(path, bytes([META]) + b"hidden", codec.pack([1, 2]))

    assert len(problems(path)) == 1
