"""Compress payloads anew that only history names: what is read often stays as quick as it is.

A blob is cold when neither a view as it is now nor one of the newest commits names it, such as the
chunks of old versions of a frame. Identity is over the content, so that nothing but the stored form
changes; each is opened again and compared before it takes the place of the old one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from nacre import codec
from nacre.blobs import compression
from nacre.blobs.index import Place, Row
from nacre.blobs.moving import Packs, move_pack
from nacre.blobs.packs import pack_path
from nacre.blobs.record import ALIGNMENT, Description, record_size
from nacre.errors import CorruptionError
from nacre.files import map_file
from nacre.hashing import Buffer, Digest, checksum, digest_of
from nacre.operations.collect import all_rows
from nacre.operations.compact import Pack, packs_of
from nacre.operations.report import Progress
from nacre.operations.roots import named_now
from nacre.store import Store

_LEVEL = 9
# Reading what is compressed takes longer, so that little is not worth it.
_WORTHWHILE = 0.9
_SAMPLED_BLOBS = 12
_LARGEST_SAMPLE_BYTES = 1 << 20
_SMALLEST_BYTES = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class ColdPack:
    """A pack that would shrink enough."""

    pack: Pack
    cold: frozenset[Digest]
    predicted_bytes: int
    """How much smaller it would be, told from a sample."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recompressed:
    """What became of cold packs."""

    packs: int = 0
    before_bytes: int = 0
    after_bytes: int = 0
    waiting: int = 0
    """Left as they are, because somebody is appending to them."""


def cold_packs(
    store: Store, *, newest: int, min_gain: float, progress: Progress
) -> tuple[ColdPack, ...]:
    """Return the packs that would shrink by *min_gain* if their cold blobs were compressed anew.

    What the *newest* commits name is not cold.
    """
    if store.layout.packs is None:
        return ()
    hot = named_now(store, newest)
    rows: dict[bytes, list[Row]] = {}
    for row in all_rows(store):
        if isinstance(row.payload, Place) and row.description.digest.raw not in hot:
            rows.setdefault(row.payload.pack_id, []).append(row)
    packs = packs_of(store)
    found = []
    for done, pack in enumerate(packs):
        progress("packs", done, len(packs))
        cold = rows.get(pack.pack_id, [])
        predicted = _predicted(store, pack, cold) if cold else 0
        if predicted > min_gain * pack.size_bytes:
            digests = frozenset(row.description.digest for row in cold)
            found.append(ColdPack(pack=pack, cold=digests, predicted_bytes=predicted))
    return tuple(found)


def predicted(packs: Iterable[ColdPack]) -> Recompressed:
    """Return what `recompress` would do."""
    packs = tuple(packs)
    before = sum(each.pack.size_bytes for each in packs)
    saved = sum(each.predicted_bytes for each in packs)
    return Recompressed(packs=len(packs), before_bytes=before, after_bytes=before - saved)


def recompress(store: Store, chosen: Sequence[ColdPack], progress: Progress) -> Recompressed:
    """Write packs anew with their cold blobs compressed; readers and writers go on."""
    done = Recompressed()
    if not chosen or store.layout.packs is None:
        return done
    packs = Packs(store.environment, store.layout.packs, store.files)
    for number, each in enumerate(chosen):
        progress("packs", number, len(chosen))
        recoding = _Recoding(each.cold)
        pack = each.pack
        if move_pack(packs, pack.pack_id, pack.size_bytes, pack.digests, recode=recoding.recode):
            done = replace(
                done,
                packs=done.packs + 1,
                before_bytes=done.before_bytes + pack.size_bytes,
                after_bytes=done.after_bytes + recoding.stored_bytes,
            )
        else:
            done = replace(done, waiting=done.waiting + 1)
    progress("packs", len(chosen), len(chosen))
    return done


class _Recoding:
    """Compresses the cold blobs of a pack."""

    def __init__(self, cold: frozenset[Digest]) -> None:
        self.stored_bytes = 0
        self._cold = cold

    def recode(self, description: Description, payload: memoryview) -> tuple[Description, Buffer]:
        """Return a cold payload compressed, if that pays, and any other as it is."""
        found: tuple[Description, Buffer] = description, payload
        if description.digest in self._cold:
            found = _smaller(description, payload) or found
        self.stored_bytes += record_size(found[0].stored_size)
        return found


def _smaller(description: Description, payload: memoryview) -> tuple[Description, bytes] | None:
    if not _SMALLEST_BYTES <= description.size <= compression.LARGEST_BYTES:
        return None
    content = compression.restored(payload, size=description.size, is_zstd=description.is_zstd)
    packed = codec.compress(content, level=_LEVEL)
    if len(packed) > _WORTHWHILE * description.stored_size:
        return None
    if digest_of(codec.decompress(packed, size=description.size)) != description.digest:
        raise CorruptionError(f"the content of {description.digest} has another digest")
    again = replace(
        description,
        stored_size=len(packed),
        stored_checksum=checksum(packed),
        is_zstd=True,
    )
    return again, packed


def _predicted(store: Store, pack: Pack, cold: Sequence[Row]) -> int:
    """Return how much smaller a pack would be, told from some of its cold blobs."""
    assert store.layout.packs is not None
    try:
        content = map_file(pack_path(store.layout.packs, pack.pack_id))
    except FileNotFoundError:
        return 0  # another process has just moved what is in it
    step = max(1, len(cold) // _SAMPLED_BLOBS)
    before = after = 0
    for row in cold[::step]:
        assert isinstance(row.payload, Place)
        start = row.payload.offset + ALIGNMENT
        size = row.description.stored_size
        shrunk = _sampled(row.description, content[start : start + size])
        before, after = before + size, after + shrunk
    whole = sum(row.description.stored_size for row in cold)
    return int(whole * (1 - after / before)) if before else 0


def _sampled(description: Description, payload: memoryview) -> int:
    """Return about how many bytes a payload would take."""
    size = description.stored_size
    if not _SMALLEST_BYTES <= description.size <= compression.LARGEST_BYTES:
        return size
    try:
        content = compression.restored(payload, size=description.size, is_zstd=description.is_zstd)
    except CorruptionError:
        return size  # which is told when it is read
    sample = content[:_LARGEST_SAMPLE_BYTES]
    shrunk = len(codec.compress(sample, level=_LEVEL)) * len(content) // len(sample)
    return shrunk if shrunk <= _WORTHWHILE * size else size
