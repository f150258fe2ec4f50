"""What a trajectory, an archived trajectory and an iteration are, and how events change one."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from nacre.event import Event
from nacre.holders import Holder
from nacre_adapters.trajectories import events
from nacre_adapters.trajectories.metadata import Weight, with_weight

IDLE, LOCKED, COMPLETED = "idle", "locked", "completed"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrajectoryState:
    """An active trajectory as it is, or was after one event."""

    file: str
    given: str
    """Its metadata as it was last given: without a weight that was set since."""

    status: str = IDLE
    weight: Weight | None = None
    """The weight that was set since the metadata was given."""

    holder: Holder | None = None
    """Who locked it; also None when that is not known."""

    @property
    def metadata(self) -> str:
        """Its metadata, the weight included."""
        return self.given if self.weight is None else with_weight(self.given, self.weight)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchivedState:
    """A trajectory that was discarded, and the iteration that did so."""

    file: str
    metadata: str
    trajectory: int | None
    """Which trajectory it was; None when its metadata does not say."""

    iteration: int | None
    """The number of the iteration that discarded it; None when no iteration did."""

    ancestor: int | None
    """The trajectory that was branched to replace it."""

    position: int
    """The commit that archived it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Iteration:
    """A splitting iteration: what was discarded, and what it was restarted from."""

    k: int
    bias: int
    weight: Weight
    discarded: list[int]
    ancestors: list[int]
    min_vals: list[float]
    min_max: list[float]
    status: str = LOCKED
    position: int = 0
    """The commit that added it."""

    ended: int | None = None
    """The commit that completed it."""


def initial(data: Mapping[str, object]) -> TrajectoryState:
    """Return a trajectory that was just added."""
    file, metadata = data["file"], data["metadata"]
    assert isinstance(file, str)
    assert isinstance(metadata, str)
    return TrajectoryState(file=file, given=metadata, status=str(data.get("status", IDLE)))


def after(state: TrajectoryState, event: Event) -> TrajectoryState:
    """Return what *event* makes of a trajectory that it concerns. Pure."""
    data = event.data
    match event.kind:
        case events.UPDATED:
            return _updated(state, data)
        case events.WEIGHED:
            return replace(state, weight=_weight(data["weight"]))
        case events.LOCKED:
            return replace(state, status=LOCKED, holder=Holder.of_row(data["holder"]))
        case events.COMPLETED:
            return replace(state, status=COMPLETED, holder=None)
        case events.RELEASED | events.ABANDONED | events.ALL_RELEASED:
            return replace(state, status=IDLE, holder=None)
    return state


def _updated(state: TrajectoryState, data: Mapping[str, object]) -> TrajectoryState:
    file = str(data["file"])
    if "metadata" not in data:
        return replace(state, file=file)
    return replace(state, file=file, given=str(data["metadata"]), weight=None)


def _weight(given: object) -> Weight:
    assert isinstance(given, str | float | int)
    return given
