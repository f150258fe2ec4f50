"""One LMDB file of this process: short reads that never wait, one writer, a map that grows."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import lmdb

from nacre import swap
from nacre.errors import StateError
from nacre.files import Files, storage_error
from nacre.lmdb_handle import LmdbHandle, Transaction
from nacre.locks import Gate, Turn

Result = TypeVar("Result")


class _Local(threading.local):
    """What a thread has open, and how it stands."""

    transaction: Transaction | None = None
    writing = False
    broken = False  # the process forked inside of its read
    has_turn = False  # it is the one who swaps the file


class Environment:
    """One LMDB file of this process. Reads never wait; one write transaction at a time.

    A thread that is inside a transaction reads through it: what it wrote, it sees.
    """

    def __init__(self, path: Path, *, read_only: bool, relaxed: bool, sealed: bool = False) -> None:
        self.path = path
        self.read_only = read_only
        self.relaxed = relaxed
        self.sealed = sealed
        self.incarnation = 0  # a forked child is another one
        self.users = 0
        self.writer_lock = threading.RLock()
        self._gate = Gate()
        self._local = _Local()
        self._seen_id = -1  # the last transaction that was looked at for the mark of a swap
        self.handle = LmdbHandle(path, read_only=read_only, relaxed=relaxed, sealed=sealed)

    def read(self) -> "Read":
        """Return a context that gives the thread's open transaction, or a short new one."""
        return Read(self)

    def write(self, files: Files) -> "Write":
        """Return a context that gives the write transaction, and commits it through *files*.

        It waits for other threads and processes. An exception inside it undoes everything.
        """
        return Write(self, files)

    def run(self, files: Files, action: Callable[[Transaction], Result]) -> Result:
        """Return what *action* returns, run in a write transaction that is then committed.

        When the map is full, everything is undone, the map grows, and *action* runs again.
        """
        while True:
            try:
                with self.write(files) as transaction:
                    return action(transaction)
            except lmdb.MapFullError:
                self.grow()

    @property
    def transaction(self) -> Transaction | None:
        """The transaction that the calling thread has open."""
        return self._local.transaction

    @property
    def is_writing(self) -> bool:
        """Whether the calling thread is inside a write transaction."""
        return self._local.writing

    @contextmanager
    def nested(self) -> Iterator[Transaction]:
        """Open a transaction inside the thread's write transaction: undone alone if it raises."""
        outer = self.transaction
        inner: Transaction = self.handle.current().begin(write=True, parent=outer)
        self._local.transaction = inner
        try:
            yield inner
        except BaseException:
            inner.abort()
            raise
        else:
            inner.commit()
        finally:
            self._local.transaction = outer

    def make_room(self) -> None:
        """Grow the map while it is more than half full, so that a transaction finds room."""
        while self._is_half_full():
            self.grow()

    def grow(self) -> None:
        """Double the map; called after a transaction found it full and was undone.

        Raises:
            StateError: someone reads for too long, or this thread is inside a transaction.
        """
        if self.transaction is not None:
            raise StateError("the map cannot grow inside a transaction: leave it and run again")
        with self._gate.alone():
            self.handle.set_map_size(2 * self.handle.map_size())

    def adopt_size(self) -> None:
        """Take over the map size that another process has set."""
        with self._gate.alone():
            self.handle.set_map_size(0)

    def sync(self) -> None:
        """Make commits durable that were made without the meta sync."""
        try:
            self.handle.current().sync(True)
        except lmdb.Error as error:
            raise self.handle.poison(error) from error

    def swap(self, files: Files) -> None:
        """Put a compact copy in the place of the file, which gives its free pages back.

        Writers wait while the copy is made, readers do not. Every handle on the old file, also of
        another process, follows at its next use.

        Raises:
            DiskFull: there is no room for the copy; nothing has changed.
        """
        copy = swap.beside(self.path)
        with swap.turn(self.path):
            self._local.has_turn = True
            try:
                self.run(files, swap.note_swap)
                with self.write(files) as transaction:
                    copy.unlink(missing_ok=True)
                    swap.write_copy(transaction, copy, self.handle.map_size())
                    files.sync_file(copy)
                    swap.mark_moved(transaction)
                files.replace(copy, self.path)
            except (OSError, lmdb.Error) as error:
                copy.unlink(missing_ok=True)
                raise storage_error(f"compact {self.path}", self.handle.reason(error)) from error
            finally:
                self._local.has_turn = False

    def is_gone(self) -> bool:
        """Tell whether the file was unlinked or replaced since it was opened."""
        return self.handle.is_gone

    def check_place(self) -> None:
        """Raise Closed if something else is at the path now."""
        if self.is_gone():
            raise self.handle.gone()

    def close(self) -> None:
        """Release the environment, after every transaction of other threads has ended."""
        if self.handle.is_closed:
            return
        if not self._gate.close():
            self._gate.open()
            raise StateError(
                f"another thread is inside a transaction of {self.path}: let it end, then close"
            )
        try:
            self.handle.close()
        finally:
            self._gate.open()

    def before_fork(self) -> bool:
        """Hold back new transactions and wait for the others; False when that took too long."""
        self.handle.note_vault()
        return self._gate.close()

    def after_fork_in_parent(self) -> None:
        """Let transactions in again; the forking thread's own read has lost its protection."""
        if self.transaction is not None and not self.is_writing:
            self._local.broken = True
        self._gate.open()

    def after_fork_in_child(self, *, drained: bool) -> None:
        """Let go of what was inherited; the file is opened again when it is next used."""
        self.incarnation += 1
        self.writer_lock = threading.RLock()
        self._gate = Gate()
        self._local = _Local()
        self.handle.let_go(drained=drained)

    def _is_half_full(self) -> bool:
        # Inside of the gate, so that no other thread closes the file meanwhile.
        self._gate.enter()
        try:
            return 2 * self.handle.size_bytes() > self.handle.map_size()
        finally:
            self._gate.leave()

    def _begin_read(self) -> Transaction:
        while True:
            try:
                transaction = self.handle.current().begin()
            except lmdb.Error:
                transaction = self._begin(write=False)  # says what to do about it
            seen_id = transaction.id()
            if seen_id == self._seen_id:
                return transaction
            if swap.moved_token(transaction) is None:
                self._seen_id = seen_id
                return transaction
            if not self.is_gone():
                return transaction  # nobody can have committed to the copy yet
            transaction.abort()
            self._gate.leave()
            try:
                self._follow()
            finally:
                self._gate.enter()

    def _begin_write(self) -> Transaction | None:
        """Return the write transaction; None when the mark of a swap must be settled first."""
        transaction = self._begin(write=True)
        try:
            if swap.moved_token(transaction) is None:
                # With the writer lock, so that nobody swaps the file after this.
                self.check_place()
                return transaction
        except BaseException:
            transaction.abort()  # the traceback would keep it, and the lock of the file with it
            raise
        transaction.abort()
        return None

    def _settle_mark(self) -> None:
        """Follow a swap once it is finished, or take off the mark of one that was cut short.

        Called outside the gate and without the writer lock, which whoever swaps may wait for.
        """
        if self.is_gone():
            self._follow()
        elif self._local.has_turn:
            self._unmark()
        else:
            with swap.turn(self.path):
                if not self.is_gone():
                    self._unmark()

    def _unmark(self) -> None:
        self._gate.enter()
        try:
            with self._begin(write=True) as transaction:
                swap.unmark_moved(transaction)
        finally:
            self._gate.leave()

    def _follow(self) -> None:
        """Open the copy that took the place of the file; called outside the gate."""
        with self._gate.alone():
            if self.is_gone():
                self.handle.open_successor()
                self._seen_id = -1

    def _begin(self, *, write: bool) -> Transaction:
        while True:
            try:
                return self.handle.begin(write=write)
            except lmdb.MapResizedError:
                self._gate.leave()
                try:
                    self.adopt_size()
                finally:
                    self._gate.enter()


