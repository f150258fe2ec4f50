"""Marks for a file that a compact copy takes the place of, so that open handles follow it.

    key    01, "moved"    value  a token: a copy takes this file's place, or was about to
    key    01, "swaps"    value  the tokens (16 bytes each) of the swaps that led to this file

The order keeps every process at the newest commit. The turn is taken; the token is noted; with
the writer lock, the copy is made, synced, and the old file marked as moved; the copy is renamed
over it; the turn ends. Who finds the mark waits for the turn. If the place has changed by then,
the copy is opened instead; if not, whoever was swapping has died, and the mark is taken off.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import lmdb

from nacre.lmdb_file import descriptor_id, file_id
from nacre.prefixes import META

_VAULT_KEY = bytes([META]) + b"vault"
_MOVED_KEY = bytes([META]) + b"moved"
_SWAPS_KEY = bytes([META]) + b"swaps"
_TOKEN_BYTES = 16
_TOKENS_KEPT = 64


def vault_of(transaction: "lmdb.Transaction[bytes]") -> bytes | None:
    """Return what the file says of the vault that it belongs to; None before it says so."""
    return transaction.get(_VAULT_KEY)


def beside(path: Path) -> Path:
    """Return where the copy is made that will take the place of *path*."""
    return path.with_name(path.name + "-compact")


@contextmanager
def turn(path: Path) -> Iterator[None]:
    """Keep others from swapping the file at *path*, and wait until one who does has finished."""
    while True:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if descriptor_id(descriptor) == file_id(path):
                yield
                return
        finally:
            # Closing is not enough: a child that was forked meanwhile has it open, too.
            fcntl.flock(descriptor, fcntl.LOCK_UN)
            os.close(descriptor)


def write_copy(transaction: "lmdb.Transaction[bytes]", path: Path, map_bytes: int) -> None:
    """Write the rows that a transaction sees, and nothing else, as an LMDB file.

    LMDB's own compact copy takes over whole pages, and with them bytes of rows that were deleted.
    """
    copy = lmdb.open(str(path), subdir=False, lock=False, map_size=map_bytes, lib_version=0)
    try:
        with copy.begin(write=True) as rows:
            rows.cursor().putmulti(transaction.cursor().iternext(), append=True)
            unmark_moved(rows)  # it speaks of the file that was copied
    finally:
        copy.close()


def note_swap(transaction: "lmdb.Transaction[bytes]") -> None:
    """Give the file, and so the copy, a token that only this swap has."""
    tokens = transaction.get(_SWAPS_KEY) or b""
    kept = tokens[-_TOKEN_BYTES * (_TOKENS_KEPT - 1) :]
    transaction.put(_SWAPS_KEY, kept + os.urandom(_TOKEN_BYTES))


def mark_moved(transaction: "lmdb.Transaction[bytes]") -> None:
    """Tell everyone who has the file open that a copy takes its place."""
    tokens = transaction.get(_SWAPS_KEY) or b""
    transaction.put(_MOVED_KEY, tokens[-_TOKEN_BYTES:])


def unmark_moved(transaction: "lmdb.Transaction[bytes]") -> None:
    """Take back the mark: the copy never came to its place."""
    transaction.delete(_MOVED_KEY)


def moved_token(transaction: "lmdb.Transaction[bytes]") -> bytes | None:
    """Return the token of the swap that the file was marked by, or None."""
    return transaction.get(_MOVED_KEY)


def continues(transaction: "lmdb.Transaction[bytes]", token: bytes) -> bool:
    """Tell whether a file came out of the swap with *token*, or of later ones."""
    tokens = transaction.get(_SWAPS_KEY) or b""
    starts = range(0, len(tokens), _TOKEN_BYTES)
    return token in {tokens[start : start + _TOKEN_BYTES] for start in starts}
