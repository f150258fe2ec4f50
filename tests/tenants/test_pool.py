"""The pool of open vaults: what stays open, what is closed, and that nobody waits for another."""

import os
import threading
from pathlib import Path

import pytest
from processes import in_process
from tenants import models

from nacre import Vault
from nacre_adapters.tenants import Host, register_table
from nacre_adapters.tenants.pool import Pool, open_vault

PATIENCE_SECONDS = 60


class Clock:
    """Time that passes when a test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def paths(host: Host) -> list[Path]:
    return [host.get_or_create(name).home.place.key[0] for name in "abc"]


def use(pool: Pool, path: Path) -> Vault:
    vault = pool.take(path)
    pool.give_back(path)
    return vault


def watchers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "nacre-tenants"]


def files_below(root: Path) -> int:
    descriptors = Path("/proc/self/fd").iterdir()
    return sum(os.path.realpath(fd).startswith(str(root)) for fd in descriptors)


def test_many_tenants_hold_few_descriptors(tmp_path: Path) -> None:
    def work() -> tuple[int, int]:
        host = Host(tmp_path / "host", most_open=8)
        handles = [host.get_or_create(f"t{n}") for n in range(40)]
        for n, db in enumerate(handles):
            register_table(db, models.users(), "users", pk="email").insert(email=str(n))
        return len(list(Path("/proc/self/fd").iterdir())), sum(
            [u.email for u in db["users"]()] == [str(n)] for n, db in enumerate(handles)
        )

    descriptors, right = in_process(work)

    assert descriptors <= 64
    assert right == 40


def test_an_idle_tenant_holds_no_descriptor_though_nothing_else_happens(tmp_path: Path) -> None:
    def work() -> tuple[int, int, int]:
        host = Host(tmp_path / "host", idle_seconds=0.01)
        handles = [host.get_or_create(f"t{n}") for n in range(5)]
        for db in handles:
            register_table(db, models.users(), "users", pk="email")
        with handles[0].tx():
            used = files_below(tmp_path)
        for thread in watchers():
            thread.join(PATIENCE_SECONDS)
        idle = files_below(tmp_path)
        return used, idle, sum(db.table_names() == ["users"] for db in handles)

    used, idle, right = in_process(work)

    assert used > 0
    assert idle == 0
    assert right == 5


def test_what_is_idle_for_long_is_closed_and_what_is_used_is_not(paths: list[Path]) -> None:
    clock = Clock()
    pool = Pool(idle_seconds=10, clock=clock)
    used = pool.take(paths[0])
    old = use(pool, paths[1])
    clock.now += 6
    young = use(pool, paths[2])

    clock.now += 4
    again_in = pool.close_idle()

    assert again_in == 6
    assert pool.take(paths[0]) is used
    assert use(pool, paths[1]) is not old
    assert use(pool, paths[2]) is young
    clock.now += 10
    assert pool.close_idle() is None
    assert used.head >= 0


def test_what_was_used_last_stays_open(paths: list[Path]) -> None:
    pool = Pool(2)

    first, second, third = (use(pool, path) for path in paths)

    assert use(pool, paths[1]) is second
    assert use(pool, paths[2]) is third
    assert use(pool, paths[0]) is not first
    pool.close()


def test_a_closed_handle_leaves_the_vault_open_for_the_next(host: Host) -> None:
    first = host.get_or_create("acme")
    vault = first.home.read(lambda vault: vault)
    first.close()

    assert host.get("acme").home.read(lambda vault: vault) is vault


def test_a_forked_child_closes_what_is_idle_too(host: Host, tmp_path: Path) -> None:
    names = "abc"
    for name in names:
        register_table(host.get_or_create(name), models.users(), "users", pk="email")
    host.close()
    quick = Host(host.root, idle_seconds=0.01)
    quick.get("a").table_names()

    def work() -> tuple[int, int]:
        found = sum(quick.get(name).table_names() == ["users"] for name in names)
        for thread in watchers():
            thread.join(PATIENCE_SECONDS)
        return found, files_below(tmp_path)

    assert in_process(work) == (3, 0)
    assert quick.get("a").table_names() == ["users"]


def test_nobody_waits_for_the_vault_of_another_tenant(paths: list[Path]) -> None:
    started, go_on = threading.Event(), threading.Event()

    def slowly(path: Path, vault_id: bytes | None) -> Vault:
        if path == paths[0]:
            started.set()
            assert go_on.wait(PATIENCE_SECONDS)
        return open_vault(path, vault_id)

    pool = Pool(opener=slowly)
    thread = threading.Thread(target=use, args=(pool, paths[0]))
    thread.start()
    assert started.wait(PATIENCE_SECONDS)

    other = use(pool, paths[1])

    assert thread.is_alive()
    go_on.set()
    thread.join()
    assert use(pool, paths[1]) is other


def test_threads_that_open_one_vault_at_once_share_it(paths: list[Path]) -> None:
    pool = Pool()
    barrier = threading.Barrier(8)
    taken: list[Vault] = []

    def take() -> None:
        barrier.wait()
        taken.append(pool.take(paths[0]))

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(map(id, taken))) == 1
    for _ in taken:
        pool.give_back(paths[0])
    pool.close()
    assert use(pool, paths[0]) is not taken[0]
