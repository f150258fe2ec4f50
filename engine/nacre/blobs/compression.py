"""Raw or zstd: which of the two a blob is stored as."""

from nacre import codec
from nacre.errors import CorruptionError
from nacre.hashing import Buffer

_SMALLEST_BYTES = 128
# A larger blob is a mapped file: it is stored as it is, never held in memory.
LARGEST_BYTES = 64 << 20
_SAMPLE_BYTES = 8 << 10
_SAMPLES = 3
_LEVEL = 1
# Every read decompresses. What shrinks less than this is read twice as fast as it is, and a frame
# of a million rows takes 1 % more disk for it (docs/benchmarks.md).
_WORTHWHILE = 0.35


def compressed(content: Buffer) -> bytes | None:
    """Return *content* as a zstd frame, or None when a sample shows that it does not pay."""
    size = len(content)
    if not _SMALLEST_BYTES <= size <= LARGEST_BYTES:
        return None
    if size > 2 * _SAMPLES * _SAMPLE_BYTES and not _pays(_sample(content)):
        return None
    payload = codec.compress(content, level=_LEVEL)
    return payload if len(payload) <= size * _WORTHWHILE else None


def restored(payload: memoryview, *, size: int, is_zstd: bool) -> memoryview:
    """Return the content of a stored payload."""
    if is_zstd:
        if size > LARGEST_BYTES:
            raise CorruptionError(f"a compressed payload claims {size} bytes, which none has")
        return memoryview(codec.decompress(payload, size=size))
    if len(payload) != size:
        raise CorruptionError(f"a payload has {len(payload)} bytes, not {size}")
    return payload


def _sample(content: Buffer) -> bytes:
    view = memoryview(content)
    step = (len(view) - _SAMPLE_BYTES) // (_SAMPLES - 1)
    return b"".join(view[at * step : at * step + _SAMPLE_BYTES] for at in range(_SAMPLES))


def _pays(sample: bytes) -> bool:
    return len(codec.compress(sample, level=_LEVEL)) <= len(sample) * _WORTHWHILE
