"""How the state of an ensemble may change: each function reads the view and returns events.

They run under the writer lock, may run more than once, and change nothing themselves.
"""

from collections.abc import Iterable, Mapping

from nacre import Digest
from nacre.holders import Holder
from nacre_adapters.trajectories import events
from nacre_adapters.trajectories.errors import TrajectoryMissing
from nacre_adapters.trajectories.events import Fact, subject_of
from nacre_adapters.trajectories.metadata import Weight, decoded, with_weight
from nacre_adapters.trajectories.state import COMPLETED, IDLE, LOCKED, Iteration, TrajectoryState
from nacre_adapters.trajectories.views import Ensemble


def add(ensemble: Ensemble, *, file: str, metadata: str, status: str = IDLE) -> list[Fact]:
    """Add a trajectory behind the last."""
    return [added(ensemble.trajectory_count(), file=file, metadata=metadata, status=status)]


def update(
    ensemble: Ensemble, trajectory: int, *, file: str, metadata: str | None = None
) -> list[Fact]:
    """Replace the file of a trajectory, and its metadata when some is given.

    What is there already is not recorded again.
    """
    state = existing(ensemble, trajectory)
    if state.file == file and metadata in (None, state.metadata):
        return []
    data = {"file": file} if metadata is None else {"file": file, "metadata": metadata}
    return [Fact(events.UPDATED, subject_of(trajectory), data)]


def weigh(ensemble: Ensemble, trajectory: int, *, weight: Weight) -> list[Fact]:
    """Set the weight in the metadata of a trajectory; one that is there is not recorded again."""
    state = existing(ensemble, trajectory)
    if state.weight == weight and type(state.weight) is type(weight):
        return []
    with_weight(state.given, weight)  # raises when it is no JSON object
    return [Fact(events.WEIGHED, subject_of(trajectory), {"weight": weight})]


def weigh_many(ensemble: Ensemble, *, ids: list[int] | None, weight: Weight) -> list[Fact]:
    """Set the weight of some trajectories, or of all: one event."""
    if ids is None:
        odd = ensemble.first_unweighable()
        checked: Iterable[int] = () if odd is None else (odd,)
    else:
        checked = ids
    for trajectory in checked:
        weigh(ensemble, trajectory, weight=weight)
    if not (ids or (ids is None and ensemble.trajectory_count())):
        return []
    return [Fact(events.WEIGHED, events.ALL, {"weight": weight, "ids": ids})]


def lock(
    ensemble: Ensemble,
    trajectory: int,
    *,
    lockable: tuple[str, ...],
    holder: Holder,
    dead: Holder | None,
) -> list[Fact]:
    """Lock a trajectory unless another holds it; *dead* is a holder who is known to be dead."""
    state = existing(ensemble, trajectory)
    subject = subject_of(trajectory)
    facts = []
    if dead is not None and state.status == LOCKED and state.holder == dead:
        facts.append(Fact(events.ABANDONED, subject, {"holder": dead.as_row()}))
    elif state.status not in lockable:
        return []
    return [*facts, Fact(events.LOCKED, subject, {"holder": holder.as_row()})]


def abandon(ensemble: Ensemble, *, dead: Mapping[int, Holder]) -> list[Fact]:
    """Free the trajectories that are still locked by the dead."""
    return [
        Fact(events.ABANDONED, subject_of(trajectory), {"holder": holder.as_row()})
        for trajectory, holder in dead.items()
        if (state := existing(ensemble, trajectory)).status == LOCKED and state.holder == holder
    ]


def complete(ensemble: Ensemble, trajectory: int) -> list[Fact]:
    """Complete a trajectory that is locked."""
    locked = existing(ensemble, trajectory).status == LOCKED
    return [Fact(events.COMPLETED, subject_of(trajectory), {})] if locked else []


def release(ensemble: Ensemble, trajectory: int) -> list[Fact]:
    """Make a trajectory idle that is locked."""
    locked = existing(ensemble, trajectory).status == LOCKED
    return [Fact(events.RELEASED, subject_of(trajectory), {})] if locked else []


def release_all(ensemble: Ensemble) -> list[Fact]:
    """Make every trajectory idle, completed ones too."""
    busy = any(state.status != IDLE for state in ensemble.trajectories())
    return [Fact(events.ALL_RELEASED, events.ALL, {})] if busy else []


def archive(ensemble: Ensemble, *, file: str, metadata: str) -> list[Fact]:
    """Archive a trajectory, and note which iteration discarded it and what replaces it."""
    trajectory = id_in(metadata)
    cause = _discarded_by(ensemble, trajectory)
    return [archived(trajectory, file=file, metadata=metadata, cause=cause)]


