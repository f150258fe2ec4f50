"""Which flow, step and user an interface is about, and the store that they are in."""

import getpass
from functools import cached_property, partial

from nacre_adapters.flowstore.context import ATTEMPT
from nacre_adapters.flowstore.errors import StepMissing
from nacre_adapters.flowstore.place import Place, Store, find_place
from nacre_adapters.flowstore.progress import Progress
from nacre_adapters.flowstore.reading import ReadLog
from nacre_adapters.flowstore.records import Where, record_progress
from nacre_adapters.flowstore.views import Flow


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

    @cached_property
    def place(self) -> Place:
        """The open store."""
        return find_place(self._store)

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
        running = ATTEMPT.get()
        if running is not None and running.at[:2] == (self._flow, self._step):
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
        running = ATTEMPT.get()
        if running is not None and running.at[:2] == (self._flow, self._step):
            return running.progress
        return self._own_progress

    @cached_property
    def _own_progress(self) -> Progress:
        where = self.at_step("update_progress")
        return Progress(partial(record_progress, self.place, where))
