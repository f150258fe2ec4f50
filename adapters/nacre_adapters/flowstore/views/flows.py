"""Flows as they are: their steps, attempts, outputs, pages and what users entered.

f[flow]                          [flow, app, owner, steps or None, details, time, is_deleted]
s[flow, step]                    a step, see `steps.StepState`
o[flow step attempt, name]       [name, value, position]; the first is one text: listing is quick
p[flow, step]                    [page, attempt, position]
e[flow, step, element]           [value, attempt, position]: what was submitted
u[flow, step, element]           [file name, media type, blob, size, attempt, position]
x[flow, step, position, n]       [from step, element]: what an earlier step reserved
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar, NamedTuple

from nacre import Event, State
from nacre_adapters.flowstore import events
from nacre_adapters.flowstore.events import key_of
from nacre_adapters.flowstore.steps import StepState, after


class Flow(NamedTuple):
    """A run of an app."""

    flow: str
    app: str | None
    owner: str
    steps: list[list[str]] | None
    """Name and title of each step in order; None when nobody declared them."""

    details: Mapping[str, object]
    time_ns: int
    is_deleted: bool


class Output(NamedTuple):
    """What a step saved under a name."""

    name: str
    value: dict[str, Any]
    """As the codecs encoded it."""

    position: int


class Flows:
    """Flows, steps and all that belongs to one run."""

    name: ClassVar[str] = "flowstore.flows"
    version: ClassVar[int] = 3
    kinds: ClassVar[tuple[str, ...]] = (
        events.FLOW_CREATED,
        events.FLOW_DELETED,
        events.STEP_STARTED,
        events.STEP_READ,
        events.STEP_PROGRESSED,
        events.STEP_FINISHED,
        events.STEP_FAILED,
        events.STEP_CANCELLED,
        events.STEP_INVALIDATED,
        events.OUTPUT_SAVED,
        events.PAGE_UPDATED,
        events.INPUT_SUBMITTED,
        events.UPLOAD_RECEIVED,
        events.ELEMENT_RESERVED,
    )

    def __init__(self, state: State) -> None:
        self._state = state
        self._flows = state.table("f")
        self._steps = state.table("s")
        self._outputs = state.table("o")

    @staticmethod
    def label(event: Event) -> str | None:
        """Return how users call the output that an event saved."""
        if event.kind != events.OUTPUT_SAVED:
            return None
        name, step, flow = (event.data.get(what) for what in ("name", "step", "flow"))
        return f"output {name!r} of step {step!r} of flow {flow!r}"

    def apply(self, event: Event) -> None:
        """Change the rows of one flow."""
        flow = key_of(str(event.data["flow"]))
        if "step" in event.data:
            step = key_of(str(event.data["step"]))
            self._change_step(flow, step, event)
            if event.kind in _APPLY:
                _APPLY[event.kind](self, (flow, step), event)
        elif event.kind == events.FLOW_CREATED:
            self._create(flow, event)
        elif event.kind == events.FLOW_DELETED:
            self._delete(flow)

    # Flows and steps

    def flow(self, flow: str) -> Flow | None:
        """Return a flow, deleted or not; None when there never was one of that id."""
        row = self._flows.get(key_of(flow))
        return None if row is None else Flow(*_listed(row))

    def flows(self) -> Iterator[Flow]:
        """Yield all flows that are not deleted, by id."""
        found = (Flow(*_listed(row)) for _, row in self._flows.scan())
        return (flow for flow in found if not flow.is_deleted)

    def step(self, flow: str, step: str) -> StepState | None:
        """Return a step that has done something, or None."""
        row = self._steps.get((key_of(flow), key_of(step)))
        return None if row is None else StepState.of_row(row)

    def steps(self, flow: str) -> list[StepState]:
        """Return the steps that have done something, in the order of their first doing."""
        rows = self._steps.scan((key_of(flow),))
        return sorted((StepState.of_row(row) for _, row in rows), key=lambda step: step.first)

    # Outputs

    def output(self, flow: str, step: str, attempt: int, name: str) -> Output | None:
        """Return what an attempt saved under a name, published or not."""
        row = self._outputs.get((_place(key_of(flow), key_of(step), attempt), key_of(name)))
        return None if row is None else Output(*_listed(row))

    def outputs(self, flow: str, step: str, attempt: int) -> Iterator[Output]:
        """Yield what an attempt saved, by name."""
        place = _place(key_of(flow), key_of(step), attempt)
        return (Output._make(row) for row in self._outputs.rows((place,)))  # type: ignore[arg-type]  # a list

    # What is on the screen

    def page(self, flow: str, step: str) -> list[Any] | None:
        """Return page, attempt and position; None when no page was stored."""
        row = self._state.table("p").get((key_of(flow), key_of(step)))
        return None if row is None else _listed(row)

    def submitted(self, flow: str, step: str, element: str) -> list[Any] | None:
        """Return value, attempt and position of what a user entered; None when nobody did."""
        row = self._state.table("e").get((key_of(flow), key_of(step), key_of(element)))
        return None if row is None else _listed(row)

    def upload(self, flow: str, step: str, element: str) -> list[Any] | None:
        """Return file name, media type, blob, size, attempt, position; None without one."""
        row = self._state.table("u").get((key_of(flow), key_of(step), key_of(element)))
        return None if row is None else _listed(row)

    def reserved(self, flow: str, step: str) -> Iterator[tuple[str, object]]:
        """Yield the step that reserved an element for this one, and the element."""
        for _, row in self._state.table("x").scan((key_of(flow), key_of(step))):
            origin, element = _listed(row)
            yield str(origin), element

    # How events change the rows

    def _create(self, flow: str, event: Event) -> None:
        data, time = event.data, event.header.time_ns
        row = [data["flow"], data["app"], data["owner"], data["steps"], data["details"]]
        self._flows[flow] = [*row, time, False]

    def _delete(self, flow: str) -> None:
        """Forget what the flow holds; its attempts are counted on, should it be made again."""
        self._flows[flow] = [*_listed(self._flows[flow])[:-1], True]
        for key, row in list(self._steps.scan((flow,))):
            state = StepState.of_row(row)
            self._steps[key] = state.emptied().as_row()
            for attempt in range(state.last + 1):
                place = _place(flow, str(key[1]), attempt)
                for output in [output for output, _ in self._outputs.scan((place,))]:
                    del self._outputs[output]
        for name in ("p", "e", "u", "x"):
            table = self._state.table(name)
            for key in [key for key, _ in table.scan((flow,))]:
                del table[key]

    def _change_step(self, flow: str, step: str, event: Event) -> None:
        row = self._steps.get((flow, step))
        before = None if row is None else StepState.of_row(row)
        state = after(before, event)
        if state is not before:
            self._steps[flow, step] = state.as_row()

    def _save(self, key: tuple[str, str], event: Event) -> None:
        data = event.data
        name = str(data["name"])
        row = [name, data["value"], event.position]
        self._outputs[_place(*key, data["attempt"]), key_of(name)] = row

    def _show(self, key: tuple[str, str], event: Event) -> None:
        row = [event.data["page"], event.data["attempt"], event.position]
        self._state.table("p")[key] = row

    def _submit(self, key: tuple[str, str], event: Event) -> None:
        row = [event.data["value"], event.data["attempt"], event.position]
        self._state.table("e")[(*key, key_of(str(event.data["element"])))] = row

    def _receive(self, key: tuple[str, str], event: Event) -> None:
        data = event.data
        row = [data[name] for name in ("filename", "media_type", "content", "size_bytes")]
        element = key_of(str(data["element"]))
        self._state.table("u")[(*key, element)] = [*row, data["attempt"], event.position]

    def _reserve(self, key: tuple[str, str], event: Event) -> None:
        row = [event.data["from"], event.data["element"]]
        self._state.table("x")[(*key, event.position, event.ordinal)] = row


_APPLY: Mapping[str, Callable[[Flows, tuple[str, str], Event], None]] = {
    events.OUTPUT_SAVED: Flows._save,
    events.PAGE_UPDATED: Flows._show,
    events.INPUT_SUBMITTED: Flows._submit,
    events.UPLOAD_RECEIVED: Flows._receive,
    events.ELEMENT_RESERVED: Flows._reserve,
}


def _place(flow: str, step: str, attempt: object) -> str:
    return f"{flow}\x1f{step}\x1f{attempt}"


def _listed(row: object) -> list[Any]:
    assert isinstance(row, list)
    return row