class Read:
    """A read transaction: the thread's own when it is inside one, or a new one."""

    __slots__ = ("_environment", "_fresh", "_incarnation", "_is_inside")

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._incarnation = environment.incarnation
        self._fresh: Transaction | None = None
        self._is_inside = False

    def __enter__(self) -> Transaction:
        environment = self._environment
        local = environment._local
        transaction = local.transaction
        if transaction is not None:
            if local.broken:
                raise StateError("the process forked inside a read: leave it and read again")
            return transaction
        try:
            self._is_inside = True
            environment._gate.enter()
            self._fresh = local.transaction = environment._begin_read()
            return self._fresh
        except BaseException:
            self._leave()
            raise

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if self._is_inside:
            self._leave()
            if error is not None:
                self._environment.handle.tell_damage(error)

    def __del__(self) -> None:
        # An interrupt may have kept `__exit__` from doing it.
        if self._is_inside:
            self._leave()

    def _leave(self) -> None:
        environment = self._environment
        if environment.incarnation == self._incarnation:  # or else the parent alone can end it
            local = environment._local
            local.transaction = None
            if local.broken:
                local.broken = False
            if self._fresh is not None:
                self._fresh.abort()
            environment._gate.leave()
        self._is_inside = False


class Write:
    """The write transaction of an environment, with the writer lock around it."""

    __slots__ = ("_environment", "_files", "_incarnation", "_is_inside", "_transaction", "_turn")

    def __init__(self, environment: Environment, files: Files) -> None:
        self._environment = environment
        self._incarnation = environment.incarnation
        self._files = files
        self._turn = Turn(environment.writer_lock)
        self._transaction: Transaction | None = None
        self._is_inside = False

    def __enter__(self) -> Transaction:
        environment = self._environment
        if environment.transaction is not None:
            raise StateError(
                "this thread is already inside a transaction of the vault: "
                "use that one, or leave it first"
            )
        try:
            while (transaction := self._try_to_begin()) is None:
                self._leave()
                environment._settle_mark()
            self._transaction = environment._local.transaction = transaction
            environment._local.writing = True
            return transaction
        except BaseException:
            self._leave()
            raise

    def _try_to_begin(self) -> Transaction | None:
        self._is_inside = True
        self._turn.take()
        self._environment._gate.enter()
        return self._environment._begin_write()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: object
    ) -> None:
        transaction = self._transaction
        environment = self._environment
        if transaction is None or environment.incarnation != self._incarnation:
            return
        environment._local.transaction = None
        environment._local.writing = False
        try:
            if kind is None:
                environment.handle.commit(transaction, self._files)
        finally:
            self._leave()
        if error is not None:
            environment.handle.tell_damage(error)

    def __del__(self) -> None:
        # An interrupt may have kept `__exit__` from doing it.
        if self._is_inside:
            self._leave()

    def _leave(self) -> None:
        """Give up everything that is held; what was not committed is undone."""
        environment = self._environment
        if environment.incarnation == self._incarnation:  # or else the parent alone can end it
            environment._local.transaction = None
            environment._local.writing = False
            if self._transaction is not None:
                self._transaction.abort()  # of one that was committed it does nothing
            environment._gate.leave()
            self._turn.give_back()
        self._is_inside = False
