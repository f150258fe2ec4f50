"""Drop the blobs that nothing needs, while others go on putting and naming blobs.

Guards I7. What is not needed is condemned in one transaction, and dropped in a later one if no
handle holds what it put before that. Who puts a condemned blob stores it again; who commits a name
for it takes the condemnation back. So there is no moment at which a name and a drop can miss each
other, and a kill anywhere leaves blobs that the next collection drops.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from nacre.blobs import index
from nacre.blobs.held import holds_path
from nacre.blobs.index import Epitaph, Place, Row
from nacre.blobs.record import record_size
from nacre.decision import Transaction as Tx
from nacre.hashing import Digest
from nacre.holds import is_held_before
from nacre.lmdb_handle import Transaction
from nacre.operations.roots import Marks, mark_since
from nacre.store import Store

COMPACTED = "nacre.compacted"
SUBJECT = "nacre"

_PAGE_ROWS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Unneeded:
    """Blobs that may go."""

    digests: tuple[Digest, ...] = ()
    size_bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """What was dropped, and what has to wait."""

    dropped: Unneeded
    waiting: Unneeded
    """Kept because a handle has put blobs that no commit names yet."""


def unneeded(store: Store, marks: Marks) -> Unneeded:
    """Return what could be dropped now, without changing anything."""
    rows = [row for row in all_rows(store) if row.description.digest.raw not in marks.needed]
    return _unneeded(rows)


def collect(store: Store, marks: Marks, rule: str) -> Collected:
    """Condemn what *marks* do not need, and drop it if nobody can still name it."""
    candidates = [
        row.description.digest
        for row in all_rows(store)
        if row.is_condemned or row.description.digest.raw not in marks.needed
    ]
    if not candidates:
        return Collected(dropped=Unneeded(), waiting=Unneeded())
    number = store.environment.run(
        store.files, lambda t: _condemn(t, candidates, mark_since(store, marks))
    )
    waiting = _unneeded(_still_condemned(store, candidates))
    if is_held_before(holds_path(store.environment, store.layout.packs), number):
        return Collected(dropped=Unneeded(), waiting=waiting)
    if waiting.digests:
        store.commit(lambda tx: _drop(store, tx, waiting, marks, rule), message=rule)
    return Collected(dropped=waiting, waiting=Unneeded())


def all_rows(store: Store) -> Iterable[Row]:
    """Yield the rows of the blob index, a short transaction a page."""
    after: Digest | None = None
    while True:
        with store.environment.read() as transaction:
            page: list[Row] = []
            for digest, row in index.rows(transaction, after):
                after = digest
                if row is None:
                    index.get_row(transaction, digest)  # raises what is wrong with it
                    continue
                page.append(row)
                if len(page) == _PAGE_ROWS:
                    break
        yield from page
        if len(page) < _PAGE_ROWS:
            return


def stored_bytes(row: Row) -> int:
    """Return what a blob takes where it lies."""
    size = row.description.stored_size
    return record_size(size) if isinstance(row.payload, Place) else size


def _condemn(transaction: Transaction, digests: Iterable[Digest], marks: Marks) -> int:
    """Condemn blobs, and acquit those of an earlier round that are needed now."""
    for digest in digests:
        row = index.get_row(transaction, digest)
        if row is None:
            continue
        is_condemned = digest.raw not in marks.needed
        if is_condemned != row.is_condemned:
            index.put_row(transaction, replace(row, is_condemned=is_condemned), overwrite=True)
    return index.begin_round(transaction)


def _still_condemned(store: Store, digests: Iterable[Digest]) -> list[Row]:
    with store.environment.read() as transaction:
        rows = [index.get_row(transaction, digest) for digest in digests]
    return [row for row in rows if row is not None and row.is_condemned]


def _drop(store: Store, tx: Tx, waiting: Unneeded, marks: Marks, rule: str) -> None:
    transaction = store.environment.transaction
    assert transaction is not None
    rows = _still_condemned(store, waiting.digests)
    epitaph = Epitaph(tx.position, rule)
    for row in rows:
        digest = row.description.digest
        named = digest.raw in marks.named
        index.drop_row(transaction, digest, epitaph if named else None)
    dropped = _unneeded(rows)
    if rows:
        data = {"rule": rule, "blobs": len(rows), "size_bytes": dropped.size_bytes}
        tx.record_own(COMPACTED, subject=SUBJECT, data=data)


def _unneeded(rows: Iterable[Row]) -> Unneeded:
    rows = list(rows)
    return Unneeded(
        digests=tuple(row.description.digest for row in rows),
        size_bytes=sum(map(stored_bytes, rows)),
    )
