"""A digest of each view's rows, by which two copies of a vault are compared."""

from collections.abc import Iterator

from blake3 import blake3

from nacre.keys import after_prefix
from nacre.lmdb_handle import Transaction
from nacre.views.catalogue import decode_catalogue, raw_catalogue

# A million rows take a second, in one transaction: views of more are not compared.
MOST_ROWS = 1_000_000

ViewDigest = tuple[str, int, bytes]
"""Name, version, digest."""


def view_digests(transaction: Transaction) -> tuple[ViewDigest, ...]:
    """Return the digests of all live views; none when there are too many rows."""
    if transaction.stat(None)["entries"] > MOST_ROWS:
        return ()
    entries = decode_catalogue(raw_catalogue(transaction)).entries
    return tuple(
        (name, entry.current.version, _digest(transaction, entry.current.prefix))
        for name, entry in sorted(entries.items())
        if entry.current.position is None
    )


def _digest(transaction: Transaction, prefix: bytes) -> bytes:
    hasher = blake3()
    for key, value in _rows(transaction, prefix):
        hasher.update(len(key).to_bytes(2, "big") + key + len(value).to_bytes(4, "big") + value)
    return hasher.digest()


def _rows(transaction: Transaction, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the rows behind a prefix, without it: the slot of a view is no part of it."""
    end = after_prefix(prefix)
    assert end is not None
    cursor = transaction.cursor()
    if cursor.set_range(prefix):
        for key, value in cursor.iternext():
            if key >= end:
                return
            yield key[len(prefix) :], value
