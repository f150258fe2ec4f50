"""Opening, closing and sharing handles; views and reads; calls inside calls."""

import threading
import time
from pathlib import Path

import pytest
from accounts import Accounts, deposit

import nacre
from nacre.errors import Closed, ReadOnly, StateError


def facts(events) -> list[tuple[str, str, dict]]:
    return [(event.kind, event.subject, event.data) for event in events]


def test_a_closed_vault_says_so(vault: nacre.Vault) -> None:
    deposit(vault, "ana", 1)
    accounts = vault.view(Accounts)

    vault.close()
    vault.close()

    for call in (
        lambda: vault.head,
        lambda: vault.record("a.b", subject="s"),
        lambda: list(vault.events()),
        lambda: vault.put(b"x"),
        lambda: accounts.get("ana"),
        vault.checkpoint,
        vault.verify,
        vault.transaction,
    ):
        with pytest.raises(Closed):
            call()


def test_a_closed_handle_leaves_another_one_open(vault: nacre.Vault) -> None:
    other = nacre.open(vault.path, actor="bo")
    vault.record("a.b", subject="s")

    other.close()

    assert vault.record("a.b", subject="s").position == 1
    with pytest.raises(Closed):
        other.record("a.b", subject="s")
    with pytest.raises(Closed):
        list(other.events())


def test_handles_of_one_process_see_each_other(vault: nacre.Vault) -> None:
    with nacre.open(vault.path, actor="bo") as other:
        vault.register(Accounts)
        deposit(vault, "ana", 1)
        deposit(other, "ana", 2)
        deposit(vault, "ana", 4)

        assert other.head == 3
        assert vault.view(Accounts).get("ana") == other.view(Accounts).get("ana") == 7
        assert [event.actor for event in vault.events()] == ["ana", "bo", "ana"]
        assert other.verify().is_clean


def test_blobs_named_by_one_handle_are_read_by_the_others(vault: nacre.Vault) -> None:
    with nacre.open(vault.path) as other:
        digests = [vault.put(b"small"), vault.put(bytes(range(251)) * 100)]
        before = [other.has_blob(digest) for digest in digests]
        vault.record("a.b", subject="s", data={"blobs": digests})

        assert before == [False, False]
        assert other.get(digests[0]) == b"small"
        assert other.get(digests[1]) == bytes(range(251)) * 100


def test_a_vault_reopens_with_everything(vault: nacre.Vault) -> None:
    vault.register(Accounts)
    digest = vault.put(b"content" * 1000)
    deposit(vault, "ana", 10)
    vault.record("a.b", subject="s", data={"blob": digest}, message="why")
    checkpoint = vault.checkpoint()
    events = facts(vault.events())
    vault.close()

    with nacre.open(vault.path) as again:
        assert again.checkpoint() == checkpoint
        assert facts(again.events()) == events
        assert again.view(Accounts).all() == {"ana": 10}
        assert again.get(digest) == b"content" * 1000
        assert again.verify().is_clean


