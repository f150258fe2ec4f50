"""Writes of tasks that come at once, handed to a thread together: one hand-over for all of them.

Each remains a commit of its own, with an error of its own. While one group is being written, the
next one gathers.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from typing import Generic, TypeVar

Work = TypeVar("Work")

Outcome = BaseException | None
WriteEach = Callable[[Sequence[Work]], Sequence[Outcome]]

_MOST = 256


class Groups(Generic[Work]):
    """The writes of one event loop, which alone calls this."""

    def __init__(self, threads: Executor) -> None:
        self._threads = threads
        self._waiting: list[tuple[asyncio.Future[None], Work]] = []
        self._being_written: list[asyncio.Future[None]] = []
        self._write_each: WriteEach[Work] | None = None

    def add(self, work: Work, write_each: WriteEach[Work]) -> "asyncio.Future[None]":
        """Write with the next group."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        self._waiting.append((future, work))
        if self._write_each is None:
            self._write_each = write_each
            # Not at once: the other tasks that are about to run may have something to write, too.
            loop.call_soon(self._hand_over)
        return future

    def _hand_over(self) -> None:
        assert self._write_each is not None
        group = [waiting for waiting in self._waiting[:_MOST] if not waiting[0].done()]
        del self._waiting[:_MOST]
        self._being_written = [future for future, _ in group]
        hand = [(self._write_each, [work for _, work in group])]
        try:
            self._threads.submit(_write, hand, asyncio.get_running_loop(), self._settle)
        except RuntimeError as error:  # the database was closed meanwhile
            self._settle([error] * len(group))

    def _settle(self, outcomes: Sequence[Outcome]) -> None:
        written, self._being_written = self._being_written, []
        if not self._waiting:
            # Nobody's database is kept from being dropped.
            self._write_each = None
        for future, error in zip(written, outcomes, strict=True):
            if future.done():
                continue  # its task was cancelled
            if error is None:
                future.set_result(None)
            else:
                future.set_exception(error)
        if self._write_each is not None:
            # After the tasks that go on now, which may have something to write again.
            asyncio.get_running_loop().call_soon(self._hand_over)


def _write(
    hand: list[tuple[WriteEach[Work], list[Work]]],
    loop: asyncio.AbstractEventLoop,
    settle: Callable[[Sequence[Outcome]], None],
) -> None:
    """Write a group in a thread, which keeps hold of nothing that belongs to it when it says so."""
    write_each, works = hand.pop()
    try:
        outcomes = write_each(works)
    except BaseException as error:  # noqa: BLE001 - raised again in the tasks that wait
        outcomes = [error] * len(works)
    del write_each, works
    with suppress(RuntimeError):  # the loop was closed: nobody waits any more
        loop.call_soon_threadsafe(settle, outcomes)
