"""Outputs: what a step saves under a name for the steps that come after it."""

import difflib
from collections.abc import Iterator
from typing import NamedTuple

from nacre.errors import InvalidInput
from nacre_adapters.flowstore import events
from nacre_adapters.flowstore.codecs import Codecs
from nacre_adapters.flowstore.errors import InputNotFound
from nacre_adapters.flowstore.events import Fact, key_of, step_subject
from nacre_adapters.flowstore.order import created, upstream
from nacre_adapters.flowstore.pending import Saved
from nacre_adapters.flowstore.place import Look, Place
from nacre_adapters.flowstore.reading import Told
from nacre_adapters.flowstore.records import Where, number_of
from nacre_adapters.flowstore.views import Flows, Output

_LONGEST_COMPARED = 100
_MOST_COMPARED = 1000


class Found(NamedTuple):
    """An output, and the attempt that saved it."""

    step: str
    attempt: int
    output: Output


class Lazy(NamedTuple):
    """An output that is listed: its value is read when somebody asks for it."""

    step: str
    attempt: int
    output: Output
    codecs: Codecs

    @property
    def name(self) -> str:
        """The name that it was saved under."""
        return self.output.name

    @property
    def size_bytes(self) -> int:
        """What it takes, before compression."""
        return int(self.output.value["size_bytes"])

    @property
    def type(self) -> str:
        """The class of the value."""
        return str(self.output.value["type"])

    @property
    def identity(self) -> str:
        """Equal for equal values."""
        return str(self.output.value["identity"])

    def load(self) -> object:
        """Return the value, a new object at each call."""
        return self.codecs.decode(self.output.value)


def save(place: Place, where: Where, name: str, value: dict[str, object]) -> None:
    """Save an encoded value under a name; it takes the place of what the attempt saved before."""
    saved = Saved(name, value)
    if where.pending is None:
        commit(place, where, [saved], where.reads.count())
    else:
        where.pending.save(saved, where.reads.count())


def commit(place: Place, where: Where, saved: list[Saved], reads: int) -> None:
    """Commit outputs, and the first *reads* of what was read before them."""
    told: list[Told] = []

    def decide(look: Look) -> list[Fact]:
        attempt = number_of(look.flows.step(where.flow, where.step), where.attempt)
        at, subject = (where.flow, where.step, attempt), step_subject(where.flow, where.step)
        told[:] = [where.reads.facts(at, look.position, first=reads)]
        data = {"flow": where.flow, "step": where.step, "attempt": attempt}
        data |= {"made_from": told[0].made_from}
        facts = [Fact(events.OUTPUT_SAVED, subject, {**data, **s._asdict()}) for s in saved]
        return [*created(look.flows, where.flow, owner=where.user), *told[0].facts, *facts]

    place.commit(decide, actor=where.user)
    where.reads.settle(told[0])


def find(flows: Flows, where: Where, name: str, step_name: str | None) -> Found:
    """Return what is saved under a name: by the nearest step that comes before, or by *step_name*.

    Raises:
        InputNotFound: nobody has saved it.
    """
    if step_name is not None:
        producers = [resolved(flows, where.flow, step_name)]
        producers += upstream(flows, where.flow, producers[0])
    else:
        producers = [*upstream(flows, where.flow, where.step), where.step]
    for step in producers:
        found = _saved_by(flows, where, step, name)
        if found is not None:
            return found
    raise InputNotFound(_nothing(flows, where, name, producers))


def has(flows: Flows, where: Where, name: str) -> bool:
    """Tell whether a step that comes before has saved something under a name."""
    steps = upstream(flows, where.flow, where.step)
    return any(_saved_by(flows, where, step, name) is not None for step in steps)


def live_outputs(flows: Flows, flow: str, step: str) -> Iterator[tuple[int, Output]]:
    """Yield what readers see of a step: attempt and output."""
    state = flows.step(flow, step)
    live = [] if state is None else state.live
    seen: set[str] = set()
    for attempt in live:
        for output in flows.outputs(flow, step, attempt):
            if output.name not in seen:
                yield attempt, output
                if len(live) > 1:
                    seen.add(output.name)


def lazily(place: Place, flow: str, step: str | None) -> list[Lazy]:
    """Return what readers see of a step, or of all steps of a flow."""
    flows = place.flows
    steps = [each.name for each in flows.steps(flow)]
    if step is not None:
        steps = [resolved(flows, flow, step)]
    return [
        Lazy(each, attempt, output, place.codecs)
        for each in steps
        for attempt, output in live_outputs(flows, flow, each)
    ]


def resolved(flows: Flows, flow: str, step: str) -> str:
    """Return the name of the step of that name, or else of that title."""
    known = flows.flow(flow)
    steps = [] if known is None or known.steps is None else known.steps
    if any(step == name for name, _ in steps):
        return step
    return next((name for name, title in steps if title == step), step)


def checked_name(name: object) -> str:
    """Return the name of an output.

    Raises:
        InvalidInput: it is no text, or empty.
    """
    if not isinstance(name, str) or not name:
        raise InvalidInput(f"the name of an output is {name!r:.60}: give a text that is not empty")
    key_of(name)  # refuses what the log would, now and not when the attempt ends
    return name


def _saved_by(flows: Flows, where: Where, step: str, name: str) -> Found | None:
    state = flows.step(where.flow, step)
    if state is None:
        return None
    attempts = state.own if step == where.step else state.live
    if step == where.step and where.attempt is not None and where.attempt not in attempts:
        attempts = [where.attempt, *attempts]
    for attempt in attempts:
        output = flows.output(where.flow, step, attempt, name)
        if output is not None:
            return Found(step, attempt, output)
    return None


def _nothing(flows: Flows, where: Where, name: str, producers: list[str]) -> str:
    steps = [(step, live_outputs(flows, where.flow, step)) for step in producers]
    names = {output.name: step for step, outputs in steps for _, output in outputs}
    at = f"the step {where.step!r:.80} of the flow {where.flow!r:.80}"
    start = f"no input {name!r:.80} reaches {at}: "
    if not names:
        return start + "nothing was saved before it; call save_output in an earlier step"
    short = [each for each in names if len(each) <= _LONGEST_COMPARED][:_MOST_COMPARED]
    near = difflib.get_close_matches(name[:_LONGEST_COMPARED], short, n=1)
    shown = ", ".join(f"{each!r:.80} of {step!r:.80}" for each, step in sorted(names.items())[:20])
    return start + (f"did you mean {near[0]!r}? " if near else "") + f"there is {shown}"
