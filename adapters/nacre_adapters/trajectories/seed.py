"""`SQLFile` as the seed describes it (October 2025): metadata is written once, fetches give files.

Trajectories are numbered from 0.
"""

from pathlib import Path
from typing import ClassVar

from nacre_adapters.trajectories.dump import default_place, dump
from nacre_adapters.trajectories.errors import as_interface
from nacre_adapters.trajectories.level import TEXT, Level
from nacre_adapters.trajectories.records import (
    ArchivedTrajectory,
    Base,
    SplittingIterations,
    Trajectory,
)
from nacre_adapters.trajectories.sqlfile import Trajectories
from nacre_adapters.trajectories.state import COMPLETED, IDLE, LOCKED, Iteration

__all__ = [
    "ArchivedTrajectory",
    "Base",
    "SQLFile",
    "SplittingIterations",
    "Trajectory",
    "valid_statuses",
]

valid_statuses = [LOCKED, IDLE, COMPLETED]


class SQLFile(Trajectories):
    """The database of an ensemble, before trajectories could be updated as a whole."""

    level: ClassVar[Level] = TEXT

    def update_trajectory_file(self, traj_id: int, traj_file: str) -> None:
        """Replace the file of a trajectory; metadata and status stay.

        Raises:
            NoResultFound: there is none of that number.
        """
        self._update(traj_id, file=traj_file)

    def fetch_trajectory(self, traj_id: int) -> str:
        """Return the file of a trajectory.

        Raises:
            TrajectoryMissing: (a ValueError) there is none of that number.
        """
        return self._existing(traj_id).file

    def fetch_archived_trajectory(self, traj_id: int) -> str:
        """Return the file of an archived trajectory; raises as `fetch_trajectory` does."""
        return self._archived(traj_id).file

    def dump_file_json(self, json_file: str | None = None) -> None:
        """Write everything into a JSON file: `<stem of the database>.json` here by default."""
        to = default_place(self.name()) if json_file is None else Path(json_file)
        with as_interface, self.vault.read():
            dump(
                self.ensemble,
                to,
                metadata=str,
                archived=lambda _: {},
                numbers=numbers_as_text,
            )


def numbers_as_text(iteration: Iteration) -> dict[str, object]:
    """Return the numbers of an iteration as the levels of text dump them."""
    return {"k": str(iteration.k), "bias": str(iteration.bias), "weight": str(iteration.weight)}
