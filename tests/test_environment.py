"""What bites in LMDB, bite by bite: flags, readers, keys, commits that are cut short."""

import errno
import os
import resource
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from lmdb_rows import get, limit_file_size, put, read_open_elsewhere
from processes import Process, in_process

import nacre
from nacre import lmdb_handle as module
from nacre.environment import Environment
from nacre.errors import DiskFull, InvalidInput, Poisoned, StateError, StorageError
from nacre.files import OsFiles
from nacre.keys import MAX_KEY_BYTES
from nacre.lmdb_file import lock_path
from nacre.queue import CommitQueue
from nacre.registry import REGISTRY
from nacre.testing import FailingFiles, PowerLossFiles, PowerLostError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "v.mdb"


@pytest.fixture
def environment(path: Path) -> Iterator[Environment]:
    environment = REGISTRY.acquire(path, read_only=False, relaxed=False)
    yield environment
    REGISTRY.release(environment)


# Flags


def test_nothing_that_can_corrupt_is_switched_on(environment: Environment) -> None:
    flags = environment.handle.current().flags()

    assert (flags["sync"], flags["metasync"], flags["writemap"]) == (True, True, False)


def test_relaxed_gives_up_the_meta_sync_and_nothing_else(path: Path) -> None:
    environment = Environment(path, read_only=False, relaxed=True)
    flags = environment.handle.current().flags()
    environment.close()

    assert (flags["sync"], flags["metasync"], flags["writemap"]) == (True, False, False)


# The lock file, which LMDB writes to through memory


@pytest.mark.parametrize("before", [None, b"", bytes(100)], ids=["none", "empty", "short"])
def test_a_full_disk_finds_no_hole_in_the_lock_file(path: Path, before: bytes | None) -> None:
    if before is not None:
        lock_path(path).write_bytes(before)

    environment = REGISTRY.acquire(path, read_only=False, relaxed=False)
    put(environment, b"key")

    status = lock_path(path).stat()
    assert status.st_size >= 64 * module.MAX_READERS
    assert status.st_blocks * 512 >= status.st_size
    assert get(environment, b"key") == b"value"
    REGISTRY.release(environment)


def test_a_lock_file_that_finds_no_room_is_an_error(path: Path) -> None:
    def opened() -> str:
        limit_file_size(8192)
        with pytest.raises(DiskFull, match="lock file") as raised:
            REGISTRY.acquire(path, read_only=False, relaxed=False)
        return raised.value.code

    assert in_process(opened) == "disk_full"


# Readers


