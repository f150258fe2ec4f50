"""Ensembles that the tests of the adapter begin with.

Run with a folder, it makes the frozen file of tests/fixtures:

    python tests/trajectories/ensembles.py tests/fixtures/trajectories-1
"""

import json
import sys
from pathlib import Path

from nacre_adapters.trajectories import SQLFile

METADATA = '{"id": %d, "weight": 0.05, "ended": %s, "score_max": 0.5, "nstep_compute": 3}'


def metadata(trajectory: int, *, ended: bool = False) -> str:
    return METADATA % (trajectory, json.dumps(ended))


def make(path: Path | str, trajectories: int = 4) -> SQLFile:
    """Return an open database with trajectories that are idle."""
    database = SQLFile(path)
    for number in range(trajectories):
        database.add_trajectory(f"trajectories/traj{number:06d}_0000.xml", metadata(number))
    return database


def statuses(database: SQLFile) -> list[str]:
    return [str(row.status) for row in database.trajectories()]


def split(database: SQLFile, k: int, discarded: list[int], ancestors: list[int]) -> None:
    """Do what pyTAMS does in a splitting iteration."""
    weight = 0.9 ** (k + 1)
    database.add_splitting_data(
        k, len(discarded), weight, discarded, ancestors, [0.1] * len(discarded), [0.1 + k, 0.7]
    )
    for trajectory in discarded:
        database.archive_trajectory(*database.fetch_trajectory(trajectory))
    for trajectory in discarded:
        assert database.lock_trajectory(trajectory, allow_completed_lock=True)
        file = f"trajectories/traj{trajectory:06d}_{k + 1:04d}.xml"
        database.update_trajectory(trajectory, file, metadata(trajectory, ended=True))
        database.mark_trajectory_as_completed(trajectory)
    for trajectory in range(database.get_trajectory_count()):
        database.update_trajectory_weight(trajectory, weight)
    database.mark_last_iteration_as_completed()


def fill(path: Path | str) -> SQLFile:
    """Return an open database with something of every kind of event but a dead holder."""
    database = make(path)
    split(database, 0, [0, 1], [2, 3])
    split(database, 1, [1, 2], [3, 3])
    database.update_trajectory_weights(0.5)
    database.add_splitting_data(2, 1, 0.7, [3], [0], [0.3], [0.3, 0.9])
    database.update_splitting_data(2, 1, 0.6, [3], [0], [0.3], [0.3, 0.9])
    database.lock_trajectory(3)
    database.release_trajectory(3)
    return database


if __name__ == "__main__":
    Path(sys.argv[1]).mkdir(parents=True)
    fill(Path(sys.argv[1]) / "run.nacre").close()
    (Path(sys.argv[1]) / "run.nacre-lock").unlink()
