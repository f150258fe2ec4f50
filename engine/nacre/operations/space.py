"""What uses the disk: by kind, by view, by frame; what is shared, dead, and could be given back."""

from collections.abc import Callable
from dataclasses import dataclass

from nacre.blobs.index import Row
from nacre.frames import FrameVersions
from nacre.hashing import Digest
from nacre.operations.collect import all_rows, stored_bytes
from nacre.operations.compact import compact, free_bytes, packs_of, size_bytes
from nacre.operations.report import Progress, no_progress
from nacre.operations.roots import with_children
from nacre.prefixes import BLOBS, LOG, META, PACKS, TREE, VIEWS
from nacre.store import Store

_KINDS = {
    META: "identity and catalogue",
    BLOBS: "blob index and small blobs",
    PACKS: "blob index and small blobs",
    VIEWS: "views",
    TREE: "tree",
    LOG: "log",
}
_SLOT_BYTES = 3
_PAGE_ROWS = 50_000
_ROW_OVERHEAD_BYTES = 10  # what LMDB writes beside key and value

Key = tuple[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """What one thing takes."""

    what: str
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameSpace:
    """What all versions of a frame take together."""

    name: str
    versions: int
    own_bytes: int
    """In blobs that nothing else names: what would be given back without the frame."""

    shared_bytes: int
    """In blobs that other frames or events name too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpaceReport:
    """What uses the disk."""

    size_bytes: int
    rows: tuple[Used, ...]
    """Rows of the LMDB file, by kind; pages that are not full make up the rest of the file."""

    views: tuple[Used, ...]
    frames: tuple[FrameSpace, ...]
    packs_bytes: int
    dead_bytes: int
    """In packs: blobs that were dropped, and bytes that nothing points to."""

    free_bytes: int
    """Free pages of the LMDB file."""

    droppable_blobs: int
    droppable_bytes: int
    """In blobs that nothing needs under the rule of retention."""

    gain_bytes: int
    """What `nacre compact` would give back now."""


def space(store: Store, progress: Progress = no_progress) -> SpaceReport:
    """Say what uses the disk."""
    rows = _rows_by_kind(store, progress)
    packs = packs_of(store)
    predicted = compact(store, dry_run=True, progress=progress)
    return SpaceReport(
        size_bytes=size_bytes(store),
        rows=_sums(rows, lambda kind, _: kind),
        views=_views(store, rows),
        frames=_frames(store),
        packs_bytes=sum(pack.size_bytes for pack in packs),
        dead_bytes=sum(pack.dead_bytes for pack in packs),
        free_bytes=free_bytes(store),
        droppable_blobs=predicted.dropped_blobs,
        droppable_bytes=predicted.dropped_bytes,
        gain_bytes=predicted.size_before_bytes - predicted.size_after_bytes,
    )


def _rows_by_kind(store: Store, progress: Progress) -> dict[Key, int]:
    """Return the bytes of all rows by kind and slot, a short transaction a page."""
    sizes: dict[Key, int] = {}
    start, done = b"\x00", 0
    while True:
        with store.environment.read() as transaction:
            total = transaction.stat(None)["entries"]
            cursor = transaction.cursor()
            page = 0
            if cursor.set_range(start):
                for key, value in cursor.iternext():
                    kind = _key_of(key)
                    sizes[kind] = sizes.get(kind, 0) + _size_of(key, value)
                    start, page = key + b"\x00", page + 1
                    if page == _PAGE_ROWS:
                        break
        done += page
        progress("rows", done, total)
        if page < _PAGE_ROWS:
            return sizes


def _key_of(key: bytes) -> Key:
    kind = _KINDS.get(key[0], "unknown")
    slot = int.from_bytes(key[1:_SLOT_BYTES], "big") if key[0] == VIEWS else 0
    return kind, slot


def _size_of(key: bytes, value: bytes) -> int:
    return len(key) + len(value) + _ROW_OVERHEAD_BYTES


def _sums(sizes: dict[Key, int], name: Callable[[str, int], str]) -> tuple[Used, ...]:
    sums: dict[str, int] = {}
    for (kind, slot), size in sizes.items():
        what = name(kind, slot)
        sums[what] = sums.get(what, 0) + size
    order = sorted(sums.items(), key=lambda item: -item[1])
    return tuple(Used(what=what, size_bytes=size) for what, size in order)


def _views(store: Store, sizes: dict[Key, int]) -> tuple[Used, ...]:
    with store.environment.read() as transaction:
        entries = store.maintenance.catalogue(transaction).entries
    names = {
        build.slot: name
        for name, entry in entries.items()
        for build in (entry.current, entry.successor)
        if build is not None
    }
    of_views = {key: size for key, size in sizes.items() if key[0] == "views"}
    return _sums(of_views, lambda _, slot: names.get(slot, "being erased"))


def _frames(store: Store) -> tuple[FrameSpace, ...]:
    rows = {row.description.digest: row for row in all_rows(store)}
    versions = _versions(store)
    parts = {name: with_children(store, {d.raw for d in found}) for name, found in versions.items()}
    owners: dict[bytes, int] = {}
    for digests in parts.values():
        for digest in digests:
            owners[digest] = owners.get(digest, 0) + 1
    return tuple(
        FrameSpace(
            name=name,
            versions=len(versions[name]),
            own_bytes=_stored(rows, {d for d in digests if owners[d] == 1}),
            shared_bytes=_stored(rows, {d for d in digests if owners[d] > 1}),
        )
        for name, digests in sorted(parts.items())
    )


def _versions(store: Store) -> dict[str, list[Digest]]:
    view = store.view(FrameVersions)
    found: dict[str, list[Digest]] = {}
    for version in view.every():
        found.setdefault(version.name, []).append(version.frame)
    return found


def _stored(rows: dict[Digest, Row], digests: set[bytes]) -> int:
    found = (rows.get(Digest(raw)) for raw in digests)
    return sum(stored_bytes(row) for row in found if row is not None)
