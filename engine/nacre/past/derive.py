"""Derive rows of views in an environment of their own: from a base, by the commits after it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from nacre.environment import Environment
from nacre.errors import CorruptionError
from nacre.event import decode_events
from nacre.files import Files
from nacre.lmdb_handle import Transaction
from nacre.log import Log
from nacre.views.catalogue import Build, Catalogue, Entry, put_catalogue, slot_prefix
from nacre.views.pairs import MemoryPairs, Pair, TransactionPairs
from nacre.views.table import GetBlob, State
from nacre.views.view import Names, OpenViews, Upcasts, View

BATCH_EVENTS = 50_000
_BATCH_ROWS = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """Rows that a derivation begins with, and how many commits they have seen."""

    position: int
    rows: Iterable[Pair] = ()


def load(environment: Environment, files: Files, slot: int, rows: Iterable[Pair]) -> None:
    """Put sorted rows into an empty slot.

    Raises:
        CorruptionError: they are not sorted.
    """
    prefix = slot_prefix(slot)
    source = iter(rows)
    while batch := [(prefix + key, value) for key, value in islice(source, _BATCH_ROWS)]:
        with environment.write(files) as transaction:
            consumed, added = transaction.cursor().putmulti(batch, append=True)
            if not consumed == added == len(batch):
                raise CorruptionError("rows of a snapshot are not in order: run `nacre verify`")


def replay(
    transaction: Transaction,
    views: Mapping[int, type[View]],
    entries: Iterator[bytes],
    upcasts: Upcasts,
    limit: int = BATCH_EVENTS,
    *,
    get_blob: GetBlob,
) -> int:
    """Apply about *limit* events to the views in slots; return how many commits it took.

    Rows change in memory first: one that a thousand events change is put once.
    """
    memories = {
        view.name: (slot, MemoryPairs(TransactionPairs(transaction, slot_prefix(slot))))
        for slot, view in views.items()
    }
    classes = {view.name: view for view in views.values()}
    opened = OpenViews(classes, lambda name: State(memories[name][1], get_blob), upcasts)
    taken = apply_entries(entries, opened, limit)
    for slot, memory in sorted(memories.values(), key=lambda held: held[0]):
        pairs = TransactionPairs(transaction, slot_prefix(slot))
        for key, value in memory.changes():
            if value is None:
                pairs.delete(key)
            else:
                pairs.put(key, value)
    return taken


def apply_entries(entries: Iterator[bytes], views: OpenViews, limit: int) -> int:
    """Apply about *limit* events of *entries*; return how many of those were taken."""
    taken = applied = 0
    for entry in entries:
        events = decode_events(entry)
        for event in events:
            views.apply(event)
        if events:
            names = Names({event.subject for event in events}, {event.kind for event in events})
            views.end_commit(events[0].header, names)
        taken += 1
        applied += len(events)
        if applied >= limit:
            break
    return taken


def seal(transaction: Transaction, view: type[View]) -> None:
    """Say that the rows in slot 0 are those of *view*, complete."""
    build = Build(slot=0, version=view.version, position=None)
    put_catalogue(transaction, Catalogue({view.name: Entry(current=build)}))


def selected(log: Log, positions: Iterable[int]) -> Iterator[bytes]:
    """Yield the entries at *positions*, which are in order; neighbours are read together."""
    start = stop = -1
    for position in positions:
        if position != stop:
            yield from log.read(start, stop) if start >= 0 else ()
            start = position
        stop = position + 1
    if start >= 0:
        yield from log.read(start, stop)
