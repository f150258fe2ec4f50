"""Copy a vault in one file to another file, or write it anew without what nothing needs.

A copy is whole or absent: it is written beside its place, made durable, and renamed.
"""

import os
from dataclasses import replace
from pathlib import Path

import lmdb

from nacre.errors import InvalidInput
from nacre.files import storage_error
from nacre.operations.compact import CompactReport, compact, size_bytes
from nacre.operations.compress import compress
from nacre.store import Store
from nacre.swap import write_copy


def copy_file(store: Store, path: Path) -> None:
    """Write everything that the vault holds now as a vault in one file at *path*.

    A file there is replaced. Others may read and write meanwhile.

    Raises:
        InvalidInput: the vault is a directory, or lies at *path* itself.
        StorageError: there is no such folder, or no room.
    """
    store.refuse_past("copy")
    if not store.layout.is_single_file:
        raise InvalidInput(f"{store.layout.path} is a directory: back it up, or copy it closed")
    source = store.layout.environment
    if path.exists() and path.samefile(source):
        raise InvalidInput(f"{path} is the vault itself: name another file")
    beside = path.with_name(f"{path.name}-copy-{os.getpid()}")
    try:
        with store.environment.read() as transaction:
            write_copy(transaction, beside, store.environment.handle.map_size())
        store.files.sync_file(beside)
        store.files.replace(beside, path)
    except (OSError, lmdb.Error) as error:
        raise storage_error(f"copy to {path}", error) from error
    finally:
        beside.unlink(missing_ok=True)


def shrink(store: Store) -> CompactReport:
    """Seal old commits into segments, drop what nothing needs, give free pages back."""
    before = size_bytes(store)
    compress(store, min_gain=0.0)
    return replace(compact(store, min_gain=0.0), size_before_bytes=before)