def clear_archive(ensemble: Ensemble) -> list[Fact]:
    """Empty the archive."""
    count = ensemble.archived_count()
    return [Fact(events.ARCHIVE_CLEARED, events.ALL, {"count": count})] if count else []


def add_iteration(_: Ensemble, *, iteration: Iteration) -> list[Fact]:
    """Add an iteration behind the last."""
    return [iteration_added(iteration)]


def update_iteration(ensemble: Ensemble, *, iteration: Iteration) -> list[Fact]:
    """Rewrite the last iteration, whatever its status, which stays."""
    if not ensemble.iteration_count():
        return []
    return [Fact(events.ITERATION_UPDATED, events.ITERATIONS, _fields(iteration))]


def complete_iteration(ensemble: Ensemble) -> list[Fact]:
    """Complete the last iteration, if there is one that is not."""
    last = ensemble.last_iteration()
    if last is None or last.status == COMPLETED:
        return []
    return [Fact(events.ITERATION_COMPLETED, events.ITERATIONS, {})]


def clear_iterations(ensemble: Ensemble) -> list[Fact]:
    """Remove every iteration."""
    count = ensemble.iteration_count()
    return [Fact(events.ITERATIONS_CLEARED, events.ITERATIONS, {"count": count})] if count else []


def keep_file(
    ensemble: Ensemble, *, file: str, blob: Digest, size_bytes: int, trajectory: int | None
) -> list[Fact]:
    """Keep a file, unless the same content was the last that was kept under its name."""
    if ensemble.kept_file(file) == blob:
        return []
    data = {"file": file, "blob": blob, "size_bytes": size_bytes, "trajectory": trajectory}
    return [Fact(events.FILE_KEPT, f"file/{blob.raw.hex()}", data)]


def existing(ensemble: Ensemble, trajectory: int) -> TrajectoryState:
    """Return a trajectory.

    Raises:
        TrajectoryMissing: there is none of that number.
    """
    state = ensemble.trajectory(trajectory) if trajectory >= 0 else None
    if state is None:
        raise TrajectoryMissing(f"Trajectory {trajectory} does not exist")
    return state


def added(number: int, *, file: str, metadata: str, status: str = IDLE) -> Fact:
    """Return the event that adds a trajectory."""
    data = {"file": file, "metadata": metadata}
    return Fact(events.ADDED, subject_of(number), _with_status(data, status, IDLE))


def iteration_added(iteration: Iteration) -> Fact:
    """Return the event that adds an iteration."""
    data = _with_status(_fields(iteration), iteration.status, LOCKED)
    return Fact(events.ITERATION_ADDED, events.ITERATIONS, data)


def archived(
    trajectory: int | None, *, file: str, metadata: str, cause: tuple[int | None, int | None]
) -> Fact:
    """Return the event that archives a trajectory; *cause* is the iteration and the ancestor."""
    data = {"file": file, "metadata": metadata, "iteration": cause[0], "ancestor": cause[1]}
    subject = events.ALL if trajectory is None else subject_of(trajectory)
    return Fact(events.ARCHIVED, subject, data)


def id_in(metadata: str) -> int | None:
    """Return the trajectory that the metadata says it is of."""
    fields = decoded(metadata)
    found = fields.get("id") if isinstance(fields, dict) else None
    return found if type(found) is int and 0 <= found < 1 << 63 else None


def _with_status(data: Mapping[str, object], status: str, usual: str) -> Mapping[str, object]:
    return data if status == usual else {**data, "status": status}


def _fields(iteration: Iteration) -> dict[str, object]:
    return {
        "k": iteration.k,
        "bias": iteration.bias,
        "weight": iteration.weight,
        "discarded": iteration.discarded,
        "ancestors": iteration.ancestors,
        "min_vals": iteration.min_vals,
        "min_max": iteration.min_max,
    }


def _discarded_by(ensemble: Ensemble, trajectory: int | None) -> tuple[int | None, int | None]:
    """Return the place of the iteration that is discarding a trajectory, and its ancestor."""
    last = ensemble.last_iteration()
    if last is None or trajectory is None or last.status != LOCKED:
        return None, None
    if trajectory not in last.discarded:
        return None, None
    place = last.discarded.index(trajectory)
    ancestor = last.ancestors[place] if place < len(last.ancestors) else None
    return ensemble.iteration_count() - 1, ancestor
