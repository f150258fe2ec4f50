"""The ensemble as it is: trajectories, archive and iterations, projected from the log.

t[trajectory]      [file, metadata as given, status, weight set since, holder, tally]
a[place]           [file, metadata, trajectory, iteration, ancestor, position, steps]
i[place]           [k, bias, weight, discarded, ancestors, min_vals, min_max, status, position,
                   ended]
w b m [block]      weights, biases, (k, min, max) of the iterations: see `columns`
f[file, position]  [blob, size_bytes, trajectory]
n[name]            how many rows t, a, i have; `tally`: sums over t; `steps`: the sum over a;
                   `short`: how many iterations have no min and max
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from nacre import Digest, Event, State
from nacre.holders import Holder
from nacre_adapters.trajectories import events
from nacre_adapters.trajectories.columns import Column
from nacre_adapters.trajectories.metadata import NOTHING, Tally, tally_of
from nacre_adapters.trajectories.state import (
    COMPLETED,
    LOCKED,
    ArchivedState,
    Iteration,
    TrajectoryState,
    after,
    initial,
)

_NO_MIN_MAX = (float("nan"), float("nan"))


class Ensemble:
    """Trajectories, archive and iterations: three lists, numbered from 0."""

    name: ClassVar[str] = "trajectories"
    version: ClassVar[int] = 2
    kinds: ClassVar[tuple[str, ...]] = (
        events.ADDED,
        events.UPDATED,
        events.WEIGHED,
        events.LOCKED,
        events.ABANDONED,
        events.COMPLETED,
        events.RELEASED,
        events.ALL_RELEASED,
        events.ARCHIVED,
        events.ARCHIVE_CLEARED,
        events.ITERATION_ADDED,
        events.ITERATION_UPDATED,
        events.ITERATION_COMPLETED,
        events.ITERATIONS_CLEARED,
        events.FILE_KEPT,
    )

    def __init__(self, state: State) -> None:
        self._counts = state.table("n")
        self._trajectories = state.table("t")
        self._state = state

    def apply(self, event: Event) -> None:
        """Change one row, or all of them."""
        _APPLY.get(event.kind, Ensemble._change)(self, event)

    # Trajectories

    def trajectory_count(self) -> int:
        """Return how many trajectories there are."""
        return self._count("t")

    def trajectory(self, trajectory: int) -> TrajectoryState | None:
        """Return a trajectory, or None when there is none of that number."""
        row = self._trajectories.get(trajectory)
        return None if row is None else _trajectory(row)

    def trajectories(self) -> Iterator[TrajectoryState]:
        """Yield all trajectories in order."""
        return (_trajectory(row) for _, row in self._trajectories.scan())

    def tally(self) -> Tally:
        """Return what the metadata of all trajectories adds up to."""
        found = self._counts.get("tally")
        return Tally(*found) if isinstance(found, list) else NOTHING

    def first_unweighable(self) -> int | None:
        """Return the first trajectory whose metadata is no JSON object."""
        for (trajectory,), row in self._trajectories.scan():
            if isinstance(row, list) and row[5] is None:
                return _integer(trajectory)
        return None

    # Archive

    def archived_count(self) -> int:
        """Return how many trajectories are archived."""
        return self._count("a")

    def archived(self, place: int) -> ArchivedState | None:
        """Return the archived trajectory at a place of the archive, or None."""
        row = self._state.table("a").get(place)
        return None if row is None else _archived(row)

    def archive(self) -> Iterator[ArchivedState]:
        """Yield all archived trajectories in the order in which they were archived."""
        return (_archived(row) for _, row in self._state.table("a").scan())

    def archived_steps(self) -> float:
        """Return the steps that the archived trajectories took."""
        return _number(self._counts.get("steps", 0))

    # Iterations

    def iteration_count(self) -> int:
        """Return how many splitting iterations there are."""
        return self._count("i")

    def iteration(self, place: int) -> Iteration | None:
        """Return the iteration at a place, or None."""
        row = self._state.table("i").get(place)
        return None if row is None else _iteration(row)

    def last_iteration(self) -> Iteration | None:
        """Return the last iteration; None when there is none."""
        count = self.iteration_count()
        return self.iteration(count - 1) if count else None

    def iterations(self) -> Iterator[Iteration]:
        """Yield all iterations in order."""
        return (_iteration(row) for _, row in self._state.table("i").scan())

    def weights(self) -> NDArray[np.generic]:
        """Return the weight of each iteration, float32."""
        return self._weights.all()

    def biases(self) -> NDArray[np.generic]:
        """Return the bias of each iteration, int64."""
        return self._biases.all()

    def min_max(self) -> NDArray[np.generic] | None:
        """Return k, min and max of each iteration, float32; None when one has no min or max."""
        return None if self._count("short") else self._min_max.all()

    # Files

    def kept_files(self) -> Iterator[tuple[str, int, Digest]]:
        """Yield name, position and blob of every file that was kept, in order."""
        for (file, position), row in self._state.table("f").scan():
            assert isinstance(row, list)
            yield str(file), _integer(position), row[0]

    def kept_file(self, file: str) -> Digest | None:
        """Return the blob of a file as it was last kept, or None."""
        rows = self._state.table("f").scan((file,), reverse=True)
        return next((row[0] for _, row in rows if isinstance(row, list)), None)

    # How events change the rows

    @property
    def _weights(self) -> Column:
        return Column(self._state.table("w"), "<f4")

    @property
    def _biases(self) -> Column:
        return Column(self._state.table("b"), "<i8")

    @property
    def _min_max(self) -> Column:
        return Column(self._state.table("m"), "<f4", width=3)

    def _count(self, name: str) -> int:
        return _integer(self._counts.get(name, 0))

    def _add(self, event: Event) -> None:
        count = self._count("t")
        self._put(count, initial(event.data), None)
        self._counts["t"] = count + 1

    def _change(self, event: Event) -> None:
        """Change the trajectory that the event is about, or all."""
        trajectory = events.trajectory_of(event.subject)
        if trajectory is not None:
            self._change_one(trajectory, event)
        elif event.subject == events.ALL:
            ids = event.data.get("ids")
            for each in range(self._count("t")) if ids is None else ids:  # type: ignore[attr-defined]  # a list
                self._change_one(each, event)

    def _change_one(self, trajectory: int, event: Event) -> None:
        row = self._trajectories.get(trajectory)
        if not isinstance(row, list):
            return
        if event.kind == events.WEIGHED:
            row[3] = event.data["weight"]
            self._trajectories[trajectory] = row
        else:
            self._put(trajectory, after(_trajectory(row), event), row)

    def _put(self, trajectory: int, state: TrajectoryState, before: list[Any] | None) -> None:
        tally = before[5] if before is not None and before[1] == state.given else _tally(state)
        holder = None if state.holder is None else state.holder.as_row()
        row = [state.file, state.given, state.status, state.weight, holder, tally]
        self._trajectories[trajectory] = row
        was = NOTHING if before is None or before[5] is None else before[5]
        now = tally or NOTHING
        if list(was) != list(now):
            sums = zip(self.tally(), was, now, strict=True)
            self._counts["tally"] = [total - old + new for total, old, new in sums]

    def _archive(self, event: Event) -> None:
        count, data = self._count("a"), event.data
        tally = tally_of(str(data["metadata"])) or NOTHING
        trajectory = events.trajectory_of(event.subject)
        row = [data["file"], data["metadata"], trajectory, data["iteration"], data["ancestor"]]
        self._state.table("a")[count] = [*row, event.position, tally.steps]
        self._counts["a"] = count + 1
        if tally.steps:
            self._counts["steps"] = self.archived_steps() + tally.steps

    def _clear_archive(self, _: Event) -> None:
        self._clear("a")
        self._counts["steps"] = 0

    def _clear(self, name: str) -> None:
        table = self._state.table(name)
        for place in range(self._count(name)):
            del table[place]
        self._counts[name] = 0

    def _add_iteration(self, event: Event) -> None:
        count = self._count("i")
        self._put_iteration(count, event.data, [LOCKED, event.position, None])
        self._counts["i"] = count + 1

    def _update_iteration(self, event: Event) -> None:
        last = self._count("i") - 1
        row = self._state.table("i").get(last)
        if isinstance(row, list):
            self._note_short(-1, row[6])
            self._put_iteration(last, event.data, row[7:])

    def _put_iteration(self, place: int, data: Mapping[str, Any], rest: list[object]) -> None:
        lists = [data[name] for name in ("discarded", "ancestors", "min_vals", "min_max")]
        rest[0] = data.get("status", rest[0])
        self._state.table("i")[place] = [data["k"], data["bias"], data["weight"], *lists, *rest]
        self._weights.put(place, float(data["weight"]))
        self._biases.put(place, data["bias"])
        min_max = lists[3][:2] if len(lists[3]) > 1 else _NO_MIN_MAX
        self._min_max.put(place, data["k"], *min_max)
        self._note_short(1, lists[3])

    def _note_short(self, change: int, min_max: list[float]) -> None:
        if len(min_max) < 2:
            self._counts["short"] = self._count("short") + change

    def _complete_iteration(self, event: Event) -> None:
        last = self._count("i") - 1
        table = self._state.table("i")
        row = table.get(last)
        if isinstance(row, list):
            table[last] = [*row[:7], COMPLETED, row[8], event.position]

    def _clear_iterations(self, _: Event) -> None:
        self._clear("i")
        for column in (self._weights, self._biases, self._min_max):
            column.clear()
        self._counts["short"] = 0

    def _keep(self, event: Event) -> None:
        data = event.data
        row = [data["blob"], data["size_bytes"], data["trajectory"]]
        self._state.table("f")[str(data["file"]), event.position] = row


_APPLY: Mapping[str, Callable[[Ensemble, Event], None]] = {
    events.ADDED: Ensemble._add,
    events.ARCHIVED: Ensemble._archive,
    events.ARCHIVE_CLEARED: Ensemble._clear_archive,
    events.ITERATION_ADDED: Ensemble._add_iteration,
    events.ITERATION_UPDATED: Ensemble._update_iteration,
    events.ITERATION_COMPLETED: Ensemble._complete_iteration,
    events.ITERATIONS_CLEARED: Ensemble._clear_iterations,
    events.FILE_KEPT: Ensemble._keep,
}


def _tally(state: TrajectoryState) -> list[float] | None:
    tally = tally_of(state.given)
    return None if tally is None else [tally.ended, tally.converged, tally.steps]


def _trajectory(row: object) -> TrajectoryState:
    assert isinstance(row, list)
    file, given, status, weight, holder, _ = row
    return TrajectoryState(
        file=file, given=given, status=status, weight=weight, holder=Holder.of_row(holder)
    )


def _archived(row: object) -> ArchivedState:
    assert isinstance(row, list)
    file, metadata, trajectory, iteration, ancestor, position, _ = row
    return ArchivedState(
        file=file,
        metadata=metadata,
        trajectory=trajectory,
        iteration=iteration,
        ancestor=ancestor,
        position=position,
    )


def _iteration(row: object) -> Iteration:
    assert isinstance(row, list)
    k, bias, weight, discarded, ancestors, min_vals, min_max, status, position, ended = row
    return Iteration(
        k=k,
        bias=bias,
        weight=weight,
        discarded=discarded,
        ancestors=ancestors,
        min_vals=min_vals,
        min_max=min_max,
        status=status,
        position=position,
        ended=ended,
    )


def _integer(value: object) -> int:
    assert isinstance(value, int)
    return value


def _number(value: object) -> float:
    assert isinstance(value, int | float)
    return value
