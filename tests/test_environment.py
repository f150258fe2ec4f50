"""What bites in LMDB, bite by bite: maps, readers, files that go away, transactions cut short."""

import errno
import os
import resource
import shutil
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from accounts import Accounts
from processes import Process, in_process

import nacre
from nacre import environment as module
from nacre import files, locks
from nacre.environment import Environment, Transaction
from nacre.errors import (
    Closed,
    DiskFull,
    FormatError,
    InvalidInput,
    Poisoned,
    StateError,
    StorageError,
)
from nacre.files import OsFiles, file_system_of, refuse_network_storage
from nacre.keys import MAX_KEY_BYTES
from nacre.lmdb_file import lock_path
from nacre.queue import CommitQueue
from nacre.registry import REGISTRY
from nacre.testing import FailingFiles, PowerLossFiles, PowerLostError

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


def put(environment: Environment, key: bytes, value: bytes = b"value") -> None:
    environment.run(OsFiles(), lambda transaction: transaction.put(key, value))


def get(environment: Environment, key: bytes) -> bytes | None:
    with environment.read() as transaction:
        return transaction.get(key)


def map_size(environment: Environment) -> int:
    return environment._current().info()["map_size"]


@contextmanager
def read_open_elsewhere(environment: Environment) -> Iterator[None]:
    """Let another thread be inside a read."""
    entered, leave = threading.Event(), threading.Event()

    def stay() -> None:
        with environment.read():
            entered.set()
            leave.wait()

    thread = threading.Thread(target=stay)
    thread.start()
    entered.wait()
    try:
        yield
    finally:
        leave.set()
        thread.join()


# Flags


def test_nothing_that_can_corrupt_is_switched_on(environment: Environment) -> None:
    flags = environment._current().flags()

    assert (flags["sync"], flags["metasync"], flags["writemap"]) == (True, True, False)


def test_relaxed_gives_up_the_meta_sync_and_nothing_else(path: Path) -> None:
    environment = Environment(path, read_only=False, relaxed=True)
    flags = environment._current().flags()
    environment.close()

    assert (flags["sync"], flags["metasync"], flags["writemap"]) == (True, False, False)


# The map


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


# Readers


