"""Forks without descriptors, vaults replaced under a handle, closes in the wrong moment."""

import errno
import os
import resource
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from processes import in_process

import nacre
from nacre import locks
from nacre.blobs import store as blob_store
from nacre.errors import Closed, CorruptionError, DiskFull, Poisoned, StateError
from nacre.event import decode_events

LARGE = 100_000


@pytest.fixture
def little_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "_PATIENCE_SECONDS", 0.05)


@contextmanager
def held_open(vault: nacre.Vault) -> Iterator[list[BaseException]]:
    """Let another thread be inside a transaction; give what it raises at its end."""
    entered, leave = threading.Event(), threading.Event()
    raised: list[BaseException] = []

    def stay() -> None:
        try:
            with vault.transaction() as tx:
                tx.record("a.b", subject="held")
                entered.set()
                leave.wait()
        except BaseException as error:  # noqa: BLE001 - given to the test
            raised.append(error)

    thread = threading.Thread(target=stay)
    thread.start()
    entered.wait()
    try:
        yield raised
    finally:
        leave.set()
        thread.join()


# Forks


def fork_and_use(vault: nacre.Vault) -> int:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    vault.record("a.b", subject="after")
    return vault.head


def test_a_fork_with_very_many_descriptors_harms_nobody(tmp_path: Path) -> None:
    def work() -> int:
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(2_000, most), most))
        with nacre.open(tmp_path / "v") as vault:
            taken = [os.dup(0) for _ in range(1_100)]
            head = fork_and_use(vault)
            for descriptor in taken:
                os.close(descriptor)
        return head

    assert in_process(work) == 1


def test_a_fork_without_a_descriptor_left_harms_nobody(tmp_path: Path) -> None:
    def work() -> int:
        with nacre.open(tmp_path / "v") as vault:
            taken: list[int] = []
            with pytest.raises(OSError, match=os.strerror(errno.EMFILE)):  # noqa: PT012
                while True:
                    taken.append(os.dup(0))
            head = fork_and_use(vault)
            for descriptor in taken:
                os.close(descriptor)
        return head

    assert in_process(work) == 1


def test_forks_while_packs_are_opened_do_not_wait_for_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blob_store.compression, "_SMALLEST_BYTES", 1 << 40)
    monkeypatch.setattr("nacre.blobs.packs._SEAL_AT_BYTES", 20_000)
    stop = threading.Event()
    with nacre.open(tmp_path / "v") as vault:

        def put() -> None:
            while not stop.is_set():
                vault.put(os.urandom(6_000))

        def commit() -> None:
            while not stop.is_set():
                vault.record("a.b", subject="s", data={"blob": vault.put(os.urandom(6_000))})

        threads = [threading.Thread(target=work) for work in (put, put, commit)]
        for thread in threads:
            thread.start()
        codes = []
        for _ in range(40):
            child = os.fork()
            if child == 0:
                try:
                    assert vault.head >= 0
                    os._exit(0)
                except BaseException:  # noqa: BLE001 - told by the exit code
                    os._exit(1)
            codes.append(os.waitpid(child, 0)[1])
        stop.set()
        for thread in threads:
            thread.join()

    assert set(codes) == {0}


# Another vault comes to the place of an open one


def test_a_put_does_not_touch_the_packs_of_a_vault_that_came_to_the_place(tmp_path: Path) -> None:
    path, good = tmp_path / "v", tmp_path / "good"
    with nacre.open(good) as vault:
        content = os.urandom(LARGE)
        digest = vault.put(content)
        vault.record("a.b", subject="s", data={"blob": digest})
    stale = nacre.open(path)
    stale.record("a.b", subject="s")
    path.rename(tmp_path / "old")
    shutil.copytree(good, path)

    with pytest.raises(Closed, match="moved, unlinked or replaced"):
        stale.put(os.urandom(LARGE))

    stale.close()
    with nacre.open(path) as vault:
        assert vault.get(digest) == content
        assert vault.verify().is_clean


