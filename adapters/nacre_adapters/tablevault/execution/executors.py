"""Where the calls of a row-wise builder run: a seam, so that other machines fit behind it."""

from collections.abc import Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from typing import NamedTuple, Protocol

from nacre_adapters.tablevault.builders.code import Code, Function
from nacre_adapters.tablevault.errors import FunctionFailed
from nacre_adapters.tablevault.execution.workers import Workers


class Call(NamedTuple):
    """One call of a builder's function."""

    row: int
    arguments: Mapping[str, object]


class Executor(Protocol):
    """Runs calls. It is used from one thread, for one builder."""

    def results(self, calls: Iterator[Call]) -> Iterator[tuple[int, object]]:
        """Yield row and result of each call as it ends.

        A call is taken from *calls* only when it can start, so that its arguments hold what
        earlier calls have made. When one raises no other is taken; those that run are waited
        for and their results yielded, and then its exception is raised, with a note of the row.
        """


class Inline:
    """Runs each call in the caller's own thread."""

    def __init__(self, function: Function) -> None:
        self._function = function

    def results(self, calls: Iterator[Call]) -> Iterator[tuple[int, object]]:
        """Yield row and result of each call."""
        for call in calls:
            try:
                result = self._function(**call.arguments)
            except StopIteration as error:
                raise _in_row(call.row, _as_failure(error)) from error
            except BaseException as error:
                _in_row(call.row, error)
                raise
            yield call.row, result


class Threads:
    """Runs up to *count* calls at once, in threads."""

    def __init__(self, function: Function, count: int) -> None:
        self._function = function
        self._count = count

    def results(self, calls: Iterator[Call]) -> Iterator[tuple[int, object]]:
        """Yield row and result of each call as it ends."""
        running: dict[Future[object], int] = {}
        failed: tuple[int, BaseException] | None = None
        with ThreadPoolExecutor(self._count, thread_name_prefix="builder") as pool:
            self._fill(pool, running, calls)
            while running:
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in sorted(done, key=running.__getitem__):
                    row, error = running.pop(future), future.exception()
                    if error is None:
                        yield row, future.result()
                    elif failed is None:
                        failed = (row, error)
                if failed is None:
                    self._fill(pool, running, calls)
        if failed is not None:
            raise _in_row(failed[0], _as_failure(failed[1]))

    def _fill(
        self, pool: ThreadPoolExecutor, running: dict[Future[object], int], calls: Iterator[Call]
    ) -> None:
        with suppress(StopIteration):
            while len(running) < self._count:
                call = next(calls)
                running[pool.submit(self._function, **call.arguments)] = call.row


class Processes:
    """Runs up to *count* calls at once, each in a process of its own."""

    def __init__(self, code: Code, count: int) -> None:
        self._code = code
        self._count = count

    def results(self, calls: Iterator[Call]) -> Iterator[tuple[int, object]]:
        """Yield row and result of each call as it ends."""
        with Workers(self._code) as workers:
            yield from Threads(workers.call, self._count).results(calls)


def executor_for(code: Code, function: Function | None, count: int) -> Executor:
    """Return what runs a builder's calls: *count* at once, in processes if there is no function."""
    if function is None:
        return Processes(code, count)
    return Inline(function) if count == 1 else Threads(function, count)


def _as_failure(error: BaseException) -> BaseException:
    """Return an exception that can leave a generator: StopIteration would seem to end it."""
    if not isinstance(error, StopIteration):
        return error
    return FunctionFailed("the function raised StopIteration: give next() a default")


def _in_row(row: int, error: BaseException) -> BaseException:
    error.add_note(f"(in row {row})")
    return error
