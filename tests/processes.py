"""Work in other processes: forked, so that a test reads top to bottom."""

import multiprocessing
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

_FORK = multiprocessing.get_context("fork")
_PATIENCE_SECONDS = 60


class Process:
    """A forked process that runs *work* with one end of a pipe; `talk` is the other."""

    def __init__(self, work: Callable[[Connection], object]) -> None:
        self.talk, theirs = _FORK.Pipe()
        self._process = _FORK.Process(target=_run, args=(work, theirs), daemon=True)
        self._process.start()
        theirs.close()

    def hear(self) -> Any:
        """Return what the process says next."""
        assert self.talk.poll(_PATIENCE_SECONDS), "the other process says nothing"
        return self.talk.recv()

    def end(self) -> None:
        """Wait for the process, which must end well."""
        self._process.join(_PATIENCE_SECONDS)
        assert self._process.exitcode == 0

    def join(self) -> None:
        """Wait for the process, however it ends."""
        self._process.join(_PATIENCE_SECONDS)
        assert self._process.exitcode is not None

    def kill(self) -> None:
        """End the process at once."""
        self._process.kill()
        self._process.join()


def in_process(work: Callable[[], Any]) -> Any:
    """Return what *work* returns in a process of its own."""
    process = Process(lambda talk: talk.send(work()))
    result = process.hear()
    process.end()
    return result


def in_processes(count: int, work: Callable[[int], Any]) -> list[Any]:
    """Return what `work(0)`, `work(1)`, ... return, all at once, a process each."""
    processes = [Process(lambda talk, n=n: talk.send(work(n))) for n in range(count)]
    results = [process.hear() for process in processes]
    for process in processes:
        process.end()
    return results


def _run(work: Callable[[Connection], object], talk: Connection) -> None:
    work(talk)
    talk.close()


def heard(process: Process) -> bool:
    """Tell whether a process said that it survived, before it ended."""
    try:
        return bool(process.hear())
    except EOFError:
        return False
