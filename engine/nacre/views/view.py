"""What a view is, and how events find the views that want them."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from inspect import signature
from typing import ClassVar, NamedTuple, Protocol

from nacre.errors import InvalidInput
from nacre.event import Event, Header, checked_name
from nacre.lmdb_handle import Transaction
from nacre.views.table import State

Apply = Callable[[Event], None]


class Names(NamedTuple):
    """What the events of one commit speak of."""

    subjects: Collection[str]
    kinds: Collection[str]


EndCommit = Callable[[Header, Names], None]

_RESERVED = frozenset({"frames", "rows"})
_RESERVED_PREFIX = "nacre."
_ENDS = ""  # no kind is empty: here stand the views that note the end of a commit


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What became of a subject between two positions, as a view of its noun says it."""

    subject: str
    text: str
    detail: object = None
    """A dataclass that says more, or None."""


class View(Protocol):
    """State derived from the log. Pure: no clock, no randomness, no input or output.

    The blobs that an event names are part of it, and never change: `state.get_blob` reads them.

    A class with a `name`, a `version` to raise when `apply` changes (the view is then built
    again), a constructor that takes its `State`, and `apply`. It may also have:

    - `kinds`: the only kinds of events that it wants; the others then cost it nothing.
    - `end_commit(header, names)`: called after the last event of a commit, for a view that notes
      something for each commit rather than event.
    - `upcasts`: as `nacre.open` takes them, for the kinds that it reads.
    - `label(event)`: a static method that says how users call what an event of its kinds speaks
      of, such as `frame 'flights' version 3`, or None; `labels_at(position)` says it for all that a
      commit has written, from the rows. Reports of damage are made of them.
    - `changes_since(before, payloads, names)`: yields a `Change` for each of the subjects *names*
      that is not what it was in *before*, the same view at an earlier position. Diffs are made of
      them.
    - `opened(pair)`: a static method that yields the rows which lie packed in one, by the keys that
      they would have alone, or else the pair itself. Differences are told of those.
    - `retained(since, pins)`: yields the digests that it needs when the payloads of history
      before the position *since* may be dropped, but for what was shown at the positions *pins*.
      Without it, all that its rows name is kept.
    """

    name: ClassVar[str]
    version: ClassVar[int]

    def __init__(self, state: State) -> None:
        """Take the tables; called at every use, so it must be cheap."""

    def apply(self, event: Event) -> None:
        """Change the tables as *event* says. An event of an unknown kind changes nothing."""


def check_view(view: type[View]) -> None:
    """Refuse a class that is no view, before it is asked to maintain anything.

    Raises:
        InvalidInput: its name or version cannot be used, it has no `apply`, or it cannot be made
            of its state alone.
    """
    if not isinstance(view, type):
        raise InvalidInput(f"{view!r} is no class: register the class of the view")
    name, version = getattr(view, "name", None), getattr(view, "version", None)
    if name is None:
        raise InvalidInput(f"the class {view.__qualname__} has no `name`: give the view one")
    checked_name("the name of a view", name)
    if is_reserved(name) and not _is_of_the_engine(view):
        raise InvalidInput(
            f"the name {name!r} is that of a view of the engine's own: give the class "
            f"{view.__qualname__} another name"
        )
    if type(version) is not int or version < 1:
        raise InvalidInput(f"the version of the view {name!r} is {version!r}: count from 1")
    if not callable(getattr(view, "apply", None)):
        raise InvalidInput(f"the view {name!r} has no method `apply`: give it one")
    try:
        signature(view).bind(None)
    except TypeError as error:
        raise InvalidInput(
            f"the view {name!r} cannot be made of its state alone ({error}): define "
            "`__init__(self, state)`"
        ) from error


def is_reserved(name: str) -> bool:
    """Tell whether a name belongs to the engine: whoever took it would lock every vault."""
    return name in _RESERVED or name.startswith(_RESERVED_PREFIX)


def _is_of_the_engine(view: type[View]) -> bool:
    return view.__module__.partition(".")[0] == __name__.partition(".")[0]


Upcast = Callable[[Mapping[str, object]], Mapping[str, object]]
"""Turns the data of an event into that of the version above it. Pure."""


