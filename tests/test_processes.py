"""Several processes on one vault: nothing lost, no gaps, readers never wait."""

from collections import Counter
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from accounts import Accounts, deposit
from processes import Process, in_process, in_processes

import nacre

PROCESSES = 8
COMMITS = 25


@pytest.mark.parametrize("single_file", [True, False])
def test_eight_processes_that_commit_at_once_lose_nothing(
    tmp_path: Path, single_file: bool
) -> None:
    def commit(process: int) -> tuple[list[int], dict[str, int]]:
        with nacre.open(tmp_path / "v", actor=f"p{process}", single_file=single_file) as vault:
            vault.register(Accounts)
            positions = []
            for n in range(COMMITS):
                blob = vault.put(f"{process} {n} ".encode() * 1000)
                data = {"amount": 1, "receipt": blob}
                positions.append(vault.record("deposited", subject="ana", data=data).position)
            return positions, vault.view(Accounts).all()

    results = in_processes(PROCESSES, commit)

    positions = [position for each, _ in results for position in each]
    assert sorted(positions) == list(range(PROCESSES * COMMITS))
    assert all(each == sorted(each) for each, _ in results)
    assert all(COMMITS <= balances["ana"] <= PROCESSES * COMMITS for _, balances in results)
    with nacre.open(tmp_path / "v") as vault:
        assert vault.view(Accounts).all() == {"ana": PROCESSES * COMMITS}
        assert Counter(event.actor for event in vault.events()) == {
            f"p{n}": COMMITS for n in range(PROCESSES)
        }
        assert vault.verify().is_clean


def test_processes_that_repeat_a_write_id_commit_once(tmp_path: Path) -> None:
    def commit(_: int) -> list[int]:
        with nacre.open(tmp_path / "v") as vault:
            return [deposit(vault, "ana", 1, write_id=f"w{n}").position for n in range(10)]

    results = in_processes(4, commit)

    assert len({tuple(positions) for positions in results}) == 1
    with nacre.open(tmp_path / "v") as vault:
        assert vault.head == 10


def test_decisions_of_several_processes_never_overdraw(tmp_path: Path) -> None:
    with nacre.open(tmp_path / "v") as vault:
        vault.register(Accounts)
        deposit(vault, "ana", 30)

    def decide(tx: nacre.Transaction) -> None:
        if tx.view(Accounts).get("ana") < 1:
            raise ValueError("not enough")
        tx.record("withdrawn", subject="ana", data={"amount": 1})

    def withdraw(_: int) -> int:
        won = 0
        with nacre.open(tmp_path / "v") as vault:
            vault.register(Accounts)
            for _ in range(20):
                try:
                    vault.commit(decide)
                    won += 1
                except ValueError:
                    pass
        return won

    assert sum(in_processes(4, withdraw)) == 30


def test_readers_do_not_wait_for_a_writer_of_another_process(tmp_path: Path) -> None:
    with nacre.open(tmp_path / "v") as vault:
        vault.register(Accounts)
        digest = vault.put(b"x" * 5000)
        vault.record("deposited", subject="ana", data={"amount": 1, "receipt": digest})

    def hold(talk: Connection) -> None:
        with nacre.open(tmp_path / "v") as vault:
            vault.register(Accounts)
            with vault.transaction() as tx:
                tx.record("deposited", subject="ana", data={"amount": 1})
                talk.send("holding")
                talk.recv()

    holder = Process(hold)
    assert holder.hear() == "holding"

    with nacre.open(tmp_path / "v") as vault:
        seen = (
            vault.head,
            vault.view(Accounts).get("ana"),
            vault.get(digest),
            len(list(vault.events(subject="ana"))),
            vault.checkpoint().head,
            vault.verify().is_clean,
        )
        holder.talk.send("go on")
        holder.end()

        assert seen == (1, 1, b"x" * 5000, 1, 1, True)
        assert vault.view(Accounts).get("ana") == 2


def test_a_handle_sees_what_other_processes_commit(tmp_path: Path) -> None:
    with nacre.open(tmp_path / "v") as vault:
        vault.register(Accounts)
        accounts = vault.view(Accounts)

        def commit() -> nacre.Digest:
            with nacre.open(tmp_path / "v") as other:
                other.register(Accounts)
                digest = other.put(b"theirs" * 1000)
                data = {"amount": 5, "receipt": digest}
                other.record("deposited", subject="ana", data=data)
                return digest

        digest = in_process(commit)

        assert (vault.head, accounts.get("ana"), vault.get(digest)) == (1, 5, b"theirs" * 1000)
        assert deposit(vault, "ana", 1).position == 1
        assert in_process(lambda: heads(tmp_path / "v")) == (2, 6)


def heads(path: Path) -> tuple[int, int]:
    with nacre.open(path, read_only=True) as vault:
        return vault.head, vault.view(Accounts).get("ana")


def test_a_killed_writer_keeps_nobody_from_writing(tmp_path: Path) -> None:
    def hold(talk: Connection) -> None:
        with nacre.open(tmp_path / "v") as vault, vault.transaction() as tx:
            tx.record("a.b", subject="lost")
            tx.put(b"x" * 5000)
            talk.send("holding")
            talk.recv()

    holder = Process(hold)
    holder.hear()
    holder.kill()

    with nacre.open(tmp_path / "v") as vault:
        assert vault.record("a.b", subject="s").position == 0
        assert [event.subject for event in vault.events()] == ["s"]
        assert vault.verify().is_clean
