"""How far a flow is: one picture of its steps."""

from nacre_adapters.flowstore.assets.types import iso_of
from nacre_adapters.flowstore.errors import FlowNotFound
from nacre_adapters.flowstore.steps import (
    CANCELLED,
    COMPLETE,
    CREATED,
    FAILED,
    RUNNING,
    WAITING,
    StepState,
)
from nacre_adapters.flowstore.views import Flow, Flows


def flow_status(flows: Flows, flow: str) -> dict[str, object]:
    """Return what a flow is and how far each of its steps is.

    Raises:
        FlowNotFound: (a ValueError) there is no such flow.
    """
    known = flows.flow(flow)
    if known is None or known.is_deleted:
        raise FlowNotFound(f"there is no flow {flow!r}: it begins with the first thing saved")
    states = {state.name: state for state in flows.steps(flow)}
    names = step_names(flows, known)
    steps = [_step(name, title, states.get(name)) for name, title in names]
    current = _current(steps)
    return {
        "flow_id": known.flow,
        "app": known.app,
        "owner": known.owner,
        "status": _overall(steps),
        "current_step": None if current is None else current["name"],
        "steps": steps,
    }


def step_names(flows: Flows, flow: Flow) -> list[tuple[str, str]]:
    """Return name and title of the steps of a flow, in order."""
    if flow.steps is None:
        return [(state.name, state.name) for state in flows.steps(flow.flow)]
    return [(name, title) for name, title in flow.steps]


def previous_step(flows: Flows, flow: str, step: str) -> str | None:
    """Return the step before *step* in the order that was declared; None when there is none."""
    known = flows.flow(flow)
    names = [] if known is None or known.steps is None else [name for name, _ in known.steps]
    at = names.index(step) if step in names else 0
    return names[at - 1] if at else None


def _step(name: str, title: str, state: StepState | None) -> dict[str, object]:
    shown = state or StepState(name=name, first=-1)
    return {
        "name": name,
        "title": title,
        "status": shown.status,
        "attempt": shown.last,
        "is_stale": shown.is_stale,
        "progress": shown.completion,
        "message": shown.message,
        "started": _time(shown.started_ns),
        "ended": _time(shown.ended_ns),
        "error": shown.error,
    }


def _time(time_ns: int | None) -> str | None:
    return None if time_ns is None else iso_of(time_ns // 1000)


def _current(steps: list[dict[str, object]]) -> dict[str, object] | None:
    """Return the step that is busy, or else the last that did something."""
    busy = [step for step in steps if step["status"] in (RUNNING, WAITING, FAILED)]
    begun = [step for step in steps if step["status"] != CREATED]
    return next(iter([*busy[-1:], *begun[-1:], *steps[:1]]), None)


def _overall(steps: list[dict[str, object]]) -> str:
    found = [step["status"] for step in steps]
    if found[-1:] == [WAITING]:
        found[-1] = COMPLETE  # nobody waits behind the last
    for status in (RUNNING, FAILED, CANCELLED, WAITING):
        if status in found:
            return status
    if found and all(status == COMPLETE for status in found):
        return COMPLETE
    return CREATED
