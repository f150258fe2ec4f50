"""What a stream can keep of the version before: runs of rows that its chunks already hold.

A chunk whose digest is unchanged is kept without being read. One that differs is read and
compared row by row, and what is equal in it is kept as pieces around what changed.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from nacre.blobs.protocol import Payloads
from nacre.frames.align import Block
from nacre.frames.chunks import encode_chunk
from nacre.frames.cuts import stored_bytes
from nacre.frames.equality import Mask, equal_rows
from nacre.frames.streams import Chunk, Piece, Stream, one_array, pieces_within, read_stream
from nacre.hashing import digest_of

# Equal rows between changed ones are kept from this many on; fewer cost less stored again.
_MIN_RUN_ROWS = 32
# A chunk in more pieces than this, or with fewer than one row in 16 left, is written anew.
_MAX_PIECES_PER_CHUNK = 256
_MIN_SHARE = 16
# Chunks up to this size are written again with whatever changes, so that they do not pile up.
_SMALL_BYTES = 4096
# What is appended is joined with short chunks before it, up to this size.
_TAIL_BYTES = 64 << 10
# After two rounds of this many rows without a run of equal ones, a stream is taken to be new.
_ROWS_AT_ONCE = 1 << 16
_HOPELESS_ROUNDS = 2


class Run(NamedTuple):
    """A piece of a chunk of the version before, at the row of the new stream where it stands."""

    row: int
    piece: Piece

    @property
    def rows(self) -> int:
        """How many rows the run holds."""
        return self.piece.stop - self.piece.start


def kept_runs(
    payloads: Payloads, array: pa.Array, previous: Stream, blocks: Sequence[Block]
) -> list[Run]:
    """Return the runs of *array* that *previous* holds where *blocks* say, in ascending order."""
    comparison = _Comparison(payloads, previous, array)
    for block in blocks:
        for row, piece in pieces_within(previous, block.old, block.old + block.rows):
            comparison.add(Run(row - block.old + block.new, piece))
        comparison.finish()
    return comparison.kept


def is_unchanged(runs: Sequence[Run], rows: int, previous: Stream) -> bool:
    """Say whether *runs* are all of *previous* and nothing is new."""
    return rows == previous.rows and tuple(run.piece for run in runs) == previous.pieces


def worth_keeping(runs: Sequence[Run], array: pa.Array, previous: Stream) -> list[Run]:
    """Return the runs without those whose rows are better stored again."""
    row_bytes = stored_bytes(array) / max(len(array), 1)
    pieces = Counter(run.piece.chunk for run in runs)
    rows: Counter[int] = Counter()
    for run in runs:
        rows[run.piece.chunk] += run.rows
    kept = [
        run
        for run in runs
        if pieces[run.piece.chunk] <= _MAX_PIECES_PER_CHUNK
        and rows[run.piece.chunk] * _MIN_SHARE >= previous.chunks[run.piece.chunk].rows
        and previous.chunks[run.piece.chunk].rows * row_bytes >= _SMALL_BYTES
    ]
    return _without_short_tail(kept, len(array), row_bytes)


def is_short_tail(rows: int, fresh: int, row_bytes: float) -> bool:
    """Say whether *rows* at the end are stored again with the *fresh* ones after them.

    Each row is stored again a few times at most, and many small appends cost few chunks.
    """
    return rows < 2 * fresh and (rows + fresh) * row_bytes < _TAIL_BYTES


def _without_short_tail(runs: list[Run], rows: int, row_bytes: float) -> list[Run]:
    while runs:
        last = runs[-1]
        fresh = rows - last.row - last.rows
        if not fresh or not is_short_tail(last.rows, fresh, row_bytes):
            break
        runs = runs[:-1]
    return runs


class _Comparison:
    """Collects what an array has in common with a stream, reading chunks only where it must.

    Neighbouring pieces that differ are compared together: a column of many pieces would
    otherwise cost a round of small calls for each.
    """

    def __init__(self, payloads: Payloads, previous: Stream, array: pa.Array) -> None:
        self.kept: list[Run] = []
        self._payloads = payloads
        self._previous = previous
        self._array = array
        self._differing: list[Run] = []
        self._differing_rows = 0
        self._rounds = 0

    def add(self, run: Run) -> None:
        """Compare the next run, in ascending order."""
        chunk = self._previous.chunks[run.piece.chunk]
        if run.rows == chunk.rows and _holds(chunk, self._array.slice(run.row, run.rows)):
            self.finish()
            self.kept.append(run)
            return
        self._differing.append(run)
        self._differing_rows += run.rows
        if self._differing_rows >= _ROWS_AT_ONCE:
            self.finish()

    def finish(self) -> None:
        """Compare what differed, row by row, at the end of a block."""
        runs, self._differing, self._differing_rows = self._differing, [], 0
        if not runs or (self._rounds >= _HOPELESS_ROUNDS and not self.kept):
            return
        self._rounds += 1
        new = self._array.slice(runs[0].row, runs[-1].row + runs[-1].rows - runs[0].row)
        pieces = tuple(run.piece for run in runs)
        part = Stream(self._previous.kind, len(new), self._previous.chunks, pieces)
        old = one_array(read_stream(self._payloads, part, 0, len(new)))
        same = equal_rows(old, new)
        if same is None:
            # Nested values are compared whole, so that a piece is kept or not.
            self.kept.extend(_equal_runs(runs, old, new))
        elif same.all():
            self.kept.extend(runs)
        else:
            self.kept.extend(_long_runs(runs, same))


def _equal_runs(runs: Sequence[Run], old: pa.Array, new: pa.Array) -> Iterator[Run]:
    for run in runs:
        start = run.row - runs[0].row
        if old.slice(start, run.rows).equals(new.slice(start, run.rows)):
            yield run


def _long_runs(runs: Sequence[Run], same: Mask) -> Iterator[Run]:
    """Yield the long spans of equal rows, split where one piece ends and the next starts."""
    first_row = runs[0].row
    borders = np.array([run.row - first_row for run in runs])
    is_cut = np.ones(len(same) + 1, np.bool_)
    is_cut[1:-1] = same[1:] != same[:-1]
    is_cut[borders] = True
    cuts = np.flatnonzero(is_cut)
    long = same[cuts[:-1]] & (np.diff(cuts) >= _MIN_RUN_ROWS)
    starts, stops = cuts[:-1][long], cuts[1:][long]
    numbers = np.searchsorted(borders, starts, side="right") - 1
    for start, stop, number in zip(starts.tolist(), stops.tolist(), numbers.tolist(), strict=True):
        chunk, at, _ = runs[number].piece
        offset = at + first_row - runs[number].row
        yield Run(first_row + start, Piece(chunk, offset + start, offset + stop))


def _holds(chunk: Chunk, part: pa.Array) -> bool:
    if chunk.nulls != part.null_count:
        return False
    encoded = encode_chunk(part)
    if (chunk.width, chunk.base, chunk.size_bytes) != (*encoded[1:], len(encoded.data)):
        return False
    if isinstance(chunk.content, bytes):
        return chunk.content == encoded.data
    return chunk.content == digest_of(encoded.data)
