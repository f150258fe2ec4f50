"""What is purged is gone from every file, and everything else stays, proofs too."""

import json
import os
from multiprocessing.connection import Connection
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner
from processes import Process
from works import open_over

import nacre
from nacre.cli.program import program
from nacre.errors import Dropped, InvalidInput, NotFound, ReadOnly, StateError
from nacre.operations.compact import compact
from nacre.operations.compress import compress
from nacre.operations.purge import PurgeReport
from nacre.operations.purge import purge as purge_store
from nacre.operations.retain import parse_history, set_retention
from nacre.testing import MOMENTS, KillingFiles, TracingFiles

SECRET = b"the secret of Ana"
LARGE = 20_000
REASON = "request 17"


class Notes:
    """The last note of every subject."""

    name = "notes"
    version = 1

    def __init__(self, state: nacre.State) -> None:
        self._notes = state.table("notes")

    def apply(self, event: nacre.Event) -> None:
        if "note" in event.data:
            self._notes[event.subject] = event.data["note"]

    def of(self, subject: str) -> object:
        return self._notes.get((subject,))


def secret_frame() -> pd.DataFrame:
    return pd.DataFrame({"who": [SECRET.decode()] * 3, "n": [1, 2, 3]})


def fill(vault: nacre.Vault) -> None:
    vault.register(Notes)
    shared = vault.put(b"shared" + os.urandom(LARGE))
    with vault.transaction(message="two at once") as tx:
        tx.record("note.set", subject="ana", data={"note": SECRET.decode(), "image": shared})
        tx.record("note.set", subject="bo", data={"note": "hello", "image": shared})
    own = vault.put(SECRET + os.urandom(LARGE))
    vault.record("photo.set", subject="ana", data={"image": own})
    vault.frames.write("ana", secret_frame())
    vault.snapshots.create("monday")
    vault.frames.write("kept", pd.DataFrame({"a": [1, 2]}))


