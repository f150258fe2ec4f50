"""An LMDB file as this process has it open: opened anew after a fork and after a swap."""

import os
import threading
from collections.abc import Callable
from errno import EIO, ENOSPC, EOPNOTSUPP
from pathlib import Path
from typing import TYPE_CHECKING

import lmdb

from nacre import swap
from nacre.errors import (
    Closed,
    CorruptionError,
    DiskFull,
    FormatError,
    NacreError,
    Poisoned,
    ReadOnly,
    StateError,
    StorageError,
)
from nacre.files import Files, is_full, storage_error
from nacre.lmdb_file import drop_lock, file_id, is_lmdb_file, lock_path, reserve_lock
from nacre.lmdb_length import check_length

if TYPE_CHECKING:  # py-lmdb's classes are generic only in its stubs
    Transaction = lmdb.Transaction[bytes]
    Cursor = lmdb.Cursor[bytes]
else:
    Transaction, Cursor = lmdb.Transaction, lmdb.Cursor

MAX_READERS = 1024

# Address space, not disk: the file grows as it is filled.
_MAP_BYTES = 64 << 30
_SMALLEST_MAP_BYTES = 64 << 20
_LMDB_0_9 = 0


class LmdbHandle:
    """The open file, or why it cannot be used. Whoever calls keeps transactions out of the way.

    A *sealed* file is complete and never written again: it is opened without a lock file.
    """

    def __init__(self, path: Path, *, read_only: bool, relaxed: bool, sealed: bool) -> None:
        self.path = path
        self.read_only = read_only
        self.relaxed = relaxed
        self._sealed = sealed
        self._opening = threading.Lock()
        self._unusable: Callable[[], NacreError] | None = None
        self._vault: bytes | None = None
        self._lmdb: lmdb.Environment | None
        self._lmdb, self.file_id = self._open_at_rest()

    def current(self) -> lmdb.Environment:
        """Return the open file, opened again if need be.

        Raises:
            Closed: it was closed, or another file is at its path.
            Poisoned: a sync failed.
            StateError: the process forked at a bad moment.
        """
        if self._unusable is not None:
            raise self._unusable()
        if self._lmdb is None:
            with self._opening:
                self._lmdb = self._lmdb or self._open_again()
        return self._lmdb

    @property
    def is_closed(self) -> bool:
        """Whether there is nothing to close."""
        return self._lmdb is None

    @property
    def is_gone(self) -> bool:
        """Whether the file was unlinked or replaced since it was opened."""
        return file_id(self.path) != self.file_id

    def gone(self) -> Closed:
        """Return the error that says so."""
        return Closed(
            f"{self.path} was moved, unlinked or replaced while it was open, and what would "
            "be written to it now could be lost: open the vault again"
        )

    def poison(self, cause: BaseException) -> Poisoned:
        """Refuse everything from now on: a sync failed, and what is on disk is unknown."""
        message = (
            f"a write to {self.path} failed ({cause}): close the vault, open it again and verify it"
        )
        self._unusable = lambda: Poisoned(message)
        return Poisoned(message)

    def tell_damage(self, error: BaseException) -> None:
        """Raise CorruptionError from what LMDB raises when it meets a page it cannot have written.

        Anything else is no damage, and nothing is raised.
        """
        if isinstance(error, lmdb.CorruptedError | lmdb.PageNotFoundError):
            raise CorruptionError(
                f"{self.path} has a damaged page ({error}): run `nacre verify --untrusted`, then "
                "restore it from a backup"
            ) from error

    def reason(self, error: lmdb.Error | OSError) -> lmdb.Error | OSError:
        """Return what really failed: where a write comes short, LMDB blames the disk."""
        if getattr(error, "code", None) == EIO and is_full(self.path):
            return OSError(ENOSPC, os.strerror(ENOSPC))
        return error

    def commit(self, transaction: Transaction, files: Files) -> None:
        """Commit a write transaction through *files*.

        Raises:
            DiskFull: it was undone, and the handle goes on.
            StorageError: nobody knows what is on disk, and the handle is poisoned.
        """
        try:
            files.commit(transaction)
        except lmdb.MapFullError:
            raise
        except (lmdb.Error, OSError) as error:
            transaction.abort()
            self.tell_damage(error)
            failure = storage_error(f"commit to {self.path}", self.reason(error))
            if not isinstance(failure, DiskFull):
                self.poison(error)
            raise failure from error

    def begin(self, *, write: bool) -> Transaction:
        """Return a new transaction.

        Raises:
            ReadOnly: the file cannot be written.
            StateError: too many reads are open.
            lmdb.MapResizedError: another process has set another size of the map.
        """
        while True:
            try:
                transaction: Transaction = self.current().begin(write=write)
                return transaction
            except lmdb.ReadonlyError as error:
                raise ReadOnly(f"{self.path} cannot be written: it was opened read-only") from error
            except lmdb.PanicError as error:
                self.poison(error)
            except lmdb.ReadersFullError as error:
                if not self.current().reader_check():
                    limit = self.current().info()["max_readers"]
                    raise StateError(
                        f"{limit} reads of {self.path} are open: close some"
                    ) from error

    def size_bytes(self) -> int:
        """Return how much of the file is in use, free pages included."""
        current = self.current()
        return int((current.info()["last_pgno"] + 1) * current.stat()["psize"])

    def map_size(self) -> int:
        """Return how large the file can become before the map must grow."""
        return int(self.current().info()["map_size"])

    def set_map_size(self, size: int) -> None:
        """Set how large the file can become; 0 takes over what another process has set."""
        current = self.current()
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

    def open_successor(self) -> None:
        """Open the compact copy that took the place of the file.

        Raises:
            Closed: another file has taken it; from now on everything raises so.
        """
        with self.current().begin() as transaction:
            token = swap.moved_token(transaction)
        if token is None or file_id(self.path) is None:
            raise self.gone()
        self.current().close()
        self._lmdb = None
        successor, successor_id = self._open_at_rest()
        self._lmdb = successor
        with successor.begin() as transaction:
            if not swap.continues(transaction, token):
                self._unusable = self.gone
                raise self.gone()
        self.file_id = successor_id

    def close(self) -> None:
        """Close the file for good. Idempotent."""
        if self._lmdb is not None:
            self._lmdb.close()
            self._lmdb = None
            self._unusable = lambda: Closed(f"{self.path} was closed: open the vault again")

    def note_vault(self) -> None:
        """Remember whose file it is, so that a forked child knows a compact copy of it."""
        if self._lmdb is not None and self._unusable is None:
            with self._lmdb.begin() as transaction:
                self._vault = swap.vault_of(transaction)

    def let_go(self, *, drained: bool) -> None:
        """Close what a forked child has inherited; it is opened again when it is next used."""
        self._opening = threading.Lock()
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

    def _open_again(self) -> lmdb.Environment:
        """Open the file that a forked child has let go of, or the copy that took its place."""
        opened, opened_id = self._open_at_rest()
        with opened.begin() as transaction:
            is_ours = self._vault is not None and swap.vault_of(transaction) == self._vault
        if opened_id != self.file_id and not is_ours:
            opened.close()
            raise self.gone()
        self.file_id = opened_id
        return opened

    def _open_at_rest(self) -> tuple[lmdb.Environment, tuple[int, int] | None]:
        """Open the file, and say which one it is: none that takes its place meanwhile."""
        while True:
            before = file_id(self.path)
            opened = self._open()
            if before is not None and before == file_id(self.path):
                return opened, before
            opened.close()

    def _open(self) -> lmdb.Environment:
        if self._sealed:  # LMDB maps all of the file, however large
            size = _SMALLEST_MAP_BYTES
            return _open_map(self.path, size, read_only=True, relaxed=True, locked=False)
        return _open(self.path, read_only=self.read_only, relaxed=self.relaxed)


