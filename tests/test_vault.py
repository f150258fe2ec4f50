"""What is recorded, committed, decided, and by whom."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from accounts import Accounts, deposit

import nacre
from nacre.errors import Closed, StateError


def test_a_recorded_event_is_read_back_with_its_commit(vault: nacre.Vault) -> None:
    before = datetime.now(UTC).timestamp()

    receipt = vault.record(
        "weather.loaded", subject="weather", data={"rows": 26115}, message="first load"
    )

    (event,) = vault.events()
    assert (event.kind, event.subject, event.data) == ("weather.loaded", "weather", {"rows": 26115})
    assert (event.position, event.ordinal, event.version) == (0, 0, 1)
    assert (event.actor, event.message) == ("ana", "first load")
    assert event.time_ns == receipt.time_ns
    assert before - 1 <= event.time.timestamp() <= datetime.now(UTC).timestamp() + 1


def test_a_receipt_says_where_the_commit_stands(vault: nacre.Vault) -> None:
    receipts = [vault.record("a.b", subject="s") for _ in range(3)]

    assert [receipt.position for receipt in receipts] == [0, 1, 2]
    assert all(receipt.durable and receipt.events == 1 for receipt in receipts)
    assert vault.head == 3


def test_data_comes_back_as_it_was(vault: nacre.Vault) -> None:
    digest = vault.put(b"content")
    data = {
        "none": None,
        "bools": [True, False],
        "integers": [0, -1, 2**63, -(2**63), 2**64 - 1],
        "floats": [0.0, -0.0, 1e308, float("inf"), 0.1],
        "text": "grüße \u0000 \U0001f41a",
        "bytes": b"\x00\xff",
        "empty": [{}, [], "", b""],
        "nested": {"deep": [{"er": [digest]}]},
    }

    vault.record("a.b", subject="s", data=data)

    (event,) = vault.events()
    assert event.data == data
    assert repr(event.data["floats"]) == repr(data["floats"])


def test_a_decision_reads_views_and_records_several_events(vault: nacre.Vault) -> None:
    vault.register(Accounts)
    deposit(vault, "ana", 10)

    def move(tx: nacre.Transaction) -> None:
        assert tx.position == 1
        amount = tx.view(Accounts).get("ana")
        tx.record("withdrawn", subject="ana", data={"amount": amount})
        assert tx.view(Accounts).get("ana") == 0
        tx.record("deposited", subject="bo", data={"amount": amount})

    receipt = vault.commit(move, message="all of it")

    assert (receipt.position, receipt.events, vault.head) == (1, 2, 2)
    assert vault.view(Accounts).all() == {"ana": 0, "bo": 10}
    assert [(event.ordinal, event.message) for event in vault.events(start=1)] == [
        (0, "all of it"),
        (1, "all of it"),
    ]


def test_a_decision_that_raises_changes_nothing(vault: nacre.Vault) -> None:
    vault.register(Accounts)
    deposit(vault, "ana", 10)
    checkpoint = vault.checkpoint()

    def overdraw(tx: nacre.Transaction) -> None:
        tx.record("withdrawn", subject="ana", data={"amount": 100})
        raise ValueError("not enough")

    with pytest.raises(ValueError, match="not enough"):
        vault.commit(overdraw)

    assert vault.checkpoint() == checkpoint
    assert vault.view(Accounts).all() == {"ana": 10}
    assert deposit(vault, "ana", 1).position == 1


def test_a_decision_that_records_nothing_commits_nothing(vault: nacre.Vault) -> None:
    receipt = vault.commit(lambda tx: None, write_id="idle")

    assert (receipt.position, receipt.events, vault.head) == (0, 0, 0)


def test_a_transaction_commits_when_its_block_ends(vault: nacre.Vault) -> None:
    vault.register(Accounts)

    with vault.transaction(message="interactive", actor="bo") as tx:
        digest = tx.put(b"receipt")
        tx.record("deposited", subject="ana", data={"amount": 1, "receipt": digest})
        tx.record("deposited", subject="ana", data={"amount": 2})
        inside = tx.view(Accounts).get("ana")

    assert inside == 3
    assert [(event.actor, event.message) for event in vault.events()] == [("bo", "interactive")] * 2
    assert vault.get(digest) == b"receipt"


def test_a_transaction_that_raises_changes_nothing(vault: nacre.Vault) -> None:
    def change_my_mind() -> None:
        with vault.transaction() as tx:
            tx.record("a.b", subject="s")
            raise KeyError("changed my mind")

    with pytest.raises(KeyError, match="changed my mind"):
        change_my_mind()

    assert vault.head == 0
    assert vault.record("a.b", subject="s").position == 0


def test_the_time_of_a_commit_is_known_inside_it(vault: nacre.Vault) -> None:
    with vault.transaction() as tx:
        tx.record("a.b", subject="s", data={"seen": tx.time_ns})

    (event,) = vault.events()
    assert event.data["seen"] == event.time_ns


def test_times_in_the_log_never_go_back(vault: nacre.Vault) -> None:
    times = [vault.record("a.b", subject="s").time_ns for _ in range(20)]

    assert times == sorted(times)


def test_a_repeated_write_id_returns_the_first_receipt(vault: nacre.Vault) -> None:
    first = deposit(vault, "ana", 10, write_id="w1")
    vault.record("a.b", subject="s")

    again = deposit(vault, "ana", 10, write_id="w1")

    assert again == first
    assert vault.head == 2


def test_a_write_id_is_remembered_by_the_vault(tmp_path: Path) -> None:
    with nacre.open(tmp_path / "v") as vault:
        first = vault.record("a.b", subject="s", write_id="w1")

    with nacre.open(tmp_path / "v") as vault:
        assert vault.record("c.d", subject="t", write_id="w1") == first
        assert [event.subject for event in vault.events()] == ["s"]


def test_a_write_id_of_a_decision_that_raised_is_free(vault: nacre.Vault) -> None:
    def refuse(tx: nacre.Transaction) -> None:
        tx.record("a.b", subject="s")
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        vault.commit(refuse, write_id="w1")

    assert vault.record("a.b", subject="s", write_id="w1").position == 0


def test_concurrent_repeats_of_a_write_id_commit_once(vault: nacre.Vault) -> None:
    with ThreadPoolExecutor(8) as threads:
        receipts = list(
            threads.map(lambda n: deposit(vault, "ana", 10, write_id=f"w{n % 5}"), range(100))
        )

    assert vault.head == 5
    assert [receipt.write_id for receipt in receipts] == [f"w{n % 5}" for n in range(100)]
    assert len({receipt.position for receipt in receipts}) == 5


def test_a_transaction_cannot_be_repeated(vault: nacre.Vault) -> None:
    with vault.transaction(write_id="w1") as tx:
        tx.record("a.b", subject="s")

    with pytest.raises(StateError, match="was committed before"):
        with vault.transaction(write_id="w1"):
            pytest.fail("the block does not run")

    assert vault.head == 1


def test_the_actor_is_the_one_of_the_handle_or_the_commit(tmp_path: Path) -> None:
    with nacre.open(tmp_path / "v") as vault:
        vault.record("a.b", subject="s")
        vault.commit(lambda tx: tx.record("a.b", subject="s"), actor="bo")
        user = vault.actor

        assert [event.actor for event in vault.events()] == [user, "bo"]
        assert user


def test_recording_after_the_block_is_refused(tmp_path: Path) -> None:
    with nacre.open(tmp_path / "v") as vault:
        with vault.transaction() as tx:
            tx.record("begun", subject="s")

        with pytest.raises(StateError, match="has ended"):
            tx.record("late", subject="s")


def test_a_closed_handle_reads_no_view(tmp_path: Path) -> None:
    with nacre.open(tmp_path / "v") as other:
        closed = nacre.open(tmp_path / "v")
        closed.close()

        with pytest.raises(Closed):
            closed.frames.names()
        assert other.frames.names() == []
