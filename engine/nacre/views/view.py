"""What a view is, and how events find the views that want them."""

from collections.abc import Callable, Iterable, Mapping
from typing import ClassVar, Protocol

from nacre.event import Event, Header
from nacre.views.table import State

Apply = Callable[[Event], None]
EndCommit = Callable[[Header], None]


class View(Protocol):
    """State derived from the log. Pure: no clock, no randomness, no input or output.

    A class with a `name`, a `version` to raise when `apply` changes (the view is then built
    again), a constructor that takes its `State`, and `apply`. It may also name the only
    `kinds` of events that it wants, as a class attribute; the others then cost it nothing. One
    that notes something for each commit, rather than event, may define `end_commit(header)`,
    which is called after the last event.
    """

    name: ClassVar[str]
    version: ClassVar[int]

    def __init__(self, state: State) -> None:
        """Take the tables; called at every use, so it must be cheap."""

    def apply(self, event: Event) -> None:
        """Change the tables as *event* says. An event of an unknown kind changes nothing."""


Upcast = Callable[[Mapping[str, object]], Mapping[str, object]]
"""Turns the data of an event into that of the version above it. Pure."""


class Upcasts:
    """How old versions of events are read: as if they had been recorded today."""

    def __init__(self, steps: Mapping[tuple[str, int], Upcast] | None = None) -> None:
        self._steps = dict(steps or {})

    def __bool__(self) -> bool:
        return bool(self._steps)

    def read(self, event: Event) -> Event:
        """Return *event* in the newest version that is known."""
        while (step := self._steps.get((event.kind, event.version))) is not None:
            event = event._replace(data=step(event.data), version=event.version + 1)
        return event


class Router:
    """Applies events to the views that want their kind."""

    def __init__(self, views: Iterable[View], upcasts: Upcasts) -> None:
        self._views = list(views)
        self._upcasts = upcasts if upcasts else None
        self._wanted: dict[str, list[Apply]] = {}
        self._ends: list[EndCommit] = [
            view.end_commit for view in self._views if hasattr(view, "end_commit")
        ]

    def apply(self, event: Event) -> None:
        """Let every view that wants *event* change its tables."""
        if self._upcasts is not None:
            event = self._upcasts.read(event)
        try:
            applies = self._wanted[event.kind]
        except KeyError:
            applies = self._wanted[event.kind] = self._who_wants(event.kind)
        for apply in applies:
            apply(event)

    def end_commit(self, header: Header) -> None:
        """Tell the views that ask for it that the events of a commit are complete."""
        for end in self._ends:
            end(header)

    def _who_wants(self, kind: str) -> list[Apply]:
        wanting: list[Apply] = []
        for view in self._views:
            kinds: Iterable[str] | None = getattr(view, "kinds", None)
            if kinds is None or kind in kinds:
                wanting.append(view.apply)
        return wanting