def _open(path: Path, *, read_only: bool, relaxed: bool) -> lmdb.Environment:
    """Open the LMDB file at *path*, creating it unless *read_only*.

    A process that still has open what was at *path* before keeps the lock file of that.

    Raises:
        FormatError: something else is there.
        StorageError: the system refuses.
    """
    _check_one_name(path)
    while True:
        if not read_only:
            _reserve_lock(path)
        lock_id = file_id(lock_path(path))
        opened = _open_largest(path, read_only=read_only, relaxed=relaxed)
        try:
            if not _has_foreign_lock(opened, read_only=read_only):
                return opened
        except BaseException:
            opened.close()
            raise
        opened.close()
        drop_lock(path, lock_id)


def _reserve_lock(path: Path) -> None:
    try:
        # As LMDB makes it: a line of the cache for each reader, and two for itself.
        reserve_lock(path, 64 * MAX_READERS + 128)
    except OSError as error:
        if error.errno != EOPNOTSUPP:  # a file system that reserves nothing
            raise storage_error(f"open {path}: make its lock file", error) from error


def _check_one_name(path: Path) -> None:
    """Refuse a file with several names: each name has a lock file, and none sees the others'."""
    try:
        names = path.stat().st_nlink
    except OSError:
        return  # it is to be made, or LMDB says why it cannot be read
    if names > 1:
        raise FormatError(
            f"{path} has {names} names (hard links), and whoever has it open under another one "
            "would not be noticed: copy it to a file of its own, and open that"
        )


