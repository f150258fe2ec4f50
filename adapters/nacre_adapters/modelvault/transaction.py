"""Transactions: one at a time, of the thread that began it; who else wants to write waits.

Reading does not wait: others see what was committed before.
"""

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Literal

import nacre
from nacre_adapters.modelvault.errors import Blocked, ModelVaultTransactionError, as_interface
from nacre_adapters.modelvault.shape import Row, Shape

if TYPE_CHECKING:
    from nacre_adapters.modelvault.handle import Handle

PATIENCE_SECONDS = 60.0

# From so many rows on, one blob of them costs less than an event of each page.
_MANY = 500
_MOST_WAITING = 100_000

_BLOCKED = (
    "operation blocked: a transaction is open on this database handle; "
    "finish or roll back the transaction first"
)


class Gate:
    """Lets many write, or one transaction."""

    def __init__(self, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self._patience_seconds = patience_seconds
        self._changed = threading.Condition()
        self._writers = 0
        self._is_shut = False

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Write for a moment, beside others.

        Raises:
            Blocked: somebody keeps a transaction open for longer than anyone should wait.
        """
        if self._is_shut or not self._enter_at_once():
            self._enter()
        try:
            yield
        finally:
            with self._changed:
                self._writers -= 1
                if self._is_shut or not self._writers:
                    self._changed.notify_all()

    @property
    def is_shut(self) -> bool:
        """Whether a transaction is open."""
        return self._is_shut

    def shut(self) -> None:
        """Begin a transaction: wait until nobody writes.

        Raises:
            Blocked: somebody keeps a transaction open for longer than anyone should wait.
        """
        with self._changed:
            free = self._changed.wait_for(
                lambda: not self._is_shut and not self._writers, self._patience_seconds
            )
            if not free:
                raise blocked()
            self._is_shut = True

    def open(self) -> None:
        """End a transaction."""
        with self._changed:
            self._is_shut = False
            self._changed.notify_all()

    def _enter_at_once(self) -> bool:
        with self._changed:
            if not self._is_shut:
                self._writers += 1
            return not self._is_shut

    def _enter(self) -> None:
        with self._changed:
            if not self._changed.wait_for(lambda: not self._is_shut, self._patience_seconds):
                raise blocked()
            self._writers += 1


class Staged:
    """An open transaction: what is written in it, and the thread that it belongs to."""

    def __init__(self, vault: nacre.Vault, gate: Gate) -> None:
        self.thread = threading.get_ident()
        self.shapes: dict[str, Shape] = {}
        """What rows are taken by, by the names that were given; emptied when a schema changes."""
        self._waiting: dict[str, dict[object, Row]] = {}
        self._gate = gate
        gate.shut()
        try:
            self._block: AbstractContextManager[nacre.Transaction] = vault.transaction()
            self.tx = self._block.__enter__()
        except BaseException:
            gate.open()
            raise

    def put(self, shape: Shape, row: Row) -> None:
        """Keep a row that fits until there are many, or until somebody looks."""
        name = shape.native_name
        waiting = self._waiting.get(name)
        if waiting is None:
            waiting = self._waiting[name] = {}
        waiting[row[shape.native_key]] = row
        if len(waiting) >= _MOST_WAITING:
            self.flush()

    def is_waiting(self, shape: Shape, key: object) -> bool:
        """Tell whether a row of this key waits."""
        return key in self._waiting.get(shape.native_name, ())

    def flush(self) -> None:
        """Write the rows that wait."""
        waiting, self._waiting = self._waiting, {}
        for name, by_key in waiting.items():
            rows, collection = list(by_key.values()), self.tx.rows[name]
            if len(rows) < _MANY:
                collection.upsert_many(rows)
            elif len(collection):
                collection.bulk_upsert(rows)
            else:
                collection.bulk_load(rows)

    def end(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Commit, or undo all of it when there is an error."""
        try:
            with as_interface:
                if kind is None:
                    self._flush_or_undo()
                self._block.__exit__(kind, error, trace)
        finally:
            self._gate.open()

    def _flush_or_undo(self) -> None:
        try:
            self.flush()
        except BaseException as error:
            self._block.__exit__(type(error), error, error.__traceback__)
            raise


class Transaction:
    """A `with` block: all of it is committed when it ends, none of it when it raises."""

    def __init__(self, handle: "Handle") -> None:
        self._handle = handle

    def __enter__(self) -> None:
        self._handle.begin()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> Literal[False]:
        self._handle.end(kind, error, trace)
        return False


def blocked() -> Blocked:
    """Return the error for who has waited too long for somebody's transaction."""
    return Blocked(_BLOCKED)


def nested() -> ModelVaultTransactionError:
    """Return the error for a transaction inside of another."""
    return ModelVaultTransactionError("transaction error: nested transactions are not supported")


def none_open() -> ModelVaultTransactionError:
    """Return the error for the end of what was not begun."""
    return ModelVaultTransactionError("transaction error: no active transaction")
