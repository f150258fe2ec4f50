"""Streams into a blob store: the one place that puts chunks, and only those that are new.

A version is first compared with the one before at the same rows. Where that keeps little, rows
were inserted or removed: one telling column says how the rows moved, and the rest follow it.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, TypeVar

import pyarrow as pa

from nacre.blobs.protocol import Payloads
from nacre.frames.align import Block
from nacre.frames.chunks import encode_chunk
from nacre.frames.cuts import TARGET_BYTES, cut_rows, stored_bytes
from nacre.frames.moves import moved_blocks
from nacre.frames.reuse import Run, is_short_tail, is_unchanged, kept_runs, worth_keeping
from nacre.frames.streams import INLINE_BYTES, Chunk, Piece, Stream, read_stream, stream_of

# Threads cost more than they save below this many bytes.
_PARALLEL_FROM_BYTES = 1 << 20
_MAX_THREADS = 8
# New rows up to this size share a chunk, however far apart they are.
_SMALL_GAP_BYTES = 64 << 10
# A stream that keeps less of its rows than this in place may have been moved.
_MOSTLY = 0.9

In = TypeVar("In")
Out = TypeVar("Out")
Span = tuple[int, int]


class Work(NamedTuple):
    """An array to store, and the stream of the version before that it may share with."""

    array: pa.Array
    previous: Stream | None


def store_streams(payloads: Payloads, work: Sequence[Work]) -> list[Stream]:
    """Store every array and return its stream, in order."""
    size = sum(stored_bytes(item.array) for item in work)
    kept = in_parallel(lambda item: _kept_in_place(payloads, item), work, size_bytes=size)
    kept = _follow_moves(payloads, work, kept, size_bytes=size)
    pairs = list(zip(work, kept, strict=True))
    return in_parallel(lambda pair: _store(payloads, *pair), pairs, size_bytes=size)


def extend_stream(payloads: Payloads, stream: Stream, array: pa.Array) -> Stream:
    """Return *stream* with the rows of *array* after its own.

    Short chunks at its end are stored again together with what is new, so that a thousand
    appends of one row do not leave a thousand chunks.
    """
    row_bytes = stored_bytes(array) / max(len(array), 1)
    pieces = list(stream.pieces)
    fresh = len(array)
    while pieces and is_short_tail(_length(pieces[-1]), fresh, row_bytes):
        fresh += _length(pieces.pop())
    tail = read_stream(payloads, stream, stream.rows + len(array) - fresh, stream.rows)
    chunks = list(stream.chunks)
    pieces += _put_chunks(payloads, pa.concat_arrays([*tail.chunks, array]), chunks)
    return stream_of(stream.kind, chunks, pieces)


def in_parallel(do: Callable[[In], Out], items: Sequence[In], *, size_bytes: int) -> list[Out]:
    """Return what *do* returns for each item, on all processors when *size_bytes* is worth it."""
    threads = min(os.cpu_count() or 1, len(items), _MAX_THREADS)
    if size_bytes < _PARALLEL_FROM_BYTES or threads < 2:
        return [do(item) for item in items]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(do, items))


def _kept_in_place(payloads: Payloads, work: Work) -> list[Run]:
    array, previous = work
    if previous is None or previous.kind != array.type:
        return []
    same_rows = [Block(0, 0, min(len(array), previous.rows))]
    return kept_runs(payloads, array, previous, same_rows)


def _follow_moves(
    payloads: Payloads, work: Sequence[Work], kept: list[list[Run]], *, size_bytes: int
) -> list[list[Run]]:
    """Return *kept*, with more for streams whose rows moved."""
    poor = [number for number, item in enumerate(work) if _keeps_little(item, kept[number])]
    shared = sum(item.previous is not None for item in work)
    same_rows = all(len(work[number].array) == _previous(work[number]).rows for number in poor)
    if not poor or (same_rows and len(poor) * 2 <= shared):
        return kept
    streams = [(work[number].array, _previous(work[number])) for number in poor]
    blocks = moved_blocks(payloads, streams)
    if not blocks:
        return kept
    moved = in_parallel(
        lambda pair: kept_runs(payloads, *pair, blocks), streams, size_bytes=size_bytes
    )
    better = {n: runs for n, runs in zip(poor, moved, strict=True) if _rows(runs) > _rows(kept[n])}
    return [better.get(number, runs) for number, runs in enumerate(kept)]


def _keeps_little(work: Work, runs: Sequence[Run]) -> bool:
    array, previous = work
    if previous is None or previous.kind != array.type:
        return False
    both = min(len(array), previous.rows)
    return _rows(runs) < both * _MOSTLY and stored_bytes(array) > _SMALL_GAP_BYTES


def _previous(work: Work) -> Stream:
    assert work.previous is not None
    return work.previous


def _rows(runs: Sequence[Run]) -> int:
    return sum(run.rows for run in runs)


def _store(payloads: Payloads, work: Work, runs: list[Run]) -> Stream:
    array, previous = work
    if previous is None or not runs:
        chunks: list[Chunk] = []
        return stream_of(array.type, chunks, _put_chunks(payloads, array, chunks))
    if is_unchanged(runs, len(array), previous):
        return previous
    runs = worth_keeping(runs, array, previous)
    chunks = list(previous.chunks)
    placed = {run.row: [run.piece] for run in runs}
    placed.update(_put_gaps(payloads, array, list(_gaps(runs, len(array))), chunks))
    pieces = [piece for row in sorted(placed) for piece in placed[row]]
    return stream_of(array.type, chunks, _merged(pieces))


def _gaps(runs: Sequence[Run], rows: int) -> Iterator[Span]:
    row = 0
    for run in runs:
        if run.row > row:
            yield row, run.row
        row = run.row + run.rows
    if rows > row:
        yield row, rows


def _put_gaps(
    payloads: Payloads, array: pa.Array, gaps: Sequence[Span], chunks: list[Chunk]
) -> dict[int, list[Piece]]:
    """Store the rows of *gaps*; return the pieces of each by the row where it starts."""
    row_bytes = stored_bytes(array) / max(len(array), 1)
    placed: dict[int, list[Piece]] = {}
    small: list[Span] = []
    for start, stop in gaps:
        if (stop - start) * row_bytes > _SMALL_GAP_BYTES:
            part = array.slice(start, stop - start)
            placed[start] = _put_chunks(payloads, part, chunks)
        else:
            small.append((start, stop))
    for batch in _batches(small, int(TARGET_BYTES / max(row_bytes, 1 / 8))):
        rows = [array.slice(start, stop - start) for start, stop in batch]
        chunks.append(_put_chunk(payloads, pa.concat_arrays(rows)))
        row = 0
        for start, stop in batch:
            placed[start] = [Piece(len(chunks) - 1, row, row + stop - start)]
            row += stop - start
    return placed


def _batches(spans: Sequence[Span], max_rows: int) -> Iterator[list[Span]]:
    batch: list[Span] = []
    rows = 0
    for start, stop in spans:
        if batch and rows + stop - start > max_rows:
            yield batch
            batch, rows = [], 0
        batch.append((start, stop))
        rows += stop - start
    if batch:
        yield batch


def _merged(pieces: Sequence[Piece]) -> list[Piece]:
    """Join pieces that follow each other in one chunk."""
    merged: list[Piece] = []
    for piece in pieces:
        if merged and merged[-1].chunk == piece.chunk and merged[-1].stop == piece.start:
            merged[-1] = Piece(piece.chunk, merged[-1].start, piece.stop)
        else:
            merged.append(piece)
    return merged


def _put_chunks(payloads: Payloads, array: pa.Array, chunks: list[Chunk]) -> list[Piece]:
    """Cut *array*, store and list its chunks, and return the pieces that make it up."""
    pieces = []
    start = 0
    for stop in cut_rows(array):
        if stop > start:
            chunks.append(_put_chunk(payloads, array.slice(start, stop - start)))
            pieces.append(Piece(len(chunks) - 1, 0, stop - start))
        start = stop
    return pieces


def _put_chunk(payloads: Payloads, array: pa.Array) -> Chunk:
    encoded = encode_chunk(array)
    data, size = encoded.data, len(encoded.data)
    content = bytes(data) if size <= INLINE_BYTES else payloads.put_blob(data)
    return Chunk(content, len(array), array.null_count, size, encoded.width, encoded.base)


def _length(piece: Piece) -> int:
    return piece.stop - piece.start
