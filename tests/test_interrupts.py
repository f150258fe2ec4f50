"""An interrupt at any line leaves a handle that works, for its own thread and for others."""

import linecache
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest
from processes import in_process

import nacre
from nacre import environment, locks, queue
from nacre.blobs import packs, store
from nacre.lmdb_handle import LmdbHandle
from nacre.transaction import Committer

MOST_LINES = 60
LARGE = 9_000
STUCK_SECONDS = 20

CALLS: list[Callable[..., Any]] = [
    environment.Write.__enter__,
    environment.Write.__exit__,
    environment.Write._leave,
    environment.Write._try_to_begin,
    environment.Read.__enter__,
    environment.Read.__exit__,
    environment.Read._leave,
    environment.Environment.run,
    environment.Environment._begin,
    LmdbHandle.commit,
    queue.CommitQueue.run,
    queue.CommitQueue.run_each,
    locks.Gate.enter,
    locks.Gate.leave,
    locks.Turn.take,
    Committer._write,
    Committer._append,
    Committer._settle,
    store.VaultBlobs.sync,
    store.VaultBlobs.publish,
    store.VaultBlobs.forget_published,
    store.VaultBlobs._store,
    packs.PackWriter.append,
    packs.PackWriter.sync,
]


def interrupt_at(code: CodeType, number: int) -> Callable[[], bool]:
    """Raise KeyboardInterrupt at a line of a call; return what tells whether it was reached."""
    lines = last = 0

    def in_call(frame: FrameType, what: str, _: object) -> Any:
        nonlocal lines, last
        # Python comes back to the line of a `with` to leave it. A tracer can strike there, before
        # the lock is given back; a signal cannot.
        leaves = frame.f_lineno < last and is_with(code, frame.f_lineno)
        last = frame.f_lineno
        if what == "line" and not leaves:
            lines += 1
            if lines == number:
                sys.settrace(None)
                raise KeyboardInterrupt
        return in_call

    sys.settrace(lambda frame, *_: in_call if frame.f_code is code else None)
    return lambda: lines >= number


def is_with(code: CodeType, line: int) -> bool:
    return linecache.getline(code.co_filename, line).lstrip().startswith("with ")


def survives(path: Path, code: CodeType, number: int) -> bool | str:
    """Interrupt a commit, and use the vault; return whether the line was reached, or what broke."""
    content, later = os.urandom(LARGE), os.urandom(LARGE)
    vault = nacre.open(path)
    vault.record("a.b", subject="first", data={"blob": vault.put(os.urandom(LARGE))})
    reached = interrupt_at(code, number)
    try:
        vault.record("a.b", subject="second", data={"blob": vault.put(content)}, write_id="once")
    except KeyboardInterrupt:
        pass
    finally:
        sys.settrace(None)
    if not reached():
        return False
    digest = vault.put(content)
    vault.record("a.b", subject="second", data={"blob": digest}, write_id="once")
    other = threading.Thread(
        target=lambda: vault.record("a.b", subject="third", data={"blob": vault.put(later)})
    )
    other.start()
    other.join(STUCK_SECONDS)
    if other.is_alive():
        return "another thread cannot commit"
    subjects = [event.subject for event in vault.events()]
    if subjects != ["first", "second", "third"] or vault.head != 3:
        return f"the log holds {subjects}"
    vault.close()
    with nacre.open(path) as again:
        if bytes(again.get(digest)) != content or not again.verify().is_clean:
            return "something is damaged"
    return True


@pytest.mark.parametrize("call", CALLS, ids=[call.__qualname__ for call in CALLS])
def test_an_interrupt_at_any_line_leaves_a_handle_that_works(
    tmp_path: Path, call: Callable[..., Any]
) -> None:
    lines = 0
    for number in range(1, MOST_LINES):
        path = tmp_path / str(number)
        result = in_process(lambda path=path, n=number: survives(path, call.__code__, n))
        if result is False:
            break
        assert result is True, f"line {number}: {result}"
        lines += 1

    assert lines > 0