@pytest.fixture(params=[True, False], ids=["single file", "directory"])
def path(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    with nacre.open(tmp_path / "v", actor="eve", single_file=request.param) as vault:
        fill(vault)
    return tmp_path / "v"


def purge(vault: nacre.Vault, subject: str = "ana") -> PurgeReport:
    vault.register(Notes)
    return purge_store(vault.store, subject, reason=REASON)


def files_with_secret(path: Path) -> list[str]:
    files = [path] if path.is_file() else [p for p in path.rglob("*") if p.is_file()]
    return [file.name for file in files if SECRET in file.read_bytes()]


def test_no_file_holds_what_was_purged(path: Path) -> None:
    before = files_with_secret(path)
    with nacre.open(path) as vault:
        report = purge(vault)

    assert before
    assert report.finished
    assert files_with_secret(path) == []


def test_proofs_and_everything_else_stay(path: Path) -> None:
    with nacre.open(path) as vault:
        checkpoint = vault.checkpoint()
        purge(vault)

        assert vault.at(checkpoint.head).checkpoint() == checkpoint
        assert vault.view(Notes).of("bo") == "hello"
        (event,) = vault.events(subject="bo")
        assert len(vault.get(event.data["image"])) == LARGE + len("shared")
        assert vault.frames.read("kept")["a"].tolist() == [1, 2]
        assert vault.verify().is_clean
        assert vault.replay().is_equal


def test_reading_says_what_was_purged_when_and_why(path: Path) -> None:
    with nacre.open(path) as vault:
        (photo,) = vault.events(subject="ana", kind="photo.set")
        purge(vault)

        (event,) = vault.events(subject="ana")
        assert (event.kind, event.actor, event.data["reason"]) == ("nacre.purged", "root", REASON)
        assert event.data["events"] == 3
        with pytest.raises(Dropped, match="purged: request 17"):
            vault.get(photo.data["image"])
        with pytest.raises(NotFound):
            vault.frames.read("ana")
        assert vault.view(Notes).of("ana") is None


def test_the_past_does_not_show_it_either(path: Path) -> None:
    with nacre.open(path) as vault:
        head = vault.head
        assert vault.at(head).frames.names() == ["ana", "kept"]
        purge(vault)

        past = vault.at(head)
        past.register(Notes)
        assert past.frames.names() == ["kept"]
        assert past.view(Notes).of("ana") is None
        assert vault.at("monday").frames.names() == []
        assert vault.snapshots.get("monday").position == 3


def test_events_in_segments_are_purged(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nacre.operations.compress._KEPT_OPEN", 1)
    with nacre.open(path) as vault:
        vault.register(Notes)
        assert compress(vault.store, min_gain=0).done
        checkpoint = vault.checkpoint()
        purge(vault)

        assert vault.at(checkpoint.head).checkpoint() == checkpoint
        assert vault.verify().is_clean
    assert files_with_secret(path) == []


def test_a_dry_run_changes_nothing(path: Path) -> None:
    with nacre.open(path) as vault:
        vault.register(Notes)
        head = vault.head
        report = purge_store(vault.store, "ana", reason=REASON, dry_run=True)

        assert (report.events, report.snapshots) == (3, ("monday",))
        assert report.blobs > 2
        assert vault.head == head
        assert vault.frames.read("ana").equals(secret_frame())


def test_a_subject_can_be_used_again(path: Path) -> None:
    with nacre.open(path) as vault:
        purge(vault)
        vault.frames.write("ana", secret_frame())

        assert vault.frames.read("ana").equals(secret_frame())
        assert purge(vault).events == 1
    assert files_with_secret(path) == []


def test_what_is_not_there_is_refused(path: Path) -> None:
    with nacre.open(path) as vault:
        vault.register(Notes)
        with pytest.raises(NotFound, match="no event has the subject 'nobody'"):
            purge_store(vault.store, "nobody", reason=REASON)
        with pytest.raises(InvalidInput, match="the reason is empty"):
            purge_store(vault.store, "ana", reason=" ")
    with nacre.open(path, read_only=True) as vault, pytest.raises(ReadOnly):
        purge_store(vault.store, "ana", reason=REASON)
    with (
        nacre.open(path) as vault,
        pytest.raises(StateError, match=r"not installed here \(notes\)"),
    ):
        purge_store(vault.store, "ana", reason=REASON)


def test_a_pack_that_somebody_appends_to_waits(tmp_path: Path) -> None:
    with nacre.open(tmp_path / "v") as vault:
        fill(vault)
        vault.close()
        with nacre.open(tmp_path / "v") as writer:
            writer.record("a.b", subject="s", data={"blob": writer.put(os.urandom(LARGE))})
            with nacre.open(tmp_path / "v") as again:
                report = purge(again)
        assert not report.finished
        assert report.waiting_packs == 1
        with nacre.open(tmp_path / "v") as again:
            assert purge(again).finished
    assert files_with_secret(tmp_path / "v") == []


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_kill_at_any_operation_is_finished_by_running_it_again(
    path: Path, tmp_path: Path, moment: str
) -> None:
    single_file = path.is_file()
    trace = TracingFiles()
    with open_over(tmp_path / "whole", trace, single_file=single_file) as vault:
        fill(vault)
        begun = len(trace.operations)
        purge(vault)
        steps = trace.operations[begun:]
    numbers = [n for n, name in enumerate(steps) if moment != "within" or name == "append"]

    for number in numbers:
        copy = tmp_path / f"v{number}"
        with nacre.open(copy, single_file=single_file) as vault:
            fill(vault)

        def die(talk: Connection, copy: Path = copy, number: int = number) -> None:
            with open_over(copy, KillingFiles(number, moment), single_file=single_file) as vault:
                purge(vault)

        Process(die).join()
        with nacre.open(copy) as vault:
            vault.register(Notes)
            purge(vault)
            assert vault.verify().is_clean
            assert vault.view(Notes).of("bo") == "hello"
        assert files_with_secret(copy) == []


def test_the_command_tells_what_it_removed(tmp_path: Path) -> None:
    with nacre.open(tmp_path / "v") as vault:
        vault.frames.write("ana", secret_frame())

    def run(*options: str) -> tuple[int, str]:
        arguments = ["purge", str(tmp_path / "v"), "ana", "--reason", REASON, *options]
        result = CliRunner().invoke(program, arguments, standalone_mode=False)
        return result.return_value or 0, result.output

    assert "would remove 1 event and" in run("--dry-run")[1]
    code, output = run("--json")

    assert code == 0
    assert json.loads(output)["finished"]
    assert run()[1] == "finished an earlier purge\n"


def test_a_vault_is_compacted_after_a_purge_took_views_of_a_snapshot(tmp_path: Path) -> None:
    with nacre.open(tmp_path / "v") as vault:
        fill(vault)
        assert purge_store(vault.store, "ana", reason=REASON).snapshots == ("monday",)
        set_retention(vault.store, parse_history("0s"))

        compact(vault.store, min_gain=0)

        assert vault.verify().is_clean


def test_a_replay_from_a_snapshot_that_lost_its_views_begins_with_commit_0(tmp_path: Path) -> None:
    with nacre.open(tmp_path / "v") as vault:
        fill(vault)
        purge_store(vault.store, "ana", reason=REASON)

        report = vault.replay(start="monday")

        assert report.is_equal
        assert "notes" in {view.name for view in report.views}


def test_what_is_made_anew_stays_when_a_purge_ends_before_it(tmp_path: Path) -> None:
    with nacre.open(tmp_path / "v", create=True) as vault:
        people = vault.rows.create("people", {"id": "int64", "name": "string"}, key="id")
        people.insert({"id": 1, "name": "old"})
        vault.rows.drop("people")
        until = vault.head
        vault.rows.create("people", {"id": "int64", "name": "string"}, key="id")
        vault.rows["people"].insert({"id": 2, "name": "new"})

        report = purge_store(vault.store, "people", reason="asked", until=until)

        assert report.events == 3
        assert vault.rows["people"].all() == [{"id": 2, "name": "new"}]
        assert vault.verify().is_clean


class Paid:
    """What was paid of every order, which must have been made."""

    name = "paid"
    version = 1

    def __init__(self, state: nacre.State) -> None:
        self._paid = state.table("paid")

    def apply(self, event: nacre.Event) -> None:
        if event.kind == "order.made":
            self._paid[event.subject] = 0
        elif event.kind == "order.paid":
            order = event.data["order"]
            self._paid[order] = self._paid[order] + event.data["amount"]


def test_what_others_are_made_of_is_not_purged(tmp_path: Path) -> None:
    with nacre.open(tmp_path / "v", actor="ana") as vault:
        vault.register(Paid)
        vault.record("order.made", subject="order-1")
        vault.record("order.paid", subject="payment-1", data={"order": "order-1", "amount": 2})

        with pytest.raises(StateError, match=r"applied 'order\.paid' of 'payment-1' in commit 1"):
            purge_store(vault.store, "order-1", reason=REASON)

        assert vault.head == 2
        assert vault.verify().is_clean
        purge_store(vault.store, "payment-1", reason=REASON)
        purge_store(vault.store, "order-1", reason=REASON)
        assert vault.verify().is_clean


def test_what_is_made_of_it_meanwhile_is_not_left_behind(tmp_path: Path) -> None:
    with nacre.open(tmp_path / "v", actor="ana") as vault:
        vault.register(Paid)
        vault.record("order.made", subject="order-1")
        paid = {"order": "order-1", "amount": 2}

        def pay_at_once(phase: str, done: int, total: int) -> None:
            if vault.head == 1:
                vault.record("order.paid", subject="payment-1", data=paid)

        with pytest.raises(StateError, match="made of the events of 'order-1'"):
            purge_store(vault.store, "order-1", reason=REASON, progress=pay_at_once)

        assert vault.head == 2
        assert vault.verify().is_clean


def test_no_view_shows_what_was_purged_before_it_is_derived_again(tmp_path: Path) -> None:
    with nacre.open(tmp_path / "v", actor="ana") as vault:
        vault.register(Notes)
        vault.record("note.set", subject="ana", data={"note": SECRET.decode()})
        seen = []

        def look(phase: str, done: int, total: int) -> None:
            if vault.head == 2:
                seen.append(vault.view(Notes).of("ana"))

        purge_store(vault.store, "ana", reason=REASON, progress=look)

        assert set(seen) == {None}


def test_who_looks_for_what_was_purged_is_told(tmp_path: Path) -> None:
    with nacre.open(tmp_path / "v", actor="ana") as vault:
        vault.frames.write("people", secret_frame())
        vault.rows.create("members", {"id": "string"}, key="id")
        for subject in ("people", "members"):
            purge_store(vault.store, subject, reason=REASON, actor="bo")

        for look in (
            lambda: vault.frames.read("people"),
            lambda: vault.frames.read("people", 0),
            lambda: vault.rows["members"],
        ):
            with pytest.raises(Dropped, match=r"purged by commit \d, .* UTC, by bo: request 17"):
                look()
        vault.frames.write("people", pd.DataFrame({"a": [1]}))
        assert len(vault.frames.read("people")) == 1
