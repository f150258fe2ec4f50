"""Reading blobs back from a target; whatever is not what was stored is named."""

from collections import OrderedDict

from nacre.backups.contents import Contents, Place
from nacre.backups.pack import unpack_part
from nacre.backups.sealed import SealedTarget
from nacre.blobs import compression
from nacre.blobs.record import Description
from nacre.errors import CorruptionError
from nacre.hashing import Buffer, Digest, checksum, digest_of

_KEPT_PACKS = 4


class Fetcher:
    """Blobs of a target by their digests. For one thread.

    One that is *lenient* takes what is whole out of packs that are damaged: of what it returns,
    a content is checked all the same, and payloads are to be checked by whoever asks for them.
    """

    def __init__(self, target: SealedTarget, contents: Contents, *, lenient: bool = False) -> None:
        self.fetched_bytes = 0
        self.is_lenient = lenient
        self._target = target
        self._contents = contents
        self._packs: OrderedDict[str, memoryview] = OrderedDict()

    def content(self, digest: Digest) -> Buffer:
        """Return the content of a blob, checked against its digest.

        Raises:
            CorruptionError: the target has none, or other bytes.
        """
        description, parts = self.payload(digest)
        payload = memoryview(parts[0] if len(parts) == 1 else b"".join(parts))
        content = compression.restored(payload, size=description.size, is_zstd=description.is_zstd)
        if digest_of(content) != digest:
            raise CorruptionError(f"{self._target.target} holds other content for {digest}")
        return content

    def payload(self, digest: Digest) -> tuple[Description, list[Buffer]]:
        """Return a blob's description, and its payload in parts, not checked."""
        places = self._contents.places_of(digest)
        if places is None:
            raise CorruptionError(f"{self._target.target} lacks {digest}")
        return places[0].chunk.description, [self.part(place) for place in places]

    def place(self, digest: Digest) -> Place | None:
        """Return where the first part of a blob lies."""
        return self._contents.find(digest)

    def part(self, place: Place) -> Buffer:
        """Return the slice of a payload that lies at a place."""
        return part_in(self.pack(place.pack), place)

    def pack(self, name: str) -> memoryview:
        """Return the content of a pack; the last few are kept."""
        pack = self._packs.get(name)
        if pack is None:
            pack = self._packs[name] = read_pack(self._target, name, lenient=self.is_lenient)
            self.fetched_bytes += len(pack)
            if len(self._packs) > _KEPT_PACKS:
                self._packs.popitem(last=False)
        return pack


def read_pack(target: SealedTarget, name: str, *, lenient: bool) -> memoryview:
    """Return the content of a pack; if it is damaged and that is allowed, what may be left."""
    try:
        return target.get(name)
    except CorruptionError:
        if not lenient:
            raise
        return target.get_damaged(name)


def part_in(pack: memoryview, place: Place) -> Buffer:
    """Return the slice of a payload that lies at a place in a pack."""
    return unpack_part(place.chunk, pack[place.offset : place.offset + place.chunk.packed_size])


def checked_part(pack: memoryview, place: Place) -> Buffer:
    """Return the slice of a payload at a place, checked as far as one slice can be.

    Raises:
        CorruptionError: it is not what was backed up.
    """
    data = part_in(pack, place)
    if len(data) != place.chunk.raw_size:
        raise CorruptionError(f"a part of {place.chunk.description.digest} is cut off")
    if place.chunk.raw_size == place.chunk.description.stored_size:
        check_payload(place.chunk.description, data)
    return data


def check_payload(description: Description, payload: Buffer) -> None:
    """Raise CorruptionError unless a payload is what the vault had stored."""
    if checksum(payload) != description.stored_checksum:
        raise CorruptionError(f"the payload of {description.digest} is not what was backed up")
