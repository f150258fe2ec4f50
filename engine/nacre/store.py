"""An open vault's parts, put together: environment, log, blobs, views, and the commit.

The nouns (frames, trees) and the operations know this; users see the `Vault` over it.
"""

import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from nacre.blobs import VaultBlobs
from nacre.checkpoint import Checkpoint, origin_of
from nacre.clock import now_ns
from nacre.environment import Environment
from nacre.errors import Closed, InvalidInput, ReadOnly, StateError
from nacre.event import (
    NO_PREVIOUS,
    Commit,
    Event,
    checked_kind,
    checked_name,
    checked_text,
    decode_commit,
    decode_header,
)
from nacre.files import Files, OsFiles
from nacre.layout import Layout
from nacre.log import LmdbLog, LogUntil
from nacre.log.tree import LmdbTree
from nacre.past import PastViews
from nacre.past.cache import Cache
from nacre.registry import REGISTRY
from nacre.stage import Receipt, Stage, Words
from nacre.transaction import Committer
from nacre.views import State, View
from nacre.views.history import History
from nacre.views.maintenance import Maintenance, Progress, events_between
from nacre.views.pairs import Pairs
from nacre.views.reading import ViewPairs
from nacre.views.sameness import is_same_view
from nacre.views.view import Upcasts, check_view

AnyView = TypeVar("AnyView", bound=View)

_REVERSE_PAGE = 256
_MOST_COMMITS = 1 << 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What a vault says of itself."""

    vault_id: bytes
    created_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a handle is opened."""

    actor: str
    read_only: bool = False
    relaxed: bool = False
    files: Files = field(default_factory=OsFiles)
    upcasts: Upcasts = field(default_factory=Upcasts)
    until: int | None = None
    """Show the vault as it was at this position; None: as it is."""


