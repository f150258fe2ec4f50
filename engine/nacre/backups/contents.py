"""What a target holds: which chunks, and in which packs they lie.

An index is a sealed file in the folder `indexes`: the length (8) of msgpack [[name of a pack, its
table], ...], which follows as one zstd frame. Indexes only save reading: packs say themselves
what is in them, so one whose writer died before it wrote an index is found all the same.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from nacre import codec
from nacre.backups.pack import Chunk, chunk_key, part_count, read_table, table_in
from nacre.backups.sealed import CONDEMNED, INDEXES, PACKS, SealedTarget
from nacre.blobs.record import Description
from nacre.errors import CorruptionError, NotFound
from nacre.hashing import Digest

_LENGTH_BYTES = 8
_LARGEST_INDEX_BYTES = 1 << 30
_LEVEL = 3
_INDEX_PACKS = 1000

Result = TypeVar("Result")
Tables = Mapping[str, bytes]
"""The table of each pack."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a chunk lies."""

    pack: str
    offset: int
    chunk: Chunk


@dataclass(slots=True)
class Contents:
    """The chunks of a target, as far as their packs are there."""

    packs: dict[str, int]
    """The size of every pack."""

    places: dict[bytes, list[Place]] = field(default_factory=dict)
    indexed: set[str] = field(default_factory=set)
    unindexed: dict[str, bytes] = field(default_factory=dict)
    """Tables of packs that no index names."""

    dying: dict[str, int] = field(default_factory=dict)
    """Packs that are condemned, and when they may be deleted."""

    problems: list[str] = field(default_factory=list)

    def add(self, pack: str, table: bytes | memoryview) -> None:
        """Note the chunks of a pack."""
        offset = 0
        for chunk in read_table(table):
            self.places.setdefault(chunk.key, []).append(Place(pack, offset, chunk))
            offset += chunk.packed_size

    def by_pack(self) -> dict[str, list[Place]]:
        """Return what lies in each pack."""
        by_pack: dict[str, list[Place]] = {}
        for places in self.places.values():
            for place in places:
                by_pack.setdefault(place.pack, []).append(place)
        return by_pack

    def drop(self, packs: set[str]) -> None:
        """Forget the chunks of some packs."""
        self.packs = {pack: size for pack, size in self.packs.items() if pack not in packs}
        self.unindexed = {pack: t for pack, t in self.unindexed.items() if pack not in packs}
        kept = (
            (key, [place for place in places if place.pack not in packs])
            for key, places in self.places.items()
        )
        self.places = {key: places for key, places in kept if places}

    def find(self, digest: Digest, part: int = 0) -> Place | None:
        """Return where a part of a blob lies; in a pack that stays, where there is a choice."""
        places = self._at(digest, part)
        return min(places, key=self._order) if places else None

    def places_of(self, digest: Digest) -> list[Place] | None:
        """Return where all parts of a blob lie; None when one is missing.

        A vault may have compressed it anew between two backups: all parts are of one form.
        """
        first = self.find(digest)
        if first is None or part_count(first.chunk.description.stored_size) == 1:
            return None if first is None else [first]
        forms = {p.chunk.description: None for p in sorted(self._at(digest, 0), key=self._order)}
        wholes = (self._parts(digest, form) for form in forms)
        return next((parts for parts in wholes if parts is not None), None)

    def _parts(self, digest: Digest, form: Description) -> list[Place] | None:
        """Return where the parts of a form of a blob lie; None when one is missing."""
        found = []
        for part in range(part_count(form.stored_size)):
            same = [p for p in self._at(digest, part) if p.chunk.description == form]
            if not same:
                return None
            found.append(min(same, key=self._order))
        return found

    def _at(self, digest: Digest, part: int) -> list[Place]:
        return self.places.get(chunk_key(digest, part), [])

    def _order(self, place: Place) -> tuple[bool, str]:
        return place.pack in self.dying, place.pack


