"""Which thread runs what a task asks for: its transaction's own, or one of many.

A transaction belongs to the task that began it. Other tasks that write wait in threads for its
end; their reads do not wait. A task that was started inside of it, and writes, is refused: its
parent may be waiting for it.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from contextvars import ContextVar, Token
from types import TracebackType
from typing import TypeVar
from weakref import WeakKeyDictionary

from nacre_adapters.modelvault.errors import Blocked
from nacre_adapters.modelvault.groups import Groups
from nacre_adapters.modelvault.handle import Decision, Handle
from nacre_adapters.modelvault.transaction import nested, none_open

Made = TypeVar("Made")
AnyTask = asyncio.Task[object]

_READERS, _WRITERS = 8, 64


class OpenTransaction:
    """A transaction of a task, and the thread that it lives in."""

    def __init__(self) -> None:
        self.thread = ThreadPoolExecutor(1, "nacre transaction")
        self.is_open = True
        self.token: Token[OpenTransaction | None] | None = None


class Tasks:
    """The threads of one database."""

    def __init__(self, handle: Handle) -> None:
        self.handle = handle
        self._readers = ThreadPoolExecutor(_READERS, "nacre reader")
        self._writers = ThreadPoolExecutor(_WRITERS, "nacre writing task")
        self._open: WeakKeyDictionary[AnyTask, OpenTransaction] = WeakKeyDictionary()
        self._groups: WeakKeyDictionary[
            asyncio.AbstractEventLoop, Groups[Callable[[], Decision]]
        ] = WeakKeyDictionary()
        self._is_closed = False
        self._inside: ContextVar[OpenTransaction | None] = ContextVar("inside", default=None)

    def read(self, work: Callable[[], Made]) -> "asyncio.Future[Made]":
        """Run what only reads."""
        return self._run(self._readers, work)

    def write(self, work: Callable[[], Made]) -> "asyncio.Future[Made]":
        """Run what writes.

        Raises:
            Blocked: the task was started inside of another one's transaction.
        """
        if self._own() is None:
            self._refuse_child()
        return self._run(self._writers, work)

    def write_one(
        self, work: Callable[[], None], make: Callable[[], Decision]
    ) -> "asyncio.Future[None]":
        """Run what writes one row, or make its decision for a write that others share.

        Raises:
            Blocked: the task was started inside of another one's transaction.
        """
        if self._is_closed or self._own() is not None or self.handle.is_blocked:
            return self.write(work)
        self._refuse_child()
        loop = asyncio.get_running_loop()
        groups = self._groups.get(loop)
        if groups is None:
            groups = self._groups[loop] = Groups(self._writers)
        return groups.add(make, self.handle.write_each)

    def now(self, work: Callable[[], Made]) -> Made:
        """Return what *work* returns, which does not wait: it looks at schemas."""
        own = self._own()
        return work() if own is None else own.thread.submit(work).result()

    async def begin(self) -> None:
        """Begin a transaction of this task.

        Raises:
            ModelVaultTransactionError: it has one open.
            Blocked: it was started inside of another one's.
        """
        task = asyncio.current_task()
        assert task is not None
        if task in self._open:
            raise nested()
        self._refuse_child()
        opened = OpenTransaction()
        begun = _submitted(opened.thread, self.handle.begin)
        try:
            await asyncio.shield(begun)
        except asyncio.CancelledError:
            # The thread may yet begin it: then it is undone there.
            begun.add_done_callback(lambda done: self._give_up(opened, done))
            raise
        except BaseException:
            opened.thread.shutdown(wait=False)
            raise
        self._open[task] = opened
        opened.token = self._inside.set(opened)

    async def end(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Commit the transaction of this task, or undo it when there is an error.

        Raises:
            ModelVaultTransactionError: there is none.
        """
        task = asyncio.current_task()
        assert task is not None
        opened = self._open.pop(task, None)
        if opened is None:
            raise none_open()
        opened.is_open = False
        if opened.token is not None:
            self._inside.reset(opened.token)
        ended = _submitted(opened.thread, lambda: self.handle.end(kind, error, trace))
        ended.add_done_callback(lambda _: opened.thread.shutdown(wait=False))
        await asyncio.shield(ended)

    def close(self) -> None:
        """Let the threads end."""
        self._is_closed = True
        self._readers.shutdown(wait=False)
        self._writers.shutdown(wait=False)

    def _run(self, pool: Executor, work: Callable[[], Made]) -> "asyncio.Future[Made]":
        own = self._own()
        return _submitted(pool if own is None else own.thread, work)

    def _own(self) -> OpenTransaction | None:
        if not self._open:
            return None
        task = asyncio.current_task()
        return None if task is None else self._open.get(task)

    def _refuse_child(self) -> None:
        inside = self._inside.get()
        if inside is not None and inside.is_open:
            raise Blocked(
                "operation blocked: this task was started inside a transaction of another task, "
                "to which it does not belong: write in that task, or start this one after it"
            )

    def _give_up(self, opened: OpenTransaction, begun: "asyncio.Future[None]") -> None:
        if not begun.cancelled() and begun.exception() is None:
            error = asyncio.CancelledError()
            opened.thread.submit(self.handle.end, type(error), error, None)
        opened.thread.shutdown(wait=False)


def _submitted(pool: Executor, work: Callable[[], Made]) -> "asyncio.Future[Made]":
    waiting = [work]
    # Let go before the result is known: a thread must not keep a database that nobody uses.
    run = lambda: waiting.pop()()  # noqa: E731, PLW0108 - inlined, it would be kept
    return asyncio.get_running_loop().run_in_executor(pool, run)
