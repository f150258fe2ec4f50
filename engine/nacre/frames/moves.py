"""How rows moved between two versions, read off a column whose values tell rows apart."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from nacre.blobs.protocol import Payloads
from nacre.frames.align import Block, align_rows
from nacre.frames.cuts import Hashes, row_hashes
from nacre.frames.streams import Stream, read_stream

_SAMPLE_ROWS = 1000
_TELLING_SHARE = 0.9
_ENOUGH_SHARE = 0.5
_MAX_TRIES = 3
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)

Pair = tuple[pa.Array, Stream]


def moved_blocks(payloads: Payloads, streams: Sequence[Pair]) -> list[Block]:
    """Return which rows of the streams' arrays are which rows of the version before.

    All the streams have one row for each row of the frame; empty when nothing was found.
    """
    array, previous = streams[0]
    streams = [
        pair for pair in streams if len(pair[0]) == len(array) and pair[1].rows == previous.rows
    ]
    telling = [[pair] for pair in streams if _tells_rows_apart(pair[0])][:_MAX_TRIES]
    best: list[Block] = []
    for tried in [*telling, streams]:
        best = max(best, _blocks_of(payloads, tried), key=_rows)
        if _rows(best) > len(array) * _ENOUGH_SHARE:
            break
    return best


def _blocks_of(payloads: Payloads, streams: Sequence[Pair]) -> list[Block]:
    """Align the rows by the values of all *streams* together."""
    old_rows, new_rows = streams[0][1].rows, len(streams[0][0])
    old, new = np.zeros(old_rows, np.uint64), np.zeros(new_rows, np.uint64)
    for array, previous in streams:
        before = read_stream(payloads, previous, 0, old_rows)
        old = _combined(old, [row_hashes(chunk) for chunk in before.chunks])
        new = _combined(new, [row_hashes(array)])
    return align_rows(old, new)


def _combined(hashes: Hashes, more: Sequence[Hashes | None]) -> Hashes:
    known = [part for part in more if part is not None]
    if sum(map(len, known)) != len(hashes):
        return hashes
    combined: Hashes = hashes * _MULTIPLIER + np.concatenate(known)
    return combined


def _tells_rows_apart(array: pa.Array) -> bool:
    step = max(len(array) // _SAMPLE_ROWS, 1)
    sample = array.take(pa.array(np.arange(0, len(array), step)))
    hashes = row_hashes(sample)
    return hashes is not None and len(np.unique(hashes)) > len(sample) * _TELLING_SHARE


def _rows(blocks: Sequence[Block]) -> int:
    return sum(block.rows for block in blocks)
