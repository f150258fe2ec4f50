"""The kinds of events of an ensemble of trajectories, and what their data holds.

    kind                                subject          data
    trajectories.added                  trajectory/<id>  file, metadata, status if not idle
    trajectories.updated                trajectory/<id>  file, metadata if it changes too
    trajectories.weighed                trajectory/<id>  weight
                                        trajectories     weight, ids (None: every trajectory)
    trajectories.locked                 trajectory/<id>  holder
    trajectories.abandoned              trajectory/<id>  holder, who is dead: its lock is free
    trajectories.completed              trajectory/<id>
    trajectories.released               trajectory/<id>
    trajectories.all-released           trajectories
    trajectories.archived               trajectory/<id>  file, metadata, iteration, ancestor
                                        trajectories     the same, when its metadata has no id
    trajectories.archive-cleared        trajectories     count
    trajectories.iteration-added        iterations       the fields of an iteration
    trajectories.iteration-updated      iterations       the fields of the last iteration
    trajectories.iteration-completed    iterations
    trajectories.iterations-cleared     iterations       count
    trajectories.file-kept              file/<digest>    file, blob, size_bytes, trajectory

Metadata is JSON text, as it was given. A holder is a list: host, boot, namespace, pid, started.
"""

from collections.abc import Mapping
from typing import NamedTuple

ADDED = "trajectories.added"
UPDATED = "trajectories.updated"
WEIGHED = "trajectories.weighed"
LOCKED = "trajectories.locked"
ABANDONED = "trajectories.abandoned"
COMPLETED = "trajectories.completed"
RELEASED = "trajectories.released"
ALL_RELEASED = "trajectories.all-released"
ARCHIVED = "trajectories.archived"
ARCHIVE_CLEARED = "trajectories.archive-cleared"
ITERATION_ADDED = "trajectories.iteration-added"
ITERATION_UPDATED = "trajectories.iteration-updated"
ITERATION_COMPLETED = "trajectories.iteration-completed"
ITERATIONS_CLEARED = "trajectories.iterations-cleared"
FILE_KEPT = "trajectories.file-kept"

ALL = "trajectories"
ITERATIONS = "iterations"

_MOST_DIGITS = 18


class Fact(NamedTuple):
    """An event as a decision returns it: not yet recorded."""

    kind: str
    subject: str
    data: Mapping[str, object]


def subject_of(trajectory: int) -> str:
    """Return the subject of what happens to one trajectory."""
    return f"trajectory/{trajectory}"


def trajectory_of(subject: str) -> int | None:
    """Return the trajectory that a subject names; None when it names all of them."""
    noun, _, number = subject.partition("/")
    if noun != "trajectory" or not number.isdecimal() or len(number) > _MOST_DIGITS:
        return None
    return int(number)
