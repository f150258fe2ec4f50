"""Savepoints: a block that raises is undone alone, events, views, frames and rows."""

import os
from contextlib import suppress

import pandas as pd
import pytest
from accounts import Accounts, deposit

import nacre
from nacre.errors import InvalidInput, StateError


class Failed(Exception):
    """What a block raises to be undone."""


class Counting(Accounts):
    """Accounts that remember in memory how many events they saw, and note it in a table."""

    name = "counting"

    def __init__(self, state: nacre.State) -> None:
        super().__init__(state)
        self._seen = 0

    def apply(self, event: nacre.Event) -> None:
        if event.data["amount"] < 0:
            raise Failed
        super().apply(event)
        self._seen += 1
        self._balances["seen"] = self._seen


def put_in(tx: nacre.Transaction, owner: str, amount: int = 1) -> None:
    tx.record("deposited", subject=owner, data={"amount": amount})


def fail_after(tx: nacre.Transaction, *owners: str) -> None:
    with suppress(Failed), tx.savepoint():
        for owner in owners:
            put_in(tx, owner)
        raise Failed


@pytest.fixture
def accounts(vault: nacre.Vault) -> Accounts:
    vault.register(Accounts)
    return vault.view(Accounts)


def kinds_of(vault: nacre.Vault, position: int) -> list[str]:
    commit = vault.commit_at(position)
    assert commit is not None
    return [f"{event.kind} {event.subject}" for event in commit.events]


def test_a_block_that_ends_is_part_of_the_commit(vault: nacre.Vault, accounts: Accounts) -> None:
    with vault.transaction() as tx:
        put_in(tx, "ana")
        with tx.savepoint():
            put_in(tx, "bo")
        put_in(tx, "cy")

    assert accounts.all() == {"ana": 1, "bo": 1, "cy": 1}
    assert kinds_of(vault, 0) == ["deposited ana", "deposited bo", "deposited cy"]
    assert vault.verify().problems == ()


def test_a_block_that_raises_is_undone_alone(vault: nacre.Vault, accounts: Accounts) -> None:
    with vault.transaction() as tx:
        put_in(tx, "ana")
        fail_after(tx, "ana", "bo")
        assert tx.view(Accounts).all() == {"ana": 1}
        put_in(tx, "cy")

    assert accounts.all() == {"ana": 1, "cy": 1}
    assert kinds_of(vault, 0) == ["deposited ana", "deposited cy"]
    assert vault.verify().problems == ()


def test_a_view_that_is_held_goes_on_inside_and_after(
    vault: nacre.Vault, accounts: Accounts
) -> None:
    with vault.transaction() as tx:
        held = tx.view(Accounts)
        put_in(tx, "ana")
        with tx.savepoint():
            put_in(tx, "ana")
            inside = held.get("ana")
        fail_after(tx, "ana")
        after = held.get("ana")

    assert (inside, after, accounts.get("ana")) == (2, 2, 2)


def test_savepoints_nest(vault: nacre.Vault, accounts: Accounts) -> None:
    with vault.transaction() as tx:
        with tx.savepoint():
            put_in(tx, "ana")
            fail_after(tx, "bo")
            put_in(tx, "cy")
        with suppress(Failed), tx.savepoint():
            with tx.savepoint():
                put_in(tx, "di")
            raise Failed

    assert accounts.all() == {"ana": 1, "cy": 1}
    assert vault.verify().problems == ()


def test_a_transaction_whose_only_block_is_undone_commits_nothing(vault: nacre.Vault) -> None:
    with vault.transaction() as tx:
        fail_after(tx, "ana")

    assert vault.head == 0


def test_a_view_that_remembers_forgets_what_was_undone(vault: nacre.Vault) -> None:
    vault.register(Counting)

    with vault.transaction() as tx:
        put_in(tx, "ana")
        with suppress(Failed), tx.savepoint():
            put_in(tx, "bo")
            put_in(tx, "cy", -1)  # the view raises, half way
        put_in(tx, "di")

    assert set(vault.view(Counting).all()) == {"ana", "di", "seen"}
    assert kinds_of(vault, 0) == ["deposited ana", "deposited di"]


def test_frames_and_rows_are_undone_too(vault: nacre.Vault) -> None:
    people = vault.rows.create("people", {"id": "int64", "n": "int64"}, key="id", indexes=["n"])
    people.insert({"id": 1, "n": 1})

    with vault.transaction() as tx:
        rows = tx.rows["people"]
        rows.update(1, n=2)
        with suppress(InvalidInput), tx.savepoint():
            rows.insert({"id": 2, "n": 5})
            rows.bulk_load([{"id": n, "n": 5} for n in range(10, 20)])
            tx.frames.write("f", pd.DataFrame({"a": [1]}))
            assert rows.where(n=5).count() == 11
            rows.insert({"id": 1, "n": 0})
        assert rows.where(n=5).count() == 0
        rows.insert({"id": 3, "n": 3})

    assert people.all() == [{"id": 1, "n": 2}, {"id": 3, "n": 3}]
    assert people.where("n", ">=", 2).count() == people.count() == 2
    assert vault.frames.names() == []
    assert vault.verify().problems == ()


def test_what_was_undone_names_no_blob(vault: nacre.Vault) -> None:
    with vault.transaction() as tx:
        kept = tx.put(os.urandom(9000))
        tx.record("photo.added", subject="p", data={"image": kept})
        with suppress(Failed), tx.savepoint():
            nowhere = nacre.Digest(b"\x07" * 32)
            tx.record("photo.added", subject="q", data={"image": nowhere})
            raise Failed

    assert len(vault.get(kept)) == 9000
    assert vault.verify().problems == ()


def test_a_transaction_that_raises_undoes_its_savepoints(
    vault: nacre.Vault, accounts: Accounts
) -> None:
    def write() -> None:
        with vault.transaction() as tx:
            with tx.savepoint():
                put_in(tx, "ana")
            raise Failed

    with pytest.raises(Failed):
        write()

    assert (vault.head, accounts.all()) == (0, {})


def test_decisions_have_savepoints_too(vault: nacre.Vault, accounts: Accounts) -> None:
    def decide(tx: nacre.Transaction) -> None:
        fail_after(tx, "bo")
        put_in(tx, "ana")

    vault.commit(decide)
    deposit(vault, "ana", 1)

    assert accounts.all() == {"ana": 2}


def test_a_transaction_that_has_ended_has_no_savepoints(vault: nacre.Vault) -> None:
    with vault.transaction() as tx:
        put_in(tx, "ana")

    with pytest.raises(StateError, match="has ended"), tx.savepoint():
        pass
