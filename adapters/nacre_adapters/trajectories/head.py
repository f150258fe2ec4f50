"""`SQLFile` as pyTAMS has it since March 2026: metadata is a dict, weights are numbers.

Trajectories are numbered from 0.
"""

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

import nacre
from nacre_adapters.trajectories.dump import default_place, dump
from nacre_adapters.trajectories.errors import TrajectoryMissing, as_interface
from nacre_adapters.trajectories.level import JSON, Level, json_text
from nacre_adapters.trajectories.records import (
    ArchivedTrajectory,
    Base,
    Splitting,
    SplittingIterations,
    Trajectory,
    splitting_of,
)
from nacre_adapters.trajectories.seed import valid_statuses
from nacre_adapters.trajectories.sqlfile import Trajectories
from nacre_adapters.trajectories.state import Iteration

__all__ = [
    "ArchivedTrajectory",
    "Base",
    "SQLFile",
    "SplittingIterations",
    "Trajectory",
    "valid_statuses",
]

_logger = logging.getLogger("pytams.sqldb")


class SQLFile(Trajectories):
    """The database of an ensemble, with metadata that is no text any more."""

    level: ClassVar[Level] = JSON

    def update_trajectory(self, traj_id: int, traj_file: str, metadata: dict[str, object]) -> None:
        """Replace file and metadata of a trajectory, whatever its status, which stays.

        Raises:
            TrajectoryMissing: (a ValueError) there is none of that number.
        """
        self._update(traj_id, file=traj_file, metadata=json_text(metadata))

    def update_trajectory_weight(self, traj_id: int, weight: float) -> None:
        """Set the key `weight` of the metadata of a trajectory.

        Raises:
            TrajectoryMissing: (a ValueError) there is none of that number.
            TypeError: its metadata is no dict.
        """
        self._weigh(traj_id, weight)

    def update_trajectory_weights(
        self, weight: float, traj_ids: Iterable[int] | None = None
    ) -> None:
        """Set the weight of many trajectories, of all by default, in one commit.

        Raises:
            TrajectoryMissing: (a ValueError) there is none of one of the numbers.
            TypeError: the metadata of one is no dict.
        """
        self._weigh_many(weight, traj_ids)

    def fetch_trajectory(self, traj_id: int) -> tuple[str, object]:
        """Return file and metadata of a trajectory, decoded anew.

        Raises:
            TrajectoryMissing: (a ValueError) there is none of that number.
        """
        state = self._existing(traj_id)
        return state.file, self.level.decode(state.metadata)

    def fetch_archived_trajectory(self, traj_id: int) -> tuple[str, object]:
        """Return file and metadata of an archived one; raises as `fetch_trajectory` does."""
        state = self._archived(traj_id)
        return state.file, self.level.decode(state.metadata)

    def get_iteration_count(self) -> int:
        """Return how many splitting iterations there are."""
        with as_interface:
            return self.ensemble.iteration_count()

    def fetch_splitting_data(self, k_id: int) -> Splitting:
        """Return the splitting iteration at a place, from 0.

        Raises:
            TrajectoryMissing: (a ValueError) there is none there.
        """
        return splitting_of(self._iteration(k_id))

    def get_ended_trajectory_count(self) -> int:
        """Return how many active trajectories have ended."""
        with as_interface:
            return int(self.ensemble.tally().ended)

    def get_converged_trajectory_count(self) -> int:
        """Return how many active trajectories have converged."""
        with as_interface:
            return int(self.ensemble.tally().converged)

    def get_total_computed_steps(self) -> int:
        """Return how many steps were computed, for active and archived trajectories."""
        with as_interface, self.vault.read():
            return int(self.ensemble.tally().steps + self.ensemble.archived_steps())

    def check_new_min_of_maxes(self, newmin: float) -> None:
        """Warn when the lowest level did not rise since the last iteration."""
        last = self._last_iteration()
        if last is not None and last.min_max and newmin <= last.min_max[0]:
            _logger.warning(
                "New iteration has minimum level %s lower than old one %s", newmin, last.min_max[0]
            )

    @contextmanager
    def session_scope(self) -> Iterator[nacre.Transaction]:
        """Hold the writer lock for a block; what is recorded in it is one commit.

        Raises:
            OperationalError: the file cannot be written.
        """
        with as_interface, self.vault.transaction() as transaction:
            yield transaction

    def dump_file_json(self, json_file: str | None = None) -> None:
        """Write everything into a JSON file: `<stem of the database>.json` here by default."""
        to = default_place(self.name()) if json_file is None else Path(json_file)
        with as_interface, self.vault.read():
            dump(
                self.ensemble,
                to,
                metadata=self.level.decode,
                archived=lambda metadata: {"metadata": self.level.decode(metadata)},
                numbers=_numbers,
            )

    def _archived_missing(self, place: int) -> TrajectoryMissing:
        return TrajectoryMissing(f"Archived Trajectory {place} does not exist")


def _numbers(iteration: Iteration) -> dict[str, object]:
    return {"k": iteration.k, "bias": iteration.bias, "weight": float(iteration.weight)}
