"""Transactions: one at a time, of the thread that began it; who else wants to write waits.

Reading does not wait: others see what was committed before.
"""

import os
import threading
from contextlib import AbstractContextManager
from types import TracebackType
from typing import TYPE_CHECKING, Literal

import nacre
from nacre_adapters.modelvault.errors import ModelVaultTransactionError, as_interface
from nacre_adapters.modelvault.gate import Gate
from nacre_adapters.modelvault.shape import Row, Shape

if TYPE_CHECKING:
    from nacre_adapters.modelvault.handle import Handle

# From so many rows on, one blob of them costs less than an event of each page.
_MANY = 500
_MOST_WAITING = 100_000


class Staged:
    """An open transaction: what is written in it, and the thread that it belongs to."""

    def __init__(self, vault: nacre.Vault, gate: Gate) -> None:
        self.owner = (os.getpid(), threading.get_ident())
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


def nested() -> ModelVaultTransactionError:
    """Return the error for a transaction inside of another."""
    return ModelVaultTransactionError("transaction error: nested transactions are not supported")


def none_open() -> ModelVaultTransactionError:
    """Return the error for the end of what was not begun."""
    return ModelVaultTransactionError("transaction error: no active transaction")
