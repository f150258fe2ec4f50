"""Doubles for `nacre.files.Files`: disks that fail, processes that die, power that goes out.

Each stands around another `Files`, `OsFiles` as a rule, and counts operations from 0. Give one
to `nacre.store.Options` to open a vault over it:

    trace = TracingFiles()           # which operations is my commit made of?
    FailingFiles(error, range(3, 4)) # the operation number 3 fails
    KillingFiles(3, "after")         # the process is killed when number 3 is done
    PowerLossFiles(3)                # power goes out before number 3: lose_power() at leisure
"""

import os
import random
import signal
from collections.abc import Callable, Container, Sequence
from pathlib import Path
from typing import Literal, TypeVar

import lmdb

from nacre.files import Files, OsFiles
from nacre.hashing import Buffer

Result = TypeVar("Result")
Moment = Literal["before", "within", "after"]
_PAGE_BYTES = 4096
_LOST_PAGES = 0.3

MOMENTS: tuple[Moment, ...] = ("before", "within", "after")


class TracingFiles:
    """Notes the name of every operation, and does it."""

    def __init__(self, files: Files | None = None) -> None:
        self.operations: list[str] = []
        self._files = files or OsFiles()

    def open_append(self, path: Path, *, create: bool) -> int:
        self.operations.append("open_append")
        return self._files.open_append(path, create=create)

    def append(self, descriptor: int, parts: Sequence[Buffer]) -> None:
        self.operations.append("append")
        self._files.append(descriptor, parts)

    def truncate(self, descriptor: int, size: int) -> None:
        self.operations.append("truncate")
        self._files.truncate(descriptor, size)

    def sync(self, descriptor: int) -> None:
        self.operations.append("sync")
        self._files.sync(descriptor)

    def link(self, source: Path, path: Path) -> None:
        self.operations.append("link")
        self._files.link(source, path)

    def commit(self, transaction: lmdb.Transaction) -> None:
        self.operations.append("commit")
        self._files.commit(transaction)

    def sync_file(self, path: Path) -> None:
        self.operations.append("sync_file")
        self._files.sync_file(path)

    def replace(self, source: Path, target: Path) -> None:
        self.operations.append("replace")
        self._files.replace(source, target)

    def remove(self, path: Path) -> None:
        self.operations.append("remove")
        self._files.remove(path)


class FailingFiles:
    """Lets the operations whose numbers are in *numbers* fail with *error*.

    A failed append has written a part of its bytes, as a full disk leaves it. A failed commit
    has undone the transaction and raises what LMDB raises.
    """

    def __init__(
        self, error: int, numbers: Container[int] = (), files: Files | None = None
    ) -> None:
        self.numbers = numbers
        self.failed: list[str] = []
        self._error = error
        self._trace = TracingFiles(files)

    @property
    def operations(self) -> list[str]:
        """The operations so far, failed ones too."""
        return self._trace.operations

    def heal(self) -> None:
        """Let nothing fail any more."""
        self.numbers = ()

    def open_append(self, path: Path, *, create: bool) -> int:
        if self._fails("open_append"):
            raise self._os_error()
        return self._trace.open_append(path, create=create)

    def append(self, descriptor: int, parts: Sequence[Buffer]) -> None:
        if self._fails("append"):
            OsFiles().append(descriptor, _first_half(parts))
            raise self._os_error()
        self._trace.append(descriptor, parts)

    def truncate(self, descriptor: int, size: int) -> None:
        if self._fails("truncate"):
            raise self._os_error()
        self._trace.truncate(descriptor, size)

    def sync(self, descriptor: int) -> None:
        if self._fails("sync"):
            raise self._os_error()
        self._trace.sync(descriptor)

    def link(self, source: Path, path: Path) -> None:
        if self._fails("link"):
            raise self._os_error()
        self._trace.link(source, path)

    def commit(self, transaction: lmdb.Transaction) -> None:
        if self._fails("commit"):
            transaction.abort()
            raise _lmdb_error(self._error)
        self._trace.commit(transaction)

    def sync_file(self, path: Path) -> None:
        if self._fails("sync_file"):
            raise self._os_error()
        self._trace.sync_file(path)

    def replace(self, source: Path, target: Path) -> None:
        if self._fails("replace"):
            raise self._os_error()
        self._trace.replace(source, target)

    def remove(self, path: Path) -> None:
        if self._fails("remove"):
            raise self._os_error()
        self._trace.remove(path)

    def _fails(self, operation: str) -> bool:
        if len(self.operations) not in self.numbers:
            return False
        self.operations.append(operation)
        self.failed.append(operation)
        return True

    def _os_error(self) -> OSError:
        return OSError(self._error, os.strerror(self._error))