def test_too_many_reads_are_an_error_until_one_ends(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MAX_READERS", 2)
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
    monkeypatch.setattr(module, "_MAX_READERS", 1)

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


# Files that are shared, moved, unlinked or replaced


def test_two_paths_to_one_file_are_one_environment(path: Path, tmp_path: Path) -> None:
    environment = REGISTRY.acquire(path, read_only=False, relaxed=False)
    put(environment, b"key")
    (tmp_path / "folder").symlink_to(tmp_path)
    (tmp_path / "symbolic.mdb").symlink_to(path)
    (tmp_path / "hard.mdb").hardlink_to(path)

    others = [
        REGISTRY.acquire(tmp_path / name, read_only=False, relaxed=False)
        for name in ("folder/v.mdb", "symbolic.mdb", "hard.mdb")
    ]
    for other in others:
        REGISTRY.release(other)

    assert all(other is environment for other in others)
    assert get(environment, b"key") == b"value"
    REGISTRY.release(environment)


def test_the_last_user_closes_an_environment(path: Path) -> None:
    environments = [REGISTRY.acquire(path, read_only=False, relaxed=False) for _ in range(2)]

    REGISTRY.release(environments[0])
    put(environments[1], b"key")
    REGISTRY.release(environments[1])

    with pytest.raises(Closed):
        get(environments[1], b"key")


REMOVALS: dict[str, Callable[[Path], object]] = {
    "unlinked": lambda path: path.unlink(),
    "moved": lambda path: path.rename(path.with_name("elsewhere")),
    "replaced": lambda path: shutil.copy(path, path.with_name("n")).replace(path),
}


@pytest.mark.parametrize("remove", REMOVALS.values(), ids=REMOVALS)
def test_a_write_to_a_file_that_is_gone_is_refused(
    tmp_path: Path, remove: Callable[[Path], object]
) -> None:
    with nacre.open(tmp_path / "v.nacre", single_file=True) as vault:
        vault.record("a.b", subject="s")
        remove(tmp_path / "v.nacre")

        with pytest.raises(Closed, match="moved, unlinked or replaced while it was open"):
            vault.record("a.b", subject="s")


def test_a_vault_is_made_where_one_was_unlinked_under_an_open_handle(tmp_path: Path) -> None:
    path = tmp_path / "v.nacre"
    old = nacre.open(path, single_file=True)
    old.record("a.b", subject="old")
    path.unlink()

    with nacre.open(path, single_file=True) as new:
        new.record("a.b", subject="new")

        with pytest.raises(Closed):
            old.record("a.b", subject="old")
        old.close()
        assert [event.subject for event in new.events()] == ["new"]
        assert new.verify().is_clean


def test_a_file_put_in_the_place_of_an_open_vault_is_read(tmp_path: Path) -> None:
    path, copy = tmp_path / "v.nacre", tmp_path / "copy.nacre"
    with nacre.open(path, single_file=True) as vault:
        vault.record("a.b", subject="kept")
    shutil.copy(path, copy)
    old = nacre.open(path)
    old.record("a.b", subject="replaced")
    copy.replace(path)

    with nacre.open(path) as new:
        new.record("a.b", subject="new")

        assert [event.subject for event in new.events()] == ["kept", "new"]
        assert new.verify().is_clean
    with pytest.raises(Closed):
        list(old.events())
    old.close()


@pytest.mark.parametrize("commits", range(4))
def test_a_file_put_in_the_place_of_one_that_another_process_has_open_loses_nothing(
    tmp_path: Path, commits: int
) -> None:
    path, copy = tmp_path / "v.nacre", tmp_path / "copy.nacre"
    with nacre.open(path, single_file=True) as vault:
        for number in range(3):
            vault.record("a.b", subject=f"kept {number}")
    shutil.copy(path, copy)

    def hold(talk: Connection) -> None:
        old = nacre.open(path)
        for _ in range(commits):
            old.record("a.b", subject="replaced")
        talk.send("open")
        talk.recv()
        with pytest.raises(Closed):
            old.record("a.b", subject="replaced")
        talk.send("refused")

    holder = Process(hold)
    holder.hear()
    copy.replace(path)
    with nacre.open(path) as vault:
        found = vault.head
        vault.record("a.b", subject="new")
        holder.talk.send("record")
        holder.hear()
        in_process(lambda: nacre.open(path).record("a.b", subject="other"))
        subjects = [event.subject for event in vault.events()]
        problems = vault.verify().problems
    holder.end()

    assert found == 3
    assert subjects == ["kept 0", "kept 1", "kept 2", "new", "other"]
    assert problems == ()


def test_a_vault_that_was_moved_while_open_is_opened_at_its_new_place(tmp_path: Path) -> None:
    old = nacre.open(tmp_path / "a", single_file=True)
    old.record("a.b", subject="first")
    (tmp_path / "a").rename(tmp_path / "b")
    old.close()

    with nacre.open(tmp_path / "b") as vault:
        vault.record("a.b", subject="second")

        assert vault.head == 2
        assert vault.verify().is_clean


def test_a_lock_file_without_its_vault_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "v.nacre"
    lock_path(path).write_bytes(os.urandom(8192))

    with nacre.open(path, single_file=True) as vault:
        vault.record("a.b", subject="s")

        assert vault.verify().is_clean


def test_a_lock_file_of_another_vault_does_no_harm(tmp_path: Path) -> None:
    for name, commits in (("a", 5), ("b", 1)):
        with nacre.open(tmp_path / name, single_file=True) as vault:
            for _ in range(commits):
                vault.record("a.b", subject=name)
    shutil.copy(lock_path(tmp_path / "a"), lock_path(tmp_path / "b"))

    with nacre.open(tmp_path / "b") as vault:
        vault.record("a.b", subject="b")

        assert [event.subject for event in vault.events()] == ["b", "b"]
        assert vault.verify().is_clean


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

        with pytest.raises(InvalidInput, match=f"more than {MAX_KEY_BYTES}"):
            vault.record("a.b", subject="s", data={"size": 600})

        assert vault.head == 1
        assert vault.verify().is_clean


# File systems

MOUNTS = """\
overlay / overlay rw 0 0
proc /proc proc rw 0 0
/dev/sda1 /home ext4 rw 0 0
server:/export /home/ana/shared nfs4 rw 0 0
//server/share /mnt/with\\040blank cifs rw 0 0
/dev/sdb1 /mnt/local\\134x xfs rw 0 0
sshfs /over fuse.sshfs rw 0 0
tmpfs /over tmpfs rw 0 0
broken

"""


@pytest.mark.parametrize(
    ("place", "kind"),
    [
        ("/data/v", "overlay"),
        ("/home/ana/v", "ext4"),
        ("/home/ana/shared", "nfs4"),
        ("/home/ana/shared/deep/v", "nfs4"),
        ("/home/ana/sharedness/v", "ext4"),
        ("/mnt/with blank/v", "cifs"),
        ("/mnt/local\\x/v", "xfs"),
        ("/over/v", "tmpfs"),
    ],
)
def test_the_deepest_and_last_mount_decides(place: str, kind: str) -> None:
    assert file_system_of(Path(place), MOUNTS) == kind


def test_without_a_list_of_mounts_nothing_is_known() -> None:
    assert file_system_of(Path("/home"), "") == ""


@pytest.mark.parametrize("kind", ["nfs", "nfs4", "cifs", "smb3", "fuse.sshfs", "9p", "ceph"])
def test_a_network_file_system_is_refused(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "_mounts", lambda: f"there / {kind} rw 0 0\n")

    with pytest.raises(
        FormatError, match=f"network file system .{kind}.*keep the vault on a local"
    ):
        refuse_network_storage(tmp_path / "v")
    with pytest.raises(FormatError):
        nacre.open(tmp_path / "v")

    assert list(tmp_path.iterdir()) == []


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


def limit_address_space(more_bytes: int) -> None:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + more_bytes
    resource.setrlimit(resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))


def limit_file_size(size: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