def test_too_many_reads_are_an_error_until_one_ends(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_READERS", 2)
    environment = REGISTRY.acquire(path, read_only=False, relaxed=False)
    put(environment, b"key")

    with read_open_elsewhere(environment), read_open_elsewhere(environment):
        with pytest.raises(StateError, match=r"2 reads of .* are open: close some"):
            get(environment, b"key")

    assert get(environment, b"key") == b"value"
    REGISTRY.release(environment)


def test_the_slot_of_a_killed_reader_is_used_again(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_READERS", 1)

    def die_inside_a_read(talk: Connection) -> None:
        environment = REGISTRY.acquire(path, read_only=False, relaxed=False)
        with environment.read():
            talk.send("inside")
            os.kill(os.getpid(), signal.SIGKILL)

    environment = REGISTRY.acquire(path, read_only=False, relaxed=False)
    environment.run(OsFiles(), lambda transaction: transaction.put(b"key", b"value"))
    reader = Process(die_inside_a_read)
    reader.hear()
    reader.kill()

    assert get(environment, b"key") == b"value"
    REGISTRY.release(environment)


def test_a_thread_reads_what_it_wrote_before_others_do(environment: Environment) -> None:
    with environment.write(OsFiles()) as transaction, ThreadPoolExecutor(1) as pool:
        transaction.put(b"key", b"value")
        own = get(environment, b"key")
        elsewhere = pool.submit(get, environment, b"key").result()

    assert (own, elsewhere) == (b"value", None)


def test_a_write_inside_a_transaction_of_the_thread_is_refused(environment: Environment) -> None:
    for outer in (environment.read, lambda: environment.write(OsFiles())):
        with outer():
            with pytest.raises(StateError, match="already inside a transaction"):
                put(environment, b"key")

    put(environment, b"key")


# Commits that fail or are cut short


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_full_disk_undoes_the_commit_and_poisons_nothing(
    environment: Environment, number: int
) -> None:
    files = FailingFiles(number, range(1))

    with pytest.raises(DiskFull, match="nothing was committed: free some space"):
        environment.run(files, lambda transaction: transaction.put(b"key", b"lost"))
    undone = get(environment, b"key")
    environment.run(files, lambda transaction: transaction.put(b"key", b"value"))

    assert undone is None
    assert get(environment, b"key") == b"value"


def test_a_failed_commit_poisons_until_the_file_is_opened_again(path: Path) -> None:
    environment = REGISTRY.acquire(path, read_only=False, relaxed=False)
    put(environment, b"key")

    with pytest.raises(StorageError, match="then open the vault again"):
        environment.run(
            FailingFiles(errno.EIO, range(1)), lambda transaction: transaction.put(b"key", b"lost")
        )
    for use in (lambda: put(environment, b"key"), lambda: get(environment, b"key")):
        with pytest.raises(Poisoned, match="close the vault, open it again and verify it"):
            use()
    REGISTRY.release(environment)
    environment = REGISTRY.acquire(path, read_only=False, relaxed=False)

    assert get(environment, b"key") == b"value"
    put(environment, b"key", b"again")
    REGISTRY.release(environment)


def test_an_interrupted_commit_leaves_the_lock_to_others(environment: Environment) -> None:
    kept: list[BaseException] = []  # and with it the frames that hold the transaction
    try:
        environment.run(PowerLossFiles(0), lambda transaction: transaction.put(b"key", b"lost"))
    except PowerLostError as error:
        kept.append(error)

    put(environment, b"other")

    assert kept
    assert (get(environment, b"key"), get(environment, b"other")) == (None, b"value")


def test_a_disk_that_is_really_full_undoes_the_commit(path: Path) -> None:
    def fill() -> tuple[bytes | None, bytes | None]:
        environment = REGISTRY.acquire(path, read_only=False, relaxed=False)
        put(environment, b"before")
        limit_file_size(path.stat().st_size)
        with pytest.raises(DiskFull):
            put(environment, b"large", bytes(1 << 20))
        undone = get(environment, b"large")
        limit_file_size(resource.RLIM_INFINITY)
        put(environment, b"large")
        return undone, get(environment, b"large")

    assert in_process(fill) == (None, b"value")


# Keys


def test_a_key_that_is_too_long_is_refused_before_lmdb_sees_it(tmp_path: Path) -> None:
    class Long:
        name = "long"
        version = 1

        def __init__(self, state: nacre.State) -> None:
            self._rows = state.table("rows")

        def apply(self, event: nacre.Event) -> None:
            self._rows["x" * event.data["size"]] = True

    with nacre.open(tmp_path / "v") as vault:
        vault.register(Long)
        vault.record("a.b", subject="s", data={"size": 400})

        with pytest.raises(InvalidInput, match=f"more than {MAX_KEY_BYTES - 3}"):
            vault.record("a.b", subject="s", data={"size": 600})

        assert vault.head == 1
        assert vault.verify().is_clean


# The queue of commits


def test_closing_the_queue_leaves_nobody_waiting() -> None:
    done: list[int] = []

    def run(number: int) -> None:
        for turn in range(50):
            queue.run(turn)
            done.append(number)

    def close() -> None:
        for _ in range(50):
            queue.close()

    queue: CommitQueue[int] = CommitQueue(lambda tasks: None)
    threads = [threading.Thread(target=run, args=(number,)) for number in range(4)]
    threads.append(threading.Thread(target=close))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    queue.close()

    assert len(done) == 200
