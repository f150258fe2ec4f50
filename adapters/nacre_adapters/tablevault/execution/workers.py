"""Processes that call a builder's function, one call at a time each.

A worker is a new interpreter that never imports the caller's program, so no guard for `__main__`
is needed, and no lock or thread is inherited. Arguments and results are pickled on the way, which
nothing does that is kept.
"""

import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Mapping
from functools import cache
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import IO

from nacre_adapters.tablevault.builders.code import Code, Function
from nacre_adapters.tablevault.errors import FunctionFailed

_MODULE = "nacre_adapters.tablevault.execution.workers"


class Workers:
    """As many processes as calls are made at once; they end with the `with` block."""

    def __init__(self, code: Code) -> None:
        self._code = code
        self._free: SimpleQueue[_Worker] = SimpleQueue()
        self._all: list[_Worker] = []

    def __enter__(self) -> "Workers":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for worker in self._all:
            worker.stop()

    def call(self, **arguments: object) -> object:
        """Call the function in a free process, or a new one. Several threads may call at once.

        Raises:
            FunctionFailed: the process died, or what it should be given or has returned cannot
                be sent between processes.
        """
        worker = self._take()
        try:
            return worker.call(arguments)
        finally:
            self._free.put(worker)

    def _take(self) -> "_Worker":
        try:
            return self._free.get_nowait()
        except Empty:
            worker = _Worker(self._code)
            self._all.append(worker)
            return worker


class _Worker:
    def __init__(self, code: Code) -> None:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        self._process = subprocess.Popen(  # noqa: S603  # this interpreter, a module of ours
            [sys.executable, "-m", _MODULE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
        )
        self._send(code)

    def call(self, arguments: Mapping[str, object]) -> object:
        try:
            self._send(arguments)
            succeeded, result = pickle.load(self._out)  # noqa: S301  # from our own process
        except (EOFError, BrokenPipeError) as error:
            raise FunctionFailed(
                f"the process that computed this row has died, with code {self._process.wait()}"
            ) from error
        if not succeeded:
            raise result
        return result

    def stop(self) -> None:
        """End the process; what it is computing is lost."""
        self._process.kill()
        self._process.wait()
        self._in.close()
        self._out.close()

    def _send(self, message: object) -> None:
        try:
            data = pickle.dumps(message)
        except (pickle.PicklingError, TypeError, AttributeError) as error:
            raise FunctionFailed(
                f"an argument cannot be sent to another process: {error}; use executor: thread"
            ) from error
        self._in.write(data)
        self._in.flush()

    @property
    def _in(self) -> IO[bytes]:
        assert self._process.stdin is not None
        return self._process.stdin

    @property
    def _out(self) -> IO[bytes]:
        assert self._process.stdout is not None
        return self._process.stdout


def serve(source: IO[bytes], target: IO[bytes]) -> None:
    """Call the function that *source* names first, with each of the arguments that follow."""
    code = pickle.load(source)  # noqa: S301  # from the process that started this one
    load = cache(code.load)
    while True:
        try:
            arguments = pickle.load(source)  # noqa: S301  # as above
            target.write(_outcome(load, arguments))
            target.flush()
        except (EOFError, BrokenPipeError):
            return  # nobody asks any more


def _outcome(load: Callable[[], Function], arguments: Mapping[str, object]) -> bytes:
    try:
        result: tuple[bool, object] = (True, load()(**arguments))
    except Exception as error:  # noqa: BLE001  # it is raised again in the process that asked
        result = (False, error)
    try:
        return pickle.dumps(result)
    except Exception as error:  # noqa: BLE001  # whatever the result's class raises
        problem = f"what the function gave cannot be sent to another process: {error}"
        return pickle.dumps((False, FunctionFailed(f"{problem}; use executor: thread")))


if __name__ == "__main__":
    # What user code prints must not stand among the results.
    results = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    serve(sys.stdin.buffer, results)
    os._exit(0)  # without flushing what nobody reads
