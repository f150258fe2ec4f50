"""Streams that are compressed as a whole, zstd or xz; reading never takes more than was asked for.

What comes from elsewhere may be made to fill memory or disk: both readers give at most so many
bytes a call, and refuse streams that want a large window.
"""

import lzma
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, Protocol

import zstandard

from nacre.errors import CorruptionError, FormatError, InvalidInput
from nacre.hashing import Buffer

_ZSTD_LEVEL, _XZ_LEVEL = 9, 6
_LARGEST_WINDOW = 1 << 27  # what `zstd -d` takes, too
_MOST_XZ_MEMORY = 1 << 28
_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
_XZ_MAGIC = b"\xfd7zXZ\x00"
_CHUNK_BYTES = 1 << 18


class Compressor(Protocol):
    """Takes bytes, gives fewer."""

    def compress(self, data: Buffer, /) -> bytes:
        """Return what is ready after *data*."""

    def flush(self) -> bytes:
        """Return what is left; nothing comes after it."""


class Source(Protocol):
    """A stream of bytes."""

    def read(self, size: int, /) -> bytes:
        """Return *size* bytes at most; none at the end."""


def compressor_for(path: Path) -> Compressor:
    """Return the compressor that the name of a file asks for.

    Raises:
        InvalidInput: it ends otherwise.
    """
    if path.name.endswith(".tar.zst"):
        how = zstandard.ZstdCompressor(level=_ZSTD_LEVEL, write_checksum=True, threads=-1)
        return how.compressobj()
    if path.name.endswith(".tar.xz"):
        return lzma.LZMACompressor(preset=_XZ_LEVEL)
    raise InvalidInput(f"{path.name!r} does not say how to compress: end it in .tar.zst or .tar.xz")


def squeezed(compressor: Compressor, parts: Iterator[Buffer]) -> Iterator[bytes]:
    """Yield *parts* compressed."""
    for part in parts:
        if done := compressor.compress(part):
            yield done
    yield compressor.flush()


def open_source(file: BinaryIO, name: str) -> Source:
    """Return the content of a compressed file, by its first bytes.

    Raises:
        FormatError: it is neither zstd nor xz.
    """
    magic = file.read(len(_XZ_MAGIC))
    file.seek(0)
    if magic.startswith(_ZSTD_MAGIC):
        how = zstandard.ZstdDecompressor(max_window_size=_LARGEST_WINDOW)
        return _Checked(how.stream_reader(file, read_across_frames=True).read, name)
    if magic == _XZ_MAGIC:
        return _Checked(_Xz(file).read, name)
    raise FormatError(f"{name} is neither zstd nor xz: name what `nacre archive` made")


class _Checked:
    """A source whose errors are nacre's."""

    def __init__(self, read: Callable[[int], bytes], name: str) -> None:
        self._read = read
        self._name = name

    def read(self, size: int, /) -> bytes:
        try:
            return self._read(size)
        except (zstandard.ZstdError, lzma.LZMAError, EOFError) as error:
            raise CorruptionError(
                f"{self._name} does not decompress ({error}): copy it again from where it was made"
            ) from error


class _Xz:
    """One xz stream, and nothing behind it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._stream = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MOST_XZ_MEMORY)

    def read(self, size: int, /) -> bytes:
        while not self._stream.eof:
            raw = self._file.read(_CHUNK_BYTES) if self._stream.needs_input else b""
            if self._stream.needs_input and not raw:
                raise EOFError("it is cut off")
            if done := self._stream.decompress(raw, max_length=size):
                return done
        if self._stream.unused_data or self._file.read(1):
            raise lzma.LZMAError("something follows its end")
        return b""
