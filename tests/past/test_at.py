"""A vault as it was: everything in it reads as at the position, whatever comes later."""

import os
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import ClassVar

import pandas as pd
import pytest
from accounts import Accounts, DoubledAccounts, deposit
from processes import in_process, in_processes

import nacre
from nacre.errors import Closed, InvalidInput, ReadOnly, StateError


class Ends:
    """How many commits there were: a view that notes the end of each."""

    name: ClassVar[str] = "ends"
    version: ClassVar[int] = 1
    kinds = ()

    def __init__(self, state: nacre.State) -> None:
        self._ends = state.table("ends")

    def apply(self, event: nacre.Event) -> None:
        """Nothing."""

    def end_commit(self, header: nacre.Header, names: object) -> None:
        self._ends[header.position] = sorted(names.subjects)

    def count(self) -> int:
        return len(list(self._ends.scan()))


@pytest.fixture
def told(vault: nacre.Vault) -> nacre.Vault:
    """A vault with six commits of deposits, frames and blobs."""
    vault.register(Accounts)
    deposit(vault, "ana", 10, message="first")  # 0
    vault.frames.write("f", pd.DataFrame({"n": [1, 2]}))  # 1
    deposit(vault, "bo", 5)  # 2
    vault.frames.append("f", pd.DataFrame({"n": [3]}))  # 3
    deposit(vault, "ana", 1)  # 4
    vault.frames.delete("f")  # 5
    return vault


def cached() -> list[Path]:
    return list(Path(os.environ["XDG_CACHE_HOME"]).rglob("*.mdb"))


def test_everything_reads_as_it_was(told: nacre.Vault) -> None:
    past = told.at(3)

    assert past.head == 3
    assert past.read_only
    assert past.view(Accounts).all() == {"ana": 10, "bo": 5}
    assert past.frames.names() == ["f"]
    assert past.frames.read("f").n.tolist() == [1, 2]
    assert [event.position for event in past.events()] == [0, 1, 2]
    assert [event.position for event in past.events(subject="ana")] == [0]
    assert [event.position for event in past.events(kind="deposited", reverse=True)] == [2, 0]
    assert [event.position for event in past.events(stop=100)] == [0, 1, 2]
    assert past.commit_at(2).events[0].subject == "bo"
    assert past.commit_at(3) is None
    assert past.describe().head == 3


def test_the_checkpoint_is_that_of_then(vault: nacre.Vault) -> None:
    checkpoints = [vault.checkpoint()]
    for amount in range(5):
        deposit(vault, "ana", amount)
        checkpoints.append(vault.checkpoint())

    assert [vault.at(position).checkpoint() for position in range(6)] == checkpoints


def test_later_commits_change_nothing(told: nacre.Vault) -> None:
    past = told.at(told.head)
    before = past.view(Accounts).all()

    deposit(told, "ana", 100)

    assert past.view(Accounts).all() == before
    assert past.head == 6
    assert told.view(Accounts).get("ana") == 111


def test_a_view_that_the_vault_does_not_keep_is_derived(told: nacre.Vault) -> None:
    past = told.at(5)
    past.register(Ends)

    assert past.view(Ends).count() == 5
    assert [view.name for view in told.describe().views if view.name == "ends"] == []


def test_newer_code_of_a_view_reads_its_own_rows(told: nacre.Vault) -> None:
    assert told.at(5).view(Accounts).get("ana") == 11
    assert told.at(5).view(DoubledAccounts).get("ana") == 1100


def test_position_0_is_empty(told: nacre.Vault) -> None:
    past = told.at(0)

    assert list(past.events()) == []
    assert past.view(Accounts).all() == {}
    assert past.frames.names() == []


@pytest.mark.parametrize("position", [-1, 7, 1 << 70, True, 1.5, None])
def test_a_position_that_is_none_is_refused(told: nacre.Vault, position: object) -> None:
    with pytest.raises(InvalidInput, match=r"there is no position|give a position"):
        told.at(position)


def test_the_past_cannot_be_written(told: nacre.Vault) -> None:
    past = told.at(2)

    for write in (
        lambda: deposit(past, "ana", 1),
        lambda: past.put(b"x"),
        lambda: past.frames.write("f", pd.DataFrame({"n": [1]})),
        lambda: past.transaction().__enter__(),
        past.rebuild,
    ):
        with pytest.raises(ReadOnly):
            write()
    with pytest.raises(StateError, match="verify works on what is stored"):
        past.verify()
    assert told.verify().is_clean


def test_the_past_of_the_past_is_the_past(told: nacre.Vault) -> None:
    past = told.at(5).at(1)

    assert past.view(Accounts).all() == {"ana": 10}
    with pytest.raises(InvalidInput, match="from 0 to the head, 1"):
        past.at(2)


def test_closing_the_vault_closes_its_past(told: nacre.Vault) -> None:
    past, other = told.at(3), told.at(2)
    other.close()
    told.view(Accounts).all()

    told.close()

    for closed in (past, other):
        with pytest.raises(Closed):
            closed.view(Accounts)


