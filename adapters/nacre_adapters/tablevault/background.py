"""Executions in the background: a process of its own, which the caller need not wait for.

The process is recorded as the one that runs the execution before it is told to begin, so that
whoever looks sees it at work, and its locks end with it if it dies.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from nacre.holders import process_of
from nacre_adapters.tablevault.calls import Calls
from nacre_adapters.tablevault.decisions import Desk
from nacre_adapters.tablevault.errors import TVProcessError
from nacre_adapters.tablevault.executing import resumed
from nacre_adapters.tablevault.operations import Operations, Run
from nacre_adapters.tablevault.places import opened

# Forks before anything is imported, so that nobody needs to wait for it; begins when told to.
_LAUNCH = """
import os, sys
if os.fork():
    os._exit(0)
os.setsid()
print(os.getpid(), flush=True)
process_id = sys.stdin.readline().rstrip("\\n")
if not process_id:
    os._exit(0)
null = os.open(os.devnull, os.O_RDWR)
os.dup2(null, 0)
os.dup2(null, 1)
from nacre_adapters.tablevault.background import finish
finish(*sys.argv[1:], process_id)
"""


def execute_in_background(
    calls: Calls, name: str, process_id: str, *, version: str, force: bool
) -> str:
    """Begin to execute an instance, and let another process run the builders.

    Raises:
        TVArgumentError: there is no such table or temporary instance, or it is for external edits.
        TVLockError: another process works on it.
    """
    operations = calls.operations
    with _launched(str(operations.place.vault.path), operations.author) as (pid, orders):
        run = calls.begin_execution(
            name, process_id, version=version, force=force, holder=process_of(pid)
        )
        orders.write(f"{run.process.id}\n")
    return run.process.id


def finish(path: str, author: str, process_id: str) -> None:
    """Run the builders of an execution that was begun for this process."""
    with opened(path) as place:
        operations = Operations(place=place, author=author)
        desk = Desk(tables=place.tables, processes=place.processes, process_id=process_id)
        process = desk.processes.process(process_id)
        assert process is not None, process_id
        run = Run(process=process, plan=resumed(desk, process))
        Calls(operations=operations).finish_execution(run)


@contextmanager
def _launched(*arguments: str) -> Iterator[tuple[int, IO[str]]]:
    """Start a process that waits for orders; without any it ends with the block."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with subprocess.Popen(  # noqa: S603  # this interpreter, a program of ours
        [sys.executable, "-c", _LAUNCH, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        text=True,
    ) as launcher:
        assert launcher.stdin is not None
        assert launcher.stdout is not None
        pid = launcher.stdout.readline()
        if not pid:
            raise TVProcessError("no process could be started: execute without background")
        yield int(pid), launcher.stdin
