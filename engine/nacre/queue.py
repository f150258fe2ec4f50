"""Group commit: when decisions wait for each other, one thread commits them together.

A lone thread commits for itself. At the first contended commit a writer thread starts: a leader
among the waiting threads was slower, because the interpreter lock decides who runs.
"""

import threading
import time
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

from nacre.errors import Closed
from nacre.locks import Turn

Task = TypeVar("Task")

# After this many batches of one the crowd has gone, and threads commit for themselves again.
_QUIET_BATCHES = 8
# As short as the system allows, about 60 microseconds.
_PATIENCE_SECONDS = 1e-6


class Waiting(Generic[Task]):
    """A task, and the thread that waits until it is done."""

    __slots__ = ("done", "error", "task")

    def __init__(self, task: Task) -> None:
        self.task = task
        self.error: BaseException | None = None
        self.done = threading.Lock()
        self.done.acquire()


class CommitQueue(Generic[Task]):
    """Lets one thread at a time work, and hands it everything that waits.

    *work* is called with the tasks of one batch. What it raises is raised for each of them.
    """

    def __init__(self, work: Callable[[Sequence[Task]], None]) -> None:
        self._work = work
        self.reset()

    def reset(self) -> None:
        """Begin anew; in a forked child, where the threads that waited do not exist."""
        self.turn = threading.RLock()
        self._closed = False
        self._crowded = False
        self._quiet = 0
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()
        self._waiting: SimpleQueue[Waiting[Task] | None] = SimpleQueue()

    def run(self, task: Task) -> None:
        """Return when *task* has been worked on, alone or with others."""
        for error in self.run_each([task]):
            if error is not None:
                raise error

    def run_each(self, tasks: Sequence[Task]) -> list[BaseException | None]:
        """Return when all tasks have been worked on, with what the batch of each raised."""
        turn = Turn(self.turn)
        try:
            if not self._crowded and turn.try_to_take():
                self._work(tasks)
                return [None] * len(tasks)
        finally:
            turn.give_back()
        waiting = [Waiting(task) for task in tasks]
        self._crowded = True
        # Not while the queue is being closed: nobody would look into it any more.
        with self._starting:
            if self._closed:
                raise Closed("the vault was closed: open it again")
            self._ensure_thread()
            for each in waiting:
                self._waiting.put(each)
        for each in waiting:
            each.done.acquire()
        return [each.error for each in waiting]

    def close(self) -> None:
        """End the writer thread, after what waits."""
        with self._starting:
            self._closed = True
            if self._thread is not None and self._thread.is_alive():
                self._waiting.put(None)
                self._thread.join()
            self._thread = None
            self._crowded = False

    def _ensure_thread(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._serve, name="nacre writer", daemon=True)
            self._thread.start()

    def _serve(self) -> None:
        crowd, is_last = 1, False
        while not is_last:
            served, is_last = self._serve_batch(crowd)
            # Only now: whoever goes on may let go of all that its task holds, and this thread
            # holds none of it while it waits for the next one.
            for done in served:
                done.release()
            crowd = len(served)

    def _serve_batch(self, crowd: int) -> tuple[list[threading.Lock], bool]:
        """Work on what waits; return what to release for it, and whether it was the last."""
        first = self._waiting.get()
        if first is None:
            return [], True
        if crowd > 1:
            # Those that were just served come back at once: a moment's patience and they
            # share the next durable write, instead of waiting for the one after.
            time.sleep(_PATIENCE_SECONDS)
        with self.turn:
            batch = [first, *self._more()]
            served = [waiting for waiting in batch if waiting is not None]
            self._finish(served)
        return [waiting.done for waiting in served], batch[-1] is None

    def _more(self) -> list[Waiting[Task] | None]:
        batch: list[Waiting[Task] | None] = []
        while not batch or batch[-1] is not None:
            try:
                batch.append(self._waiting.get_nowait())
            except Empty:
                break
        return batch

    def _finish(self, batch: list[Waiting[Task]]) -> None:
        self._quiet = self._quiet + 1 if len(batch) == 1 else 0
        if self._quiet >= _QUIET_BATCHES:
            self._crowded = False
        try:
            self._work([waiting.task for waiting in batch])
        except BaseException as error:  # noqa: BLE001 - raised again in the threads that wait
            for waiting in batch:
                waiting.error = error
