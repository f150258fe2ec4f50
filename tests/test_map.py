"""The map grows when it is full: in this process, in another one, and where there is no room."""

import os
import resource
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from accounts import Accounts
from lmdb_rows import get, limit_address_space, map_size, put, read_open_elsewhere
from processes import Process, in_process

import nacre
from nacre import lmdb_handle as module
from nacre import locks
from nacre.environment import Environment
from nacre.errors import StateError, StorageError
from nacre.files import OsFiles
from nacre.lmdb_handle import Transaction
from nacre.registry import REGISTRY

SMALL_MAP = 1 << 18


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "v.mdb"


@pytest.fixture
def environment(path: Path) -> Iterator[Environment]:
    environment = REGISTRY.acquire(path, read_only=False, relaxed=False)
    yield environment
    REGISTRY.release(environment)


@pytest.fixture
def small_map(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MAP_BYTES", SMALL_MAP)
    monkeypatch.setattr(module, "_SMALLEST_MAP_BYTES", SMALL_MAP)


@pytest.fixture
def little_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "_PATIENCE_SECONDS", 0.01)


def test_a_full_map_grows_and_the_action_runs_again(
    small_map: None, environment: Environment
) -> None:
    runs: list[bytes | None] = []

    def action(transaction: Transaction) -> None:
        runs.append(transaction.get(b"first"))
        transaction.put(b"first", b"value")
        transaction.put(b"large", bytes(4 * SMALL_MAP))

    environment.run(OsFiles(), action)

    assert len(runs) > 1
    assert set(runs) == {None}  # each run began from nothing
    assert len(get(environment, b"large") or b"") == 4 * SMALL_MAP
    assert map_size(environment) > 4 * SMALL_MAP


def test_a_decision_runs_again_when_the_map_was_full(small_map: None, tmp_path: Path) -> None:
    runs: list[int] = []

    def decide(tx: nacre.Transaction) -> None:
        runs.append(tx.view(Accounts).get("ana"))
        tx.record("deposited", subject="ana", data={"amount": 1, "pad": os.urandom(SMALL_MAP)})

    with nacre.open(tmp_path / "v") as vault:
        vault.register(Accounts)
        receipt = vault.commit(decide)

        assert len(runs) > 1
        assert set(runs) == {0}
        assert (receipt.position, vault.head, vault.view(Accounts).get("ana")) == (0, 1, 1)
        assert vault.verify().is_clean


def test_decisions_of_many_threads_survive_a_growing_map(small_map: None, tmp_path: Path) -> None:
    def work(number: int) -> None:
        for turn in range(10):
            vault.record("a.b", subject=f"s{number}", data={"n": turn, "pad": os.urandom(5000)})

    with nacre.open(tmp_path / "v") as vault:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(work, range(8)))

        assert vault.head == 80
        assert vault.verify().is_clean


def test_a_transaction_that_finds_the_map_full_can_be_run_again(
    small_map: None, tmp_path: Path
) -> None:
    def run() -> None:
        with vault.transaction() as tx:
            tx.record("a.b", subject="s", data={"pad": os.urandom(SMALL_MAP)})

    with nacre.open(tmp_path / "v") as vault:
        with pytest.raises(StorageError, match="has been grown: run the transaction again"):
            run()
        assert vault.head == 0
        run()

        assert vault.head == 1


def test_small_transactions_never_find_the_map_full(small_map: None, tmp_path: Path) -> None:
    with nacre.open(tmp_path / "v", durability="relaxed") as vault:
        for _ in range(100):
            with vault.transaction() as tx:
                tx.record("a.b", subject="s", data={"pad": os.urandom(10_000)})

        assert vault.head == 100


def test_a_map_does_not_grow_under_a_read(
    small_map: None, little_patience: None, environment: Environment
) -> None:
    with read_open_elsewhere(environment):
        with pytest.raises(StateError, match=r"leave `with vault.read"):
            put(environment, b"large", bytes(SMALL_MAP))
    put(environment, b"large", bytes(SMALL_MAP))

    assert len(get(environment, b"large") or b"") == SMALL_MAP


def test_a_map_does_not_grow_inside_a_transaction(environment: Environment) -> None:
    with environment.read():
        with pytest.raises(StateError, match="cannot grow inside a transaction"):
            environment.grow()


def test_growth_in_another_process_is_noticed(small_map: None, path: Path) -> None:
    def grow_it() -> None:
        environment = REGISTRY.acquire(path, read_only=False, relaxed=False)
        put(environment, b"large", bytes(4 * SMALL_MAP))
        REGISTRY.release(environment)

    environment = REGISTRY.acquire(path, read_only=False, relaxed=False)
    put(environment, b"own")

    in_process(grow_it)
    seen_by_a_read = len(get(environment, b"large") or b"")
    in_process(lambda: (setattr(module, "_MAP_BYTES", 1 << 24), grow_it())[1])
    put(environment, b"own", b"again")

    assert seen_by_a_read == 4 * SMALL_MAP
    assert get(environment, b"own") == b"again"
    REGISTRY.release(environment)


def test_a_read_stays_protected_while_a_foreign_growth_waits_for_it(
    small_map: None, little_patience: None, path: Path
) -> None:
    def grow_when_told(talk: Connection) -> None:
        talk.recv()
        environment = REGISTRY.acquire(path, read_only=False, relaxed=False)
        put(environment, b"large", bytes(4 * SMALL_MAP))
        talk.send("grown")

    environment = REGISTRY.acquire(path, read_only=False, relaxed=False)
    put(environment, b"own")
    other = Process(grow_when_told)

    with read_open_elsewhere(environment):
        other.talk.send("grow")
        other.hear()
        for _ in range(3):  # who was refused has left: the count of those inside stays right
            with pytest.raises(StateError, match="the map must grow"):
                get(environment, b"own")
    other.end()

    assert len(get(environment, b"large") or b"") == 4 * SMALL_MAP
    REGISTRY.release(environment)


def test_a_limited_address_space_gets_a_smaller_map(path: Path) -> None:
    def open_it() -> tuple[int, bytes | None]:
        limit_address_space(512 << 20)
        environment = REGISTRY.acquire(path, read_only=False, relaxed=False)
        put(environment, b"key")
        return map_size(environment), get(environment, b"key")

    size, value = in_process(open_it)

    assert module._SMALLEST_MAP_BYTES <= size <= 512 << 20
    assert value == b"value"


def test_an_address_space_without_room_is_an_error(path: Path) -> None:
    def open_it() -> str:
        limit_address_space(32 << 20)
        with pytest.raises(StorageError, match="cannot be mapped") as raised:
            REGISTRY.acquire(path, read_only=False, relaxed=False)
        return raised.value.code

    assert in_process(open_it) == "storage"


def test_a_vault_that_fills_its_address_space_goes_on_when_there_is_more(tmp_path: Path) -> None:
    def fill() -> tuple[str, int, bool, int]:
        limit_address_space(300 << 20)
        vault = nacre.open(tmp_path / "v", single_file=True, durability="relaxed")
        pad = os.urandom(8 << 20)

        def record_for_ever() -> None:
            while True:
                vault.record("a.b", subject="s", data={"pad": pad})

        with pytest.raises(StorageError) as raised:
            record_for_ever()
        head = vault.head
        vault.record("a.b", subject="small")
        resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        vault.record("a.b", subject="s", data={"pad": pad})
        return str(raised.value), head, vault.verify().is_clean, vault.head

    message, head, is_clean, last = in_process(fill)

    assert "address space (ulimit -v), then run the same call again" in message
    assert is_clean
    assert last == head + 2 > 5
