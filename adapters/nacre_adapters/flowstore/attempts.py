"""Attempts at a step: what one writes is published when it ends well, and only then."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial

from nacre.errors import NacreError
from nacre_adapters.flowstore import events, outputs
from nacre_adapters.flowstore.context import ATTEMPT, STORE
from nacre_adapters.flowstore.errors import FlowNotFound, NotPermitted, Superseded
from nacre_adapters.flowstore.events import RUN, Fact, flow_subject, step_subject
from nacre_adapters.flowstore.making import record_of_packages
from nacre_adapters.flowstore.order import created, downstream, flow_created
from nacre_adapters.flowstore.pending import Pending
from nacre_adapters.flowstore.place import Look, Place
from nacre_adapters.flowstore.progress import Progress
from nacre_adapters.flowstore.reading import ReadLog
from nacre_adapters.flowstore.records import Where, record_progress
from nacre_adapters.flowstore.views import Flows

_LONGEST_ERROR = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A run of a step, or the action after it, while it lasts."""

    flow: str
    step: str
    number: int
    phase: str
    user: str
    code: str | None
    progress: Progress
    reads: ReadLog
    pending: Pending

    @property
    def at(self) -> tuple[str, str, int]:
        """Flow, step and number."""
        return self.flow, self.step, self.number


@contextmanager
def attempt(
    place: Place, flow: str, step: str, *, user: str, phase: str = RUN, code: str | None = None
) -> Iterator[Attempt]:
    """Attempt a step in a `with` block: publish what it wrote unless the block raises.

    *code* is a digest of the step's code. Of an attempt that was never ended, because its process
    died, nothing is published; the next attempt records that it was cancelled.
    """
    running = begin(place, flow, step, user=user, phase=phase, code=code)
    tokens = ATTEMPT.set(running), STORE.set(place)
    try:
        yield running
        finish(place, running)
    except Exception as error:
        with suppress(NacreError):  # what went wrong first is what the caller has to know
            fail(place, running, f"{type(error).__name__}: {error}")
        raise
    except BaseException:  # interrupted: nobody knows what it would have done
        cancel(place, running)
        raise
    finally:
        ATTEMPT.reset(tokens[0])
        STORE.reset(tokens[1])


def begin(
    place: Place, flow: str, step: str, *, user: str, phase: str = RUN, code: str | None = None
) -> Attempt:
    """Open an attempt; whoever calls this ends it with `finish`, `fail` or `cancel`."""

    def decide(look: Look) -> list[Fact]:
        state = look.flows.step(flow, step)
        number = 1 if state is None else state.last + 1
        subject = step_subject(flow, step)
        facts = created(look.flows, flow, owner=user)
        if state is not None and state.open is not None:
            data = {"flow": flow, "step": step, "attempt": state.open, "phase": phase}
            facts.append(Fact(events.STEP_CANCELLED, subject, data))
        data = {"flow": flow, "step": step, "attempt": number, "phase": phase, "code": code}
        return [*facts, Fact(events.STEP_STARTED, subject, data)]

    facts = place.commit(decide, actor=user)
    number = facts[-1].data["attempt"]
    assert isinstance(number, int)
    where = Where(flow, step, user, number, ReadLog())
    return Attempt(
        flow=flow,
        step=step,
        number=number,
        phase=phase,
        user=user,
        code=code,
        progress=Progress(partial(record_progress, place, where)),
        reads=where.reads,
        pending=Pending(partial(outputs.commit, place, where)),
    )


def finish(place: Place, running: Attempt, *, reused: Sequence[object] | None = None) -> None:
    """End an attempt well: publish what it wrote, and mark what was made from the old as stale.

    Raises:
        Superseded: another attempt has begun meanwhile, or the flow was deleted.
    """
    running.pending.close()
    running.progress.flush()
    made_with = record_of_packages(place.vault)

    def decide(look: Look) -> list[Fact]:
        if not _is_open(look.flows, running):
            raise Superseded(
                f"attempt {running.number} at {running.step!r} of the flow {running.flow!r} was "
                "ended by another, or with the flow: nothing that it saved is published"
            )
        done: dict[str, object] = {**_data(running), "code": running.code}
        done["made_with"] = made_with
        done["reused"] = None if reused is None else list(reused)
        subject = step_subject(running.flow, running.step)
        reads = running.reads.facts(running.at, look.position).facts
        ended = Fact(events.STEP_FINISHED, subject, done)
        return [*reads, ended, *_invalidated(look.flows, running)]

    place.commit(decide, actor=running.user)


