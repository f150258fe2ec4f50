"""A stream: the values of one array, as pieces of chunks, and its lines in a manifest.

    chunk    [digest or the bytes themselves, rows, nulls, size in bytes, width, base]
    stream   [type, rows, [chunk, ...], [chunk number, first row, row after the last, ...]]

A piece is a run of rows of one chunk. A stream without pieces is its chunks one after the other;
one that was written along an earlier version cuts out of its chunks what changed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import pyarrow as pa

from nacre.blobs.protocol import Payloads
from nacre.errors import CorruptionError
from nacre.frames.chunks import decode_chunk
from nacre.frames.flat import Encoded
from nacre.frames.layout import type_of, type_token
from nacre.hashing import Buffer, Digest

# A chunk up to this size stands in the manifest: a blob of its own would cost more.
INLINE_BYTES = 1024
_MAX_ROWS = 1 << 62
# Below this many rows a piece, reading joins the pieces rather than handing them out.
_SPLINTER_ROWS = 2048
_MANY_PIECES = 64


@dataclass(frozen=True, slots=True)
class Chunk:
    """Rows that are stored together, under their digest or in the manifest itself."""

    content: Digest | bytes
    rows: int
    nulls: int
    size_bytes: int
    width: int = 0
    base: int = 0


class Piece(NamedTuple):
    """The rows from `start` to before `stop` of chunk number `chunk`."""

    chunk: int
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Stream:
    """One array as it is stored."""

    kind: pa.DataType
    rows: int
    chunks: tuple[Chunk, ...]
    pieces: tuple[Piece, ...]

    @property
    def size_bytes(self) -> int:
        """How many bytes the rows take, uncompressed: of a chunk its share by rows."""
        return sum(
            self.chunks[number].size_bytes * (stop - start) // self.chunks[number].rows
            for number, start, stop in self.pieces
        )

    def placed(self) -> Iterator[tuple[int, Piece]]:
        """Yield each piece with the row of the stream at which it starts."""
        row = 0
        for piece in self.pieces:
            yield row, piece
            row += piece.stop - piece.start


def stream_of(kind: pa.DataType, chunks: list[Chunk], pieces: list[Piece]) -> Stream:
    """Return the stream of *pieces*, without the chunks that none of them needs."""
    used = sorted({piece.chunk for piece in pieces})
    number = {old: new for new, old in enumerate(used)}
    kept = tuple(chunks[old] for old in used)
    renumbered = tuple(Piece(number[piece.chunk], piece.start, piece.stop) for piece in pieces)
    return Stream(kind, sum(stop - start for _, start, stop in pieces), kept, renumbered)


def whole_pieces(chunks: tuple[Chunk, ...] | list[Chunk]) -> tuple[Piece, ...]:
    """Return the pieces of a stream that is its chunks one after the other."""
    return tuple(Piece(number, 0, chunk.rows) for number, chunk in enumerate(chunks))


def stream_manifest(stream: Stream) -> list[object]:
    """Return what a manifest says of *stream*."""
    chunks = [_chunk_manifest(chunk) for chunk in stream.chunks]
    pieces: list[int] = []
    if stream.pieces != whole_pieces(stream.chunks):
        pieces = [number for piece in stream.pieces for number in piece]
    return [type_token(stream.kind), stream.rows, chunks, pieces]


def parse_stream(manifest: object) -> Stream:
    """Return the stream that `stream_manifest` described.

    Raises:
        CorruptionError: *manifest* is not such a description.
    """
    match manifest:
        case [str() | bytes() as token, int() as rows, list() as chunks, list() as pieces]:
            parsed = tuple(map(_parse_chunk, chunks))
            stream = Stream(type_of(token), rows, parsed, _parse_pieces(pieces, parsed))
        case _:
            raise _damaged("a stream has other fields")
    if sum(piece.stop - piece.start for piece in stream.pieces) != rows:
        raise _damaged(f"a stream of {rows} rows has pieces of another length")
    return stream


def read_stream(payloads: Payloads, stream: Stream, start: int, stop: int) -> pa.ChunkedArray:
    """Return the rows from *start* to before *stop*, reading the chunks that hold them."""
    chunks: dict[int, pa.Array] = {}
    slices = []
    for row, piece in stream.placed():
        first, last = max(start - row, 0), min(stop - row, piece.stop - piece.start)
        if first >= last:
            continue
        if piece.chunk not in chunks:
            chunks[piece.chunk] = read_chunk(payloads, stream.chunks[piece.chunk], stream.kind)
        slices.append(_part(chunks[piece.chunk], piece.start + first, piece.start + last))
    return _joined(slices, stream.kind)


def read_chunk(payloads: Payloads, chunk: Chunk, kind: pa.DataType) -> pa.Array:
    """Return the values of *chunk*."""
    content: Buffer
    if isinstance(chunk.content, Digest):
        content = payloads.get_blob(chunk.content)
    else:
        content = chunk.content
    encoded = Encoded(content, chunk.width, chunk.base)
    return decode_chunk(encoded, kind, rows=chunk.rows, nulls=chunk.nulls)


def pieces_within(stream: Stream, start: int, stop: int) -> Iterator[tuple[int, Piece]]:
    """Yield the pieces that make up a range of rows, each with the row that it starts at."""
    for row, piece in stream.placed():
        first, last = max(start - row, 0), min(stop - row, piece.stop - piece.start)
        if first < last:
            yield row + first, Piece(piece.chunk, piece.start + first, piece.start + last)


def one_array(values: pa.ChunkedArray) -> pa.Array:
    """Return *values* as one array, copied only when they are several."""
    if values.num_chunks == 1:
        return values.chunk(0)
    return pa.concat_arrays(values.chunks) if values.num_chunks else pa.array([], values.type)


def _part(array: pa.Array, start: int, stop: int) -> pa.Array:
    if stop - start == len(array):
        return array
    return array.slice(start, stop - start)


def _joined(slices: list[pa.Array], kind: pa.DataType) -> pa.ChunkedArray:
    rows = sum(map(len, slices))
    if len(slices) > _MANY_PIECES and rows < len(slices) * _SPLINTER_ROWS:
        slices = [pa.concat_arrays(slices)]
    return pa.chunked_array(slices, kind)


def _chunk_manifest(chunk: Chunk) -> list[object]:
    shape = [chunk.rows, chunk.nulls, chunk.size_bytes]
    packing = [chunk.width, chunk.base] if chunk.width else []
    return [chunk.content, *shape, *packing]


def _parse_chunk(manifest: object) -> Chunk:
    match manifest:
        case [Digest() | bytes() as content, *numbers] if len(numbers) in (3, 5) and all(
            type(number) is int for number in numbers
        ):
            chunk = Chunk(content, *numbers)  # type: ignore[arg-type]  # checked above
            if 0 <= chunk.nulls <= chunk.rows < _MAX_ROWS and chunk.rows and chunk.size_bytes >= 0:
                return chunk
    raise _damaged("a chunk has other fields")


def _parse_pieces(numbers: list[object], chunks: tuple[Chunk, ...]) -> tuple[Piece, ...]:
    if not numbers:
        return whole_pieces(chunks)
    if len(numbers) % 3 or not all(type(number) is int for number in numbers):
        raise _damaged("the pieces of a stream are not numbers in threes")
    pieces = tuple(map(Piece._make, zip(*[iter(numbers)] * 3, strict=True)))
    for chunk, start, stop in pieces:
        if not (0 <= chunk < len(chunks) and 0 <= start < stop <= chunks[chunk].rows):
            raise _damaged(f"a piece names rows {start} to {stop} of chunk {chunk}")
    return pieces


def _damaged(what: str) -> CorruptionError:
    return CorruptionError(f"the manifest of a frame is damaged, {what}: run `nacre verify`")
