"""Rows of some views, derived in a file that says how far it has come: a kill costs little.

    key    01, "replay"
    value  msgpack [position, leaf of the commit before it, [code of a view, ...]]

It is written in the transaction that writes the rows. What does not say so, or says it of
another log or other code, is begun again.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from nacre import codec
from nacre.environment import Environment
from nacre.errors import NacreError
from nacre.files import Files
from nacre.lmdb_file import lock_path
from nacre.lmdb_handle import Transaction
from nacre.log import LmdbLog, LogUntil
from nacre.log.tree import LmdbTree
from nacre.past.code import code_of
from nacre.past.derive import BATCH_EVENTS, load, replay
from nacre.prefixes import META
from nacre.views.catalogue import slot_prefix
from nacre.views.pairs import Pair, TransactionPairs
from nacre.views.table import GetBlob
from nacre.views.view import Upcasts, View

_KEY = bytes([META]) + b"replay"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What views are derived from."""

    environment: Environment
    log: LmdbLog | LogUntil
    upcasts: Upcasts
    get_blob: GetBlob
    files: Files

    def leaf(self, position: int) -> bytes:
        """Return the leaf of the commit before a position."""
        if position == 0:
            return b""
        with self.environment.read() as transaction:
            return LmdbTree(transaction).leaf(position - 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Views to derive together, from rows of the same position."""

    views: tuple[type[View], ...]
    start: int
    bases: tuple[Sequence[object], ...]
    """What names the rows that each view begins with, if not none."""

    batch_events: int = BATCH_EVENTS


class Work:
    """A task in progress."""

    def __init__(self, path: Path, task: Task, source: Source) -> None:
        self.task = task
        self._path = path
        self._source = source
        self._slots = dict(enumerate(task.views))
        self._entries: tuple[int, Iterator[bytes]] | None = None
        self._environment, self.position = self._opened()

    def begin(self, rows: dict[str, Iterator[Pair]]) -> None:
        """Load the rows that the views begin with; nothing if that was done before."""
        if self.position >= 0:
            return
        for slot, view in self._slots.items():
            load(self._environment, self._source.files, slot, rows[view.name])
        with self._environment.write(self._source.files) as transaction:
            self._note(transaction, self.task.start)

    def advance(self, until: int) -> None:
        """Apply one batch of events of the commits before a position."""
        if self._entries is None or self._entries[0] != until:
            self._entries = (until, self._source.log.read(self.position, until))
        with self._environment.write(self._source.files) as transaction:
            taken = replay(
                transaction,
                self._slots,
                self._entries[1],
                self._source.upcasts,
                self.task.batch_events,
                get_blob=self._source.get_blob,
            )
            self._note(transaction, self.position + taken)

    def rows(self, view: type[View]) -> Iterator[Pair]:
        """Yield the rows of a view, in the order of their keys."""
        slot = next(slot for slot, held in self._slots.items() if held is view)
        with self._environment.read() as transaction:
            yield from TransactionPairs(transaction, slot_prefix(slot)).scan(b"", None)

    def close(self) -> None:
        """Let go of the file; it stays."""
        self._environment.close()

    def _note(self, transaction: Transaction, position: int) -> None:
        state = [position, self._source.leaf(position), self._codes()]
        transaction.put(_KEY, codec.pack(state))
        self.position = position

    def _codes(self) -> list[object]:
        task = self.task
        codes = [code_of(view, self._source.upcasts) for view in task.views]
        bases = [list(base) for base in task.bases]
        return [task.start, codes, bases]

    def _opened(self) -> tuple[Environment, int]:
        """Return the file and the position in it; -1 when it is to be begun."""
        if self._path.exists():
            try:
                environment = Environment(self._path, read_only=False, relaxed=True)
                position = self._noted(environment)
                if position >= 0:
                    return environment, position
                environment.close()
            except NacreError:
                pass  # not what a replay has written: it is begun again
            for path in (self._path, lock_path(self._path)):
                path.unlink(missing_ok=True)
        return Environment(self._path, read_only=False, relaxed=True), -1

    def _noted(self, environment: Environment) -> int:
        with environment.read() as transaction:
            raw = transaction.get(_KEY)
        match None if raw is None else codec.unpack(raw):
            case [int(position), bytes(leaf), codes]:
                is_of_this = position <= self._source.log.head() and codes == self._codes()
                if is_of_this and leaf == self._source.leaf(position):
                    return position
        return -1
