"""Rows of a view as blobs: sorted, cut where their keys say so, so that snapshots share them.

    chunk     count (4), a length for each key (2 each) and each value (4 each), keys, values
    run       manifest: msgpack ["nacre.rows", 1, [chunk, ...], [what rows name, ...]]

The last keeps the blobs alive that the rows name: who follows manifests need not read chunks.
Integers are big-endian. Of several runs the first holds all rows, each of the others what has
changed since: a value of length ffffffff says that the row is gone. A chunk ends behind a key
whose hash is small, never because of what stands before: rows that come or go move one cut.
"""

import re
import struct
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from xxhash import xxh3_64_intdigest

from nacre import codec
from nacre.blobs import Blobs, Payloads
from nacre.errors import CorruptionError
from nacre.hashing import HASH_SIZE, Digest
from nacre.views.pairs import Pair

Change = tuple[bytes, bytes | None]
"""A key and its new value; None: the row is gone."""

_NAME, _VERSION = "nacre.rows", 1
_LEAST_BYTES, _TYPICAL_BYTES, _MOST_BYTES = 16 << 10, 48 << 10, 256 << 10
_ROW_BYTES = 6
_GONE = (1 << 32) - 1
_HASHES = 1 << 64
# How a digest begins in msgpack: extension 8, length 33, type 1, algorithm 1.
_DIGEST = re.compile(rb"\xc7\x21\x01\x01(.{%d})" % HASH_SIZE, re.DOTALL)


def put_run(blobs: Blobs, rows: Iterable[Change]) -> Digest:
    """Store rows in the order of their keys, and return the digest of the manifest."""
    chunks: list[Digest] = []
    named: set[bytes] = set()
    for chunk in map(_encoded, _cut(rows)):
        chunks.append(blobs.put_blob(chunk))
        named.update(_DIGEST.findall(chunk))
    # What a retention rule has dropped is still named by rows.
    there = [digest for digest in map(Digest, sorted(named)) if blobs.has_blob(digest)]
    return blobs.put_blob(codec.pack([_NAME, _VERSION, chunks, there]), manifest=True)


def rows_in(payloads: Payloads, runs: Sequence[Digest]) -> Iterator[Pair]:
    """Yield the rows that are left of all runs, in the order of their keys."""
    first, *later = runs
    changes = {key: value for run in later for key, value in _changes_in(payloads, run)}
    return _merged(_changes_in(payloads, first), sorted(changes.items()))


def differences(before: Iterable[Pair], after: Iterable[Pair]) -> Iterator[Change]:
    """Yield what turns the rows *before* into those *after*, in the order of keys."""
    old, new = iter(before), iter(after)
    was, now = next(old, None), next(new, None)
    while was is not None or now is not None:
        if was == now:
            was, now = next(old, None), next(new, None)
        elif now is None or (was is not None and was[0] < now[0]):
            assert was is not None
            yield was[0], None
            was = next(old, None)
        else:
            yield now
            if was is not None and was[0] == now[0]:
                was = next(old, None)
            now = next(new, None)


def size_of(change: Change) -> int:
    """Return how many bytes a row takes in a chunk."""
    return _ROW_BYTES + len(change[0]) + len(change[1] or b"")


def _merged(rows: Iterator[Change], changes: list[Change]) -> Iterator[Pair]:
    row = next(rows, None)
    for key, value in changes:
        while row is not None and row[0] < key:
            assert row[1] is not None
            yield row[0], row[1]
            row = next(rows, None)
        if row is not None and row[0] == key:
            row = next(rows, None)
        if value is not None:
            yield key, value
    rest = rows if row is None else chain([row], rows)
    for key, value in rest:
        assert value is not None
        yield key, value


def _cut(rows: Iterable[Change]) -> Iterator[list[Change]]:
    chunk: list[Change] = []
    size = 0
    for row in rows:
        added = size_of(row)
        if added >= _TYPICAL_BYTES and chunk:
            yield chunk  # a large row is not to be stored again because of its neighbours
            chunk, size = [], 0
        chunk.append(row)
        size += added
        if size >= _LEAST_BYTES and (_ends(row[0], added) or size >= _MOST_BYTES):
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _ends(key: bytes, added: int) -> bool:
    return xxh3_64_intdigest(key) * _TYPICAL_BYTES < added * _HASHES


def _encoded(chunk: list[Change]) -> bytes:
    keys = [key for key, _ in chunk]
    values = [value or b"" for _, value in chunk]
    sizes = [_GONE if value is None else len(value) for _, value in chunk]
    count = len(chunk)
    lengths = struct.pack(f">I{count}H{count}I", count, *map(len, keys), *sizes)
    return b"".join((lengths, *keys, *values))


def _changes_in(payloads: Payloads, run: Digest) -> Iterator[Change]:
    for chunk in chunks_in(payloads, run):
        yield from _decoded(payloads.get_blob(chunk))


def chunks_in(payloads: Payloads, run: Digest) -> list[Digest]:
    """Return the chunks of a run.

    Raises:
        CorruptionError: the blob is no run.
    """
    match codec.unpack(payloads.get_blob(run)):
        case [name, version, [*chunks], [*_]] if name == _NAME and version == _VERSION:
            return [chunk for chunk in chunks if isinstance(chunk, Digest)]
    raise CorruptionError(f"the blob {run} holds no rows of a view: run `nacre verify`")


def _decoded(chunk: memoryview) -> list[Change]:
    import numpy as np  # noqa: PLC0415 - slow to import, and only runs that are read take it

    try:
        (count,) = struct.unpack_from(">I", chunk)
        keys = np.frombuffer(chunk, ">u2", count, 4).astype(np.int64)
        sizes = np.frombuffer(chunk, ">u4", count, 4 + 2 * count).astype(np.int64)
    except (struct.error, ValueError) as error:
        raise CorruptionError(f"a chunk of rows is cut short ({error}): run `nacre verify`") from (
            error
        )
    is_gone = sizes == _GONE
    lengths = np.concatenate([keys, np.where(is_gone, 0, sizes)])
    ends = (4 + 6 * count + np.cumsum(lengths)).tolist()
    if (ends[-1] if ends else 4) != len(chunk):
        raise CorruptionError("a chunk of rows has another length: run `nacre verify`")
    data = bytes(chunk)
    parts = [
        data[start:stop] for start, stop in zip([4 + 6 * count, *ends[:-1]], ends, strict=True)
    ]
    if not is_gone.any():
        return list(zip(parts[:count], parts[count:], strict=True))
    gone = is_gone.tolist()
    return [
        (key, None if lost else value)
        for key, value, lost in zip(parts[:count], parts[count:], gone, strict=True)
    ]
