"""Which flow, step and user an interface is about, and the store that they are in."""

import getpass
from functools import cached_property, partial
from typing import TYPE_CHECKING

from nacre_adapters.flowstore.context import ATTEMPT, STORE
from nacre_adapters.flowstore.errors import StepMissing
from nacre_adapters.flowstore.place import Place, Store, find_place
from nacre_adapters.flowstore.progress import Progress
from nacre_adapters.flowstore.reading import ReadLog
from nacre_adapters.flowstore.records import Where, record_progress
from nacre_adapters.flowstore.views import Flow

if TYPE_CHECKING:
    from nacre_adapters.flowstore.attempts import Attempt


class Scope:
    """A step of a flow, for a user; the store is opened when it is needed first."""

    def __init__(
        self, flow: str, step: str | None, user: str | None, *, store: Store | None
    ) -> None:
        self._flow = flow
        self._step = step or ""
        self._user = user
        self._store = store
        self._reads = ReadLog()
        # A thread does not see what surrounds the step that started it; what made this does.
        self._made_in = STORE.get(), ATTEMPT.get()

    @cached_property
    def place(self) -> Place:
        """The open store."""
        around = STORE.get() or self._made_in[0]
        return find_place(self._store) if self._store is not None or around is None else around

    @property
    def flow(self) -> Flow | None:
        """The flow as it is; None before anything was saved in it."""
        return self.place.flows.flow(self._flow)

    @property
    def user(self) -> str:
        """Who calls: as given, else the owner of the flow, else the user of the process."""
        if self._user is not None:
            return self._user
        flow = self.flow
        return getpass.getuser() if flow is None else flow.owner

    @property
    def where(self) -> Where:
        """Flow, step, user and attempt: the one that runs here, if it is of this step."""
        running = self._running()
        if running is not None:
            return Where(*running.at[:2], self.user, running.number, running.reads, running.pending)
        return Where(self._flow, self._step, self.user, None, self._reads)

    def at_step(self, call: str) -> Where:
        """Return the same for a call that needs a step.

        Raises:
            StepMissing: there is none.
        """
        if not self._step:
            raise StepMissing(f"step_name is required for {call}: StoreInterface(flow, user, step)")
        return self.where

    @property
    def progress(self) -> Progress:
        """Where updates go: to the attempt that runs here, if it is of this step."""
        running = self._running()
        if running is not None:
            return running.progress
        return self._own_progress

    def _running(self) -> "Attempt | None":
        """Return the attempt at this step that runs here, or ran this; None after its end."""
        for running in (ATTEMPT.get(), self._made_in[1]):
            is_mine = running is not None and running.at[:2] == (self._flow, self._step)
            if running is not None and is_mine and not running.pending.is_over:
                return running
        return None

    @cached_property
    def _own_progress(self) -> Progress:
        where = self.at_step("update_progress")
        return Progress(partial(record_progress, self.place, where))
