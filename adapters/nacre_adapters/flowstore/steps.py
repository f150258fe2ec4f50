"""The state of one step of a flow, and what each event makes of it.

An attempt is one run, or one action after it. What an attempt saved is live when it has finished:
readers see the last run that finished, and the action that finished after it. Attempt 0 is what
was written outside of any attempt, as in a notebook; it is live at once.
"""

from collections.abc import Mapping
from dataclasses import astuple, dataclass, replace

from nacre import Event
from nacre_adapters.flowstore import events

CREATED, RUNNING, WAITING = "created", "running", "waiting_input"
COMPLETE, FAILED, CANCELLED = "complete", "failed", "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepState:
    """A step that has done something."""

    name: str
    first: int
    """The commit in which it first did something."""

    status: str = CREATED
    last: int = 0
    """The number of the last attempt."""

    open: int | None = None
    """The attempt that is running."""

    run: int = 0
    """The run that is live."""

    action: int | None = None
    """The action that is live."""

    is_stale: bool = False
    completion: float = 0.0
    message: str = ""
    started_ns: int | None = None
    ended_ns: int | None = None
    error: str | None = None

    def as_row(self) -> list[object]:
        """Return what the view holds."""
        return list(astuple(self))

    @classmethod
    def of_row(cls, row: object) -> "StepState":
        """Return the state that a row of the view holds."""
        assert isinstance(row, list)
        return cls(**dict(zip(_FIELDS, row, strict=True)))

    def emptied(self) -> "StepState":
        """Return a step that has done nothing since an attempt that nobody made."""
        number = self.last + 1
        return StepState(name=self.name, first=self.first, last=number, run=number)

    @property
    def live(self) -> list[int]:
        """The attempts that readers see, the one that counts first."""
        return [self.run] if self.action is None else [self.action, self.run]

    @property
    def own(self) -> list[int]:
        """The attempts that the step itself sees, the one that counts first."""
        live = self.live
        return live if self.open is None or self.open in live else [self.open, *live]


_FIELDS = tuple(StepState.__dataclass_fields__)


def after(before: StepState | None, event: Event) -> StepState:
    """Return what *event* makes of its step. Pure."""
    state = before or StepState(name=str(event.data["step"]), first=event.position)
    change = _CHANGES.get(event.kind)
    return state if change is None else change(state, event.data, event.header.time_ns)


def _started(state: StepState, data: Mapping[str, object], time_ns: int) -> StepState:
    return replace(
        state,
        status=RUNNING,
        last=_integer(data["attempt"]),
        open=_integer(data["attempt"]),
        completion=0.0,
        message="",
        started_ns=time_ns,
        ended_ns=None,
        error=None,
    )


def _finished(state: StepState, data: Mapping[str, object], time_ns: int) -> StepState:
    attempt = _integer(data["attempt"])
    ended = replace(state, open=_closed(state, attempt), ended_ns=time_ns, completion=100.0)
    if data["phase"] == events.ACTION:
        return replace(ended, status=COMPLETE, action=attempt)
    return replace(ended, status=WAITING, run=attempt, action=None, is_stale=False)


def _failed(state: StepState, data: Mapping[str, object], time_ns: int) -> StepState:
    attempt = _integer(data["attempt"])
    error = None if data.get("error") is None else str(data["error"])
    return replace(
        state, status=FAILED, open=_closed(state, attempt), ended_ns=time_ns, error=error
    )


def _cancelled(state: StepState, data: Mapping[str, object], time_ns: int) -> StepState:
    return replace(_failed(state, data, time_ns), status=CANCELLED)


def _progressed(state: StepState, data: Mapping[str, object], _: int) -> StepState:
    completion = data["completion"]
    assert isinstance(completion, float)
    return replace(state, completion=completion, message=str(data["message"]))


def _invalidated(state: StepState, _: Mapping[str, object], __: int) -> StepState:
    return replace(state, is_stale=True)


def _closed(state: StepState, attempt: int) -> int | None:
    return None if state.open == attempt else state.open


def _integer(value: object) -> int:
    assert isinstance(value, int)
    return value


_CHANGES = {
    events.STEP_STARTED: _started,
    events.STEP_FINISHED: _finished,
    events.STEP_FAILED: _failed,
    events.STEP_CANCELLED: _cancelled,
    events.STEP_PROGRESSED: _progressed,
    events.STEP_INVALIDATED: _invalidated,
}
