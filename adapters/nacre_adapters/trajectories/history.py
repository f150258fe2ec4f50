"""What was: every state of a trajectory, and where an iteration ended."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from heapq import merge

from nacre import Event, Vault
from nacre_adapters.trajectories import events
from nacre_adapters.trajectories.errors import TrajectoryMissing
from nacre_adapters.trajectories.state import Iteration, TrajectoryState, after, initial
from nacre_adapters.trajectories.views import Ensemble


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A trajectory after one event, and that event."""

    kind: str
    position: int
    time: datetime
    actor: str
    state: TrajectoryState


def history(vault: Vault, trajectory: int) -> list[Moment]:
    """Return what a trajectory was after each event that concerns it, oldest first."""
    moments: list[Moment] = []
    for event in _events_of(vault, trajectory):
        if event.kind == events.ADDED:
            state = initial(event.data)
        elif moments:
            state = after(moments[-1].state, event)
        else:
            continue
        moments.append(
            Moment(
                kind=event.kind,
                position=event.position,
                time=event.time,
                actor=event.actor,
                state=state,
            )
        )
    return moments


def end_of(iteration: Iteration, following: Iteration | None, head: int) -> int:
    """Return the position at which an iteration had ended: when the next one began, or now.

    Raises:
        TrajectoryMissing: it came in one commit with the next, as an import brings them.
    """
    if iteration.ended is not None:
        return iteration.ended + 1
    end = head if following is None else following.position
    if end <= iteration.position:
        raise TrajectoryMissing(
            f"the iteration with k {iteration.k} was imported together with later ones: how the "
            "ensemble was at its end is not known; ask for a later one"
        )
    return end


def _events_of(vault: Vault, trajectory: int) -> Iterable[Event]:
    own = vault.events(subject=events.subject_of(trajectory))
    of_all = vault.events(subject=events.ALL)
    both = merge(own, of_all, key=lambda event: (event.position, event.ordinal))
    return (event for event in both if _concerns(event, trajectory))


def _concerns(event: Event, trajectory: int) -> bool:
    if event.kind not in Ensemble.kinds:
        return False
    if events.trajectory_of(event.subject) is not None:
        return True
    ids = event.data.get("ids")
    about_all = event.kind in (events.WEIGHED, events.ALL_RELEASED)
    return about_all and (ids is None or trajectory in ids)  # type: ignore[operator]  # a list
