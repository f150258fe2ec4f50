"""One LMDB file of this process: short reads that never wait, one writer, a map that grows."""

import errno
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import lmdb

from nacre.errors import (
    Closed,
    DiskFull,
    FormatError,
    NacreError,
    Poisoned,
    ReadOnly,
    StateError,
    StorageError,
)
from nacre.files import Files, OsFiles, is_full, storage_error
from nacre.lmdb_file import file_id, is_lmdb_file
from nacre.locks import Gate

# Address space, not disk: the file grows as it is filled.
_MAP_BYTES = 64 << 30
_SMALLEST_MAP_BYTES = 64 << 20
_MAX_READERS = 1024
_LMDB_0_9 = 0

Result = TypeVar("Result")

if TYPE_CHECKING:  # py-lmdb's classes are generic only in its stubs
    Transaction = lmdb.Transaction[bytes]
    Cursor = lmdb.Cursor[bytes]
else:
    Transaction, Cursor = lmdb.Transaction, lmdb.Cursor


class Environment:
    """One LMDB file of this process. Reads never wait; one write transaction at a time.

    A thread that is inside a transaction reads through it: what it wrote, it sees.
    """

    def __init__(self, path: Path, *, read_only: bool, relaxed: bool) -> None:
        self.path = path
        self.read_only = read_only
        self.relaxed = relaxed
        self.incarnation = 0  # a forked child is another one
        self.users = 0
        self.writer_lock = threading.Lock()
        self._opening = threading.Lock()
        self._gate = Gate()
        self._local = threading.local()
        self._lmdb: lmdb.Environment | None = None
        self._unusable: Callable[[], NacreError] | None = None
        self._lmdb = self._open()
        self.file_id = file_id(path)

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
        transaction: Transaction | None = getattr(self._local, "transaction", None)
        return transaction

    @property
    def is_writing(self) -> bool:
        """Whether the calling thread is inside a write transaction."""
        return getattr(self._local, "writing", False)

    @contextmanager
    def nested(self) -> Iterator[Transaction]:
        """Open a transaction inside the thread's write transaction: undone alone if it raises."""
        outer = self.transaction
        inner: Transaction = self._current().begin(write=True, parent=outer)
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
        while 2 * self.size_bytes() > self._current().info()["map_size"]:
            self.grow()

    def grow(self) -> None:
        """Double the map; called after a transaction found it full and was undone.

        Raises:
            StateError: someone reads for too long, or this thread is inside a transaction.
        """
        if self.transaction is not None:
            raise StateError("the map cannot grow inside a transaction: leave it and run again")
        with self._gate.alone():
            self._set_map_size(2 * self._current().info()["map_size"])

    def adopt_size(self) -> None:
        """Take over the map size that another process has set."""
        with self._gate.alone():
            self._set_map_size(0)

    def sync(self) -> None:
        """Make commits durable that were made without the meta sync."""
        try:
            self._current().sync(True)
        except lmdb.Error as error:
            raise self.poison(error) from error

    def size_bytes(self) -> int:
        """Return how much of the file is in use, free pages included."""
        info = self._current().info()
        return int((info["last_pgno"] + 1) * self._current().stat()["psize"])

    def poison(self, cause: BaseException) -> Poisoned:
        """Refuse everything from now on: a sync failed, and what is on disk is unknown."""
        message = (
            f"a write to {self.path} failed ({cause}): close the vault, open it again and verify it"
        )
        self._unusable = lambda: Poisoned(message)
        return Poisoned(message)

    def is_gone(self) -> bool:
        """Tell whether the file was unlinked or replaced since it was opened."""
        return file_id(self.path) != self.file_id

    def has_foreign_lock(self) -> bool:
        """Tell whether the lock file speaks of another file, which was at this path before."""
        # Both count transactions. LMDB would take the wrong one for the last, and lose it.
        with self.read() as read:
            if self.read_only or read.id() == self._current().info()["last_txnid"]:
                return False
        # A commit may have come between: with the writer lock, the answer is exact.
        with self.write(OsFiles()) as write:
            return write.id() != self._current().info()["last_txnid"] + 1

    def close(self) -> None:
        """Release the environment, after every transaction of other threads has ended."""
        if self._lmdb is None:
            return
        self._gate.close(own=0 if self.transaction is None else 1)
        try:
            self._lmdb.close()
            self._lmdb = None
            self._unusable = lambda: Closed(f"{self.path} was closed: open the vault again")
        finally:
            self._gate.open()

    def before_fork(self) -> bool:
        """Hold back new transactions and wait for the others; False when that took too long."""
        return self._gate.close(own=0 if self.transaction is None else 1)

    def after_fork_in_parent(self) -> None:
        """Let transactions in again; the forking thread's own read has lost its protection."""
        if self.transaction is not None and not self.is_writing:
            self._local.broken = True
        self._gate.open()

    def after_fork_in_child(self, *, drained: bool) -> None:
        """Let go of what was inherited; the file is opened again when it is next used."""
        self.incarnation += 1
        self.writer_lock = threading.Lock()
        self._opening = threading.Lock()
        self._gate = Gate()
        self._local = threading.local()
        if self._lmdb is None:
            return
        if drained:
            self._lmdb.close()
            self._lmdb = None
        else:
            self._unusable = lambda: StateError(
                f"the process forked while {self.path} was being written: "
                "start workers before opening the vault, or with the start method 'spawn'"
            )

    def _current(self) -> lmdb.Environment:
        if self._unusable is not None:
            raise self._unusable()
        if self._lmdb is None:
            with self._opening:
                self._lmdb = self._lmdb or self._open()
        return self._lmdb

    def _begin(self, *, write: bool) -> Transaction:
        while True:
            try:
                transaction: Transaction = self._current().begin(write=write)
                return transaction
            except lmdb.MapResizedError:
                self._gate.leave()
                try:
                    self.adopt_size()
                finally:
                    self._gate.enter()
            except lmdb.ReadonlyError as error:
                raise ReadOnly(f"{self.path} cannot be written: it was opened read-only") from error
            except lmdb.PanicError as error:
                self.poison(error)
            except lmdb.ReadersFullError as error:
                if not self._current().reader_check():
                    raise StateError(
                        f"{_MAX_READERS} reads of {self.path} are open: close some"
                    ) from error

    def _commit(self, transaction: Transaction, files: Files) -> None:
        try:
            files.commit(transaction)
        except lmdb.MapFullError:
            raise
        except (lmdb.Error, OSError) as error:
            transaction.abort()
            failure = storage_error(f"commit to {self.path}", self._reason(error))
            if not isinstance(failure, DiskFull):
                self.poison(error)
            raise failure from error
        except BaseException:
            # An interrupt: the transaction must not outlive its turn.
            transaction.abort()
            raise

    def _reason(self, error: lmdb.Error | OSError) -> lmdb.Error | OSError:
        # Where the disk takes only a part of a write, LMDB says that the disk is broken.
        if getattr(error, "code", None) == errno.EIO and is_full(self.path):
            return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return error

    def _set_map_size(self, size: int) -> None:
        current = self._current()
        try:
            current.set_mapsize(size)
        except (lmdb.MemoryError, MemoryError) as error:
            # py-lmdb has closed it: the next use opens it again, with the largest map that fits.
            current.close()
            self._lmdb = None
            raise StorageError(
                f"the map of {self.path} cannot grow ({error}), and nothing was committed: "
                "allow the process more address space (ulimit -v), then run the same call again"
            ) from error

    def _check_place(self) -> None:
        if self.is_gone():
            raise Closed(
                f"{self.path} was moved, unlinked or replaced while it was open, and what would "
                "be written to it now could be lost: open the vault again"
            )

    def _open(self) -> lmdb.Environment:
        size = _MAP_BYTES
        while True:
            try:
                return self._open_map(size)
            except (lmdb.MemoryError, MemoryError) as error:
                # An address space limit (ulimit -v): a smaller map grows when it must.
                size //= 2
                if size < _SMALLEST_MAP_BYTES:
                    raise storage_error(
                        f"{self.path} cannot be mapped", OSError(12, "no address space")
                    ) from error

    def _open_map(self, size: int) -> lmdb.Environment:
        try:
            environment = lmdb.open(
                str(self.path),
                map_size=size,
                subdir=False,
                readonly=self.read_only,
                metasync=not self.relaxed,
                max_readers=_MAX_READERS,
                max_spare_txns=0,
                # The stub knows no None, which means: as the existing file was written.
                lib_version=None if is_lmdb_file(self.path) else _LMDB_0_9,  # type: ignore[arg-type]
            )
        except (lmdb.InvalidError, lmdb.VersionMismatchError, lmdb.CorruptedError) as error:
            raise FormatError(f"{self.path} is not a vault ({error})") from error
        except lmdb.MemoryError:
            raise
        except lmdb.Error as error:
            raise storage_error(f"{self.path} cannot be opened", error) from error
        environment.reader_check()
        return environment


