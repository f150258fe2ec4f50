"""Who writes, and to which attempt what is written belongs."""

from collections.abc import Mapping
from typing import NamedTuple

from nacre_adapters.flowstore import events
from nacre_adapters.flowstore.events import Fact, step_subject
from nacre_adapters.flowstore.order import created
from nacre_adapters.flowstore.pending import Pending
from nacre_adapters.flowstore.place import Look, Place
from nacre_adapters.flowstore.progress import Update
from nacre_adapters.flowstore.reading import ReadLog
from nacre_adapters.flowstore.steps import StepState


class Where(NamedTuple):
    """Who writes or reads: a step of a flow, in an attempt or outside of any."""

    flow: str
    step: str
    user: str
    attempt: int | None
    reads: ReadLog
    pending: Pending | None = None
    """Where outputs wait, in an attempt that runs here."""

    def settled(self) -> "Where":
        """Commit what waits, so that what is recorded next comes after it."""
        if self.pending is not None:
            self.pending.flush()
        return self


def number_of(state: StepState | None, running: int | None) -> int:
    """Return the attempt that what is written now belongs to.

    The one that runs here; else the one that is open, perhaps in another process; else the one
    that readers see, so that what a notebook writes is there at once.
    """
    if running is not None:
        return running
    if state is None:
        return 0
    return state.own[0]


def record(place: Place, where: Where, kind: str, more: Mapping[str, object]) -> None:
    """Record one event of a step; *more* is its data, beside flow, step and attempt."""

    def decide(look: Look) -> list[Fact]:
        data = {"flow": where.flow, "step": where.step, **more}
        state = look.flows.step(where.flow, where.step)
        data.setdefault("attempt", number_of(state, where.attempt))
        subject = step_subject(where.flow, str(data["step"]))
        return [*created(look.flows, where.flow, owner=where.user), Fact(kind, subject, data)]

    place.commit(decide, actor=where.user)


def record_progress(place: Place, where: Where, update: Update) -> None:
    """Record how far a step is."""
    completion, message, page_update = update
    told = where.reads.secrets.masked(message)
    data = {"completion": completion, "message": told, "page_update": page_update}
    record(place, where, events.STEP_PROGRESSED, data)