class Store:
    """One handle on a vault. Threads may share it; a forked child may go on using it."""

    def __init__(
        self,
        layout: Layout,
        environment: Environment,
        identity: Identity,
        options: Options,
        face: Callable[[Stage, "Store"], object],
    ) -> None:
        self.files = files = options.files
        self.layout = layout
        self.environment = environment
        self.identity = identity
        self.actor = options.actor
        self.read_only = options.read_only
        self.until = options.until
        log = LmdbLog(environment, files)
        self.log = log if self.until is None else LogUntil(log, self.until)
        self.blobs = VaultBlobs(environment, layout.packs, files, read_only=self.read_only)
        self.maintenance = Maintenance(
            environment, self.log, files, options.upcasts, get_blob=self.blobs.get_blob
        )
        self._views: dict[type[View], View] = {}
        self._past: PastViews | None = None
        self._pasts: weakref.WeakSet[Store] = weakref.WeakSet()
        self._finalizer: weakref.finalize[..., Store] | None = None
        if isinstance(self.log, LogUntil):
            cache = Cache(identity.vault_id, files)
            self._past = PastViews(self.log, self.maintenance, self.blobs, cache, files)
            # Whoever reads a line of the past need not close it.
            self._finalizer = weakref.finalize(self, _let_go, environment, self._past)
        self._committer = Committer(
            environment,
            self.log,
            self.blobs,
            self.maintenance,
            vault_id=identity.vault_id,
            durable=not options.relaxed,
            files=files,
            face=lambda stage: face(stage, self),
        )
        self._closed = False

    @property
    def head(self) -> int:
        """The number of commits."""
        self._check_open()
        return self.log.head()

    @property
    def leaf(self) -> bytes:
        """The Merkle leaf of the last commit, which vouches for all before it."""
        with self.environment.read() as transaction:
            head = self.log.head()
            return LmdbTree(transaction).leaf(head - 1) if head else NO_PREVIOUS

    def commit(
        self,
        decide: Callable[..., None],
        *,
        message: str = "",
        write_id: str | None = None,
        actor: str | None = None,
    ) -> Receipt:
        """Run *decide* under the writer lock and commit what it records."""
        self.check_writable()
        _check_decides(decide)
        return self._committer.commit(decide, self._words(message, write_id, actor))

    def commit_each(
        self,
        decisions: Iterable[Callable[..., None]],
        *,
        message: str = "",
        actor: str | None = None,
    ) -> list[Receipt | Exception]:
        """Commit what each of some decisions records, in as few durable writes as may be."""
        self.check_writable()
        decisions = list(decisions)
        for decide in decisions:
            _check_decides(decide)
        return self._committer.commit_each(decisions, self._words(message, None, actor))

    def transaction(
        self, *, message: str = "", write_id: str | None = None, actor: str | None = None
    ) -> AbstractContextManager[object]:
        """Hold the writer lock for a block, and commit what it records unless it raises."""
        self.check_writable()
        return self._committer.transaction(self._words(message, write_id, actor))

    @contextmanager
    def read(self) -> Iterator[None]:
        """Let everything that the thread reads in a block see the same head."""
        self._check_open()
        with self.environment.read():
            yield

    def install(self, views: Sequence[type[View]]) -> None:
        """Maintain the first views of a handle, all caught up in one commit.

        One after the other would cost a new vault a commit each.
        """
        for view in views:
            self.maintenance.install(view)
        if not self.read_only:
            self.maintenance.catch_up()

    def register(self, view: type[View], progress: Progress | None = None) -> None:
        """Maintain a view from now on, caught up at once; in memory through a read-only handle."""
        check_view(view)
        replaced = self.maintenance.views.get(view.name)
        if replaced is view:
            return
        if replaced is not None and replaced.version == view.version:
            _check_same(replaced, view)
        self.maintenance.install(view)
        self._views.clear()
        if self.read_only:
            return
        try:
            self.maintenance.catch_up(progress)
        except BaseException:
            # A view that cannot be caught up must not keep every later commit from succeeding.
            self.maintenance.uninstall(view.name)
            if replaced is not None:
                self.maintenance.install(replaced)
            raise

    def view(self, view: type[AnyView]) -> AnyView:
        """Return a view to read; each call on it sees every commit made before."""
        if self._closed:
            self._check_open()
        opened = self._views.get(view)
        if opened is None:
            self.register(view)
            opened = self._views[view] = view(State(self.pairs(view), self.blobs.get_blob))
        assert isinstance(opened, view)
        return opened

    def pairs(self, view: type[View]) -> Pairs:
        """Return the rows of a view to read, as bytes."""
        if self._past is not None:
            return self._past.pairs(view)
        return ViewPairs(self.maintenance, view, read_only=self.read_only)

    def commits(self, start: int = 0, stop: int | None = None) -> Iterator[Commit]:
        """Yield the commits at `start <= position < stop`."""
        _check_range(start, stop)
        return map(decode_commit, self.log.read(start, stop))

    def time_ns(self) -> int:
        """Return what time it is here: never before the last commit, and in the past that."""
        with self.read():
            head = self.head
            last = 0 if head == 0 else decode_header(next(self.log.read(head - 1, head))).time_ns
        return last if self.until is not None else max(now_ns(), last)

    def commit_at(self, position: int) -> Commit | None:
        """Return the commit at a position; None when there is none."""
        if type(position) is not int:
            raise InvalidInput(f"{position!r:.60} is no position: give the number of a commit")
        return next(self.commits(position, position + 1), None)

    def events(
        self,
        *,
        subject: str | None,
        kind: str | None,
        start: int,
        stop: int | None,
        reverse: bool,
    ) -> Iterator[Event]:
        """Yield the events of a range of commits that have the subject and the kind.

        Raises:
            InvalidInput: nothing could ever have such a subject, kind or position.
        """
        _check_range(start, stop)
        if subject is not None:
            checked_name("subject", subject)
        if kind is not None:
            checked_kind(kind)
        return (
            event
            for event in self._candidates(subject, kind, start, stop, reverse=reverse)
            if subject in (None, event.subject) and kind in (None, event.kind)
        )

    def at(self, position: int) -> "Store":
        """Return a read-only store that shows the vault as it was; it closes with this one."""
        self._check_open()
        options = Options(
            actor=self.actor,
            read_only=True,
            files=self.files,
            upcasts=self.maintenance.upcasts,
            until=position,
        )
        environment = REGISTRY.share(self.environment)
        past = Store(self.layout, environment, self.identity, options, lambda stage, store: None)
        self._pasts.add(past)
        return past

    def check_writable(self) -> None:
        """Raise ReadOnly or Closed if this handle cannot commit."""
        self._check_open()
        if self.read_only:
            raise ReadOnly(self._why_read_only())

    def refuse_past(self, action: str) -> None:
        """Raise StateError if this shows the past, which has no files of its own."""
        if self.until is not None:
            raise StateError(
                f"{action} works on what is stored, not as of position {self.until}: "
                f"{action} {self.layout.path} as it is"
            )

    def checkpoint(self) -> Checkpoint:
        """Return origin, head and Merkle root of the log as it is now."""
        with self.environment.read() as transaction:
            head = self.log.head()
            root = LmdbTree(transaction).root(head)
        return Checkpoint(origin_of(self.identity.vault_id), head, root)

    def close(self) -> None:
        """Release the vault; what was put but never committed is dropped. Idempotent.

        Raises:
            StateError: this thread is inside a transaction or a read, which would lose its
                floor; or another thread does not leave one. Close again when it has ended.
        """
        if self._closed:
            return
        if self.environment.transaction is not None:
            raise StateError(
                "this thread is inside a transaction or a read of the vault: "
                "leave it before closing"
            )
        for past in list(self._pasts):
            past.close()
        if self._finalizer is not None:
            self._finalizer.detach()
        self._committer.close()
        if self._past is not None:
            self._past.close()
        REGISTRY.release(self.environment)
        self._closed = True
        self.blobs.close()
        self.log.close()

    def _words(self, message: str, write_id: str | None, actor: str | None) -> Words:
        if write_id is not None:
            checked_name("write id", write_id)
        return Words(
            actor=self.actor if actor is None else checked_name("actor", actor),
            message=checked_text("message", message),
            write_id=write_id,
        )

    def _check_open(self) -> None:
        if self._closed:
            raise Closed(f"{self.layout.path} was closed: open the vault again")

    def _why_read_only(self) -> str:
        if self.until is None:
            return f"{self.layout.path} was opened read-only: open it for writing"
        return f"this is {self.layout.path} as of position {self.until}: write to the vault itself"

    def _history(self) -> History:
        return self.view(History) if self._past is None else self._past.history()

    def _candidates(
        self, subject: str | None, kind: str | None, start: int, stop: int | None, *, reverse: bool
    ) -> Iterator[Event]:
        if subject is None and kind is None:
            yield from self._all_events(start, stop, reverse=reverse)
            return
        stop = self.head if stop is None else min(stop, self.head)
        positions = self._history().positions(subject=subject, kind=kind, start=start, stop=stop)
        for position in reversed(positions) if reverse else positions:
            yield from self._events_of(position, position + 1, reverse=reverse)

    def _all_events(self, start: int, stop: int | None, *, reverse: bool) -> Iterator[Event]:
        if not reverse:
            yield from self._events_of(start, stop, reverse=False)
            return
        head = self.head
        high = head if stop is None else min(stop, head)
        while high > start:
            low = max(start, high - _REVERSE_PAGE)
            yield from self._events_of(low, high, reverse=True)
            high = low

    def _events_of(self, start: int, stop: int | None, *, reverse: bool) -> Iterator[Event]:
        events = events_between(self.log, self.maintenance.upcasts, start, stop)
        return reversed(list(events)) if reverse else events


def _check_same(replaced: type[View], view: type[View]) -> None:
    if not is_same_view(replaced, view):
        raise InvalidInput(
            f"the view {view.name!r} is registered with version {view.version} by another class, "
            f"and the rows are by its code: raise the version of {view.__qualname__}, or give it "
            "another name"
        )


def _let_go(environment: Environment, past: PastViews) -> None:
    """Release what a store of the past has used; the collector calls it, so it takes no lock."""
    for used in [environment, *past.environments]:
        REGISTRY.release_later(used)


def _check_decides(decide: object) -> None:
    if not callable(decide):
        raise InvalidInput(
            f"a {type(decide).__name__} decides nothing: give a function that records events"
        )


def _check_range(start: int, stop: int | None) -> None:
    for name, position in (("start", start), ("stop", stop)):
        if position is None and name == "stop":
            continue
        if not isinstance(position, int) or not 0 <= position < _MOST_COMMITS:
            raise InvalidInput(f"{name} is {position!r}: positions count from 0, give an integer")