def load_contents(target: SealedTarget) -> Contents:
    """Return what a target holds; what cannot be read is among the problems."""
    dying = condemned_packs(target)
    indexes = target.list(INDEXES)
    # After the indexes: a pack that one of them names was there before it.
    contents = Contents(target.list(PACKS), dying=dying)
    for name in indexes:
        tables = _read_if_there(partial(read_index, target, name), contents)
        for pack, table in (tables or {}).items():
            if pack in contents.packs and pack not in contents.indexed:
                contents.indexed.add(pack)
                contents.add(pack, table)
    for pack in contents.packs.keys() - contents.indexed:
        found = _read_if_there(partial(_read_table, target, pack), contents)
        if found is not None:
            contents.unindexed[pack] = found
            contents.add(pack, found)
    return contents


def read_index(target: SealedTarget, name: str) -> dict[str, bytes]:
    """Return the tables in an index."""
    content = target.get(name)
    size = int.from_bytes(content[:_LENGTH_BYTES], "big")
    if size > _LARGEST_INDEX_BYTES:
        raise CorruptionError(f"{name} claims a size of {size} bytes")
    value = codec.unpack(codec.decompress(content[_LENGTH_BYTES:], size=size))
    if not isinstance(value, list):
        raise CorruptionError(f"{name} is no index")
    return {str(pack): bytes(table) for pack, table in value}


def write_indexes(target: SealedTarget, tables: Tables) -> int:
    """Store tables of packs, and return how many bytes that took."""
    packs = sorted(tables)
    written = 0
    for start in range(0, len(packs), _INDEX_PACKS):
        some = packs[start : start + _INDEX_PACKS]
        content = codec.pack([[pack, tables[pack]] for pack in some])
        frame = codec.compress(content, level=_LEVEL)
        length = len(content).to_bytes(_LENGTH_BYTES, "big")
        name, sealed = target.seal(INDEXES, [length, frame])
        target.target.put(name, sealed)
        written += sum(map(len, sealed))
    return written


def condemned_packs(target: SealedTarget) -> dict[str, int]:
    """Return the packs that are condemned, and when each may be deleted."""
    dying: dict[str, int] = {}
    for name in target.list(CONDEMNED):
        try:
            after_ns, packs = read_condemned(target, name)
        except (NotFound, CorruptionError):
            continue  # carried out meanwhile, or never to be: nobody can read it
        for pack in packs:
            dying[pack] = min(after_ns, dying.get(pack, after_ns))
    return dying


def read_condemned(target: SealedTarget, name: str) -> tuple[int, list[str]]:
    """Return when the packs of a list may be deleted, and which they are."""
    match codec.unpack(target.get(name)):
        case {"after_ns": int(after_ns), "packs": list(packs)}:
            return after_ns, [str(pack) for pack in packs]
        case _:
            raise CorruptionError(f"{name} is no list of packs")


def write_condemned(
    target: SealedTarget, packs: Sequence[str], *, after_ns: int, purged_by: bytes | None = None
) -> str:
    """Let packs be deleted after a time; say for which vault if they hold what it has purged."""
    fields: dict[str, object] = {"after_ns": after_ns, "packs": sorted(packs)}
    if purged_by is not None:
        fields["purged_by"] = purged_by
    return target.put(CONDEMNED, [codec.pack(fields)])


def condemned_by_purges(target: SealedTarget, vault_id: bytes) -> list[str]:
    """Return the lists of packs that hold what a vault has purged."""
    return [name for name in target.list(CONDEMNED) if _purger(target, name) == vault_id]


def packs_being_purged(target: SealedTarget) -> set[str]:
    """Return the packs that go because of a purge; what else was in them lies elsewhere."""
    packs: set[str] = set()
    for name in target.list(CONDEMNED):
        if _purger(target, name) is not None:
            packs.update(read_condemned(target, name)[1])
    return packs


def _purger(target: SealedTarget, name: str) -> object:
    try:
        fields = codec.unpack(target.get(name))
    except (NotFound, CorruptionError):
        return None
    return fields.get("purged_by") if isinstance(fields, dict) else None


def missing_of(contents: Contents, digests: Iterable[Digest]) -> list[Digest]:
    """Return the blobs of which a target lacks a part."""
    return [digest for digest in digests if contents.places_of(digest) is None]


def _read_table(target: SealedTarget, pack: str) -> bytes:
    return bytes(table_in(target.get(pack)))


def _read_if_there(read: Callable[[], Result], contents: Contents) -> Result | None:
    try:
        return read()
    except NotFound:
        return None  # removed meanwhile: another index names what it named
    except CorruptionError as error:
        contents.problems.append(str(error))
        return None
