"""Where the tables of a database are: a vault that is open, or one that a pool opens when used.

A transaction belongs to its place: all handles of a thread on the same vault take part in it.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Protocol, TypeVar

import nacre
from nacre.errors import Closed, StateError
from nacre_adapters.tenants.pool import Pool

Made = TypeVar("Made")


class Place(Protocol):
    """A vault to use: what `take` returns is open until `give_back`."""

    @property
    def key(self) -> tuple[Path, bool]:
        """What tells vaults apart: where it is, and whether it is only read."""

    def take(self) -> nacre.Vault:
        """Return the vault."""

    def give_back(self) -> None:
        """End the use of the vault."""

    def close(self) -> None:
        """Let go of it; idempotent."""


class OpenPlace:
    """A vault that is open, and closed by whoever opened it."""

    def __init__(self, vault: nacre.Vault, *, is_own: bool = False) -> None:
        self._vault = vault
        self._is_own = is_own
        self.key = (vault.path, vault.read_only)

    def take(self) -> nacre.Vault:
        """Return the vault."""
        return self._vault

    def give_back(self) -> None:
        """Do nothing: it stays open."""

    def close(self) -> None:
        """Close it if this has opened it."""
        if self._is_own:
            self._vault.close()


class PooledPlace:
    """A vault that is open while it is used, and as long as the pool finds good."""

    def __init__(self, pool: Pool, path: Path, vault_id: bytes | None) -> None:
        self._pool = pool
        self._path = path
        self._vault_id = vault_id
        self._closed = False
        self.key = (path, False)

    def take(self) -> nacre.Vault:
        """Return the vault, opened if need be."""
        if self._closed:
            raise Closed("this database was closed: get it again")
        return self._pool.take(self._path, self._vault_id)

    def give_back(self) -> None:
        """Let the pool close the vault when it is idle."""
        self._pool.give_back(self._path)

    def close(self) -> None:
        """Use it no longer. The pool closes the vault when it is idle: the next request is soon."""
        self._closed = True


class PastPlace:
    """A vault as it was at a position, read-only."""

    def __init__(self, place: Place, position: int) -> None:
        self._place = place
        self._position = position
        self.key = (place.key[0], True)

    def take(self) -> nacre.Vault:
        """Return the vault as it was."""
        return self._place.take().at(self._position)

    def give_back(self) -> None:
        """End the use of the vault."""
        self._place.give_back()

    def close(self) -> None:
        """Do nothing: it is closed with the present."""


class Joined:
    """A transaction that is running, and the thread that it belongs to."""

    __slots__ = ("key", "thread", "tx")

    def __init__(self, key: object, tx: nacre.Transaction) -> None:
        self.key = key
        self.tx = tx
        self.thread = threading.get_ident()


# Which transactions the code that is running is inside of: a task's own, not all of its thread.
_INSIDE: ContextVar[tuple[Joined, ...]] = ContextVar("nacre_tenants_inside", default=())


def transaction_of(place: Place) -> nacre.Transaction | None:
    """Return the transaction of a place that the caller is inside of, or None.

    Raises:
        StateError: it belongs to another thread.
    """
    for joined in _INSIDE.get():
        if joined.key == place.key:
            if joined.thread != threading.get_ident():
                raise StateError(
                    "the transaction belongs to the thread that began it: do all of it there"
                )
            return joined.tx
    return None


@contextmanager
def in_transaction(place: Place, message: str) -> Iterator[nacre.Transaction]:
    """Run a block in a transaction; inside one, in a savepoint of it."""
    outer = transaction_of(place)
    if outer is not None:
        with outer.savepoint():
            yield outer
        return
    vault = place.take()
    try:
        with vault.transaction(message=message) as tx:
            token = _INSIDE.set((*_INSIDE.get(), Joined(place.key, tx)))
            try:
                yield tx
            finally:
                _INSIDE.reset(token)
    finally:
        place.give_back()


def change(place: Place, decide: Callable[[nacre.Transaction], Made]) -> Made:
    """Commit what a decision records, or let the running transaction take it along."""
    outer = transaction_of(place)
    if outer is not None:
        with outer.savepoint():
            return decide(outer)
    made: list[Made] = []

    def run(tx: nacre.Transaction) -> None:
        made[:] = [decide(tx)]

    vault = place.take()
    try:
        vault.commit(run)
    finally:
        place.give_back()
    return made[0]
