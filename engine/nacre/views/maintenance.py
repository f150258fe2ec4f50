"""Keeping views up with the log: catch-up after foreign commits, rebuilds beside the live rows.

Guards I4: a view at a position equals the replay to it. Work is cut into transactions of a
bounded size, each of which records how far it came, so that it can be killed and goes on where
it was; the switch to a new build is one row.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from nacre.environment import Environment
from nacre.errors import FormatError
from nacre.event import Event, decode_events
from nacre.files import Files
from nacre.keys import after_prefix
from nacre.lmdb_handle import Transaction
from nacre.log import Log
from nacre.views.catalogue import (
    Build,
    Catalogue,
    Entry,
    decode_catalogue,
    put_catalogue,
    raw_catalogue,
    slot_prefix,
)
from nacre.views.history import History
from nacre.views.live import LiveStates
from nacre.views.pairs import TransactionPairs
from nacre.views.table import GetBlob, State
from nacre.views.view import Names, OpenViews, Upcasts, View

Progress = Callable[[int, int], None]
"""Called with how many commits are done, and of how many."""

_BATCH_EVENTS = 50_000
_ERASE_ROWS = 50_000


class Maintenance:
    """The views whose code is installed here, over one environment and log."""

    def __init__(
        self,
        environment: Environment,
        log: Log,
        files: Files,
        upcasts: Upcasts,
        *,
        get_blob: GetBlob,
    ) -> None:
        self.environment = environment
        self.get_blob = get_blob
        self.log = log
        self.upcasts = upcasts
        self._own_upcasts = upcasts
        self.views: dict[str, type[View]] = {}
        self._files = files
        self._decoded = (b"", Catalogue({}))
        self._settled: Catalogue | None = None
        self._builds: tuple[Catalogue, dict[str, Build]] | None = None
        self._wanted: dict[str, tuple[str, ...]] = {}

    def install(self, view: type[View]) -> None:
        """Maintain a view from now on."""
        self._set_views({**self.views, view.name: view})

    def uninstall(self, name: str) -> None:
        """Maintain a view no longer."""
        self._set_views({kept: view for kept, view in self.views.items() if kept != name})

    def _set_views(self, views: dict[str, type[View]]) -> None:
        self.views = views
        self.upcasts = self._own_upcasts.with_those_of(views.values())
        self._settled = None
        self._builds = None
        self._wanted = {}

    def catalogue(self, transaction: Transaction) -> Catalogue:
        """Return the catalogue; decoding it again only when its bytes have changed."""
        raw = raw_catalogue(transaction)
        decoded = self._decoded
        if raw != decoded[0]:
            # In one step: threads that read at different heads share it.
            decoded = self._decoded = (raw, decode_catalogue(raw))
        return decoded[1]

    def prepare(self, transaction: Transaction, head: int) -> None:
        """Make ready for a commit at *head*: installed views see all before, others stop here.

        Handles catch up when they open, so what is left to do here is what other processes,
        which do not have the code of a view, have committed since.
        """
        if self.catalogue(transaction) is self._settled:
            return
        while self._behind(self.catalogue(transaction)):
            self._step(transaction)
        catalogue = self.catalogue(transaction)
        stopped = catalogue.stopped_except(frozenset(self._maintained(catalogue)), head)
        if stopped == catalogue:
            self._settled = catalogue
        else:
            put_catalogue(transaction, stopped)

    def open_live(self, transaction: Transaction) -> OpenViews:
        """Return the maintained views, to read and to apply events to inside *transaction*."""
        builds = self._maintained(self.catalogue(transaction))
        if builds.keys() == self.views.keys():
            views, wanted = self.views, self._wanted
        else:
            views, wanted = {name: self.views[name] for name in builds}, {}
        states = LiveStates(transaction, builds, self.get_blob)
        return OpenViews(views, states.open, self.upcasts, wanted, move=states.move)

    def build_of(self, view: type[View], transaction: Transaction) -> Build | None:
        """Return the build of *view* that is to be read; None when none was ever begun.

        Raises:
            FormatError: a newer nacre has written it.
        """
        entry = self.catalogue(transaction).entries.get(view.name)
        if entry is None or entry.current.version < view.version:
            return None
        if entry.current.version > view.version:
            raise FormatError(
                f"the view {view.name!r} has version {entry.current.version} in this vault, and "
                f"this program has {view.version}: upgrade the program, or derive it again with "
                f"`nacre rebuild --view {view.name}`"
            )
        return entry.current

    def live_build(self, view: type[View], transaction: Transaction) -> Build | None:
        """Return the build of *view* if it is of this version and has seen every commit."""
        entry = self.catalogue(transaction).entries.get(view.name)
        if entry is None or entry.current.version != view.version:
            return None
        return entry.current if entry.current.position is None else None

    def catch_up(self, progress: Progress | None = None) -> None:
        """Let every installed view see every commit."""
        with self.environment.read() as transaction:
            catalogue = self.catalogue(transaction)
        if not self._behind(catalogue) and not catalogue.dead:
            return
        while not self.environment.run(self._files, self._step):
            self._report(progress)
        self._erase_dead()

    def begin_again(self, transaction: Transaction) -> None:
        """Let no view show what it has seen: each is derived from commit 0 before it is used."""
        catalogue = self.catalogue(transaction)
        for name, view in self.views.items():
            build = Build(slot=catalogue.free_slot(), version=view.version, position=0)
            catalogue = catalogue.with_entry(name, Entry(current=build))
        put_catalogue(transaction, catalogue)

    def rebuild(self, names: list[str], progress: Progress | None = None) -> None:
        """Derive views again from commit 0, beside the live ones, then switch over.

        Also a view that newer code has derived becomes one of the version that is installed here.
        """
        self.environment.run(self._files, lambda t: self._begin_rebuild(t, names))
        while not self.environment.run(self._files, self._rebuild_step):
            self._report(progress)
        self._erase_dead()

    def _open(self, builds: Mapping[str, Build], transaction: Transaction) -> OpenViews:
        return OpenViews(
            {name: self.views[name] for name in builds},
            lambda name: State(TransactionPairs(transaction, builds[name].prefix), self.get_blob),
            self.upcasts,
        )

    def _maintained(self, catalogue: Catalogue) -> dict[str, Build]:
        if self._builds is None or self._builds[0] is not catalogue:
            builds = {
                name: entry.current
                for name, entry in catalogue.entries.items()
                if name in self.views
                and entry.current.version == self.views[name].version
                and entry.current.position is None
            }
            self._builds = (catalogue, builds)
        return self._builds[1]

    def _behind(self, catalogue: Catalogue) -> bool:
        return any(
            _is_behind(catalogue.entries.get(name), view) for name, view in self.views.items()
        )

    def _step(self, transaction: Transaction) -> bool:
        """Bring the views that are furthest behind on by one batch; True when none is behind."""
        catalogue = self.catalogue(transaction)
        for name, view in self.views.items():
            catalogue = _begun(catalogue, name, view)
        builds = {
            name: build
            for name, view in self.views.items()
            if (build := _unfinished(catalogue.entries[name], view)) is not None
        }
        for name, build in list(builds.items()):
            if build.position == 0 and self._is_unconcerned(transaction, self.views[name]):
                catalogue = _moved(catalogue, name, builds.pop(name), None)
        if builds:
            self._advance(transaction, catalogue, builds)
        else:
            put_catalogue(transaction, catalogue)
        return not self._behind(self.catalogue(transaction))

    def _is_unconcerned(self, transaction: Transaction, view: type[View]) -> bool:
        """Tell whether no commit holds an event that *view* wants: it need not read the log."""
        kinds = getattr(view, "kinds", None)
        history = self._maintained(self.catalogue(transaction)).get(History.name)
        if not kinds or history is None or hasattr(view, "end_commit"):
            return False
        names = History(State(TransactionPairs(transaction, history.prefix)))
        return not names.positions_of_kinds(kinds, start=0, stop=self.log.head())

    def _begin_rebuild(self, transaction: Transaction, names: list[str]) -> None:
        catalogue = self.catalogue(transaction)
        for name in names:
            entry = catalogue.entries[name]
            successor = Build(
                slot=catalogue.free_slot(), version=self.views[name].version, position=0
            )
            catalogue = catalogue.with_entry(name, replace(entry, successor=successor))
        put_catalogue(transaction, catalogue)

    def _rebuild_step(self, transaction: Transaction) -> bool:
        catalogue = self.catalogue(transaction)
        self._advance(transaction, catalogue, self._successors(catalogue))
        return not self._successors(self.catalogue(transaction))

    def _successors(self, catalogue: Catalogue) -> dict[str, Build]:
        """Return the builds that will replace others, as far as their code is installed here."""
        return {
            name: entry.successor
            for name, entry in catalogue.entries.items()
            if entry.successor is not None
            and name in self.views
            and entry.successor.version == self.views[name].version
        }

    def _advance(
        self, transaction: Transaction, catalogue: Catalogue, builds: Mapping[str, Build]
    ) -> None:
        """Apply one batch of events to the builds that are furthest behind."""
        position = min((build.position or 0 for build in builds.values()), default=0)
        builds = {name: b for name, b in builds.items() if (b.position or 0) == position}
        views = self._open(builds, transaction)
        reached = apply_batch(self.log, views, position, _BATCH_EVENTS)
        done = reached == self.log.head()
        for name, build in builds.items():
            catalogue = _moved(catalogue, name, build, None if done else reached)
        put_catalogue(transaction, catalogue)

    def _report(self, progress: Progress | None) -> None:
        if progress is None:
            return
        with self.environment.read() as transaction:
            entries = self.catalogue(transaction).entries.values()
        builds = [build for entry in entries for build in (entry.current, entry.successor)]
        behind = [b.position for b in builds if b is not None and b.position is not None]
        progress(min(behind, default=self.log.head()), self.log.head())

    def _erase_dead(self) -> None:
        while self.environment.run(self._files, self._erase_some):
            pass

    def _erase_some(self, transaction: Transaction) -> bool:
        """Erase rows of a dead slot; True when there may be more."""
        catalogue = self.catalogue(transaction)
        if not catalogue.dead:
            return False
        slot = min(catalogue.dead)
        if not _erase_rows(transaction, slot_prefix(slot)):
            put_catalogue(transaction, catalogue.without_dead(slot))
        return True


def apply_batch(log: Log, views: OpenViews, start: int, limit: int) -> int:
    """Apply about *limit* events from commit *start* on; return the position after the last."""
    applied = 0
    position = start
    for entry in log.read(start):
        events = decode_events(entry)
        for event in events:
            views.apply(event)
        if events:
            names = Names({event.subject for event in events}, {event.kind for event in events})
            views.end_commit(events[0].header, names)
        position += 1
        applied += len(events)
        if applied >= limit:
            break
    return position


def events_between(log: Log, upcasts: Upcasts, start: int, stop: int | None) -> Iterator[Event]:
    """Yield the events of a range of commits, old versions read as new ones."""
    for entry in log.read(start, stop):
        for event in decode_events(entry):
            yield upcasts.read(event) if upcasts else event


def _is_behind(entry: Entry | None, view: type[View]) -> bool:
    return entry is None or _unfinished(entry, view) is not None


def _unfinished(entry: Entry, view: type[View]) -> Build | None:
    """Return the build that must advance before *view* can be read."""
    if entry.current.version < view.version:
        return entry.successor or entry.current
    if entry.current.version == view.version and entry.current.position is not None:
        return entry.current
    return None


def _begun(catalogue: Catalogue, name: str, view: type[View]) -> Catalogue:
    """Return a catalogue in which *view* has a build of its version, if only an empty one."""
    entry = catalogue.entries.get(name)
    if entry is None:
        build = Build(slot=catalogue.free_slot(), version=view.version, position=0)
        return catalogue.with_entry(name, Entry(current=build))
    successor = entry.successor
    outdated = entry.current.version < view.version
    if outdated and (successor is None or successor.version != view.version):
        build = Build(slot=catalogue.free_slot(), version=view.version, position=0)
        return catalogue.with_entry(name, replace(entry, successor=build))
    return catalogue


def _moved(catalogue: Catalogue, name: str, build: Build, position: int | None) -> Catalogue:
    """Return a catalogue in which *build* has come to *position*, and is read once it is live."""
    entry = catalogue.entries[name]
    moved = replace(build, position=position)
    if build == entry.current:
        return catalogue.with_entry(name, replace(entry, current=moved))
    if position is None:
        return catalogue.with_entry(name, Entry(current=moved))
    return catalogue.with_entry(name, replace(entry, successor=moved))


def _erase_rows(transaction: Transaction, prefix: bytes) -> bool:
    """Erase rows that start with *prefix*; True when the limit was reached."""
    end = after_prefix(prefix)
    assert end is not None
    cursor = transaction.cursor()
    if not cursor.set_range(prefix):
        return False
    for _ in range(_ERASE_ROWS):
        # Deleting moves the cursor to the next row.
        if not cursor.key() or cursor.key() >= end or not cursor.delete():
            return False
    return True
