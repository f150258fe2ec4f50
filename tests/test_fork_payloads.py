"""A vault across fork(): a child stores payloads, whatever threads its parent had."""

import os
import signal
from pathlib import Path

from processes import in_process
from test_fork import forked

import nacre


def test_a_child_stores_what_is_hashed_by_several_threads(vault: nacre.Vault) -> None:
    large = os.urandom(8 << 20)
    vault.put(large)  # the threads are there, and will not be in the child

    def work() -> None:
        signal.alarm(60)
        with vault.transaction() as transaction:
            digest = transaction.put(large[::-1])
            transaction.record("a.b", subject="child", data={"large": digest})

    assert forked(work) == 0
    (event,) = vault.events()
    assert vault.get(event.data["large"]) == large[::-1]


def test_a_lock_that_a_thread_held_over_what_it_put_does_not_stop_a_child(tmp_path: Path) -> None:
    with nacre.open(tmp_path / "v") as vault:
        vault.record("a.b", subject="parent")

        with vault.store.blobs._lock:  # type: ignore[attr-defined] # a thread settles what it put
            position = in_process(lambda: vault.record("a.b", subject="child").position)

    assert position == 1
