"""Values to bytes and back: msgpack with a digest extension, and zstd.

Packing is strict, so that what is read equals what was recorded: a tuple, a set, a subclass of
a builtin or an integer beyond 64 bits is refused, never quietly changed.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar, cast

import msgpack
import zstandard

from nacre.errors import CorruptionError, Unstorable
from nacre.hashing import HASH_SIZE, Buffer, Digest

DIGEST_EXTENSION = 1
_TIMESTAMP_EXTENSION = -1
_BLAKE3 = b"\x01"  # the algorithm is part of the digest
_MAX_DEPTH = 100
_ARRAY = b"\xdd"
_WORTH_JOINING = 4
_HOOKS = ("list_hook", "object_hook")

Parts = TypeVar("Parts", list[object], dict[object, object])

_threads = threading.local()


def pack(value: object) -> bytes:
    """Encode *value*: None, bool, int, float, str, bytes, Digest, and lists and
    dicts of these. A bytearray is stored as the bytes that it holds.

    Raises:
        Unstorable: *value* holds something else; the message names where.
    """
    return _packer().pack(value)


def pack_all(values: Iterable[object]) -> list[bytes]:
    """Encode many values, each as `pack` does."""
    return _packer().pack_all(values)


def _packer() -> "Packer":
    # Making a packer costs three times what packing an event does.
    try:
        packer: Packer = _threads.packer
    except AttributeError:
        packer = _threads.packer = Packer()
    return packer


class Packer:
    """Packs values one after the other, and collects the digests in them. For one thread."""

    __slots__ = ("_pack", "named")

    def __init__(self) -> None:
        self.named: list[Digest] | None = None
        self._pack: Callable[[object], bytes] = msgpack.Packer(
            default=self._pack_digest, strict_types=True
        ).pack

    def pack(self, value: object) -> bytes:
        """Encode *value* as `nacre.codec.pack` does; add its digests to `named`, if that is set."""
        try:
            return self._pack(value)
        except (TypeError, ValueError, OverflowError, RecursionError, UnicodeEncodeError) as error:
            what = _explain(value, "value", 0) or f"value cannot be stored: {error}"
            raise Unstorable(what) from error

    def pack_all(self, values: Iterable[object]) -> list[bytes]:
        """Encode many values, each as `pack` does."""
        values = [*values]
        try:
            return [*map(self._pack, values)]
        except (TypeError, ValueError, OverflowError, RecursionError, UnicodeEncodeError):
            return [*map(self.pack, values)]  # says which of them, and why

    def _pack_digest(self, value: object) -> msgpack.ExtType:
        if type(value) is not Digest:
            raise TypeError(f"{type(value).__name__} is not storable")
        if self.named is not None:
            self.named.append(value)
        return msgpack.ExtType(DIGEST_EXTENSION, _BLAKE3 + value.raw)


def check_storable(value: object, name: str) -> None:
    """Raise Unstorable, saying where in *value*, if `pack` would refuse it."""
    what = _explain(value, name, 0)
    if what is not None:
        raise Unstorable(what)


def unpack(data: Buffer, *, most_parts: int | None = None) -> object:
    """Decode what `pack` wrote.

    Raises:
        CorruptionError: *data* is not one complete value, or it is in more than *most_parts*
            parts: an empty list takes one byte here, and 80 in memory.
    """
    try:
        if most_parts is None:
            return msgpack.unpackb(data, ext_hook=_unpack_extension, strict_map_key=False)
        hooks = dict.fromkeys(_HOOKS, _Counter(most_parts).take)
        return msgpack.unpackb(data, ext_hook=_unpack_extension, strict_map_key=False, **hooks)
    except (ValueError, TypeError, msgpack.UnpackException, RecursionError) as error:
        raise CorruptionError(
            f"{len(data)} stored bytes do not decode ({error}): run `nacre verify`"
        ) from error


def unpack_all(data: Sequence[bytes]) -> list[object]:
    """Decode many values that `pack` wrote, in a fraction of the time that one by one takes.

    Raises:
        CorruptionError: one of them is not a complete value.
    """
    if len(data) < _WORTH_JOINING:
        return [unpack(each) for each in data]
    # An array of them, as msgpack writes it.
    found = unpack(_ARRAY + len(data).to_bytes(4, "big") + b"".join(data))
    return cast("list[object]", found)


def digests_in(value: object) -> Iterator[Digest]:
    """Yield every digest inside *value*, in order, repeated where it is repeated."""
    # Not by recursion: what was not written by us may be nested deeper than Python goes.
    ahead = [value]
    while ahead:
        found = ahead.pop()
        if isinstance(found, Digest):
            yield found
        elif isinstance(found, dict):
            ahead += [part for pair in reversed(found.items()) for part in reversed(pair)]
        elif isinstance(found, list | tuple):
            ahead += reversed(found)


def extension_of(value: object) -> tuple[int, bytes] | None:
    """Return code and bytes of what only msgpack knows; None for every other value."""
    if isinstance(value, msgpack.Timestamp):
        return _TIMESTAMP_EXTENSION, value.to_bytes()
    return (value.code, value.data) if isinstance(value, msgpack.ExtType) else None


def compress(data: Buffer, *, level: int = 1) -> bytes:
    """Return *data* as one zstd frame that states its content size."""
    key = f"compressor{level}"
    compressor = getattr(_threads, key, None)
    if compressor is None:
        compressor = zstandard.ZstdCompressor(level=level)
        setattr(_threads, key, compressor)
    return compressor.compress(data)


def decompress(data: Buffer, *, size: int) -> bytes:
    """Return the content of a zstd frame that must hold exactly *size* bytes.

    Raises:
        CorruptionError: it does not, or it is no zstd frame. Nothing larger than *size* is
            ever allocated, whatever the frame claims.
    """
    decompressor = getattr(_threads, "decompressor", None)
    if decompressor is None:
        decompressor = _threads.decompressor = zstandard.ZstdDecompressor()
    try:
        if zstandard.frame_content_size(data) != size:
            raise CorruptionError(f"a compressed payload does not state its {size} bytes")
        content: bytes = decompressor.decompress(data, max_output_size=size)
    except zstandard.ZstdError as error:
        raise CorruptionError(f"a compressed payload does not decompress: {error}") from error
    return content


class _Counter:
    """Counts the parts of lists and maps while they are read."""

    def __init__(self, most: int) -> None:
        self._left = self._most = most

    def take(self, parts: Parts) -> Parts:
        self._left -= len(parts) + 1
        if self._left < 0:
            raise ValueError(f"they are in more than {self._most:,} parts")
        return parts


def _unpack_extension(code: int, data: bytes) -> Digest | msgpack.ExtType:
    if code != DIGEST_EXTENSION:
        # The packer takes these without asking us, so they come back as they went in.
        return msgpack.ExtType(code, data)
    if len(data) == HASH_SIZE + 1 and data[:1] == _BLAKE3:
        return Digest(data[1:])
    raise ValueError(f"a digest of {len(data)} bytes is none that is known")


def _explain(value: object, path: str, depth: int) -> str | None:
    """Say which part of *value* cannot be stored, or return None when nothing stands out."""
    if depth > _MAX_DEPTH:
        return f"{path[:60]}... is nested deeper than {_MAX_DEPTH} levels: flatten it"
    kind = type(value)
    if kind is dict:
        assert isinstance(value, dict)
        keys = (_explain_scalar(key, f"the key {key!r} of {path}") for key in value)
        odd = next(filter(None, keys), None)
        if odd is not None:
            return odd
        parts = ((f"{path}[{key!r}]", inner) for key, inner in value.items())
        return next(filter(None, (_explain(v, p, depth + 1) for p, v in parts)), None)
    if kind is list:
        assert isinstance(value, list)
        parts = ((f"{path}[{i}]", inner) for i, inner in enumerate(value))
        return next(filter(None, (_explain(v, p, depth + 1) for p, v in parts)), None)
    return _explain_scalar(value, path)


def _explain_scalar(value: object, path: str) -> str | None:
    kind = type(value)
    if kind is int:
        assert isinstance(value, int)
        fits = -(1 << 63) <= value < 1 << 64
        return None if fits else f"{path} is an integer beyond 64 bits: store it as a string"
    if kind is str:
        assert isinstance(value, str)
        try:
            value.encode()
        except UnicodeEncodeError:
            return f"{path} holds a lone surrogate, which is not text: store it as bytes"
        return None
    if value is None or kind in (bool, float, bytes, Digest):
        return None
    return (
        f"{path} is a {kind.__name__}, which would not come back as it was: "
        "use None, bool, int, float, str, bytes, list, dict or a digest"
    )