def fail(place: Place, running: Attempt, error: str) -> None:
    """End an attempt badly: what it wrote stays in the log and is not published."""
    told = running.reads.secrets.masked(error)[:_LONGEST_ERROR]
    made_with = record_of_packages(place.vault)
    _end(place, running, events.STEP_FAILED, {"error": told, "made_with": made_with})


def cancel(place: Place, running: Attempt) -> None:
    """End an attempt that somebody interrupted."""
    _end(place, running, events.STEP_CANCELLED, {})


def cancel_dead(place: Place, flow: str, step: str, *, user: str) -> int:
    """End an attempt whose process has died, and return its number.

    Nobody can tell from here whether it lives: if it does, it is told when it ends.

    Raises:
        FlowNotFound: the step has no attempt that is running.
    """

    def decide(look: Look) -> list[Fact]:
        state = look.flows.step(flow, step)
        if state is None or state.open is None:
            raise FlowNotFound(f"the step {step!r} of the flow {flow!r} has no attempt that runs")
        data = {"flow": flow, "step": step, "attempt": state.open, "phase": RUN}
        return [Fact(events.STEP_CANCELLED, step_subject(flow, step), data)]

    (fact,) = place.commit(decide, actor=user)
    return int(str(fact.data["attempt"]))


def declare_flow(
    place: Place,
    flow: str,
    *,
    owner: str,
    app: str | None = None,
    steps: Sequence[tuple[str, str]] | None = None,
    details: dict[str, object] | None = None,
) -> None:
    """Say what a flow is: its app, and names and titles of its steps in order.

    A flow that was declared the same before is not recorded again, and keeps its owner.

    Raises:
        NotPermitted: there is one already, and it is not *owner*'s to change.
    """

    def decide(look: Look) -> list[Fact]:
        given = None if steps is None else [[name, title] for name, title in steps]
        known = look.flows.flow(flow)
        if known is None or known.is_deleted:
            return [flow_created(flow, owner=owner, app=app, steps=given, details=details or {})]
        if (known.app, known.steps) == (app, given):
            return []
        if look.people.why_write(owner, known.owner) is None:
            raise NotPermitted(f"the flow {flow!r:.80} is not {owner!r}'s to declare anew")
        kept = known.owner
        return [flow_created(flow, owner=kept, app=app, steps=given, details=details or {})]

    place.commit(decide, actor=owner)


def delete_flow(place: Place, flow: str, *, user: str) -> None:
    """Delete a flow: its outputs cannot be read any more. Assets that it saved stay.

    Raises:
        FlowNotFound: there is none, or it belongs to somebody else.
    """

    def decide(look: Look) -> list[Fact]:
        known = look.flows.flow(flow)
        if known is None or known.is_deleted or not look.people.why_write(user, known.owner):
            raise FlowNotFound(f"there is no flow {flow!r} that {user!r} may delete")
        return [Fact(events.FLOW_DELETED, flow_subject(flow), {"flow": flow})]

    place.commit(decide, actor=user)


def _end(place: Place, running: Attempt, kind: str, more: dict[str, object]) -> None:
    running.pending.close()
    running.progress.flush()
    subject = step_subject(running.flow, running.step)

    def decide(look: Look) -> list[Fact]:
        if not _is_open(look.flows, running):
            return []  # whoever ended it has said so
        return [Fact(kind, subject, {**_data(running), **more})]

    place.commit(decide, actor=running.user)


def _is_open(flows: Flows, running: Attempt) -> bool:
    state = flows.step(running.flow, running.step)
    return state is not None and state.open == running.number


def _data(running: Attempt) -> dict[str, object]:
    return {
        "flow": running.flow,
        "step": running.step,
        "attempt": running.number,
        "phase": running.phase,
    }


def _invalidated(flows: Flows, running: Attempt) -> list[Fact]:
    """Return that steps are stale which ran after an earlier attempt of this one."""
    before = flows.step(running.flow, running.step)
    if before is None or running.phase != RUN or not before.run:
        return []
    facts = []
    for name in downstream(flows, running.flow, running.step):
        state = flows.step(running.flow, name)
        if state is not None and state.last and not state.is_stale:
            data = {"flow": running.flow, "step": name, "because": running.step}
            facts.append(Fact(events.STEP_INVALIDATED, step_subject(running.flow, name), data))
    return facts
