"""Rows as the original's tables hold them: read-only, numbered from 1."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from nacre_adapters.trajectories.state import Iteration
from nacre_adapters.trajectories.views import Ensemble

Splitting = tuple[int, int, float, list[int], list[int], list[float], list[float], str]
"""k, bias, weight, discarded, ancestors, minima, (min, max), status."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """What the rows of all tables have."""

    id: int | None = None
    """The number in the API plus 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trajectory(Base):
    """An active trajectory."""

    traj_file: str | None = None
    t_metadata: object = None
    status: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchivedTrajectory(Base):
    """A trajectory that was discarded."""

    t_metadata: object = None
    traj_file: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SplittingIterations(Base):
    """A splitting iteration; the lists are JSON text."""

    split_id: int | None = None
    bias: int | None = None
    weight: str | None = None
    discarded_traj_ids: str | None = None
    ancestor_traj_ids: str | None = None
    min_vals: str | None = None
    min_max: str | None = None
    status: str | None = None


def trajectory_rows(ensemble: Ensemble, shown: Callable[[str], object]) -> Iterator[Trajectory]:
    """Yield the active trajectories; *shown* is how metadata looks."""
    for row, each in enumerate(ensemble.trajectories(), 1):
        metadata = shown(each.metadata)
        yield Trajectory(id=row, traj_file=each.file, t_metadata=metadata, status=each.status)


def archived_rows(
    ensemble: Ensemble, shown: Callable[[str], object]
) -> Iterator[ArchivedTrajectory]:
    """Yield the archived trajectories; *shown* is how metadata looks."""
    for row, each in enumerate(ensemble.archive(), 1):
        yield ArchivedTrajectory(id=row, traj_file=each.file, t_metadata=shown(each.metadata))


def iteration_rows(ensemble: Ensemble) -> Iterator[SplittingIterations]:
    """Yield the splitting iterations."""
    for row, each in enumerate(ensemble.iterations(), 1):
        yield SplittingIterations(
            id=row,
            split_id=each.k,
            bias=each.bias,
            weight=str(each.weight),
            discarded_traj_ids=json.dumps(each.discarded),
            ancestor_traj_ids=json.dumps(each.ancestors),
            min_vals=json.dumps(each.min_vals),
            min_max=json.dumps(each.min_max),
            status=each.status,
        )


def splitting_of(iteration: Iteration) -> Splitting:
    """Return an iteration as `fetch_splitting_data` shows it."""
    return (
        iteration.k,
        iteration.bias,
        float(iteration.weight),
        iteration.discarded,
        iteration.ancestors,
        iteration.min_vals,
        iteration.min_max,
        iteration.status,
    )
