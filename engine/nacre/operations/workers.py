"""Derive views in several processes: one for each task but the first, which is done here.

A worker leaves its rows in a file that says how far it came. One that dies loses nothing but time:
whoever needs the rows goes on where it was.
"""

import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from nacre.operations.report import Progress
from nacre.past.work import Task, Work

_WORTH_A_PROCESS = 5_000  # commits

Open = Callable[[Path, int, Task], Work]


def derive_all(
    folder: Path, tasks: Sequence[Task], open_work: Open, until: int, progress: Progress
) -> None:
    """Bring the work of every task up to a position."""
    numbered = list(enumerate(tasks))
    apart = numbered[1 : os.cpu_count() or 1] if until > _WORTH_A_PROCESS else []
    workers = [_fork(partial(_derive_apart, open_work, folder, n, t, until)) for n, t in apart]
    try:
        for number, task in numbered:
            if (number, task) not in apart:
                _derive(open_work(folder, number, task), until, progress)
    finally:
        for worker in workers:
            os.waitpid(worker, 0)
    # What a worker has left undone; nothing as a rule.
    for number, task in apart:
        _derive(open_work(folder, number, task), until, progress)


def _derive_apart(open_work: Open, folder: Path, number: int, task: Task, until: int) -> None:
    _derive(open_work(folder, number, task), until)


def _derive(work: Work, until: int, progress: Progress | None = None) -> None:
    parent = os.getppid()
    try:
        while work.position < until:
            if progress is not None:
                progress("views", work.position, until)
            elif os.getppid() != parent:
                return  # nobody waits for it any more
            work.advance(until)
        if progress is not None:
            progress("views", until, until)
    finally:
        work.close()


def _fork(action: Callable[[], None]) -> int:
    worker = os.fork()
    if worker:
        return worker
    try:
        action()
    finally:
        # What it raises is raised again by its parent, who finds the work undone.
        os._exit(0)
