"""Which blobs are needed: named by retained history, a view, a snapshot, or a manifest of these.

Digests are an extension type of msgpack with a fixed beginning, so a scan of bytes finds them
without decoding. What only looks like one keeps a blob too many, never one too few.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from nacre.blobs import index
from nacre.codec import digests_in, unpack
from nacre.errors import Dropped, NotFound
from nacre.event import decode_events, open_entry
from nacre.hashing import HASH_SIZE, Digest
from nacre.keys import after_prefix
from nacre.lmdb_handle import Transaction
from nacre.operations.report import Progress
from nacre.operations.snapshots import Snapshots
from nacre.past.runs import rows_in
from nacre.prefixes import VIEWS
from nacre.store import Store

# extension 8, length 33, type 1, algorithm 1
_DIGEST = re.compile(rb"\xc7\x21\x01\x01(.{%d})" % HASH_SIZE, re.DOTALL)
_PAGE_ROWS = 10_000
_REPORT_EVERY = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """What is needed, as of a head."""

    head: int
    needed: set[bytes]
    named: set[bytes]
    """What any event names, also one whose payloads need not be retained."""


def mark(store: Store, since: int, progress: Progress) -> Marks:
    """Find every blob that is needed when the history before *since* need not be retained."""
    with store.read():
        head = store.head
    retained = set(_named_by_events(store, since, head, progress))
    snapshots = Snapshots(store)
    pins = [snapshot.position for snapshot in snapshots.all()]
    retained.update(_named_by_views(store, since, pins))
    if since:
        retained.update(_named_by_snapshots(store, snapshots))
    needed = with_children(store, retained)
    if since == 0:
        return Marks(head=head, needed=needed, named=needed)
    old = set(_named_by_events(store, 0, since, progress))
    return Marks(head=head, needed=needed, named=needed | with_children(store, old))


def named_now(store: Store, newest: int) -> set[bytes]:
    """Return what views show now, and what the *newest* commits name, with all that is part of it.

    What a view cannot tell from its past counts as shown.
    """
    head = store.head
    named = set(_named_in(open_entry(e)[1] for e in store.log.read(max(0, head - newest))))
    named.update(_named_by_views(store, head, ()))
    return with_children(store, named)


def no_marks(head: int) -> Marks:
    """Return marks of nothing, to find with `mark_since` what commits from *head* on name."""
    return Marks(head=head, needed=set(), named=set())


def mark_since(store: Store, marks: Marks) -> Marks:
    """Add what commits since the head of *marks* name."""
    named = set(_named_in(open_entry(entry)[1] for entry in store.log.read(marks.head)))
    fresh = with_children(store, named)
    return Marks(head=store.head, needed=marks.needed | fresh, named=marks.named | fresh)


def _named_by_events(store: Store, start: int, stop: int, progress: Progress) -> Iterator[bytes]:
    for position, entry in enumerate(store.log.read(start, stop), start):
        if position % _REPORT_EVERY == 0:
            progress("mark", position, stop)
        yield from _DIGEST.findall(open_entry(entry)[1])


def _named_in(texts: Iterable[bytes]) -> Iterator[bytes]:
    for text in texts:
        yield from _DIGEST.findall(text)


def named_by_events(store: Store, purged: Mapping[int, Collection[int]]) -> set[bytes]:
    """Return what all events name but some: their ordinals by the position of their commit."""
    named: set[bytes] = set()
    for position, entry in enumerate(store.log.read()):
        body = open_entry(entry)[1]
        if position not in purged:
            named.update(_DIGEST.findall(body))
            continue
        for event in decode_events(entry):
            if event.ordinal not in purged[position]:
                named.update(digest.raw for digest in digests_in(dict(event.data)))
    return named


def _named_by_snapshots(store: Store, snapshots: Snapshots) -> Iterator[bytes]:
    """Yield what the rows in snapshots name, of views that cannot say what they need there."""
    for snapshot in snapshots.all():
        try:
            content = snapshots.content(snapshot.name)
        except Dropped:
            continue  # a purge took its copies of the views
        for stored in content.views:
            if not hasattr(store.maintenance.views.get(stored.name), "retained"):
                rows = rows_in(store.blobs, stored.runs)
                yield from _named_in(value for _, value in rows)


def _named_by_views(store: Store, since: int, pins: Sequence[int]) -> Iterator[bytes]:
    """Yield what the rows of every view name, or what a view says that it needs of it."""
    with store.environment.read() as transaction:
        entries = store.maintenance.catalogue(transaction).entries
    for name, entry in entries.items():
        view = store.maintenance.views.get(name)
        retained = getattr(view, "retained", None) if since else None
        if view is not None and retained is not None:
            yield from (digest.raw for digest in retained(store.view(view), since, pins))
            continue
        for build in (entry.current, entry.successor):
            if build is not None:
                yield from _named_in(_rows(store, build.prefix))


def _rows(store: Store, prefix: bytes) -> Iterator[bytes]:
    """Yield the values of the rows behind a prefix, a short transaction a page."""
    start: bytes | None = prefix
    while start is not None:
        with store.environment.read() as transaction:
            page = _page(transaction, start, after_prefix(prefix))
        yield from (value for _, value in page)
        start = page[-1][0] + b"\x00" if len(page) == _PAGE_ROWS else None


def _page(transaction: Transaction, start: bytes, stop: bytes | None) -> list[tuple[bytes, bytes]]:
    assert start[0] == VIEWS
    cursor = transaction.cursor()
    page: list[tuple[bytes, bytes]] = []
    if cursor.set_range(start):
        for key, value in cursor.iternext():
            if (stop is not None and key >= stop) or len(page) == _PAGE_ROWS:
                break
            page.append((key, value))
    return page


def with_children(store: Store, digests: set[bytes]) -> set[bytes]:
    """Return digests with all that the manifests among them name."""
    found = set(digests)
    pending = list(digests)
    while pending:
        for child in _children(store, Digest(pending.pop())):
            if child.raw not in found:
                found.add(child.raw)
                pending.append(child.raw)
    return found


def _children(store: Store, digest: Digest) -> list[Digest]:
    # A damaged row or manifest raises: what it named could otherwise be dropped.
    with store.environment.read() as transaction:
        row = index.get_row(transaction, digest)
    if row is None or not row.description.is_manifest:
        return []
    try:
        return list(digests_in(unpack(store.blobs.get_blob(digest))))
    except NotFound:
        return []  # dropped meanwhile