def test_a_past_that_is_dropped_lets_go_of_its_files(told: nacre.Vault) -> None:
    descriptors = len(list(Path("/proc/self/fd").iterdir()))

    for _ in range(30):
        for position in range(1, 6):
            told.at(position).view(Accounts).all()

    assert len(list(Path("/proc/self/fd").iterdir())) < descriptors + 60


def test_a_read_only_vault_has_a_past(told: nacre.Vault) -> None:
    path = told.path
    told.close()

    with nacre.open(path, read_only=True) as vault:
        assert vault.at(3).view(Accounts).all() == {"ana": 10, "bo": 5}


def test_nothing_is_left_beside_the_vault(told: nacre.Vault) -> None:
    before = sorted(told.path.parent.rglob("*"))

    told.at(4).view(Accounts).all()

    assert sorted(told.path.parent.rglob("*")) == before


def test_a_view_is_derived_once(told: nacre.Vault) -> None:
    applied = []

    class Counted(Accounts):
        name: ClassVar[str] = "counted"

        def apply(self, event: nacre.Event) -> None:
            applied.append(event.position)
            super().apply(event)

    for _ in range(3):
        with nacre.open(told.path) as again:
            assert again.at(5).view(Counted).get("ana") == 11

    assert applied == [0, 2, 4]


def test_a_deleted_cache_is_made_again(told: nacre.Vault) -> None:
    past = told.at(5)
    balances = past.view(Accounts).all()

    shutil.rmtree(os.environ["XDG_CACHE_HOME"])

    assert past.view(Accounts).all() == balances
    assert told.at(5).view(Accounts).all() == balances
    assert past.frames.names() == ["f"]


def test_a_damaged_cache_is_made_again(told: nacre.Vault) -> None:
    balances = told.at(5).view(Accounts).all()
    told.at(4).view(Accounts)
    for path in cached():
        path.write_bytes(b"no rows" * 1000)

    assert told.at(5).view(Accounts).all() == balances


def test_a_copy_that_went_another_way_has_its_own_past(told: nacre.Vault, tmp_path: Path) -> None:
    path = told.path
    told.close()
    copy = tmp_path / "copy"
    shutil.copytree(path, copy) if path.is_dir() else shutil.copy(path, copy)
    with nacre.open(path) as vault, nacre.open(copy) as other:
        for held, amount in ((vault, 100), (other, 1000)):
            held.register(Accounts)
            deposit(held, "ana", amount)

        found = [held.at(7).view(Accounts).get("ana") for held in (vault, other)]

    assert found == [111, 1011]


def test_threads_share_a_past(told: nacre.Vault) -> None:
    past = told.at(5)
    barrier = threading.Barrier(8)

    def read(_: int) -> tuple[dict[str, int], list[int]]:
        barrier.wait()
        return past.view(Accounts).all(), past.frames.read("f").n.tolist()

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(read, range(8)))

    assert found == [({"ana": 11, "bo": 5}, [1, 2, 3])] * 8


def test_processes_share_the_cache(told: nacre.Vault) -> None:
    path = told.path
    told.close()

    def read(n: int) -> dict[str, int]:
        with nacre.open(path) as vault:
            return vault.at(3 + n % 2).view(Accounts).all()

    assert in_processes(6, read) == [{"ana": 10, "bo": 5}] * 6


def test_a_child_reads_the_past_of_its_parent(told: nacre.Vault) -> None:
    past = told.at(5)
    past.view(Accounts).all()

    def read() -> tuple[dict[str, int], list[str]]:
        return past.view(Accounts).all(), past.frames.names()

    assert in_process(read) == (read())


def test_a_child_makes_a_deleted_file_again(told: nacre.Vault) -> None:
    past = told.at(5)
    balances = past.view(Accounts).all()
    shutil.rmtree(os.environ["XDG_CACHE_HOME"])

    assert in_process(lambda: [past.view(Accounts).all(), past.view(Accounts).get("ana")]) == [
        balances,
        11,
    ]
    assert past.view(Accounts).all() == balances


def test_a_past_inside_a_read_and_a_decision(told: nacre.Vault) -> None:
    found = []

    def decide(tx: nacre.Transaction) -> None:
        found.append(told.at(3).view(Accounts).get("ana"))
        tx.record("deposited", subject="ana", data={"amount": found[-1]})

    with told.read():
        found.append(told.at(5).view(Accounts).get("ana"))
    told.commit(decide)

    assert found == [11, 10]
    assert told.view(Accounts).get("ana") == 21


def test_old_events_are_read_as_new_ones(tmp_path: Path) -> None:
    upcasts = {("deposited", 1): lambda data: {"amount": data["amount"] * 2}}
    with nacre.open(tmp_path / "v") as vault:
        deposit(vault, "ana", 10)
    with nacre.open(tmp_path / "v", upcasts=upcasts) as vault:
        past = vault.at(1)

        assert past.view(Accounts).get("ana") == 20
        assert next(past.events()).data == {"amount": 20}
    with nacre.open(tmp_path / "v") as vault:
        assert vault.at(1).view(Accounts).get("ana") == 10
