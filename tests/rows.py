"""The rows of a vault's LMDB file, read and changed behind its back."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import lmdb


@contextmanager
def editing(path: Path) -> Iterator[lmdb.Transaction]:
    """Give a write transaction on the LMDB file of a vault that nobody has open."""
    file = path / "vault.mdb" if path.is_dir() else path
    with lmdb.open(str(file), subdir=False, map_size=1 << 30, lib_version=None) as environment:
        with environment.begin(write=True) as transaction:
            yield transaction


def rows(path: Path, prefix: int) -> dict[bytes, bytes]:
    """Return the rows whose keys start with a byte."""
    with editing(path) as transaction:
        return {key: value for key, value in transaction.cursor() if key[0] == prefix}


def put(path: Path, key: bytes, value: bytes) -> None:
    """Set a row."""
    with editing(path) as transaction:
        transaction.put(key, value)


def delete(path: Path, key: bytes) -> None:
    """Remove a row."""
    with editing(path) as transaction:
        assert transaction.delete(key)