def test_a_pack_that_was_removed_while_it_is_written_is_noticed(tmp_path: Path) -> None:
    with nacre.open(tmp_path / "v") as vault:
        vault.put(os.urandom(LARGE))
        (pack,) = (tmp_path / "v" / "packs").glob("*.pack")
        pack.unlink()

        with pytest.raises(Poisoned, match="was removed while it was written"):
            vault.record("a.b", subject="s", data={"blob": vault.put(os.urandom(LARGE))})

    with nacre.open(tmp_path / "v") as vault:
        assert vault.head == 0
        assert vault.verify().is_clean


# Threads in each other's way


def test_a_large_frame_is_written_by_a_decision(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blob_store, "_WAITING_BYTES", 1 << 20)
    frame = pd.DataFrame({f"c{n}": np.random.default_rng(n).random(300_000) for n in range(4)})
    with nacre.open(tmp_path / "v", single_file=True) as vault:
        vault.commit(lambda tx: tx.frames.write("f", frame))

        assert vault.frames.read("f").equals(frame)


def test_the_error_of_one_decision_is_not_that_of_its_neighbours(tmp_path: Path) -> None:
    def fail(tx: nacre.Transaction) -> None:
        tx.record("a.b", subject="failed")
        raise DiskFull("of another disk")

    errors: list[BaseException] = []
    with nacre.open(tmp_path / "v") as vault:

        def commit(number: int) -> None:
            for _ in range(20):
                try:
                    vault.commit(lambda tx: tx.record("a.b", subject=f"{number}"))
                except BaseException as error:  # noqa: BLE001 - told below
                    errors.append(error)

        def go_on_failing() -> None:
            for _ in range(20):
                with pytest.raises(DiskFull):
                    vault.commit(fail)

        threads = [threading.Thread(target=commit, args=(n,)) for n in range(4)]
        threads += [threading.Thread(target=go_on_failing) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert errors == []
        assert vault.head == 80
        assert not list(vault.events(subject="failed"))


def test_closing_waits_for_a_transaction_of_another_thread_and_then_refuses(
    tmp_path: Path, little_patience: None
) -> None:
    vault = nacre.open(tmp_path / "v")
    with held_open(vault) as raised:
        with pytest.raises(StateError, match="another thread is inside a transaction"):
            vault.close()
    vault.close()

    assert raised == []
    with nacre.open(tmp_path / "v") as vault:
        assert [event.subject for event in vault.events()] == ["held"]


def test_an_interrupt_while_the_map_waits_to_grow_lets_readers_in_again() -> None:
    gate = locks.Gate()
    entered, leave = threading.Event(), threading.Event()

    def stay() -> None:
        gate.enter()
        entered.set()
        leave.wait()
        gate.leave()

    thread = threading.Thread(target=stay)
    thread.start()
    entered.wait()
    gate._changed.wait_for = interrupted  # as a signal does that comes while it waits
    with pytest.raises(KeyboardInterrupt):
        gate.close()
    leave.set()
    thread.join()

    gate.enter()
    gate.leave()


def interrupted(*_: object) -> bool:
    raise KeyboardInterrupt


# Sizes that lie


def test_what_the_system_makes_up_is_put_as_it_reads(tmp_path: Path) -> None:
    with nacre.open(tmp_path / "v") as vault:
        digest = vault.put("/proc/version")

        assert vault.get(digest) == Path("/proc/version").read_bytes()


def test_an_entry_that_claims_gigabytes_is_not_decompressed(tmp_path: Path) -> None:
    with nacre.open(tmp_path / "v") as vault:
        vault.record("a.b", subject="s", data={"text": "a" * 10_000})
        entry = bytearray(next(vault.store.log.read(0)))
    entry[14:18] = (3 << 30).to_bytes(4, "big")
    entry[2:10] = nacre.hashing.checksum(bytes(entry[10:]))

    with pytest.raises(CorruptionError, match="claims 3221225472 bytes"):
        decode_events(bytes(entry))


def test_a_blob_that_claims_gigabytes_is_not_decompressed() -> None:
    with pytest.raises(CorruptionError, match="which none has"):
        blob_store.compression.restored(memoryview(b"x"), size=1 << 32, is_zstd=True)
