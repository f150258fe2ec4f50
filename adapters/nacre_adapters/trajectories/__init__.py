"""The trajectory database of pyTAMS, on a nacre vault in one file.

`SQLFile` here is that of pyTAMS 1.0.0; `seed`, `v1` and `head` have the one of each date.
"""

from nacre_adapters.trajectories.errors import (
    DatabaseError,
    IntegrityError,
    NoResultFound,
    OperationalError,
    ProgrammingError,
    SQLAlchemyError,
    StatementError,
    TrajectoryMissing,
)
from nacre_adapters.trajectories.v1 import (
    ArchivedTrajectory,
    Base,
    SplittingIterations,
    SQLFile,
    Trajectory,
    valid_statuses,
)

__all__ = [
    "ArchivedTrajectory",
    "Base",
    "DatabaseError",
    "IntegrityError",
    "NoResultFound",
    "OperationalError",
    "ProgrammingError",
    "SQLAlchemyError",
    "SQLFile",
    "SplittingIterations",
    "StatementError",
    "Trajectory",
    "TrajectoryMissing",
    "valid_statuses",
]
