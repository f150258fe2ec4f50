"""The seam under the log: four methods over bytes.

LMDB is the first backend. A row with a lock in PostgreSQL, or a conditional put into an object
store, fit the same four.
"""

from collections.abc import Iterator
from typing import Protocol

from nacre.hashing import Buffer


class Log(Protocol):
    """An append-only sequence of entries, numbered from 0 without gaps.

    Any backend passes `nacre.testing.LogContract`; nothing else is promised.
    """

    def head(self) -> int:
        """Return the number of entries, which is the next position."""

    def append(self, entry: Buffer, *, expect: int) -> None:
        """Append *entry*, durably on return or with the transaction that the thread is inside.

        Raises Conflict, changing nothing, if the head is not *expect*.
        """

    def read(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """Yield the entries at `start <= position < stop`, in order.

        Entries appended meanwhile may or may not be among them; a gap never is.
        """

    def close(self) -> None:
        """Release resources; idempotent. Every other call then raises Closed."""
