"""Check the index of the blobs and the framing of every pack: no payload is read for that."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from nacre.blobs import index, record
from nacre.blobs.index import Place, Row
from nacre.blobs.packs import pack_path
from nacre.blobs.record import Description
from nacre.errors import CorruptionError
from nacre.files import map_file
from nacre.hashing import Digest
from nacre.operations.report import Progress
from nacre.store import Store

_PAGE_ROWS = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """Something wrong with stored payloads, and the blobs that it hits."""

    where: str
    what: str
    digests: tuple[Digest, ...] = ()
    pack_id: bytes | None = None
    """The pack that was damaged, if one was."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A payload that can be checked: of a row of the index, or of a record that none points to."""

    description: Description
    place: Place | None
    """Where in a pack; None for a small one, which lies in the index."""

    is_used: bool = True


@dataclass(slots=True)
class BlobFindings:
    """How many blobs there are, what is wrong, and which payloads can be checked."""

    count: int = 0
    damages: list[Damage] = field(default_factory=list)
    stored: list[Stored] = field(default_factory=list)
    packs: dict[bytes, memoryview] = field(default_factory=dict)


def check_index(store: Store, progress: Progress) -> BlobFindings:
    """Read every row of the index, then the framing of every record of the packs."""
    findings = BlobFindings()
    placed = _check_rows(store, findings)
    # After the rows: every pack that one of them names is committed by now.
    with store.environment.read() as transaction:
        sizes = index.committed_packs(transaction)
    total = sum(sizes.values())
    done = 0
    for pack_id, size in sizes.items():
        progress("packs", done, total)
        damages = _check_pack(store, pack_id, size, placed.get(pack_id, {}), findings)
        findings.damages += [replace(damage, pack_id=pack_id) for damage in damages]
        done += size
    progress("packs", total, total)
    for pack_id in placed.keys() - sizes.keys():
        digests = tuple(row.description.digest for row in placed[pack_id].values())
        findings.damages.append(
            Damage(where="pack", what=f"{pack_id.hex()} is unknown", digests=digests)
        )
    return findings


def readable_rows(store: Store) -> Iterator[Row]:
    """Yield the rows of the index that were not altered."""
    return _rows(store, BlobFindings())


def _check_rows(store: Store, findings: BlobFindings) -> dict[bytes, dict[int, Row]]:
    """Note the small blobs; return the rows of the others by pack and offset."""
    placed: dict[bytes, dict[int, Row]] = {}
    for row in _rows(store, findings):
        findings.count += 1
        if isinstance(row.payload, Place):
            placed.setdefault(row.payload.pack_id, {})[row.payload.offset] = row
        else:
            findings.stored.append(Stored(row.description, None))
    return placed


def _rows(store: Store, findings: BlobFindings) -> Iterator[Row]:
    """Yield the rows of the index, a short transaction a page."""
    after: Digest | None = None
    while True:
        page: list[Row] = []
        with store.environment.read() as transaction:
            for digest, row in index.rows(transaction, after):
                after = digest
                if row is None:
                    what = f"the index row of {digest} was altered"
                    findings.damages.append(Damage(where="blob", what=what, digests=(digest,)))
                else:
                    page.append(row)
                if len(page) == _PAGE_ROWS:
                    break
        yield from page
        if len(page) < _PAGE_ROWS:
            return


def _check_pack(
    store: Store, pack_id: bytes, size: int, rows: dict[int, Row], findings: BlobFindings
) -> list[Damage]:
    """Walk the records of a pack as far as commits name it."""
    assert store.layout.packs is not None
    path = pack_path(store.layout.packs, pack_id)
    every = tuple(row.description.digest for row in rows.values())
    try:
        pack = map_file(path)
    except FileNotFoundError:
        return [Damage(where="pack", what=f"{path.name} is missing", digests=every)]
    if len(pack) < size:
        cut = tuple(r.description.digest for at, r in rows.items() if _end(at, r) > len(pack))
        what = f"{path.name} is cut off at {len(pack)} of {size} bytes"
        return [Damage(where="pack", what=what, digests=cut)]
    findings.packs[pack_id] = pack
    damages = []
    for found in _check_records(path.name, pack[:size], pack_id, rows):
        if isinstance(found, Damage):
            damages.append(found)
        else:
            findings.stored.append(found)
    findings.stored += [Stored(row.description, Place(pack_id, at)) for at, row in rows.items()]
    return damages


def _check_records(
    name: str, pack: memoryview, pack_id: bytes, rows: dict[int, Row]
) -> Iterator[Damage | Stored]:
    """Yield what is wrong with the framing of a pack, and records that nothing points to."""
    if bytes(pack[: record.ALIGNMENT]) != record.pack_header(pack_id):
        yield Damage(where="pack", what=f"the first bytes of {name} were altered")
    offset = record.ALIGNMENT
    while offset < len(pack):
        row = rows.get(offset)
        try:
            description = record.read_record(pack, offset)
        except CorruptionError as error:
            hit = () if row is None else (row.description.digest,)
            yield Damage(where="pack", what=f"{name}: {error}", digests=hit)
            if row is None:
                return  # without a row, nobody knows where the next record starts
            description = row.description
        if row is None:
            yield Stored(description, Place(pack_id, offset), is_used=False)
        elif row.description != description:
            what = f"the index row of {row.description.digest} differs from its record"
            yield Damage(where="blob", what=what, digests=(row.description.digest,))
        offset += record.record_size(description.stored_size)


def _end(offset: int, row: Row) -> int:
    return offset + record.record_size(row.description.stored_size)