def _has_foreign_lock(opened: lmdb.Environment, *, read_only: bool) -> bool:
    """Tell whether the lock file speaks of another file, which was at this path before."""
    # Both count transactions. LMDB would take the wrong one for the last, and lose it.
    with opened.begin() as read:
        if read_only or read.id() == opened.info()["last_txnid"]:
            return False
    # A commit may have come between: with the writer lock, the answer is exact.
    write = opened.begin(write=True)
    try:
        return write.id() != opened.info()["last_txnid"] + 1
    finally:
        write.abort()


def _open_largest(path: Path, *, read_only: bool, relaxed: bool) -> lmdb.Environment:
    size = _MAP_BYTES
    while True:
        try:
            return _open_map(path, size, read_only=read_only, relaxed=relaxed)
        except (lmdb.MemoryError, MemoryError) as error:
            # An address space limit (ulimit -v): a smaller map grows when it must.
            size //= 2
            if size < _SMALLEST_MAP_BYTES:
                raise storage_error(
                    f"{path} cannot be mapped", OSError(12, "no address space")
                ) from error


def _open_map(
    path: Path, size: int, *, read_only: bool, relaxed: bool, locked: bool = True
) -> lmdb.Environment:
    is_lmdb = is_lmdb_file(path)
    if is_lmdb:
        check_length(path)
    try:
        opened = lmdb.open(
            str(path),
            map_size=size,
            subdir=False,
            readonly=read_only,
            lock=locked,
            metasync=not relaxed,
            max_readers=MAX_READERS,
            max_spare_txns=0,
            # The stub knows no None, which means: as the existing file was written.
            lib_version=None if is_lmdb else _LMDB_0_9,  # type: ignore[arg-type]
        )
    except (lmdb.InvalidError, lmdb.VersionMismatchError, lmdb.CorruptedError) as error:
        if is_lmdb and not isinstance(error, lmdb.VersionMismatchError):
            raise CorruptionError(
                f"the first pages of {path} are damaged or cut off ({error}): "
                "restore it from a backup"
            ) from error
        raise FormatError(f"{path} is not a vault ({error})") from error
    except lmdb.MemoryError:
        raise
    except lmdb.Error as error:
        raise storage_error(f"{path} cannot be opened", error) from error
    opened.reader_check()
    return opened