class KillingFiles:
    """Kills the process (SIGKILL) before, within or after the operation with a number.

    Within an append, half of the bytes are written; the others know no half.
    """

    def __init__(self, number: int, moment: Moment, files: Files | None = None) -> None:
        self._number = number
        self._moment = moment
        self._trace = TracingFiles(files)

    def open_append(self, path: Path, *, create: bool) -> int:
        return self._do(lambda: self._trace.open_append(path, create=create))

    def append(self, descriptor: int, parts: Sequence[Buffer]) -> None:
        if self._is_now("within"):
            OsFiles().append(descriptor, _first_half(parts))
            _die()
        self._do(lambda: self._trace.append(descriptor, parts))

    def truncate(self, descriptor: int, size: int) -> None:
        self._do(lambda: self._trace.truncate(descriptor, size))

    def sync(self, descriptor: int) -> None:
        self._do(lambda: self._trace.sync(descriptor))

    def link(self, source: Path, path: Path) -> None:
        self._do(lambda: self._trace.link(source, path))

    def commit(self, transaction: lmdb.Transaction) -> None:
        self._do(lambda: self._trace.commit(transaction))

    def sync_file(self, path: Path) -> None:
        self._do(lambda: self._trace.sync_file(path))

    def replace(self, source: Path, target: Path) -> None:
        self._do(lambda: self._trace.replace(source, target))

    def remove(self, path: Path) -> None:
        self._do(lambda: self._trace.remove(path))

    def _do(self, operation: Callable[[], Result]) -> Result:
        if self._is_now("before") or self._is_now("within"):
            _die()
        dies_after = self._is_now("after")
        try:
            return operation()
        finally:
            if dies_after:
                _die()

    def _is_now(self, moment: Moment) -> bool:
        return self._moment == moment and self._number == len(self._trace.operations)


class PowerLostError(BaseException):
    """The machine went off in the middle of an operation; nothing of ours may handle it."""


class PowerLossFiles:
    """Knows which bytes of the packs are durable, and can lose the others.

    Packs only grow, so that a durable image of one is a length. Power goes out before the
    operation *number*: that one and all later ones raise PowerLostError. Close the vault then,
    call `lose_power`, and open it again. LMDB's own file is as durable as LMDB promises: what
    was committed is there.
    """

    def __init__(self, number: int | None = None, files: Files | None = None) -> None:
        self._number = number
        self._trace = TracingFiles(files)
        self._paths: dict[int, Path] = {}
        self._durable: dict[Path, int] = {}

    @property
    def operations(self) -> list[str]:
        """The operations so far."""
        return self._trace.operations

    def lose_power(self, choose: random.Random | None = None) -> None:
        """Cut the packs off behind what was synced.

        With *choose*, a part of what was not synced survives, and some of its pages as zeros:
        a file system may have made the file longer without having written the bytes.
        """
        for path, durable in self._durable.items():
            tail = path.read_bytes()[durable:]
            os.truncate(path, durable)
            if choose is not None:
                with path.open("ab") as pack:
                    pack.write(_survivors(tail, choose))

    def open_append(self, path: Path, *, create: bool) -> int:
        self._check_power()
        descriptor = self._trace.open_append(path, create=create)
        self._paths[descriptor] = path
        self._durable.setdefault(path, path.stat().st_size)
        return descriptor

    def append(self, descriptor: int, parts: Sequence[Buffer]) -> None:
        self._check_power()
        self._trace.append(descriptor, parts)

    def truncate(self, descriptor: int, size: int) -> None:
        self._check_power()
        self._trace.truncate(descriptor, size)
        path = self._paths[descriptor]
        self._durable[path] = min(self._durable[path], size)

    def sync(self, descriptor: int) -> None:
        self._check_power()
        self._trace.sync(descriptor)
        self._durable[self._paths[descriptor]] = os.fstat(descriptor).st_size

    def link(self, source: Path, path: Path) -> None:
        self._check_power()
        self._trace.link(source, path)

    def commit(self, transaction: lmdb.Transaction) -> None:
        self._check_power()
        self._trace.commit(transaction)

    def sync_file(self, path: Path) -> None:
        self._check_power()
        self._trace.sync_file(path)

    def replace(self, source: Path, target: Path) -> None:
        self._check_power()
        self._trace.replace(source, target)

    def remove(self, path: Path) -> None:
        self._check_power()
        self._trace.remove(path)
        self._durable.pop(path, None)

    def _check_power(self) -> None:
        if self._number is not None and len(self.operations) >= self._number:
            raise PowerLostError


def _first_half(parts: Sequence[Buffer]) -> list[Buffer]:
    content = b"".join(parts)
    return [content[: len(content) // 2]]


def _lmdb_error(number: int) -> lmdb.Error:
    """Return what py-lmdb raises when the system refuses a commit; its stub says otherwise."""
    error = lmdb.Error(f"mdb_txn_commit: {os.strerror(number)}")
    vars(error)["code"] = number
    return error


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _survivors(tail: bytes, choose: random.Random) -> bytes:
    kept = bytearray(tail[: choose.randint(0, len(tail))])
    for start in range(0, len(kept), _PAGE_BYTES):
        if choose.random() < _LOST_PAGES:
            page = slice(start, min(start + _PAGE_BYTES, len(kept)))
            kept[page] = bytes(page.stop - page.start)
    return bytes(kept)