def test_time_never_goes_back_and_stands_still_in_the_past(
    vault: nacre.Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    times = [vault.record("a.b", subject="s").time_ns for _ in range(2)]

    assert [vault.at(position).time_ns for position in range(3)] == [0, *times]
    monkeypatch.setattr(time, "time_ns", lambda: 5)  # somebody set the clock back
    assert vault.time_ns == times[-1]


def test_a_read_only_handle_reads_everything_and_writes_nothing(vault: nacre.Vault) -> None:
    vault.register(Accounts)
    digest = vault.put(b"content")
    vault.record("deposited", subject="ana", data={"amount": 1, "why": digest})

    with nacre.open(vault.path, read_only=True) as reader:
        assert reader.read_only
        assert reader.view(Accounts).get("ana") == 1
        assert reader.get(digest) == b"content"
        assert reader.verify().is_clean
        for write in (
            lambda: reader.record("a.b", subject="s"),
            lambda: reader.put(b"x"),
            lambda: reader.put_tree(Path()),
            lambda: reader.transaction().__enter__(),
            reader.rebuild,
        ):
            with pytest.raises(ReadOnly):
                write()
        deposit(vault, "ana", 2)
        assert reader.view(Accounts).get("ana") == 3

    assert vault.head == 2


def test_relaxed_commits_say_that_they_are_not_durable(tmp_path: Path) -> None:
    with nacre.open(tmp_path / "v", durability="relaxed") as vault:
        assert not vault.record("a.b", subject="s").durable

    with nacre.open(tmp_path / "v") as vault:
        assert vault.head == 1
        assert vault.verify().is_clean


def test_durable_and_relaxed_handles_share_a_vault(tmp_path: Path) -> None:
    with (
        nacre.open(tmp_path / "v", durability="relaxed") as relaxed,
        nacre.open(tmp_path / "v") as durable,
    ):
        receipts = [vault.record("a.b", subject="s") for vault in (relaxed, durable, relaxed)]

    assert [receipt.durable for receipt in receipts] == [False, True, False]


def test_a_single_file_vault_is_one_file(tmp_path: Path) -> None:
    path = tmp_path / "runs.nacre"
    with nacre.open(path, single_file=True) as vault:
        digest = vault.put(bytes(range(251)) * 1000)
        vault.record("a.b", subject="s", data={"blob": digest})

    names = {file.name for file in tmp_path.iterdir()}
    assert names == {"runs.nacre", "runs.nacre-lock"}
    with nacre.open(path) as vault:
        assert vault.get(digest) == bytes(range(251)) * 1000


def test_describe_tells_what_a_vault_holds(vault: nacre.Vault) -> None:
    vault.register(Accounts)
    deposit(vault, "ana", 1)

    info = vault.describe()

    assert (info.path, info.head, info.frames) == (str(vault.path), 1, 0)
    assert info.root == vault.checkpoint().root.hex()
    assert [view.name for view in info.views] == ["accounts", "frames", "nacre.history", "rows"]
    assert {view.position for view in info.views} == {1}
    assert repr(vault) == f"Vault({str(vault.path)!r}, head=1)"


def test_a_registered_view_has_seen_what_came_before(vault: nacre.Vault) -> None:
    deposit(vault, "ana", 10)

    vault.register(Accounts)
    deposit(vault, "ana", 5)

    assert vault.view(Accounts).get("ana") == 15


def test_a_view_is_registered_by_reading_it(vault: nacre.Vault) -> None:
    deposit(vault, "ana", 10)

    accounts = vault.view(Accounts)
    deposit(vault, "ana", 5)

    assert accounts.get("ana") == 15


def test_a_view_that_is_not_registered_is_not_there_in_a_decision(vault: nacre.Vault) -> None:
    with pytest.raises(StateError, match=r"call vault.register\(Accounts\)"):
        vault.commit(lambda tx: tx.view(Accounts))


def test_a_view_is_changed_by_events_only(vault: nacre.Vault) -> None:
    accounts = vault.view(Accounts)
    event = nacre.Event("deposited", "ana", {"amount": 1}, 1, 0, None)

    with pytest.raises(ReadOnly, match="by applying events only"):
        accounts.apply(event)


def test_everything_in_a_read_sees_the_same_head(vault: nacre.Vault) -> None:
    vault.register(Accounts)
    deposit(vault, "ana", 10)

    with vault.read():
        checkpoint = vault.checkpoint()
        in_a_thread(lambda: deposit(vault, "ana", 90))
        seen = (vault.head, vault.view(Accounts).get("ana"), len(list(vault.events())))
        same = vault.checkpoint() == checkpoint

    assert seen == (1, 10, 1)
    assert same
    assert (vault.head, vault.view(Accounts).get("ana")) == (2, 100)


def in_a_thread(work) -> None:
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


@pytest.mark.parametrize("outer", ["commit", "transaction", "read"])
@pytest.mark.parametrize("inner", ["record", "transaction", "rebuild", "close"])
def test_a_write_inside_another_call_is_refused(vault: nacre.Vault, outer: str, inner: str) -> None:
    def nested(_: object = None) -> None:
        if inner == "record":
            vault.record("a.b", subject="inner")
        elif inner == "transaction":
            vault.transaction().__enter__()
        else:
            getattr(vault, inner)()

    def within() -> None:
        with getattr(vault, outer)():
            nested()

    with pytest.raises(StateError, match="inside a transaction"):
        vault.commit(nested) if outer == "commit" else within()

    assert vault.head == 0
    assert vault.record("a.b", subject="after").position == 0


def test_a_write_through_another_handle_inside_a_decision_is_refused(vault: nacre.Vault) -> None:
    with nacre.open(vault.path) as other:
        with pytest.raises(StateError, match="already inside a transaction"):
            vault.commit(lambda tx: other.record("a.b", subject="s"))

    assert vault.head == 0


def test_a_decision_may_read_the_vault(vault: nacre.Vault) -> None:
    vault.register(Accounts)
    deposit(vault, "ana", 10)

    def decide(tx: nacre.Transaction) -> None:
        seen = [event.subject for event in vault.events()]
        tx.record("a.b", subject="s", data={"seen": seen, "ana": vault.view(Accounts).get("ana")})

    vault.commit(decide)

    assert [event.data for event in vault.events(kind="a.b")] == [{"seen": ["ana"], "ana": 10}]


def test_a_transaction_that_has_ended_records_nothing(vault: nacre.Vault) -> None:
    with vault.transaction() as tx:
        tx.record("a.b", subject="s")

    with pytest.raises(StateError):
        tx.record("a.b", subject="late")

    assert vault.head == 1
    assert vault.verify().is_clean