class Read:
    """A read transaction: the thread's own when it is inside one, or a new one."""

    __slots__ = ("_environment", "_fresh", "_incarnation")

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._incarnation = environment.incarnation
        self._fresh: Transaction | None = None

    def __enter__(self) -> Transaction:
        environment = self._environment
        local = environment._local
        transaction: Transaction | None = getattr(local, "transaction", None)
        if transaction is not None:
            if getattr(local, "broken", False):
                raise StateError("the process forked inside a read: leave it and read again")
            return transaction
        environment._gate.enter()
        try:
            self._fresh = environment._begin(write=False)
        except BaseException:
            environment._gate.leave()
            raise
        local.transaction = self._fresh
        return self._fresh

    def __exit__(self, *_: object) -> None:
        environment = self._environment
        if self._fresh is None or environment.incarnation != self._incarnation:
            return  # entered within another one, or before a fork, by the parent
        local = environment._local
        local.transaction = None
        local.broken = False
        self._fresh.abort()
        self._fresh = None
        environment._gate.leave()


class Write:
    """The write transaction of an environment, with the writer lock around it."""

    __slots__ = ("_environment", "_files", "_incarnation", "_transaction")

    def __init__(self, environment: Environment, files: Files) -> None:
        self._environment = environment
        self._incarnation = environment.incarnation
        self._files = files

    def __enter__(self) -> Transaction:
        environment = self._environment
        if environment.transaction is not None:
            raise StateError(
                "this thread is already inside a transaction of the vault: "
                "use that one, or leave it first"
            )
        environment.writer_lock.acquire()
        environment._gate.enter()
        try:
            environment._check_place()
            self._transaction = environment._begin(write=True)
        except BaseException:
            environment._gate.leave()
            environment.writer_lock.release()
            raise
        environment._local.transaction = self._transaction
        environment._local.writing = True
        return self._transaction

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: object
    ) -> None:
        environment = self._environment
        if environment.incarnation != self._incarnation:
            return  # entered before a fork, by the parent, which alone can end it
        environment._local.transaction = None
        environment._local.writing = False
        try:
            if kind is None:
                environment._commit(self._transaction, self._files)
            else:
                self._transaction.abort()
        finally:
            environment._gate.leave()
            environment.writer_lock.release()
