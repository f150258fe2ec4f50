"""Decisions handed over together: each a commit of its own, with a receipt or an error."""

import threading
from pathlib import Path

import pytest
from accounts import Accounts

import nacre
from nacre.errors import Closed, InvalidInput


def deposit(account, amount):
    return lambda tx: tx.record("deposited", subject=account, data={"amount": amount})


def refuse_after(records):
    def decide(tx):
        for _ in range(records):
            tx.record("deposited", subject="lost", data={"amount": 1})
        raise ValueError("refused")

    return decide


def test_each_decision_is_a_commit_of_its_own(vault):
    vault.register(Accounts)

    receipts = vault.commit_each(
        [deposit("ana", 1), deposit("bo", 2), deposit("ana", 3)], message="three", actor="cy"
    )

    assert [receipt.position for receipt in receipts] == [0, 1, 2]
    assert all(receipt.durable for receipt in receipts)
    assert len({receipt.write_id for receipt in receipts}) == 3
    assert [(e.position, e.subject, e.message, e.actor) for e in vault.events()] == [
        (0, "ana", "three", "cy"),
        (1, "bo", "three", "cy"),
        (2, "ana", "three", "cy"),
    ]
    assert vault.view(Accounts).all() == {"ana": 4, "bo": 2}
    assert vault.verify().is_clean


@pytest.mark.parametrize("records", [0, 2])
@pytest.mark.parametrize("others", [0, 2])
def test_one_that_raises_harms_no_other(vault, records, others):
    vault.register(Accounts)
    decisions = [deposit("ana", 1)] * others + [refuse_after(records)] + [deposit("bo", 2)] * others

    outcomes = vault.commit_each(decisions)

    error = outcomes.pop(others)
    assert isinstance(error, ValueError)
    assert [receipt.position for receipt in outcomes] == list(range(2 * others))
    assert vault.view(Accounts).all() == ({"ana": 2, "bo": 4} if others else {})
    assert vault.verify().is_clean


def test_each_sees_what_those_before_it_recorded(vault):
    vault.register(Accounts)

    def withdraw(tx):
        if tx.view(Accounts).get("ana") < 1:
            raise ValueError("not enough")
        tx.record("withdrawn", subject="ana", data={"amount": 1})

    outcomes = vault.commit_each([withdraw, deposit("ana", 2), withdraw, withdraw, withdraw])

    assert [isinstance(outcome, ValueError) for outcome in outcomes] == [
        True, False, False, False, True,
    ]  # fmt: skip
    assert vault.view(Accounts).get("ana") == 0


def test_of_none_nothing_is_written(vault):
    assert vault.commit_each([]) == []
    assert vault.head == 0


def test_what_decides_nothing_is_refused_before_anything_is_written(vault):
    with pytest.raises(InvalidInput, match="decides nothing"):
        vault.commit_each([deposit("ana", 1), 3])

    assert vault.head == 0


def test_threads_hand_over_groups_at_once(vault):
    vault.register(Accounts)
    outcomes = []

    def work(name):
        for _ in range(10):
            outcomes.extend(
                vault.commit_each([deposit(name, 1), refuse_after(1), deposit(name, 2)])
            )

    threads = [threading.Thread(target=work, args=(f"t{n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    positions = [o.position for o in outcomes if isinstance(o, nacre.Receipt)]
    assert sorted(positions) == list(range(160))
    assert sum(isinstance(outcome, ValueError) for outcome in outcomes) == 80
    assert vault.view(Accounts).all() == {f"t{n}": 30 for n in range(8)}
    assert vault.verify().is_clean


def test_a_closed_vault_takes_none(tmp_path: Path):
    vault = nacre.open(tmp_path / "v")
    vault.close()

    with pytest.raises(Closed):
        vault.commit_each([deposit("ana", 1)])
