"""Reading the log: filters, directions, positions, old versions, checkpoints."""

from pathlib import Path

import pytest
from accounts import Accounts, deposit

import nacre
from nacre.errors import InvalidInput


@pytest.fixture
def history(vault: nacre.Vault) -> nacre.Vault:
    """Ten commits: subjects s0 to s2, kinds even and odd, and one commit of both."""
    for n in range(9):
        kind = "n.odd" if n % 2 else "n.even"
        vault.record(kind, subject=f"s{n % 3}", data={"n": n})
    with vault.transaction() as tx:
        tx.record("n.odd", subject="s0", data={"n": 9})
        tx.record("n.even", subject="s1", data={"n": 10})
    return vault


def numbers(events) -> list[int]:
    return [event.data["n"] for event in events]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]),
        ({"subject": "s0"}, [0, 3, 6, 9]),
        ({"kind": "n.even"}, [0, 2, 4, 6, 8, 10]),
        ({"subject": "s0", "kind": "n.even"}, [0, 6]),
        ({"subject": "s1", "kind": "n.odd"}, [1, 7]),
        ({"start": 7}, [7, 8, 9, 10]),
        ({"stop": 2}, [0, 1]),
        ({"start": 2, "stop": 4}, [2, 3]),
        ({"start": 4, "stop": 2}, []),
        ({"start": 100}, []),
        ({"stop": 100, "start": 9}, [9, 10]),
        ({"subject": "s1", "start": 4, "stop": 8}, [4, 7]),
        ({"kind": "n.odd", "stop": 4}, [1, 3]),
        ({"subject": "nobody"}, []),
        ({"kind": "n.never"}, []),
        ({"subject": "n.odd"}, []),
    ],
)
def test_events_are_filtered_in_both_directions(
    history: nacre.Vault, filters: dict, expected: list[int]
) -> None:
    assert numbers(history.events(**filters)) == expected
    assert numbers(history.events(**filters, reverse=True)) == expected[::-1]


@pytest.mark.parametrize(
    "filters",
    [
        {"start": -1},
        {"stop": -1},
        {"start": "0"},
        {"stop": 1.5},
        {"start": 2**64},
        {"subject": 5},
        {"kind": b"n.odd"},
        {"subject": "\ud800"},
    ],
)
def test_a_filter_that_means_nothing_is_refused(history: nacre.Vault, filters: dict) -> None:
    with pytest.raises(InvalidInput):
        history.events(**filters)


def test_many_events_are_read_backwards_page_by_page(tmp_path: Path) -> None:
    with nacre.open(tmp_path / "v", durability="relaxed") as vault:
        for n in range(600):
            vault.record("a.b", subject="s", data={"n": n})

        assert numbers(vault.events(reverse=True)) == list(range(599, -1, -1))
        assert numbers(vault.events(start=100, stop=500, reverse=True)) == list(range(499, 99, -1))


def test_events_recorded_during_an_iteration_do_no_harm(history: nacre.Vault) -> None:
    seen = []
    for event in history.events(stop=10):
        seen.append(event.data["n"])
        history.record("n.new", subject="late")

    assert seen == list(range(11))


def test_a_commit_is_found_by_its_position(history: nacre.Vault) -> None:
    commit = history.commit_at(9)

    assert commit is not None
    assert numbers(commit.events) == [9, 10]
    assert history.commit_at(10) is None


def test_old_versions_of_events_are_read_as_new_ones(tmp_path: Path) -> None:
    with nacre.open(tmp_path / "v") as vault:
        vault.record("deposited", subject="ana", data={"euros": 3})
    upcasts = {
        ("deposited", 1): lambda data: {"cents": data["euros"] * 100},
        ("deposited", 2): lambda data: {"amount": data["cents"]},
    }

    with nacre.open(tmp_path / "v", upcasts=upcasts) as vault:
        vault.register(Accounts)
        vault.commit(lambda tx: tx.record("deposited", subject="ana", data={"cents": 5}, version=2))
        vault.commit(
            lambda tx: tx.record("deposited", subject="ana", data={"amount": 7}, version=3)
        )
        events = [(event.version, event.data["amount"]) for event in vault.events()]

        assert events == [(3, 300), (3, 5), (3, 7)]
        assert vault.view(Accounts).get("ana") == 312
        assert vault.verify().is_clean


def test_a_checkpoint_commits_to_every_event(tmp_path: Path) -> None:
    roots = []
    for amount in (1, 2):
        with nacre.open(tmp_path / f"v{amount}") as vault:
            empty = vault.checkpoint()
            deposit(vault, "ana", amount)
            roots.append(vault.checkpoint())

    assert empty.head == 0
    assert roots[0].head == roots[1].head == 1
    assert roots[0].root != roots[1].root


def test_a_checkpoint_is_a_note_of_three_lines(vault: nacre.Vault) -> None:
    deposit(vault, "ana", 1)

    origin, head, root, end = str(vault.checkpoint()).split("\n")

    assert origin == f"nacre/{vault.vault_id.hex()}"
    assert (head, len(root), end) == ("1", 44, "")