class Upcasts:
    """How old versions of events are read: as if they had been recorded today."""

    def __init__(self, steps: Mapping[tuple[str, int], Upcast] | None = None) -> None:
        self._steps = dict(steps or {})

    def __bool__(self) -> bool:
        return bool(self._steps)

    def with_those_of(self, views: Iterable[type[View]]) -> "Upcasts":
        """Return these together with the upcasts that views bring along."""
        steps: dict[tuple[str, int], Upcast] = {}
        for view in views:
            steps |= getattr(view, "upcasts", {})
        return Upcasts(steps | self._steps)

    def names(self) -> list[str]:
        """Return what is upcast: kinds with the versions that are read as later ones."""
        return sorted(f"{kind} {version}" for kind, version in self._steps)

    def read(self, event: Event) -> Event:
        """Return *event* in the newest version that is known."""
        while (step := self._steps.get((event.kind, event.version))) is not None:
            event = event._replace(data=step(event.data), version=event.version + 1)
        return event


class OpenViews:
    """Views open over the same rows, each made when it is first wanted.

    *wanted* remembers which of them want a kind; it may be shared by all that open them.
    """

    def __init__(
        self,
        views: Mapping[str, type[View]],
        open_state: Callable[[str], State],
        upcasts: Upcasts,
        wanted: dict[str, tuple[str, ...]] | None = None,
        *,
        move: Callable[[Transaction], None] | None = None,
    ) -> None:
        self._views = views
        self._open_state = open_state
        self._upcasts = upcasts if upcasts else None
        self._wanted = {} if wanted is None else wanted
        self._opened: dict[str, View] = {}
        self._applies: dict[str, list[Apply]] = {}
        self._move = move

    def move(self, transaction: Transaction) -> None:
        """Go on in another transaction; views that are held do, too."""
        assert self._move is not None
        self._move(transaction)

    def reopen(self) -> None:
        """Make every view anew: their rows are no longer what they may remember of them."""
        self._opened = {}
        self._applies = {}

    def get(self, name: str) -> View | None:
        """Return the view of that name, or None when it is not among them."""
        opened = self._opened.get(name)
        if opened is None and name in self._views:
            opened = self._views[name](self._open_state(name))
            self._opened[name] = opened
        return opened

    def apply(self, event: Event) -> None:
        """Let every view that wants *event* change its tables; one that was purged says nothing."""
        if event.purged is not None:
            return
        try:
            applies = self._applies[event.kind]
        except KeyError:
            applies = self._applies[event.kind] = self.applies(event.kind)
        apply_all(applies, event)

    def end_commit(self, header: Header, names: Names) -> None:
        """Tell the views that ask for it that the events of a commit are complete."""
        if _ENDS not in self._wanted:
            self._wanted[_ENDS] = tuple(
                name for name, view in self._views.items() if hasattr(view, "end_commit")
            )
        # Not only those that are open: what is depends on the commits before, as the rows must not.
        for name in self._wanted[_ENDS]:
            end: EndCommit | None = getattr(self.get(name), "end_commit", None)
            assert end is not None
            try:
                end(header, names)
            except Exception as error:
                error.add_note(
                    f"raised by the view {name!r} at the end of commit {header.position}"
                )
                raise

    def applies(self, kind: str) -> list[Apply]:
        """Return what changes the tables of each view that wants events of a kind."""
        if kind not in self._wanted:
            self._wanted[kind] = tuple(
                name for name, view in self._views.items() if _wants(view, kind)
            )
        views = [self.get(name) for name in self._wanted[kind]]
        found: list[Apply] = [view.apply for view in views if view is not None]
        if self._upcasts is not None:
            found = [partial(_apply_newest, self._upcasts, apply) for apply in found]
        return found


def apply_all(applies: Iterable[Apply], event: Event) -> None:
    """Apply an event; an exception says which view it was, and which event."""
    try:
        for apply in applies:
            apply(event)
    except Exception as error:
        place = f"{event.kind!r} of {event.subject!r} in commit {event.position}"
        error.add_note(f"raised by the view {_view_of(apply)!r}, which applied {place}")
        raise


def _view_of(apply: Apply) -> object:
    """Return the name of the view that a method belongs to."""
    if isinstance(apply, partial):
        (_, apply) = apply.args
    return getattr(getattr(apply, "__self__", None), "name", None)


def _apply_newest(upcasts: Upcasts, apply: Apply, event: Event) -> None:
    apply(upcasts.read(event))


def _wants(view: type[View], kind: str) -> bool:
    kinds: Iterable[str] | None = getattr(view, "kinds", None)
    return kinds is None or kind in kinds
