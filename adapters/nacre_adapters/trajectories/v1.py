"""`SQLFile` as pyTAMS 1.0.0 has it: metadata is JSON text, and rewritten often.

Trajectories are numbered from 0.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar

from nacre_adapters.trajectories.dump import default_place, dump
from nacre_adapters.trajectories.errors import as_interface
from nacre_adapters.trajectories.level import TEXT, Level, metadata_text
from nacre_adapters.trajectories.records import (
    ArchivedTrajectory,
    Base,
    Splitting,
    SplittingIterations,
    Trajectory,
    splitting_of,
)
from nacre_adapters.trajectories.seed import numbers_as_text, valid_statuses
from nacre_adapters.trajectories.sqlfile import Trajectories

__all__ = [
    "ArchivedTrajectory",
    "Base",
    "SQLFile",
    "SplittingIterations",
    "Trajectory",
    "valid_statuses",
]


class SQLFile(Trajectories):
    """The database of an ensemble."""

    level: ClassVar[Level] = TEXT

    def update_trajectory(self, traj_id: int, traj_file: str, metadata: str) -> None:
        """Replace file and metadata of a trajectory, whatever its status, which stays.

        Raises:
            NoResultFound: there is none of that number.
        """
        self._update(traj_id, file=traj_file, metadata=metadata_text(metadata))

    def update_trajectory_weight(self, traj_id: int, weight: float) -> None:
        """Set the key `weight` of the metadata of a trajectory, as text.

        Raises:
            NoResultFound: there is none of that number.
            ValueError: its metadata is not JSON.
            TypeError: its metadata is JSON, but no object.
        """
        self._weigh(traj_id, weight)

    def update_trajectory_weights(
        self, weight: float, traj_ids: Iterable[int] | None = None
    ) -> None:
        """Set the weight of many trajectories, of all by default, in one commit.

        Raises:
            TrajectoryMissing: (a ValueError) there is none of one of the numbers.
            ValueError: the metadata of one is not JSON.
            TypeError: the metadata of one is JSON, but no object.
        """
        self._weigh_many(weight, traj_ids)

    def fetch_trajectory(self, traj_id: int) -> tuple[str, str]:
        """Return file and metadata of a trajectory.

        Raises:
            TrajectoryMissing: (a ValueError) there is none of that number.
        """
        state = self._existing(traj_id)
        return state.file, state.metadata

    def fetch_archived_trajectory(self, traj_id: int) -> tuple[str, str]:
        """Return file and metadata of an archived one; raises as `fetch_trajectory` does."""
        state = self._archived(traj_id)
        return state.file, state.metadata

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

    def dump_file_json(self, json_file: str | None = None) -> None:
        """Write everything into a JSON file: `<stem of the database>.json` here by default."""
        to = default_place(self.name()) if json_file is None else Path(json_file)
        with as_interface, self.vault.read():
            dump(
                self.ensemble,
                to,
                metadata=str,
                archived=lambda metadata: {"metadata": metadata},
                numbers=numbers_as_text,
            )
